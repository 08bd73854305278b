"""From a token to the exact filter, as text: codes, ids and identifiers."""

from __future__ import annotations

import json

import pytest

from fhir_facade.search.plan import explain_filter
from tests.search.filters import clause
from tests.search.plans import SID, SYSTEM, scalar


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
