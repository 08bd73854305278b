"""The participants of a case: CareTeam (MAPPING's section 6)."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.mappings.cases import ABSENT, CASE, coding, values
from tests.mappings.serving import extension, read, serve


class TestCareTeam:
    ROW: ClassVar[dict[str, Any]] = {
        "case_participant_org_id": "O1",
        "case_participant_role": "tpa",
        "case_participant_owner_person_id": {"id": "P1", "name": "Ann"},
        "case_participant_is_primary": True,
        "case_participant_case_id": "X-1",
        "case_participant_case_name": "Review",
        "case_participant_case_type": "moi",
        "case_participant_case_subtype_list": ["a", "b"],
        "case_participant_case_status": "open",
    }

    def team(self, *rows: Any) -> dict[str, Any]:
        return serve("CareTeam", {**CASE, "name": "Diabetes", "participants": list(rows)})

    def test_a_row_is_an_organization_and_its_person(self) -> None:
        found = self.team(self.ROW)
        first, second = found["participant"]
        role = [coding("participant-role", "tpa", display="tpa")]
        assert first["role"] == second["role"] == role
        assert first["member"]["reference"] == "Organization/O1"
        assert second["member"]["reference"] == "Practitioner/P1"
        assert second["onBehalfOf"] == first["member"]
        assert "onBehalfOf" not in first
        assert found["name"] == "Diabetes"
        assert [each["reference"] for each in found["managingOrganization"]] == ["Organization/O1"]
        assert values(found, "case")[0]["reference"] == "EpisodeOfCare/c1"

    def test_the_partys_case(self) -> None:
        (party,) = extension(self.team(self.ROW)["participant"][0], "party-case")
        parts = [
            (part["url"], next(part[key] for key in part if key.startswith("value")))
            for part in party["extension"]
        ]
        assert parts == [
            ("case-id", "X-1"),
            ("name", "Review"),
            ("type", coding("case-type", "moi")),
            ("subtypes", coding("case-subtype", "a")),
            ("subtypes", coding("case-subtype", "b")),
            ("status", coding("party-case-status", "open")),
            ("is-primary", True),
        ]

    def test_a_row_without_an_organization(self) -> None:
        resource, findings = read(
            "CareTeam", {**CASE, "participants": [{"case_participant_role": "vendor"}]}
        )
        assert resource is not None
        (participant,) = resource["participant"]
        assert participant["member"]["extension"] == [{"url": ABSENT, "valueCode": "unknown"}]
        assert [each.reason for each in findings] == ["a participant without an organization"]

    def test_an_unknown_role_is_text(self) -> None:
        (participant,) = self.team(
            {"case_participant_org_id": "O1", "case_participant_role": "friend"}
        )["participant"]
        assert participant["role"] == [{"text": "friend"}]

    def test_deleted_rows_and_other_things_are_left_out(self) -> None:
        assert "participant" not in self.team({**self.ROW, "isDeleted": 1}, None, "x", [self.ROW])

    def test_participants_that_are_no_list(self) -> None:
        resource, findings = read("CareTeam", {**CASE, "participants": "none"})
        assert resource is not None
        assert "participant" not in resource
        assert [each.field for each in findings] == ["participants"]
