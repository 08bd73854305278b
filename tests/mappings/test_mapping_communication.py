"""Communication: MAPPING's sections 4 and 7."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mappings.serving import BASE, extension, read, serve

CALL = {"_id": "i1", "type": "Interaction", "status": "Completed", "subject": "M1"}
V3 = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"


def call(**fields: Any) -> dict[str, Any]:
    return serve("Communication", {**CALL, **fields})


def values(resource: dict[str, Any], name: str) -> list[Any]:
    return [
        next(each[key] for key in each if key.startswith("value"))
        for each in extension(resource, name)
    ]


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("Scheduled", "preparation"),
        ("Planned", "preparation"),
        ("InProgress", "in-progress"),
        ("NotDone", "not-done"),
        ("NoShow", "not-done"),
        ("no show", "not-done"),
        ("Cancelled", "not-done"),
        ("Missed", "not-done"),
        ("OnHold", "on-hold"),
        ("Stopped", "stopped"),
        ("Completed", "completed"),
        ("EnteredInError", "entered-in-error"),
        ("Unknown", "unknown"),
        (None, "unknown"),
        ("", "unknown"),
        ("wip", "unknown"),
        (["Completed"], "unknown"),
    ],
)
def test_status(stored: Any, code: str) -> None:
    assert call(status=stored)["status"] == code


@pytest.mark.parametrize(
    ("stored", "code", "canonical"),
    [
        ("phone", "PHONE", "phone"),
        ("Telephone", "PHONE", "phone"),
        ("email", "EMAILWRIT", "email"),
        ("in-person", "FACE", "in-person"),
        ("InPerson", "FACE", "in-person"),
        ("video", "VIDEOCONF", "video"),
        ("letter", "MAILWRIT", "letter"),
        ("mail", "MAILWRIT", "letter"),
        ("fax", "FAXWRIT", "fax"),
    ],
)
def test_a_medium_has_hl7s_coding_and_ours(stored: str, code: str, canonical: str) -> None:
    (medium,) = call(medium=[stored])["medium"]
    assert [(each["system"], each["code"]) for each in medium["coding"]] == [
        (V3, code),
        (f"{BASE}/CodeSystem/interaction-medium", canonical),
    ]


def test_a_medium_that_hl7_does_not_have_has_ours_alone() -> None:
    assert call(medium="text")["medium"] == [
        {"coding": [{"system": f"{BASE}/CodeSystem/interaction-medium", "code": "text"}]}
    ]


def test_people_and_times() -> None:
    found = call(
        owner={"id": "U1", "name": "Ann"},
        encounter_reference="Encounter/E1",
        sent_on="2026-01-16T09:30:00Z",
        linkedModules=[{"type": "case", "id": "c1"}, {"type": "case", "id": "c2"}],
        recorded_by="U2",
        partner_id="P1",
        priority="STAT",
    )
    assert found["sender"]["reference"] == "Practitioner/U1"
    assert found["subject"]["reference"] == "Patient/M1"
    assert [each["reference"] for each in found["recipient"]] == ["Patient/M1"]
    assert found["encounter"]["reference"] == "Encounter/E1"
    assert found["sent"] == "2026-01-16T09:30:00Z"
    assert [each["reference"] for each in found["about"]] == [
        "EpisodeOfCare/c1",
        "EpisodeOfCare/c2",
    ]
    assert [each["reference"] for each in values(found, "recorded-by")] == ["Practitioner/U2"]
    assert [each["reference"] for each in values(found, "conducted-by")] == ["Organization/P1"]
    assert found["priority"] == "stat"


def test_a_partner_that_is_an_object() -> None:
    found = call(partner_id="", partner={"id": "P1", "name": "Partner"})
    assert [each["display"] for each in values(found, "conducted-by")] == ["Partner"]


def test_texts() -> None:
    found = call(
        topic="Welcome",
        status_reason="Voicemail",
        description="Second try",
        categories=["Outreach"],
    )
    assert found["topic"] == {"text": "Welcome"}
    assert found["statusReason"] == {"text": "Voicemail"}
    assert values(found, "description") == ["Second try"]
    assert found["category"] == [
        {"coding": [{"system": f"{BASE}/CodeSystem/interaction-category", "code": "Outreach"}]}
    ]


@pytest.mark.parametrize(("stored", "value"), [(30, 30), (12.5, 12.5), ("30", 30), (0, 0)])
def test_duration(stored: Any, value: Any) -> None:
    (found,) = values(call(duration=stored), "duration")
    assert found == {
        "value": value,
        "unit": "min",
        "system": "http://unitsofmeasure.org",
        "code": "min",
    }


@pytest.mark.parametrize("stored", [-1, float("inf"), "half an hour", True, [30]])
def test_a_duration_that_cannot_be(stored: Any) -> None:
    resource, findings = read("Communication", {**CALL, "duration": stored})
    assert resource is not None
    assert values(resource, "duration") == []
    assert [each.field for each in findings] == ["duration"]


def test_message_then_documents() -> None:
    documents = [
        {"document_id": "d1", "document_title": "Letter"},
        {"document_id": "d2", "is_deleted": True},
        {"document_id": "d3", "isDeleted": "true"},
        {"document_id": "d 4"},
        None,
    ]
    found = call(message="Hello", documents=documents)["payload"]
    assert found[0] == {"contentString": "Hello"}
    first, second = (each["contentReference"] for each in found[1:])
    assert first == {
        "reference": "DocumentReference/d1",
        "type": "DocumentReference",
        "identifier": {"system": f"{BASE}/sid/document", "value": "d1"},
        "display": "Letter",
    }
    assert second["reference"] == "DocumentReference/x-642034"


@pytest.mark.parametrize(
    "documents", ["d1", [{}], ["d1"], [{"document_id": 7}], [{"document_id": "d" * 65}]]
)
def test_documents_that_cannot_be_read(documents: Any) -> None:
    resource, findings = read("Communication", {**CALL, "documents": documents})
    assert resource is not None
    assert "payload" not in resource
    assert [each.field for each in findings] == ["documents"]


def test_reassignments() -> None:
    history = [
        {"date": "2026-01-16", "from": "U1", "to": {"id": "U2", "name": "Ben"}, "by": "U3"},
        {"to": "U1"},
        {},
    ]
    found = extension(call(interactionHistory=history), "reassignment")
    parts = [{part["url"]: part for part in each["extension"]} for each in found]
    assert [list(each) for each in parts] == [["date", "from", "to", "by"], ["to"]]
    assert parts[0]["date"]["valueDateTime"] == "2026-01-16"
    assert parts[0]["to"]["valueReference"]["display"] == "Ben"


@pytest.mark.parametrize(
    "kind", ["Interaction", "interaction", "INTERACTION", "contact", "Contact"]
)
def test_both_names_of_the_type(kind: str) -> None:
    from tests.mappings.serving import records, registry, stored

    (source,) = registry().types["Communication"].sources
    assert list(records(source, stored({**CALL, "type": kind})))
    assert not list(records(source, stored({**CALL, "type": "task"})))
