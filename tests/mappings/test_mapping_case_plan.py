"""The workflow of a case: CarePlan (MAPPING's section 6)."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from tests.mappings.cases import CASE, coding
from tests.mappings.serving import extension, read, serve


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
