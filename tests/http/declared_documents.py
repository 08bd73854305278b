"""The demo's documents, and handmade ones for what the demo has no example of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from fhir_facade.demo import generate

Documents = list[tuple[str, dict[str, Any]]]

MEMBER = {"subject": {"id": "M1"}}
SPARSE: Documents = [
    ("work_queue", {"_id": "t0", "type": "task", "status": "Ready", "intent": "Order"}),
    (
        "work_queue",
        {"_id": "g0", "type": "goal", "name": "W", "life_cycle_status": "Active"} | MEMBER,
    ),
    ("work_queue", {"_id": "f0", "type": "flag", "status": "active", "name": "X"} | MEMBER),
    ("work_queue", {"_id": "i0", "type": "interaction", "status": "completed"}),
    (
        "work_queue",
        {
            "_id": "i1",
            "type": "interaction",
            "status": "completed",
            "is_archived": True,
            "documents": [{"document_id": "d0"}, {"document_id": "d1", "is_archived": True}],
        },
    ),
    ("patient_case", {"_id": ObjectId("0" * 22 + "c0"), "status": "active"} | MEMBER),
    ("outcomes", {"_id": "o0", "is_archived": True}),
    ("outcomes", {"_id": "o1"}),
]
"""Of each kind a document with next to nothing in it."""


def documents() -> Documents:
    demo: Documents = list(generate(8))
    case = next(each for name, each in demo if name == "patient_case" and each.get("log"))
    log = [{**each, "isArchived": True} for each in case["log"]]
    archived = {
        **case,
        "_id": ObjectId("0" * 22 + "c1"),
        "isArchived": True,
        "log": log,
        "documents": [],
    }
    return [*demo, *SPARSE, ("patient_case", archived)]


_REFERENCES = {
    "client",
    "encounter_reference",
    "clientId",
    "owner",
    "created_by",
    "patientId",
    "updated_by",
}
_DAYS = {"closedDate", "date_start", "dueDate", "initiatedDate", "outcomeDate", "target_due_date"}


def tidied(value: Any) -> Any:
    """The same documents, each value as most are spelled: a sort compares what is stored."""
    if isinstance(value, dict):
        return {name: _tidied(name, each) for name, each in value.items()}
    return [tidied(each) for each in value] if isinstance(value, list) else value


def _tidied(name: str, value: Any) -> Any:
    if name in _REFERENCES and isinstance(value, str):
        return {"id": value}
    if name in _DAYS and isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return tidied(value)
