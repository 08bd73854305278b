"""Documents for the embedded store, and the ids that a filter finds."""

from __future__ import annotations

from typing import Any

from fhir_facade.store.base import Sort
from fhir_facade.store.codec import decode
from fhir_facade.store.sqlite import SqliteStore

BY_DUE: Sort = (("due", 1), ("_id", 1))


async def many(store: SqliteStore, number: int = 3000) -> None:
    documents = [
        {
            "_id": n,
            "type": "task" if n % 3 else "flag",
            "due": (n * 7919) % number,
            "subject": {"id": f"p{n % 100}"},
            "tags": ["x", f"t{n}"],
        }
        for n in range(number)
    ]
    assert await store.insert("c", documents) == []


async def found(store: SqliteStore, filter: dict[str, Any], **options: Any) -> list[Any]:
    options.setdefault("limit", 10_000)
    return [decode(data)["_id"] for data in await store.find("c", filter, **options)]
