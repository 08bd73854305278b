"""What every type has: id, version, time, tags, and the fields that all work items share."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from fhir_facade.rules.findings import Severity
from tests.mappings.serving import (
    BASE,
    extension,
    identifier,
    read,
    registry,
    registry_with,
    serve,
)

OID = ObjectId("64b000000000000000000001")
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
TASK = {"_id": "t1", "type": "task", "status": "Ready", "intent": "Order"}
CASE = {"type": "EpisodeOfCare", "reference": "EpisodeOfCare/{}"}


def person(key: str, name: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "reference": f"Practitioner/{key}",
        "type": "Practitioner",
        "identifier": {"system": f"{BASE}/sid/user", "value": key},
    }
    return {**found, "display": name} if name else found


def case(key: str) -> dict[str, Any]:
    return {
        "reference": f"EpisodeOfCare/{key}",
        "type": "EpisodeOfCare",
        "identifier": {"system": f"{BASE}/sid/case", "value": key},
    }


class TestId:
    @pytest.mark.parametrize(
        ("stored", "served"),
        [
            (OID, str(OID)),
            (UUID, str(UUID)),
            ("legacy-7.A", "legacy-7.A"),
            ("y" * 64, "y" * 64),
            ("a b", "x-612062"),
            ("Müller", "x-4dc3bc6c6c6572"),
            ("a_b", "x-615f62"),
            ("x-6162", "x-782d36313632"),  # a real id that looks encoded is itself encoded
            ("x-616", "x-616"),
            ("x-6G", "x-6G"),
            ("b" * 30 + " ", "x-" + ("62" * 30 + "20")),
        ],
    )
    def test_is_the_stored_id_or_its_hex(self, stored: Any, served: str) -> None:
        resource = serve("Task", {**TASK, "_id": stored})
        assert resource["id"] == served
        assert resource["identifier"] == [identifier("work-item", served)]

    @pytest.mark.parametrize(
        "stored", ["y" * 65, "b" * 31 + " ", "x-" + "61" * 15, "", 7, True, {}]
    )
    def test_one_that_cannot_be_an_id_makes_the_document_unservable(self, stored: Any) -> None:
        resource, findings = read("Task", {**TASK, "_id": stored})
        assert resource is None
        assert [
            (each.field, each.element) for each in findings if each.severity == "unservable"
        ] == [("_id", "Task.id")]


class TestLastUpdated:
    @pytest.mark.parametrize(
        ("stored", "served"),
        [
            ({"updated": datetime(2026, 1, 16, 9, 30, tzinfo=UTC)}, "2026-01-16T09:30:00.000Z"),
            ({"updatedAt": "2026-01-16T09:30:00Z"}, "2026-01-16T09:30:00Z"),
            ({"updated_at": "2026-01-16T09:30:00-05:00"}, "2026-01-16T09:30:00-05:00"),
            ({"updated": "", "created": "2026-01-16T09:30:00"}, "2026-01-16T09:30:00Z"),
            ({"createdAt": "2026-01-16 09:30"}, "2026-01-16T09:30:00Z"),
            ({"created_at": "2026-01-16T09:30:00.5+0530"}, "2026-01-16T09:30:00.5+05:30"),
            ({"updated": "2026-01-16"}, "2026-01-16T00:00:00.000Z"),
            ({"updated": "01/16/2026"}, "2026-01-16T00:00:00.000Z"),
            ({"updated": "2026-01"}, None),
            ({"updated": "soon"}, None),
        ],
    )
    def test_is_an_instant(self, stored: dict[str, Any], served: str | None) -> None:
        assert serve("Task", {**TASK, **stored})["meta"].get("lastUpdated") == served

    def test_the_time_of_the_object_id_stands_in(self) -> None:
        meta = serve("Task", {**TASK, "_id": OID})["meta"]
        assert meta["lastUpdated"] == OID.generation_time.isoformat(
            timespec="milliseconds"
        ).replace("+00:00", "Z")
        assert "lastUpdated" not in serve("Task", TASK)["meta"]

    def test_a_day_begins_in_the_deployments_zone(self) -> None:
        task = serve("Task", {**TASK, "updated": "2026-01-16"}, of=registry("America/Chicago"))
        assert task["meta"]["lastUpdated"] == "2026-01-16T06:00:00.000Z"


class TestTags:
    @pytest.mark.parametrize("mark", [True, 1, 1.0, "true", "True", "TRUE", "1", [True]])
    def test_set(self, mark: Any) -> None:
        assert serve("Task", {**TASK, "is_archived": mark})["meta"]["tag"] == [
            {"system": f"{BASE}/CodeSystem/record-state", "code": "archived", "display": "Archived"}
        ]

    @pytest.mark.parametrize("mark", [False, 0, None, "false", "", "yes", 2, {}, [], [[True]]])
    def test_not_set(self, mark: Any) -> None:
        assert "tag" not in serve("Task", {**TASK, "is_archived": mark})["meta"]

    def test_each_mark_in_either_style(self) -> None:
        document = {**TASK, "isArchived": True, "is_acknowledged": True, "isHidden": True}
        codes = [tag["code"] for tag in serve("Task", document)["meta"]["tag"]]
        assert codes == ["archived", "acknowledged", "hidden"]

    @pytest.mark.parametrize("name", ["is_deleted", "isDeleted"])
    def test_deleted(self, name: str) -> None:
        (source,) = registry().types["Task"].sources
        assert source.is_deleted({**TASK, name: "true"})
        assert not source.is_deleted({**TASK, name: "false"})

    def test_what_is_in_a_deleted_document_is_deleted(self) -> None:
        source = registry().types["DocumentReference"].sources[0]
        assert source.is_deleted({"document_id": "d", "parent": {"isDeleted": True}})
        assert source.is_deleted({"document_id": "d", "is_deleted": True, "parent": {}})
        assert not source.is_deleted({"document_id": "d", "parent": {"_id": 1}})


class TestReferences:
    @pytest.mark.parametrize(
        ("stored", "key"),
        [
            ("M1", "M1"),
            ({"id": "M1"}, "M1"),
            ("Patient/M1", "M1"),
            (OID, str(OID)),
            (UUID, str(UUID)),
            (7, "7"),
        ],
    )
    def test_a_member(self, stored: Any, key: str) -> None:
        assert serve("Task", {**TASK, "subject": stored})["for"] == {
            "reference": f"Patient/{key}",
            "type": "Patient",
            "identifier": {"system": f"{BASE}/sid/member", "value": key},
        }

    def test_a_name(self) -> None:
        task = serve("Task", {**TASK, "owner": {"id": "U1", "name": "Ann\x07 Example"}})
        assert task["owner"] == person("U1", "Ann Example")
        task = serve("Task", {**TASK, "owner": {"id": "U1", "display": "Ann"}})
        assert task["owner"] == person("U1", "Ann")

    def test_a_key_that_is_no_id_is_named_by_identifier_only(self) -> None:
        assert serve("Task", {**TASK, "subject": "a b"})["for"] == {
            "type": "Patient",
            "identifier": {"system": f"{BASE}/sid/member", "value": "a b"},
        }

    def test_a_name_without_a_key_is_shown(self) -> None:
        task, findings = read("Task", {**TASK, "owner": {"name": "Ann"}})
        assert task is not None
        assert task["owner"] == {"type": "Practitioner", "display": "Ann"}
        assert [each.field for each in findings] == ["owner"]

    @pytest.mark.parametrize("stored", [None, "", {}])
    def test_nothing_stored_is_no_finding_where_it_is_optional(self, stored: Any) -> None:
        task, findings = read("Task", {**TASK, "subject": stored})
        assert task is not None
        assert "for" not in task
        assert findings == []

    @pytest.mark.parametrize("stored", [True, 1.5, ["M1"], {"id": None, "x": 1}, " "])
    def test_what_cannot_be_read_is_left_out_with_a_finding(self, stored: Any) -> None:
        task, findings = read("Task", {**TASK, "subject": stored})
        assert task is not None
        assert "for" not in task
        assert [(each.severity, each.field, each.element) for each in findings] == [
            (Severity.DEGRADED, "subject", "Task.for")
        ]

    @pytest.mark.parametrize(
        ("stored", "reason"), [(None, "unknown"), ("", "unknown"), (True, "unsupported")]
    )
    def test_a_required_one_says_why_it_is_missing(self, stored: Any, reason: str) -> None:
        flag, findings = read(
            "Flag",
            {"_id": "f", "type": "flag", "status": "active", "name": "VIP", "subject": stored},
        )
        assert flag is not None
        assert flag["subject"] == {
            "type": "Patient",
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                    "valueCode": reason,
                }
            ],
        }
        assert [each.element for each in findings] == ["Flag.subject"]

    def test_another_server_is_named_where_the_setting_says_so(self) -> None:
        of = registry_with(reference_base={"Patient": "https://ehr.example.org/r4/"})
        task = serve("Task", {**TASK, "subject": "M1", "owner": "U1"}, of=of)
        assert task["for"]["reference"] == "https://ehr.example.org/r4/Patient/M1"
        assert task["owner"]["reference"] == "Practitioner/U1"

    def test_another_canonical_base(self) -> None:
        of = registry_with(canonical="https://example.org/guide")
        task = serve("Task", {**TASK, "subject": "M1", "category": "Claim"}, of=of)
        assert task["for"]["identifier"]["system"] == "https://example.org/guide/sid/member"
        assert (
            task["code"]["coding"][0]["system"]
            == "https://example.org/guide/CodeSystem/task-category"
        )


class TestLinks:
    @pytest.mark.parametrize(
        "link",
        [
            {"type": "case", "id": "c1"},
            {"module": "case", "moduleId": "c1"},
            {"moduleType": "Case", "moduleId": "c1"},
            {"type": "CASE", "id": "c1"},
        ],
    )
    def test_each_shape(self, link: dict[str, Any]) -> None:
        task = serve("Task", {**TASK, "linkedModules": [link]})
        assert task["focus"] == case("c1")
        assert "extension" not in task

    @pytest.mark.parametrize(
        ("key", "shown"), [(OID, str(OID)), (str(OID), str(OID)), ("a b", "x-612062")]
    )
    def test_the_cases_own_id(self, key: Any, shown: str) -> None:
        flag = serve(
            "Flag",
            {
                "_id": "f",
                "type": "flag",
                "status": "active",
                "linkedModules": [{"type": "case", "id": key}],
            },
        )
        assert [each["valueReference"] for each in extension(flag, "case")] == [case(shown)]

    def test_the_same_case_twice_is_one(self) -> None:
        links = [{"type": "case", "id": OID}, {"moduleType": "case", "moduleId": str(OID)}]
        task = serve("Task", {**TASK, "linkedModules": links})
        assert task["focus"] == case(str(OID))
        assert extension(task, "case") == []

    def test_other_modules(self) -> None:
        links = [{"type": "claim", "id": 7}, {"module": "moi", "moduleId": "m 1"}, None]
        task = serve("Task", {**TASK, "linkedModules": links})
        assert [each["extension"] for each in extension(task, "linked-module")] == [
            [{"url": "module", "valueString": "claim"}, {"url": "id", "valueString": "7"}],
            [{"url": "module", "valueString": "moi"}, {"url": "id", "valueString": "m 1"}],
        ]

    @pytest.mark.parametrize(
        "links",
        [
            "c1",
            {"type": "case", "id": "c1"},
            [{"id": "c1"}],
            ["c1"],
            [[]],
            [{"type": "case", "id": 7}],
        ],
    )
    def test_what_cannot_be_read_is_a_finding(self, links: Any) -> None:
        task, findings = read("Task", {**TASK, "linkedModules": links})
        assert task is not None
        assert "focus" not in task
        assert {each.field for each in findings} == {"linkedModules"}

    def test_nothing_linked(self) -> None:
        task, findings = read("Task", {**TASK, "linkedModules": []})
        assert task is not None
        assert findings == []
        assert "focus" not in task


class TestNotes:
    @pytest.mark.parametrize(
        ("stored", "served"),
        [
            ("called", {"text": "called"}),
            ({"text": "called"}, {"text": "called"}),
            ({"note": "called"}, {"text": "called"}),
            ({"text": "", "message": "called"}, {"text": "called"}),
            (
                {"text": "a", "created": "2026-01-16", "created_by": "U1"},
                {"authorReference": person("U1"), "time": "2026-01-16", "text": "a"},
            ),
            (
                {
                    "text": "a",
                    "date": "2026-01-16T09:30:00Z",
                    "author": {"id": "U1", "name": "Ann"},
                },
                {
                    "authorReference": person("U1", "Ann"),
                    "time": "2026-01-16T09:30:00Z",
                    "text": "a",
                },
            ),
            ({"text": "a", "by": "Ann Example"}, {"authorString": "Ann Example", "text": "a"}),
            ({"text": "a", "by": {"name": "Ann"}}, {"authorString": "Ann", "text": "a"}),
            ({"text": "a", "by": ["?"], "date": "soon"}, {"text": "a"}),
            (
                {"text": "a", "createdAt": "2026-01", "createdBy": 7},
                {"authorReference": person("7"), "time": "2026-01", "text": "a"},
            ),
        ],
    )
    def test_an_annotation(self, stored: Any, served: dict[str, Any]) -> None:
        assert serve("Task", {**TASK, "notes": [stored]})["note"] == [served]

    def test_one_text_where_a_list_belongs(self) -> None:
        assert serve("Task", {**TASK, "notes": "called"})["note"] == [{"text": "called"}]

    @pytest.mark.parametrize("stored", [[], [None], ["  "], [{}], [["a"]], [{"text": 7}], 7])
    def test_nothing_to_say(self, stored: Any) -> None:
        assert "note" not in serve("Task", {**TASK, "notes": stored})

    def test_a_flag_has_an_extension_for_them(self) -> None:
        flag = serve("Flag", {"_id": "f", "type": "flag", "status": "active", "notes": ["a", "b"]})
        assert [each["valueAnnotation"] for each in extension(flag, "note")] == [
            {"text": "a"},
            {"text": "b"},
        ]


SHARED = {
    "client": {"id": "BRAMBLE", "name": "Bramble"},
    "owner": {"id": "U1", "name": "Ann"},
    "created": "2026-01-16T09:30:00Z",
    "created_by": "U2",
    "updated_by": {"id": "U3"},
    "linkedModules": [{"type": "case", "id": "c1"}, {"type": "case", "id": "c2"}],
}
EMPLOYER = {
    "reference": "Organization/BRAMBLE",
    "type": "Organization",
    "identifier": {"system": f"{BASE}/sid/org", "value": "BRAMBLE"},
    "display": "Bramble",
}


@pytest.mark.parametrize(
    ("resource", "document", "extensions"),
    [
        ("Task", TASK, {"case": [case("c2")], "created-by": [person("U2")]}),
        (
            "Flag",
            {"_id": "f", "type": "flag", "status": "active"},
            {"case": [case("c1"), case("c2")], "assigned-to": [person("U1", "Ann")]},
        ),
        (
            "Goal",
            {"_id": "g", "type": "goal", "life_cycle_status": "Active"},
            {
                "case": [case("c1"), case("c2")],
                "assigned-to": [person("U1", "Ann")],
                "created-by": [person("U2")],
            },
        ),
        (
            "Communication",
            {"_id": "i", "type": "Interaction", "status": "Completed"},
            {"case": [], "assigned-to": [], "created-by": [person("U2")]},
        ),
    ],
    ids=["Task", "Flag", "Goal", "Communication"],
)
def test_fields_of_every_work_item(
    resource: str, document: dict[str, Any], extensions: dict[str, list[Any]]
) -> None:
    served = serve(resource, {**document, **SHARED})
    shared = {"employer": [EMPLOYER], "updated-by": [person("U3")]}
    for name, values in {**shared, **extensions}.items():
        assert [each["valueReference"] for each in extension(served, name)] == values, name
    times = [each["valueDateTime"] for each in extension(served, "created")]
    assert times == ([] if resource == "Task" else ["2026-01-16T09:30:00Z"])
    assert served["resourceType"] == resource
    assert served["meta"]["versionId"] == "1"
