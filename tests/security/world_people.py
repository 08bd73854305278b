"""Makes the documents of one patient at one employer, every word in them marked as theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

Document = dict[str, Any]
Documents = list[tuple[str, Document]]

A, B, C, NOBODY = "a", "b", "c", "n"
X, Y, NOWHERE = "x", "y", "n"

PAIRS = (
    (A, X),
    (A, Y),
    (A, NOWHERE),
    (B, X),
    (B, Y),
    (C, Y),
    (C, X),
    (NOBODY, X),
    (NOBODY, NOWHERE),
)
"""Every patient and employer that there are documents of."""

AT = datetime(2026, 1, 10, 8, tzinfo=UTC)


def patient_id(owner: str) -> str:
    return f"pat-{owner}"


def employer_id(tenant: str) -> str:
    return f"org-{tenant}"


_SPELLED: tuple[Callable[[str, str], Any], ...] = (
    lambda kind, key: {"id": key},
    lambda kind, key: key,
    lambda kind, key: f"{kind}/{key}",
    lambda kind, key: {"id": f"{kind}/{key}"},
)
"""How a key may be stored: all mean the same."""


class Maker:
    """Makes the documents of one patient at one employer."""

    def __init__(self, owner: str, tenant: str) -> None:
        self.owner, self.tenant = owner, tenant
        self.mark = f"mk-{owner}{tenant}"
        self._count = 0

    def word(self, name: str) -> str:
        return f"{self.mark}-{name}"

    def at(self) -> datetime:
        """Another moment each time, so that sorts have an order."""
        self._count += 1
        turn = 7 * self._count + 3 * ord(self.owner) + 5 * ord(self.tenant)
        return AT + timedelta(days=turn % 90, minutes=turn)

    def whose(self, patient: str = "subject", tenant: str = "client", *, how: int = 0) -> Document:
        found: Document = {}
        if self.owner != NOBODY:
            member = _SPELLED[how % 4]("Patient", patient_id(self.owner))
            if isinstance(member, dict):
                member["name"] = self.word("member-name")
            found[patient] = member
        if self.tenant != NOWHERE:
            found[tenant] = _SPELLED[(how + 1) % 4]("Organization", employer_id(self.tenant))
        return found

    def common(self, id: str, **more: Any) -> Document:
        return {
            "owner": {"id": self.word("user"), "name": self.word("user-name")},
            "created": AT,
            "updated": self.at(),
            "created_by": self.word("creator"),
            "updated_by": self.word("updater"),
            **more,
            "_id": id if isinstance(id, ObjectId) else self.word(id),
        }

    def linked(self, *cases: str) -> list[Document]:
        modules = [{"type": "case", "id": case} for case in cases]
        return [*modules, {"type": "program", "id": self.word("module")}]

    def notes(self) -> list[Document]:
        return [{"text": self.word("note"), "created": AT, "created_by": self.word("noter")}]

    def document(self, id: str, **more: Any) -> Document:
        return {
            "document_id": self.word(id),
            "document_type": "clinical-note",
            "document_title": self.word("title"),
            "description": self.word("document-text"),
            "bucket": self.word("bucket"),
            "path": f"/{self.word('file')}.pdf",
            "updated_on": self.at(),
            "updated_by": self.word("uploader"),
            **more,
        }

    def task(self, id: str, *cases: str, how: int = 0, **more: Any) -> tuple[str, Document]:
        return "work_queue", {
            "type": "task",
            "status": "Ready",
            "intent": "Order",
            "priority": "ASAP",
            "category": "Member",
            "message": self.word("task-text"),
            "deadline": self.at(),
            "linkedModules": self.linked(*cases),
            "notes": self.notes(),
            **self.whose(how=how),
            **self.common(id, **more),
        }

    def goal(self, id: str, *cases: str, how: int = 0, **more: Any) -> tuple[str, Document]:
        return "work_queue", {
            "type": "goal",
            "name": self.word("goal-name"),
            "life_cycle_status": "Active",
            "achievement_status": "Improving",
            "category": [self.word("goal-category")],
            "message": self.word("goal-message"),
            "addresses": self.word("goal-addresses"),
            "outcome": [self.word("goal-outcome")],
            "date_start": "2026-01-16",
            "target_due_date": "2026-04-11",
            "target_measure": {"type": "string", "value": self.word("measure")},
            "linkedModules": self.linked(*cases),
            "notes": self.notes(),
            **self.whose(how=how),
            **self.common(id, **more),
        }

    def flag(self, id: str, *cases: str, how: int = 0, **more: Any) -> tuple[str, Document]:
        return "work_queue", {
            "type": "flag",
            "status": "active",
            "name": self.word("flag-name"),
            "category": self.word("flag-category"),
            "message": self.word("flag-message"),
            "date_start": "2026-01-16",
            "linkedModules": self.linked(*cases),
            "notes": self.notes(),
            **self.whose(how=how),
            **self.common(id, **more),
        }

    def interaction(self, id: str, *cases: str, how: int = 0, **more: Any) -> tuple[str, Document]:
        return "work_queue", {
            "type": "Interaction",
            "status": "Completed",
            "topic": self.word("topic"),
            "categories": [self.word("contact-category")],
            "message": self.word("contact-message"),
            "description": self.word("contact-text"),
            "medium": ["email"],
            "sent_on": self.at(),
            "duration": 5,
            "documents": [
                self.document(f"{id}-document"),
                self.document(f"{id}-gone", is_deleted=True),
            ],
            "linkedModules": self.linked(*cases),
            "notes": self.notes(),
            **self.whose(how=how),
            **self.common(id, **more),
        }

    def case(self, id: str, how: int = 0, **more: Any) -> tuple[str, Document]:
        named = id if isinstance(id, str) else "case-object"
        return "patient_case", {
            "status": {"value": "open", "state": "active", "display": self.word("status")},
            "type": {"value": self.word("type"), "display": self.word("type-shown")},
            "caseSubtype": self.word("subtype"),
            "name": self.word("case-name"),
            "description": self.word("case-text"),
            "caseId": self.word(f"{named}-number"),
            "wellnecityId": self.word(f"{named}-other-number"),
            "campaignId": self.word("campaign"),
            "campaignName": self.word("campaign-name"),
            "programKey": self.word("program"),
            "initiatedDate": "2026-01-05",
            "dueDate": "2026-03-05",
            "vendorCaseStatus": self.word("vendor-status"),
            "participants": [
                {
                    "case_participant_org_id": self.word("party"),
                    "case_participant_owner_person_id": self.word("party-person"),
                    "case_participant_role": "employer",
                    "case_participant_case_id": self.word(f"{named}-party-case"),
                    "case_participant_case_name": self.word("party-case-name"),
                    "case_participant_is_primary": True,
                }
            ],
            "workflow": [
                {
                    "case_workflow_id": self.word("step"),
                    "case_workflow_step_name": self.word("step-name"),
                    "case_workflow_step_description": self.word("step-text"),
                    "case_workflow_step_status": "active",
                    "case_workflow_assigned_person_id": self.word("step-person"),
                    "case_workflow_due_date": "2026-02-01",
                }
            ],
            "items": [
                {
                    "type": "condition",
                    "id": self.word("condition"),
                    "description": self.word("ill"),
                },
                {"type": "claim", "id": self.word("claim"), "description": self.word("claim-text")},
                *more.pop("items", ()),
            ],
            "documents": [
                self.document(f"{named}-document"),
                self.document(f"{named}-second"),
                self.document(f"{named}-removed", is_deleted=True),
            ],
            "log": [
                {
                    "date": AT,
                    "type": "status_change",
                    "description": self.word("log-text"),
                    "previousValue": self.word("log-before"),
                    "newValue": self.word("log-after"),
                    "owner": self.word("log-owner"),
                }
            ],
            "notes": self.notes(),
            **self.whose(how=how),
            **self.common(id, **more),
        }

    def outcome(self, id: str, *cases: str, how: int = 0, **more: Any) -> tuple[str, Document]:
        return "outcomes", {
            "outcomeCategory": {"value": self.word("result"), "display": self.word("result-shown")},
            "outcomeDate": "2026-02-02",
            "summary": self.word("summary"),
            "linkedModules": self.linked(*cases),
            **self.whose("patientId", "clientId", how=how),
            **self.common(id, **more),
        }

    def plain(self) -> Iterator[tuple[str, Document]]:
        """Everything that one patient has at one employer."""
        case = self.word("case")
        yield self.case("case")
        yield self.case("second", how=1)
        yield self.case("hidden", isHidden=True)
        yield self.case("deleted", isDeleted=True)
        yield self.task("task", case)
        yield self.task("second-task", case, self.word("second"), how=1, status="Completed")
        yield self.task("stray", case, status=self.word("parked"))
        yield self.task("hidden-task", case, is_hidden=True)
        yield self.task("deleted-task", case, is_deleted=True)
        yield self.goal("goal", case, how=2)
        yield self.goal("second-goal", self.word("second"), how=3, life_cycle_status="Planned")
        yield self.flag("flag", case)
        yield self.flag("ended-flag", case, how=1, status="inactive", date_end="2026-02-01")
        yield self.interaction("contact", case)
        yield self.interaction("second-contact", self.word("second"), how=2)
        yield self.outcome("outcome", case)
        yield self.outcome("second-outcome", how=1)
