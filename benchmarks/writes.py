"""Writing: a Task created and updated, against the same bytes put into the store without FHIR."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bson import ObjectId

from fhir_facade.interactions.records import Records
from fhir_facade.interactions.write import Writes
from fhir_facade.main import build_registry
from fhir_facade.rules.json_text import read_json, to_json
from fhir_facade.rules.registry import HISTORY
from fhir_facade.rules.validation import validate
from fhir_facade.settings import Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

BASE = "http://127.0.0.1/fhir"
ROUNDS, NUMBER = 5, 200
BODY = to_json(
    {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "priority": "urgent",
        "identifier": [{"system": "http://ehr.example.org/orders", "value": "A-1"}],
        "for": {"reference": "Patient/M100001"},
        "owner": {"reference": "Practitioner/U12", "display": "Bram Fixturez"},
        "description": "Confirm the best time to call.",
        "authoredOn": "2026-03-01T09:30:00-05:00",
        "restriction": {"period": {"end": "2026-03-08T17:00:00Z"}},
        "note": [{"text": "Left a voicemail.", "time": "2026-03-01T10:00:00Z"}],
    }
)

Step = Callable[[int], Awaitable[Any]]


async def measure(folder: Path) -> dict[str, tuple[float, float]]:
    """Return, for create and update, milliseconds each: (facade, control), the best of rounds."""
    registry = build_registry(Settings())
    store = open_store(f"sqlite:///{folder}/writes.db")
    await store.ensure_indexes(registry.indexes())
    writes = Writes(Records(store, registry, translations=8192))
    tasks = registry.types["Task"]
    first = await writes.create(tasks, read_json(BODY), BASE)
    (raw,) = await store.get("work_queue", [ObjectId(first.id)])
    control = _Control(store, raw, (first.body or b"").decode())

    async def create(number: int) -> None:
        del number
        await writes.create(tasks, _checked(), BASE)

    async def update(number: int) -> None:
        put = {**_checked(), "id": first.id, "description": f"Call {number}"}
        await writes.update(tasks, first.id, put, BASE)

    steps = {"create": (create, control.insert), "update": (update, control.replace)}
    found = {}
    for name, (ours, theirs) in steps.items():
        times = [(await _milliseconds(ours), await _milliseconds(theirs)) for _ in range(ROUNDS)]
        found[name] = (min(each[0] for each in times), min(each[1] for each in times))
    await store.close()
    return found


def _checked() -> dict[str, Any]:
    put: dict[str, Any] = read_json(BODY)
    assert not validate(put, type="Task")
    return put


async def _milliseconds(step: Step) -> float:
    start = time.perf_counter()
    for number in range(NUMBER):
        await step(number)
    return (time.perf_counter() - start) / NUMBER * 1000


class _Control:
    """The same document and a history row in one unit of work, without FHIR."""

    def __init__(self, store: Store, raw: bytes, body: str) -> None:
        self._store, self._document, self._body = store, decode(raw), body
        self._raw: bytes | None = None

    async def insert(self, number: int) -> None:
        del number
        async with self._store.unit_of_work():
            await self._store.insert("work_queue", [{**self._document, "_id": ObjectId()}])
            await self._history()

    async def replace(self, number: int) -> None:
        (raw,) = await self._store.get("work_queue", [self._document["_id"]])
        async with self._store.unit_of_work():
            new = {**self._document, "message": f"Call {number}"}
            await self._store.replace("work_queue", raw, new)
            await self._history()

    async def _history(self) -> None:
        row = {"_id": str(ObjectId()), "type": "Task", "id": "1", "at": self._document["updated"]}
        await self._store.insert(HISTORY, [{**row, "body": self._body}])
