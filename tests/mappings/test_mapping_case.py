"""The case itself: EpisodeOfCare (MAPPING's section 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, ObjectId

from tests.mappings.cases import CASE, coding, values
from tests.mappings.serving import extension, identifier, read, serve


def episode(**fields: Any) -> dict[str, Any]:
    return serve("EpisodeOfCare", {**CASE, **fields})


class TestEpisodeOfCare:
    @pytest.mark.parametrize(
        ("state", "episode_status", "team_status", "plan_status"),
        [
            ("active", "active", "active", "active"),
            ("resolved", "finished", "inactive", "completed"),
            ("Resolved", "finished", "inactive", "completed"),
            ("finished", "finished", "inactive", "completed"),
            ("planned", "planned", "proposed", "draft"),
            ("waitlist", "waitlist", "proposed", "draft"),
            ("onhold", "onhold", "suspended", "on-hold"),
            ("cancelled", "cancelled", "inactive", "revoked"),
            ("entered-in-error", "entered-in-error", "entered-in-error", "entered-in-error"),
        ],
    )
    def test_state(
        self, state: str, episode_status: str, team_status: str, plan_status: str
    ) -> None:
        for status in ({"state": state, "value": "x"}, state):
            document = {**CASE, "status": status}
            assert serve("EpisodeOfCare", document)["status"] == episode_status
            assert serve("CareTeam", document)["status"] == team_status
            assert serve("CarePlan", document)["status"] == plan_status

    @pytest.mark.parametrize(
        "status",
        [None, "", {}, {"state": None}, {"state": "bogus"}, {"value": "active"}, ["active"], 1],
    )
    def test_without_a_state_it_cannot_be_served_but_its_parts_can(self, status: Any) -> None:
        document = {**CASE, "status": status}
        resource, findings = read("EpisodeOfCare", document)
        assert resource is None
        assert "EpisodeOfCare.status" in [each.element for each in findings]
        assert serve("CarePlan", document)["status"] == "unknown"
        assert "status" not in serve("CareTeam", document)

    def test_the_cases_own_status_word(self) -> None:
        found = episode(
            status={"state": "active", "value": "under_review", "display": "Under Review"}
        )
        assert values(found, "case-status") == [
            {
                **coding("case-status", "under_review", display="Under Review"),
                "text": "Under Review",
            }
        ]

    def test_types(self) -> None:
        found = episode(
            type={"value": "medication", "display": "Medication"},
            caseSubtype="refill-gap",
            caseSubtypeList=["refill-gap", "cost barrier", None],
        )
        assert found["type"] == [
            {**coding("case-type", "medication", display="Medication"), "text": "Medication"},
            coding("case-subtype", "refill-gap"),
            coding("case-subtype", "cost barrier"),
        ]

    def test_people_and_period(self) -> None:
        found = episode(
            owner={"id": "U1", "name": "Ann"}, initiatedDate="2026-01-01", closedDate="2026-02-01"
        )
        assert found["patient"]["reference"] == "Patient/M1"
        assert found["careManager"]["display"] == "Ann"
        assert found["period"] == {"start": "2026-01-01", "end": "2026-02-01"}
        assert [each["reference"] for each in found["team"]] == ["CareTeam/c1"]

    def test_identifiers(self) -> None:
        participants = [
            {"case_participant_case_id": "X-1", "case_participant_org_id": "O1"},
            {"case_participant_case_id": "X-2"},
            {"case_participant_case_id": "X-3", "is_deleted": True},
            {"case_participant_org_id": "O2"},
        ]
        found = episode(wellnecityId="CAS-1", caseId=7, participants=participants)["identifier"]
        assert found[0] == identifier("case", "c1")
        assert found[1] == identifier("wellnecity-case", "CAS-1")
        assert found[2] == identifier("external-case", "7")
        assigner = found[3].pop("assigner")
        assert assigner["reference"] == "Organization/O1"
        assert found[3] == identifier("party-case", "X-1", "PLAC")
        assert found[4:] == [identifier("party-case", "X-2", "PLAC")]

    @pytest.mark.parametrize(
        ("participants", "organization"),
        [
            ([("O1", "tpa", True)], "O1"),
            ([("O1", "originator", False), ("O2", "tpa", True)], "O2"),
            ([("O1", "originator", False), ("O2", "tpa", None)], "O1"),
            ([("O1", "tpa", False)], None),
            ([("O1", "tpa", "true")], "O1"),
            ([("O1", "Originator", False)], "O1"),
            ([], None),
        ],
    )
    def test_managing_organization(
        self, participants: list[tuple[str, str, Any]], organization: str | None
    ) -> None:
        rows = [
            {
                "case_participant_org_id": org,
                "case_participant_role": role,
                "case_participant_is_primary": primary,
            }
            for org, role, primary in participants
        ]
        resource, findings = read("EpisodeOfCare", {**CASE, "participants": rows})
        assert resource is not None
        found = resource.get("managingOrganization", {}).get("reference")
        assert found == (organization and f"Organization/{organization}")
        assert [each.severity for each in findings] == ([] if organization else ["noted"])

    def test_conditions(self) -> None:
        items = [
            {"item_type": "condition", "item_id": "E11.9", "description": "Type 2 diabetes"},
            {"type": "Condition", "id": 7},
            {"itemType": "condition", "itemId": "I10", "is_deleted": True},
            {"item_type": "condition"},
            {"item_type": "claim", "item_id": "CLM-1"},
        ]
        resource, findings = read("EpisodeOfCare", {**CASE, "items": items})
        assert resource is not None
        conditions = [each["condition"] for each in resource["diagnosis"]]
        assert [each["reference"] for each in conditions] == ["Condition/E11.9", "Condition/7"]
        assert conditions[0]["display"] == "Type 2 diabetes"
        assert [each.reason for each in findings] == ["a condition without an id"]

    @pytest.mark.parametrize(
        ("fields", "origins"),
        [
            ({"source": "moi"}, ["moi"]),
            ({"source": ["moi", "patient"], "referralSource": "patient"}, ["moi", "patient"]),
            ({"referralSource": ["referral"]}, ["referral"]),
            ({"source": ["", None], "referralSource": None}, []),
            ({"source": ["trailing "]}, []),
        ],
    )
    def test_origins(self, fields: dict[str, Any], origins: list[str]) -> None:
        assert values(episode(**fields), "case-origin") == origins

    def test_named_things(self) -> None:
        found = episode(
            campaignId="C1",
            campaignName="Steps",
            campaignHealthPlanId=7,
            performanceLeverName="Lever",
        )
        for name, parts in (
            (
                "campaign",
                [{"url": "id", "valueString": "C1"}, {"url": "name", "valueString": "Steps"}],
            ),
            ("campaign-health-plan", [{"url": "id", "valueString": "7"}]),
            ("performance-lever", [{"url": "name", "valueString": "Lever"}]),
        ):
            (each,) = extension(found, name)
            assert each["extension"] == parts

    def test_other_fields(self) -> None:
        found = episode(
            programKey="edison_model_1",
            name="Diabetes",
            description="Keep going",
            dueDate="2026-02-01T00:00:00Z",
            lastActivityDate="2026-01-16T09:30:00Z",
            notes=["called"],
            vendorCaseStatus="Open",
            createdAt="2026-01-01",
            createdBy="U1",
            updated_by="U2",
        )
        for name, wanted in {
            "program-key": "edison_model_1",
            "case-name": "Diabetes",
            "case-description": "Keep going",
            "due-date": "2026-02-01",
            "last-activity": "2026-01-16T09:30:00Z",
            "note": {"text": "called"},
            "vendor-case-status": coding("vendor-case-status", "Open"),
            "created": "2026-01-01",
        }.items():
            assert values(found, name) == [wanted], name
        assert values(found, "created-by")[0]["reference"] == "Practitioner/U1"
        assert values(found, "updated-by")[0]["reference"] == "Practitioner/U2"

    def test_savings(self) -> None:
        stats = {
            "identifiedSavingsTotal": Decimal128("1200.50"),
            "realizedSavingsTotal": 10,
            "lastRealizedDate": "2026-01-16",
        }
        (found,) = extension(episode(savingStats=stats), "savings")
        assert found["extension"] == [
            {"url": "identified", "valueMoney": {"value": Decimal("1200.50"), "currency": "USD"}},
            {"url": "realized", "valueMoney": {"value": 10, "currency": "USD"}},
            {"url": "last-realized", "valueDate": "2026-01-16"},
        ]

    @pytest.mark.parametrize("stats", ["much", {"identifiedSavingsTotal": float("nan")}])
    def test_savings_that_are_none(self, stats: Any) -> None:
        resource, findings = read("EpisodeOfCare", {**CASE, "savingStats": stats})
        assert resource is not None
        assert extension(resource, "savings") == []
        assert len(findings) == 1

    @pytest.mark.parametrize(
        "names", [("log_item_type", "log_date", "new_value"), ("type", "date", "newValue")]
    )
    def test_status_history(self, names: tuple[str, str, str]) -> None:
        def entry(kind: str, date: str, value: Any) -> dict[str, Any]:
            return dict(zip(names, (kind, date, value), strict=True))

        log = [
            entry("status_change", "2026-01-01", "planned"),
            entry("status_change", "2026-01-05", "active"),
            entry("activity", "2026-01-06", "resolved"),
            entry("status_change", "2026-01-07", "under_review"),
            entry("status_change", "soon", "active"),
            entry("status_change", "2026-02-01", "resolved"),
        ]
        assert episode(log=log)["statusHistory"] == [
            {"status": "planned", "period": {"start": "2026-01-01", "end": "2026-01-05"}},
            {"status": "active", "period": {"start": "2026-01-05", "end": "2026-02-01"}},
            {"status": "finished", "period": {"start": "2026-02-01"}},
        ]
        resource, findings = read("EpisodeOfCare", {**CASE, "log": list(reversed(log))})
        assert resource is not None
        assert "statusHistory" not in resource
        assert [each.severity for each in findings] == ["noted"]

    @pytest.mark.parametrize("log", [[], [None, "x"], [{"type": "status_change"}]])
    def test_no_status_history(self, log: Any) -> None:
        assert "statusHistory" not in episode(log=log)

    def test_a_log_that_is_no_list(self) -> None:
        _, findings = read("EpisodeOfCare", {**CASE, "log": "none"})
        assert [each.field for each in findings] == ["log"]

    @pytest.mark.parametrize(
        ("stored_extension", "is_served"),
        [
            ({"url": "http://example.org/a", "valueString": "x"}, True),
            ({"url": "http://example.org/a", "valueDecimal": 1.5}, True),
            (
                {
                    "url": "http://example.org/a",
                    "extension": [{"url": "b", "valueBoolean": False}],
                },
                True,
            ),
            ({"url": "http://example.org/a"}, False),
            ({"url": "a", "valueString": "x"}, False),
            ({"url": "http://example.org/a b", "valueString": "x"}, False),
            ({"url": "http://example.org/a", "valueString": ""}, False),
            ({"url": "http://example.org/a", "valueString": "x\x00"}, False),
            ({"url": "http://example.org/a", "valueString": "x", "valueCode": "y"}, False),
            ({"url": "http://example.org/a", "valueNonsense": "x"}, False),
            ({"url": "http://example.org/a", "valueDecimal": float("nan")}, False),
            ({"url": "http://example.org/a", "valueString": ObjectId("a" * 24)}, False),
            ({"url": "http://example.org/a", "extension": []}, False),
            ("x", False),
        ],
    )
    def test_stored_extensions_are_passed_through_where_they_are_fhir(
        self, stored_extension: Any, is_served: bool
    ) -> None:
        resource, findings = read("EpisodeOfCare", {**CASE, "extension": [stored_extension, None]})
        assert resource is not None
        assert resource.get("extension", []) == ([stored_extension] if is_served else [])
        assert [each.reason for each in findings] == ([] if is_served else ["not a FHIR extension"])

    def test_a_stored_extension_does_not_stand_for_a_field(self) -> None:
        """It could contradict the field, and the definition that this guide gives."""
        url = "https://fhir.wellnecity.com/StructureDefinition/program-key"
        stored = [{"url": url, "valueBoolean": True}]
        resource, findings = read("EpisodeOfCare", {**CASE, "extension": stored})
        assert resource is not None
        assert "extension" not in resource
        reason = "an extension that this guide has a field for"
        assert [each.reason for each in findings] == [reason]
