"""A store says how many connections it holds."""

from __future__ import annotations

from fhir_facade.store import open_store
from fhir_facade.store.base import Store


async def test_a_sqlite_store_counts_its_connections(sqlite_store: Store) -> None:
    await sqlite_store.ping()
    assert sqlite_store.connections()["open"] >= 2  # type: ignore[attr-defined]


async def test_a_mongodb_store_counts_its_connections(mongo_database: str) -> None:
    store = open_store(mongo_database)
    assert store.connections() == {"open": 0, "in_use": 0}  # type: ignore[attr-defined]
    await store.ping()
    await store.find("things", {}, limit=1)
    found = store.connections()  # type: ignore[attr-defined]
    assert found["open"] >= 1
    assert found["in_use"] == 0
    await store.close()
    assert store.connections()["open"] == 0  # type: ignore[attr-defined]
