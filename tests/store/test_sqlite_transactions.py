"""Transactions that are not the writer's, or that end before it, and reads while a store closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from fhir_facade.errors import StoreUnavailable
from fhir_facade.store.base import Store
from fhir_facade.store.sqlite import SqliteStore
from tests.store.cancelling import SQLITE, C, ids, open_kind


@pytest.fixture(params=SQLITE)
async def sqlite(request: pytest.FixtureRequest) -> AsyncIterator[SqliteStore]:
    opened = open_kind(request, request.param)
    assert isinstance(opened, SqliteStore)
    yield opened
    await opened.close()


async def test_a_transaction_left_open_is_not_joined(sqlite: SqliteStore) -> None:
    for number, write in enumerate([sqlite.insert, _in_a_unit(sqlite)]):
        sqlite._writer.raw.execute("BEGIN IMMEDIATE")
        await write(C, [{"_id": f"{number}"}])
        assert not sqlite._writer.raw.in_transaction
    assert await ids(sqlite) == {"0", "1"}


def _in_a_unit(store: Store) -> Callable[..., Awaitable[Any]]:
    async def insert(collection: str, documents: list[dict[str, Any]]) -> None:
        async with store.unit_of_work():
            await store.insert(collection, documents)

    return insert


async def test_a_unit_that_sqlite_has_given_up_writes_nothing(sqlite: SqliteStore) -> None:
    async def unit() -> None:
        async with sqlite.unit_of_work():
            await sqlite.insert(C, [{"_id": 1}])
            sqlite._writer.raw.execute("ROLLBACK")
            await sqlite.insert(C, [{"_id": 2}])

    with pytest.raises(StoreUnavailable, match="given up"):
        await unit()
    await sqlite.insert(C, [{"_id": "after"}])
    assert await ids(sqlite) == {"after"}


async def test_a_unit_that_outlives_its_store_fails_with_its_own_error(
    sqlite: SqliteStore,
) -> None:
    async def unit() -> None:
        async with sqlite.unit_of_work():
            await sqlite.close()
            raise LookupError

    with pytest.raises(LookupError):
        await unit()


async def test_reads_while_the_store_closes_are_refused(sqlite: SqliteStore) -> None:
    """A connection that a thread closes under a read takes the process with it."""
    await sqlite.insert(C, [{"_id": number} for number in range(300)])
    closing = asyncio.create_task(sqlite.close())
    await asyncio.sleep(0)
    while not closing.done():
        with pytest.raises(StoreUnavailable, match="closed"):
            await sqlite.find(C, {"n": 1}, limit=10)
        with pytest.raises(StoreUnavailable, match="closed"):
            await sqlite.get(C, [1])
        await asyncio.sleep(0)
    await closing
