"""Where the fields are that dirt falls on, by dotted path; a number in a path counts elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from fhir_facade.demo.dice import Document

MISSING = object()

DATES = (
    "created", "updated", "deadline", "start_date", "completed_on", "date_start", "date_end",
    "target_due_date", "sent_on", "initiatedDate", "closedDate", "dueDate", "lastActivityDate",
    "outcomeDate", "savingStats.lastRealizedDate", "documents.0.updated_on", "notes.0.created",
    "notes.0.date", "log.0.log_date", "log.0.date", "workflow.0.case_workflow_due_date",
    "interactionHistory.0.date",
)  # fmt: skip
TEXTS = (
    "message", "name", "topic", "description", "status_reason", "addresses", "summary",
    "subject.name", "owner.name", "campaignName", "vendorCaseStatus", "notes.0.text",
    "documents.0.document_title", "documents.0.path", "log.0.description",
    "workflow.0.case_workflow_step_name", "participants.1.case_participant_case_name",
    "outcomeCategory.display",
)  # fmt: skip
CODES = (
    "status", "intent", "priority", "category", "life_cycle_status", "achievement_status",
    "medium.0", "categories.0", "category.0", "target_measure.type", "status.state",
    "status.value", "type.value", "source", "source.0", "outcomeCategory.value",
    "workflow.0.case_workflow_step_status", "participants.0.case_participant_role",
    "items.0.item_type", "log.0.log_item_type", "documents.0.document_type",
)  # fmt: skip
LISTS = (
    "linkedModules", "notes", "documents", "medium", "categories", "category", "outcome",
    "interactionHistory", "participants", "items", "workflow", "log", "caseSubtypeList",
    "source", "savings",
)  # fmt: skip
OBJECTS = (
    "subject", "owner", "status", "type", "client", "target_measure", "savingStats",
    "outcomeCategory", "linkedModules.0", "notes.0",
)  # fmt: skip
NUMBERS = (
    "duration", "target_measure.value.value", "target_measure.value.low.value",
    "target_measure.value.numerator.value", "target_measure.value",
    "savingStats.identifiedSavingsTotal", "savings.0.amount",
    "workflow.0.case_workflow_step_sequence",
)  # fmt: skip
REQUIRED = (
    "status", "intent", "subject", "client", "type", "name", "category", "life_cycle_status",
    "topic", "sent_on", "date_start", "initiatedDate", "participants", "patientId",
    "outcomeDate", "outcomeCategory", "linkedModules", "target_measure.type", "subject.id",
    "status.state", "created",
)  # fmt: skip


def look(document: Document, path: str) -> Any:
    """Return the value at the path, or `MISSING`."""
    value: Any = document
    for key in path.split("."):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return MISSING
    return value


def put(document: Document, path: str, value: Any) -> None:
    """Set the value at a path whose parent exists."""
    parent, key = _parent(document, path)
    parent[int(key) if isinstance(parent, list) else key] = value


def remove(document: Document, path: str) -> None:
    """Remove the value at a path that exists."""
    parent, key = _parent(document, path)
    del parent[int(key) if isinstance(parent, list) else key]


def _parent(document: Document, path: str) -> tuple[Any, str]:
    head, _, key = path.rpartition(".")
    return (look(document, head) if head else document), key


def places(document: Document, paths: Iterable[str], fits: Callable[[Any], bool]) -> list[str]:
    """Return the paths that exist and whose value fits."""
    return [
        path for path in paths if (value := look(document, path)) is not MISSING and fits(value)
    ]


def is_text(value: Any) -> bool:
    """Whether the value is a text that says something."""
    return isinstance(value, str) and bool(value.strip())


def is_list(value: Any) -> bool:
    """Whether the value is a list that holds something."""
    return isinstance(value, list) and bool(value)


def is_object(value: Any) -> bool:
    """Whether the value is an object that holds something."""
    return isinstance(value, dict) and bool(value)


def is_number(value: Any) -> bool:
    """Whether the value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def is_datetime(value: Any) -> bool:
    """Whether the value is a datetime with a zone."""
    return isinstance(value, datetime) and value.tzinfo is not None


def anything(value: Any) -> bool:
    """Whether the value is there at all."""
    return value is not None
