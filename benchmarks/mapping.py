"""Mapping cost: `to_fhir` of the compiled table against the hand-written control."""

from __future__ import annotations

import timeit
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from benchmarks.control import task_to_fhir
from fhir_facade.rules.context import Context
from fhir_facade.rules.mapping import (
    Compiled,
)
from mappings.task import TASK

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None)  # as stores decode it

DOCUMENT: dict[str, Any] = {
    "_id": ObjectId("65f1a0c2e4b0a1b2c3d4e5f6"),
    "type": "task",
    "subject": {"id": "M100001", "name": "Amara Sampleton"},
    "client": "BRAMBLE",
    "linkedModules": [{"type": "case", "id": ObjectId("65f1a0c2e4b0a1b2c3d4e5f0")}],
    "owner": {"id": "U12", "name": "Bram Fixturez"},
    "status": "Completed",
    "intent": "Order",
    "priority": "Urgent",
    "category": "Member",
    "message": "Confirm the best time to call.",
    "deadline": NOW,
    "start_date": NOW,
    "completed_on": NOW,
    "notes": [{"text": "Left a voicemail.", "created": NOW, "created_by": "U12"}],
    "created": NOW,
    "updated": NOW,
    "created_by": "U12",
    "updated_by": "U12",
    "is_deleted": False,
}


def measure() -> tuple[float, float]:
    """Return (table, control) in microseconds a document: the best of interleaved rounds."""
    source = Compiled(TASK, Context())
    by_table, by_hand = source.encode(DOCUMENT, "v", []), task_to_fhir(DOCUMENT, "v")
    assert by_table == by_hand, "the control must do the same work"
    rounds, number = 7, 5000
    table, control = [], []
    for _ in range(rounds):
        table.append(timeit.timeit(lambda: source.encode(DOCUMENT, "v", []), number=number))
        control.append(timeit.timeit(lambda: task_to_fhir(DOCUMENT, "v"), number=number))
    return min(table) / number * 1e6, min(control) / number * 1e6
