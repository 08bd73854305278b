"""Stored tasks t00, t01, … that differ in one field."""

from __future__ import annotations

from typing import Any

from fhir_facade.store.base import Store


async def insert_tasks(store: Store, values: list[Any], field: str = "deadline") -> None:
    documents = [
        {"_id": f"t{number:02}", "type": "task", "status": "Ready", field: value}
        for number, value in enumerate(values)
    ]
    assert not await store.insert("work_queue", documents)
