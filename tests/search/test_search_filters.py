"""From a query string to the exact filter, as text."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from fhir_facade.errors import BadRequest, TooCostly, UnknownParameter
from fhir_facade.rules.filters import NOTHING
from fhir_facade.search.plan import Plan, SearchOptions, explain_filter, plan_search
from tests.mappings.serving import registry, registry_with

BASE_URL = "https://example.org/fhir"
OPTIONS = SearchOptions(registry(), BASE_URL)
LENIENT = SearchOptions(registry(), BASE_URL, lenient=True)
SID = "https://fhir.wellnecity.com/sid"
SYSTEM = "https://fhir.wellnecity.com/CodeSystem"


def plan(resource: str, *pairs: tuple[str, str], options: SearchOptions = OPTIONS) -> Plan:
    return plan_search(registry().types[resource], pairs, options)


def clause(resource: str, name: str, value: str, at: int = 0) -> Any:
    """Return what a parameter adds to the filter of everything; `{}` if it leaves nothing out."""
    whole = plan(resource, (name, value)).sources[at].filter
    everything = plan(resource).sources[at].filter
    if whole in (NOTHING, everything):
        return "nothing" if whole == NOTHING else {}
    first, *rest = whole["$and"]
    assert first == everything
    (found,) = rest
    return found


def scalar(path: str, condition: Any) -> Any:
    """A condition on one value, no array on the way to it."""
    steps = path.split(".")
    ways = [".".join(steps[: place + 1]) for place in range(len(steps))]
    return {path: condition, "$nor": [{way: {"$type": "array"}} for way in ways]}


MARKS = {"$nin": [True, 1, "true", "True", "TRUE", "1"]}
SHOWN = {"is_deleted": MARKS, "isDeleted": MARKS, "is_hidden": MARKS, "isHidden": MARKS}


class TestEverything:
    @pytest.mark.parametrize(
        ("resource", "where"),
        [
            ("Task", {"type": {"$in": ["task", "Task", "TASK"]}}),
            ("Flag", {"type": {"$in": ["flag", "Flag", "FLAG"]}}),
            ("Goal", {"type": {"$in": ["goal", "Goal", "GOAL"]}}),
            ("EpisodeOfCare", {}),
            ("Observation", {}),
        ],
    )
    def test_is_every_live_shown_document_of_the_type(
        self, resource: str, where: dict[str, Any]
    ) -> None:
        assert plan(resource).sources[0].filter == {**where, **SHOWN}

    def test_interactions_come_under_two_names(self) -> None:
        names = plan("Communication").sources[0].filter["type"]["$in"]
        assert names == [
            "interaction",
            "Interaction",
            "INTERACTION",
            "contact",
            "Contact",
            "CONTACT",
        ]

    def test_embedded_records_go_with_their_parent(self) -> None:
        found = plan("DocumentReference").sources[0].filter
        assert found == {**SHOWN, **{f"parent.{name}": mark for name, mark in SHOWN.items()}}

    def test_documents_are_of_two_sources(self) -> None:
        first, second = plan("DocumentReference").sources
        assert [first.source.mapping.collection, second.source.mapping.collection] == [
            "patient_case",
            "work_queue",
        ]
        assert "Contact" in second.filter["parent.type"]["$in"]


class TestTokens:
    @pytest.mark.parametrize(
        "value", ["in-progress", "http://hl7.org/fhir/task-status|in-progress"]
    )
    def test_a_code_is_every_spelling_read_as_it(self, value: str) -> None:
        found = clause("Task", "status", value)
        assert sorted(found["status"]["$in"]) == sorted(
            [
                "InProgress",
                "inProgress",
                "inprogress",
                "INPROGRESS",
                "in_progress",
                "IN_PROGRESS",
                "in-progress",
                "In Progress",
                "in progress",
            ]
        )
        assert found["$nor"] == [{"status": {"$type": "array"}}]

    @pytest.mark.parametrize(
        "value",
        [
            "InProgress",  # a stored spelling is no FHIR code
            "bogus",
            "|in-progress",
            "http://example.org|in-progress",
            "http://example.org|",
            "|",
        ],
    )
    def test_what_no_resource_has_matches_nothing(self, value: str) -> None:
        assert clause("Task", "status", value) == "nothing"

    def test_a_system_alone_is_every_spelling(self) -> None:
        found = clause("Task", "priority", "http://hl7.org/fhir/request-priority|")
        assert {"Routine", "urgent", "ASAP", "Asap", "stat"} <= set(found["priority"]["$in"])

    def test_alternatives_at_one_path_are_one_list(self) -> None:
        found = clause("Goal", "lifecycle-status", "active,rejected,active")
        spellings = ["Active", "active", "ACTIVE", "Rejected", "rejected", "REJECTED"]
        assert found == scalar("life_cycle_status", {"$in": spellings})

    def test_an_alternative_that_matches_nothing_leaves_the_others(self) -> None:
        assert clause("Task", "status", "bogus,ready") == clause("Task", "status", "ready")

    def test_empty_alternatives_are_passed_over(self) -> None:
        assert clause("Task", "status", ",ready,") == clause("Task", "status", "ready")

    def test_aliases_are_found_under_their_code(self) -> None:
        found = clause("Communication", "status", "not-done")["status"]["$in"]
        assert {"NotDone", "NoShow", "no-show", "Cancelled", "Missed"} <= set(found)

    def test_unknown_is_also_what_cannot_be_read(self) -> None:
        text = json.dumps(explain_filter(clause("Communication", "status", "unknown")))
        assert '"Unknown"' in text
        assert '"$nor"' in text
        assert '"Completed"' in text

    def test_a_local_code_is_found_as_it_is_stored(self) -> None:
        wanted = {"$in": ["Fall Risk"]}
        assert clause("Flag", "code", f"{SYSTEM}/flag-name|Fall Risk") == {
            "$or": [scalar("name", wanted), scalar("name.value", wanted)]
        }

    def test_an_escaped_comma_and_bar_are_part_of_the_code(self) -> None:
        found = clause("Flag", "code", r"a\,b\|c\$d\\e")
        assert found["$or"][0]["name"] == {"$in": [r"a,b|c$d\e"]}

    def test_a_backslash_before_anything_else_stays(self) -> None:
        assert clause("Flag", "code", r"a\b")["$or"][0]["name"] == {"$in": [r"a\b"]}

    def test_old_names_of_a_field_answer_where_the_new_one_is_empty(self) -> None:
        first, second = clause("Flag", "category", "x")["$or"]
        assert first["$or"][0] == scalar("category", {"$in": ["x"]})
        absent, old = second["$and"]
        assert absent == scalar("category", {"$in": [None, ""]})
        assert old["$or"][0] == scalar("CATEGORY", {"$in": ["x"]})

    def test_a_list_is_searched_element_by_element(self) -> None:
        found = clause("Communication", "category", "Outreach")
        assert found == {
            "$or": [
                {"categories": {"$in": ["Outreach"]}},
                {"categories.value": {"$in": ["Outreach"]}},
            ]
        }

    def test_a_medium_is_found_by_either_coding(self) -> None:
        v3 = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
        by_v3 = clause("Communication", "medium", f"{v3}|PHONE")
        spellings = set(by_v3["$or"][0]["medium"]["$in"])
        assert {"phone", "Phone", "telephone"} <= spellings
        for value in (f"{SYSTEM}/interaction-medium|phone", "phone", "PHONE"):
            assert spellings <= set(
                clause("Communication", "medium", value)["$or"][0]["medium"]["$in"]
            )
        assert clause("Communication", "medium", f"{v3}|phone") == "nothing"

    def test_origins_stand_in_two_fields(self) -> None:
        text = json.dumps(clause("EpisodeOfCare", "origin", "moi"))
        assert '"source"' in text
        assert '"referralSource"' in text
        assert clause("EpisodeOfCare", "origin", "http://example.org|moi") == "nothing"
        assert clause("EpisodeOfCare", "origin", "|") == "nothing"


class TestIds:
    OID = "64b000000000000000000001"

    def test_an_object_id_is_also_sought_as_text(self) -> None:
        found = explain_filter(clause("Task", "_id", self.OID))
        assert found == {"_id": {"$in": [self.OID, self.OID]}}

    def test_several(self) -> None:
        assert clause("Task", "_id", "a,b") == {"_id": {"$in": ["a", "b"]}}

    def test_an_encoded_id_is_decoded(self) -> None:
        assert clause("Task", "_id", "x-612062") == {"_id": {"$in": ["a b"]}}

    @pytest.mark.parametrize("value", ["x-6162", "a b", "a/b", "é", "y" * 65, "$ne", "x-ff", "x|a"])
    def test_what_no_resource_has_as_id_matches_nothing(self, value: str) -> None:
        assert clause("Task", "_id", value) == "nothing"

    def test_provenance_is_found_by_case_and_place(self) -> None:
        assert clause("Provenance", "_id", "c.1.log.12", at=1) == {
            "$and": [{"parent._id": {"$in": ["c.1"]}}, {"position": 12}]
        }

    @pytest.mark.parametrize(
        "value", ["c1", "c1.log.", "c1.log.01", "c1.log.x", ".log.1", "x|c.log.1"]
    )
    def test_no_place_in_a_log(self, value: str) -> None:
        assert clause("Provenance", "_id", value, at=1) == "nothing"

    def test_identifier_of_a_work_item_is_its_id(self) -> None:
        assert clause("Task", "identifier", f"{SID}/work-item|w1") == scalar("_id", {"$in": ["w1"]})
        assert clause("Task", "identifier", f"{SID}/case|w1") == "nothing"
        assert clause("Task", "identifier", "w 1") == "nothing"

    def test_identifier_system_alone_is_every_document(self) -> None:
        assert clause("Task", "identifier", f"{SID}/work-item|") == {}

    def test_each_identifier_of_a_case(self) -> None:
        text = json.dumps(explain_filter(clause("EpisodeOfCare", "identifier", "CAS-1")))
        for field in ("_id", "wellnecityId", "caseId", "participants"):
            assert f'"{field}"' in text
        only = clause("EpisodeOfCare", "identifier", f"{SID}/external-case|CAS-1")
        assert only == scalar("caseId", {"$in": ["CAS-1"]})

    def test_numbers_are_found_as_numbers_too(self) -> None:
        found = clause("EpisodeOfCare", "identifier", f"{SID}/external-case|007")
        assert found == scalar("caseId", {"$in": ["007"]})
        found = clause("EpisodeOfCare", "identifier", f"{SID}/external-case|7")
        assert found == scalar("caseId", {"$in": ["7", 7]})


class TestTags:
    SHOW_ALL: ClassVar[dict[str, Any]] = {"is_deleted": MARKS, "isDeleted": MARKS}

    @pytest.mark.parametrize(
        "value", ["hidden", f"{SYSTEM}/record-state|hidden", "archived,hidden", "archived,x|hidden"]
    )
    def test_hidden_documents_are_shown_when_asked_for(self, value: str) -> None:
        found = plan("EpisodeOfCare", ("_tag", value)).sources[0].filter
        assert found["$and"][0] == self.SHOW_ALL

    def test_asking_for_another_tag_does_not_show_them(self) -> None:
        found = plan("EpisodeOfCare", ("_tag", "archived")).sources[0].filter
        assert found["$and"][0] == SHOWN

    def test_archived(self) -> None:
        marks = {"$in": [True, 1, "true", "True", "TRUE", "1"]}
        assert clause("Task", "_tag", "archived") == {
            "$or": [{"is_archived": marks}, {"isArchived": marks}]
        }

    @pytest.mark.parametrize("value", ["other", "http://example.org|archived", "|archived"])
    def test_no_such_tag(self, value: str) -> None:
        assert clause("Task", "_tag", value) == "nothing"


class TestReferences:
    KEYS: ClassVar[dict[str, Any]] = {"$in": ["M1", "Patient/M1"]}
    FOUND: ClassVar[dict[str, Any]] = {"$or": [scalar("subject.id", KEYS), scalar("subject", KEYS)]}

    @pytest.mark.parametrize(
        "value", ["M1", "Patient/M1", f"{BASE_URL}/Patient/M1"], ids=["id", "relative", "absolute"]
    )
    @pytest.mark.parametrize("name", ["patient", "subject"])
    def test_three_forms(self, name: str, value: str) -> None:
        assert clause("Task", name, value) == self.FOUND

    @pytest.mark.parametrize(
        "value",
        [
            "Group/M1",
            "https://elsewhere.org/Patient/M1",
            f"{BASE_URL}/Group/M1",
            f"{BASE_URL}/more/Patient/M1",
            "Patient/M1/extra",
            "https://M1",
            "M 1",
            "Patient/",
            "/M1",
            "urn:uuid:12345678-1234-5678-1234-567812345678",
            "$ne",
        ],
    )
    def test_what_this_server_holds_no_reference_to(self, value: str) -> None:
        assert clause("Task", "patient", value) == "nothing"

    def test_the_server_of_a_type_is_accepted_beside_our_own(self) -> None:
        elsewhere = registry_with(reference_base={"Patient": "https://ehr.example.org/r4/"})
        options = SearchOptions(elsewhere, BASE_URL + "/")
        task = elsewhere.types["Task"]
        found = [
            plan_search(task, [("patient", f"{base}/Patient/M1")], options).sources[0].filter
            for base in ("https://ehr.example.org/r4", BASE_URL, "https://other.org")
        ]
        assert found[0] == found[1] != NOTHING
        assert found[2] == NOTHING
        other = plan_search(
            task, [("owner", "https://ehr.example.org/r4/Practitioner/U1")], options
        )
        assert other.sources[0].filter == NOTHING

    def test_a_key_is_sought_in_every_type_it_may_be_stored_as(self) -> None:
        uuid, oid = "12345678-1234-5678-1234-567812345678", "64b000000000000000000001"
        for key, stored in ((uuid, [uuid, uuid]), (oid, [oid, oid]), ("12", ["12", 12])):
            found = explain_filter(clause("Task", "owner", key))
            assert found["$or"][0]["owner.id"]["$in"] == [*stored, f"Practitioner/{key}"]

    @pytest.mark.parametrize("name", ["focus", "case"])
    @pytest.mark.parametrize("value", ["c1", "EpisodeOfCare/c1", f"{BASE_URL}/EpisodeOfCare/c1"])
    def test_a_case_is_found_under_every_shape_of_link(self, name: str, value: str) -> None:
        found = clause("Task", name, value)["$or"]
        halves = [each["linkedModules"]["$elemMatch"] for each in found]
        pairs = [{key for key in half if key != "$nor"} for half in halves]
        assert pairs == [{"type", "id"}, {"module", "moduleId"}, {"moduleType", "moduleId"}]
        assert all("c1" in str(half) and "CASE" in str(half) for half in halves)

    @pytest.mark.parametrize("value", ["Task/c1", "c 1", "x-6162"])
    def test_no_case(self, value: str) -> None:
        assert clause("Task", "case", value) == "nothing"

    def test_parts_of_a_case_are_found_by_its_id(self) -> None:
        assert clause("CareTeam", "case", "EpisodeOfCare/c1") == {"_id": {"$in": ["c1"]}}
        assert clause("CareTeam", "case", "CareTeam/c1") == "nothing"
        assert clause("DocumentReference", "case", "c1") == {"parent._id": {"$in": ["c1"]}}

    def test_organization_is_a_primary_participants(self) -> None:
        text = json.dumps(clause("EpisodeOfCare", "organization", "Organization/O1"))
        assert '"case_participant_is_primary": {"$in": [true' in text
        assert '"originator"' in text
        for value in ("Practitioner/O1", "O 1"):
            assert clause("EpisodeOfCare", "organization", value) == "nothing"

    def test_an_escaped_comma_is_no_separator(self) -> None:
        assert clause("Task", "patient", r"M1\,M2") == "nothing"


class TestDates:
    def test_a_day_is_compared_in_each_spelling(self) -> None:
        found = clause("Communication", "sent", "2026-01-16")["$or"]
        bson = explain_filter(found[0]["sent_on"])
        assert bson == {"$gte": "2026-01-16 00:00:00+00:00", "$lt": "2026-01-17 00:00:00+00:00"}
        bounds = [(each["sent_on"]["$gte"], each["sent_on"]["$lt"]) for each in found[1:]]
        assert ("2026-01-16", "2026-01-17") in bounds
        assert ("2026-01-16T00:00:00", "2026-01-17T00:00:00") in bounds
        assert ("2026-01-15T19:00:00", "2026-01-16T19:00:00") in bounds

    def test_a_day_of_the_deployments_zone(self) -> None:
        of = registry("America/Chicago")
        options = SearchOptions(of, BASE_URL)
        found = plan_search(of.types["Communication"], [("sent", "2026-01-16")], options)
        bson = explain_filter(found.sources[0].filter["$and"][1]["$or"][0]["sent_on"])
        assert bson == {"$gte": "2026-01-16 06:00:00+00:00", "$lt": "2026-01-17 06:00:00+00:00"}

    @pytest.mark.parametrize(
        "value",
        [
            "yesterday",
            "2026-13",
            "2026-02-30",
            "2026-1-6",
            "0000",
            "gt",
            "xx2026",
            "2026-01-16T09",
            "2026-01-16T25:00Z",
            "2026-01-16T09:30:60Z",
            "2026-01-16T09:30:00+25:00",
            "GT2026",
            "ge ge2026",
            "2026-01-16T",
            "20260116",
            "\uff12\uff10\uff12\uff16",
        ],
    )
    def test_a_value_that_is_no_date_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match="'sent' is not a FHIR date"):
            plan("Communication", ("sent", value))

    def test_a_plus_that_arrives_as_a_blank_is_a_plus(self) -> None:
        spelled = [
            plan("Communication", ("sent", f"ge2026-01-16T09:30:00{sign}02:00")).sources[0].filter
            for sign in "+ "
        ]
        assert spelled[0] == spelled[1]

    @pytest.mark.parametrize("value", ["0001", "0001-01-01", "9999", "9999-12-31T23:59:59Z"])
    @pytest.mark.parametrize("prefix", ["", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
    @pytest.mark.parametrize("name", ["_lastUpdated", "authored-on", "period"])
    def test_the_ends_of_time_can_be_asked_for(self, name: str, prefix: str, value: str) -> None:
        assert plan("Task", (name, prefix + value)).sources


class TestCombinations:
    def test_every_clause_must_hold(self) -> None:
        found = plan("Task", ("status", "ready"), ("patient", "M1"), ("status", "draft"))
        assert len(found.sources[0].filter["$and"]) == 4

    def test_one_that_matches_nothing_empties_the_search(self) -> None:
        found = plan("Task", ("status", "bogus"), ("patient", "M1"))
        assert found.sources[0].filter == NOTHING

    def test_explained_values_are_json(self) -> None:
        found = plan("Task", ("_lastUpdated", "ge2026"), ("_id", "64b000000000000000000001"))
        assert "64b000000000000000000001" in json.dumps(explain_filter(found.sources[0].filter))


class TestRefusals:
    @pytest.mark.parametrize("name", ["staus", "Status", "", "x" * 500, "_text", "staus.", "."])
    def test_an_unknown_filter_lists_the_valid_ones(self, name: str) -> None:
        known = "Valid ones are: _id, _lastUpdated, _profile, _security, _tag, authored-on"
        with pytest.raises(UnknownParameter, match=known):
            plan("Task", (name, "x"))

    def test_a_misspelt_one_is_guessed(self) -> None:
        with pytest.raises(UnknownParameter, match="Did you mean 'status'"):
            plan("Task", ("staus", "x"))

    def test_one_that_r4_defines_is_said_to_be_unsupported(self) -> None:
        with pytest.raises(UnknownParameter, match="'requester' of Task is not supported here"):
            plan("Task", ("requester", "x"))
        with pytest.raises(UnknownParameter, match="Task has no search parameter 'colour'"):
            plan("Task", ("colour", "x"))

    def test_a_refusal_shows_no_control_characters_and_no_long_names(self) -> None:
        with pytest.raises(UnknownParameter) as caught:
            plan("Task", ("a\x1b[31m" + "b" * 300, "x"))
        assert "\x1b" not in str(caught.value)
        assert "b" * 100 not in str(caught.value)

    @pytest.mark.parametrize("name", ["status:exact", "patient:Group", "_id:in", "due:x"])
    def test_other_modifiers_are_refused(self, name: str) -> None:
        with pytest.raises(UnknownParameter, match=f":{name.partition(':')[2]}' is not supported"):
            plan("Task", (name, "x"))

    @pytest.mark.parametrize("value", ["", ",", ",,"])
    def test_a_parameter_without_a_value_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match="'status' has no value"):
            plan("Task", ("status", value))

    @pytest.mark.parametrize(
        ("name", "most"), [("patient", 332), ("status", 996), ("due", 39), ("description", 39)]
    )
    def test_so_many_values_and_no_more(self, name: str, most: int) -> None:
        value = "2026" if name == "due" else "x"
        assert plan("Task", (name, ",".join([value] * most))).sources
        with pytest.raises(TooCostly, match="too many values"):
            plan("Task", (name, ",".join([value] * (most + 1))))

    def test_clauses_add_up(self) -> None:
        with pytest.raises(TooCostly):
            plan("Task", *[("status", "ready")] * 201)

    @pytest.mark.parametrize("name", ["status", "patient", "sent", "_id", "_cursor"])
    def test_a_nul_is_refused(self, name: str) -> None:
        with pytest.raises(BadRequest):
            plan("Communication", (name, "a\x00b"))

    def test_codes_of_the_refusals(self) -> None:
        for pairs, code in (
            ([("staus", "x")], "not-supported"),
            ([("status:exact", "x")], "not-supported"),
            ([("status", "")], "invalid"),
            ([("due", "soon")], "invalid"),
        ):
            with pytest.raises(BadRequest) as caught:
                plan("Task", *pairs)
            assert [issue.code for issue in caught.value.issues] == [code]


class TestLenient:
    @pytest.mark.parametrize(
        "pair", [("staus", "x"), ("status:exact", "x"), ("status", ""), ("requester", "x")]
    )
    def test_what_cannot_be_asked_is_left_out_and_said(self, pair: tuple[str, str]) -> None:
        found = plan("Task", pair, ("priority", "stat"), options=LENIENT)
        assert found.sources == plan("Task", ("priority", "stat")).sources
        assert found.query.applied == [("priority", "stat")]
        (issue,) = found.issues
        assert issue.severity == "warning"
        assert issue.diagnostics.endswith("It was left out of the search.")

    def test_a_value_that_cannot_be_read_is_refused_all_the_same(self) -> None:
        with pytest.raises(BadRequest):
            plan("Task", ("due", "soon"), options=LENIENT)

    def test_a_sort_that_cannot_be_is_left_out(self) -> None:
        found = plan("Task", ("_sort", "-due,_tag,status"), options=LENIENT)
        assert found.sources[0].sort == (("deadline", -1), ("status", 1))
        assert found.query.applied == [("_sort", "-due,status")]
        assert "'_tag' cannot be sorted by" in found.issues[0].diagnostics

    def test_a_sort_that_is_left_out_whole_is_not_shown(self) -> None:
        found = plan("Task", ("_sort", "_tag"), ("_count", "5"), options=LENIENT)
        assert found.query.applied == [("_count", "5")]
        assert found.sources[0].sort == ()
