"""From a reference to the exact filter, as text."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from fhir_facade.rules.filters import NOTHING
from fhir_facade.search.plan import SearchOptions, explain_filter, plan_search
from tests.mappings.serving import registry_with
from tests.search.filters import clause
from tests.search.plans import BASE_URL, scalar


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
