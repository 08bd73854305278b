"""The case: EpisodeOfCare, CareTeam, CarePlan, List, Provenance, outcome (MAPPING's section 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest
from bson import Decimal128, ObjectId

from tests.mappings.serving import (
    BASE,
    extension,
    identifier,
    read,
    records,
    registry,
    serve,
    stored,
)

CASE = {"_id": "c1", "status": {"state": "active"}, "subject": "M1"}
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def episode(**fields: Any) -> dict[str, Any]:
    return serve("EpisodeOfCare", {**CASE, **fields})


def values(resource: dict[str, Any], name: str) -> list[Any]:
    return [
        next(each[key] for key in each if key.startswith("value"))
        for each in extension(resource, name)
    ]


def coding(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{BASE}/CodeSystem/{system}", "code": code, **more}]}


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


class TestCarePlan:
    def plan(self, **fields: Any) -> dict[str, Any]:
        linked: dict[str, list[Any]] = {"goal": [], "task": []}
        return serve("CarePlan", {**CASE, "linked": linked, **fields})

    def test_what_it_is(self) -> None:
        found = self.plan(name="Diabetes", description="All steps", notes=["a"])
        assert found["intent"] == "plan"
        assert found["title"] == "Diabetes"
        assert found["description"] == "All steps"
        assert found["note"] == [{"text": "a"}]
        assert found["category"][0]["coding"][0]["code"] == "assess-plan"
        assert [each["reference"] for each in found["careTeam"]] == ["CareTeam/c1"]
        assert found["subject"]["reference"] == "Patient/M1"

    @pytest.mark.parametrize(
        ("stored_status", "code"),
        [
            ("pending", "not-started"),
            ("in_progress", "in-progress"),
            ("completed", "completed"),
            ("skipped", "cancelled"),
            ("blocked", "on-hold"),
            ("Pending", "not-started"),
            (None, "unknown"),
            ("odd", "unknown"),
            (3, "unknown"),
        ],
    )
    def test_a_steps_status(self, stored_status: Any, code: str) -> None:
        steps = [{"case_workflow_step_status": stored_status}]
        (activity,) = self.plan(workflow=steps)["activity"]
        assert activity["detail"]["status"] == code

    def test_a_step(self) -> None:
        step = {
            "case_workflow_step_name": "Call",
            "case_workflow_step_description": "Call the member",
            "case_workflow_step_status": "completed",
            "case_workflow_step_status_display": "Done",
            "case_workflow_due_date": "2026-01-16",
            "case_workflow_completed_date": "2026-01-15",
            "case_workflow_assigned_person_id": "P1",
            "case_workflow_step_sequence": 1,
            "case_workflow_step_category": "outreach",
            "case_workflow_template_id": "TPL-1",
            "case_workflow_template_name": "High cost",
            "case_workflow_case_type": "moi",
            "case_workflow_is_template": False,
        }
        (activity,) = self.plan(workflow=[step])["activity"]
        detail = activity["detail"]
        assert detail["code"] == {"text": "Call"}
        assert detail["status"] == "completed"
        assert detail["statusReason"] == {"text": "Done"}
        assert detail["scheduledPeriod"] == {"end": "2026-01-16"}
        assert [each["reference"] for each in detail["performer"]] == ["Practitioner/P1"]
        assert detail["description"] == "Call the member"
        (step_extension,) = extension(activity, "workflow-step")
        assert [
            (part["url"], next(part[key] for key in part if key.startswith("value")))
            for part in step_extension["extension"]
        ] == [
            ("sequence", 1),
            ("category", coding("workflow-step-category", "outreach")),
            ("completed", "2026-01-15"),
            ("template-id", "TPL-1"),
            ("template-name", "High cost"),
            ("case-type", coding("case-type", "moi")),
            ("is-template", False),
        ]

    def test_steps_come_in_sequence_and_tasks_after_them(self) -> None:
        steps = [
            {"case_workflow_step_name": name, "case_workflow_step_sequence": place}
            for name, place in (("last", None), ("third", 10), ("first", 1), ("second", 2.0))
        ]
        linked = {"goal": [ObjectId("a" * 24), "x" * 70], "task": ["t1", "t 2", "y" * 70]}
        found = self.plan(workflow=[*steps, {"is_deleted": True}, None], linked=linked)
        names = [each["detail"]["code"]["text"] for each in found["activity"] if "detail" in each]
        assert names == ["first", "second", "third", "last"]
        tasks = [
            each["reference"]["reference"] for each in found["activity"] if "reference" in each
        ]
        assert tasks == ["Task/t1", "Task/x-742032"]
        assert [each["reference"] for each in found["goal"]] == [f"Goal/{'a' * 24}"]

    def test_no_steps(self) -> None:
        assert "activity" not in self.plan(workflow=[])
        _, findings = read("CarePlan", {**CASE, "workflow": "none"})
        assert [each.field for each in findings] == ["workflow"]


class TestList:
    @pytest.mark.parametrize(
        ("kind", "to", "sid"),
        [
            ("claim", "Claim", "claim"),
            ("Prescription", "MedicationRequest", "prescription"),
            ("moi", "RiskAssessment", "moi"),
            ("case", "EpisodeOfCare", "case"),
            ("medication", "MedicationStatement", "medication"),
        ],
    )
    def test_an_item_is_a_reference_by_its_type(self, kind: str, to: str, sid: str) -> None:
        for row in (
            {"item_type": kind, "item_id": "I1", "description": "One"},
            {"type": kind, "id": "I1", "description": "One"},
        ):
            (entry,) = serve("List", {**CASE, "items": [row]})["entry"]
            assert entry["item"] == {
                "reference": f"{to}/I1",
                "type": to,
                "identifier": {"system": f"{BASE}/sid/{sid}", "value": "I1"},
                "display": "One",
            }

    def test_other_items_have_an_identifier_only(self) -> None:
        found = serve(
            "List", {**CASE, "items": [{"item_type": "other", "item_id": 7}, {"id": "x"}]}
        )
        system = f"{BASE}/sid/case-item"
        assert [each["item"] for each in found["entry"]] == [
            {"identifier": {"system": system, "value": "7"}},
            {"identifier": {"system": system, "value": "x"}},
        ]

    def test_the_member_and_the_conditions_are_not_among_them(self) -> None:
        items = [{"item_type": "member", "item_id": "M1"}, {"type": "condition", "id": "E11"}]
        found = serve("List", {**CASE, "items": items})
        assert "entry" not in found
        assert (found["status"], found["mode"]) == ("current", "working")

    def test_an_item_without_an_id_is_a_finding(self) -> None:
        _, findings = read("List", {**CASE, "items": [{"item_type": "claim"}]})
        assert [each.reason for each in findings] == ["an item without a readable id"]

    def test_a_case_item_is_named_by_its_fhir_id(self) -> None:
        (entry,) = serve("List", {**CASE, "items": [{"type": "case", "id": "a b"}]})["entry"]
        assert entry["item"]["reference"] == "EpisodeOfCare/x-612062"


class TestProvenance:
    def entries(self, *log: Any, **case: Any) -> list[dict[str, Any]]:
        sources = registry().types["Provenance"].sources
        (source,) = (each for each in sources if each.mapping.unwind == "log")
        document = stored({**CASE, **case, "log": list(log)})
        found = [source.encode(record, "1", []) for record in records(source, document)]
        return [each for each in found if each is not None]

    @pytest.mark.parametrize(
        "names",
        [
            ("log_item_type", "log_date", "log_item_owner", "previous_value", "new_value"),
            ("type", "date", "owner", "previousValue", "newValue"),
        ],
    )
    def test_an_entry_in_either_style(self, names: tuple[str, ...]) -> None:
        values_of = ("status_change", "2026-01-16T09:30:00Z", "U1", "active", "resolved")
        entry = dict(zip(names, values_of, strict=True))
        (found,) = self.entries({**entry, "description": "Closed"})
        assert found["id"] == "c1.log.1"
        assert found["recorded"] == found["meta"]["lastUpdated"] == "2026-01-16T09:30:00Z"
        assert found["activity"] == coding("log-type", "status_change", display="status_change")
        assert found["agent"][0]["who"]["reference"] == "Practitioner/U1"
        assert [each["reference"] for each in found["target"]] == [
            "EpisodeOfCare/c1",
            "CareTeam/c1",
            "CarePlan/c1",
        ]
        for name, wanted in (
            ("description", "Closed"),
            ("previous-value", "active"),
            ("new-value", "resolved"),
        ):
            assert values(found, name) == [wanted]
        assert values(found, "patient")[0]["reference"] == "Patient/M1"

    def test_entries_are_counted_where_they_stand(self) -> None:
        found = self.entries({"type": "activity"}, None, "x", {"type": "activity"})
        assert [each["id"] for each in found] == ["c1.log.1", "c1.log.4"]

    @pytest.mark.parametrize(
        ("date", "reason"), [(None, "unknown"), ("", "unknown"), ("soon", "unsupported")]
    )
    def test_without_a_date_it_says_why(self, date: Any, reason: str) -> None:
        (found,) = self.entries({"type": "activity", "date": date})
        assert "recorded" not in found
        assert found["_recorded"]["extension"][0]["valueCode"] == reason

    @pytest.mark.parametrize(("owner", "reason"), [(None, "unknown"), (["U1"], "unsupported")])
    def test_without_an_owner_the_agent_says_why(self, owner: Any, reason: str) -> None:
        (found,) = self.entries({"type": "activity", "owner": owner})
        (agent,) = found["agent"]
        assert agent["who"]["extension"] == [{"url": ABSENT, "valueCode": reason}]

    def test_a_case_whose_id_leaves_no_room(self) -> None:
        assert self.entries({"type": "activity"}, _id="y" * 64) == []
        assert len(self.entries({"type": "activity"}, _id="y" * 58)) == 1
        assert self.entries({"type": "activity"}, _id="y" * 65) == []

    def test_an_awkward_case_id(self) -> None:
        (found,) = self.entries({"type": "activity"}, _id="a b")
        assert found["id"] == "x-612062.log.1"


class TestOutcome:
    def test_what_it_is(self) -> None:
        found = serve(
            "Observation",
            {
                "_id": "o1",
                "patientId": "M1",
                "clientId": "BRAMBLE",
                "outcomeDate": "2026-02-01T00:00:00Z",
                "outcomeCategory": {"value": "resolved", "display": "Resolved"},
                "summary": "Better",
                "linkedModules": [{"type": "case", "id": "c1"}],
            },
        )
        assert found["status"] == "final"
        assert found["code"]["coding"][0]["code"] == "case-outcome"
        assert found["subject"]["reference"] == "Patient/M1"
        assert [each["reference"] for each in found["focus"]] == ["EpisodeOfCare/c1"]
        assert found["effectiveDateTime"] == "2026-02-01"
        assert found["valueCodeableConcept"]["text"] == "Resolved"
        assert found["note"] == [{"text": "Better"}]
        assert values(found, "employer")[0]["reference"] == "Organization/BRAMBLE"
        assert found["identifier"] == [identifier("outcome", "o1")]

    def test_with_nothing_stored(self) -> None:
        found = serve("Observation", {"_id": "o1"})
        assert set(found) == {"resourceType", "id", "meta", "status", "identifier", "code"}
