"""Cancelled writers, once or again and again: nothing is half done and nobody is held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import anyio
import pytest

from fhir_facade.store.base import Store, TransactionsUnsupported
from fhir_facade.store.codec import decode
from fhir_facade.store.sqlite import SqliteStore
from tests.store.cancelling import (
    KINDS,
    MOMENTS,
    SQLITE,
    C,
    Cancel,
    cancelled,
    every_cancel,
    ids,
    open_kind,
    turns,
)


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    opened = open_kind(request, request.param)
    yield opened
    await opened.close()


@pytest.fixture(params=SQLITE)
async def sqlite(request: pytest.FixtureRequest) -> AsyncIterator[SqliteStore]:
    opened = open_kind(request, request.param)
    assert isinstance(opened, SqliteStore)
    yield opened
    await opened.close()


@every_cancel
async def test_units_of_work_are_done_or_not(store: Store, cancel: Cancel) -> None:
    acknowledged: set[str] = set()

    async def unit(number: int) -> None:
        async with store.unit_of_work():
            await store.insert(C, [{"_id": f"{number} x"}])
            await asyncio.sleep(0.0005)
            assert len(await store.get(C, [f"{number} x"])) == 1
            await store.insert(C, [{"_id": f"{number} y"}])

    try:
        async with store.unit_of_work():
            pass
    except TransactionsUnsupported:
        pytest.skip("this server has no transactions")
    for number in range(MOMENTS):
        if await cancelled(unit(number), cancel, number):
            acknowledged |= {f"{number} x", f"{number} y"}
        assert await store.insert(C, [{"_id": f"{number} after"}]) == []
        acknowledged.add(f"{number} after")
    found = await ids(store)
    assert acknowledged <= found
    assert [n for n in range(MOMENTS) if (f"{n} x" in found) != (f"{n} y" in found)] == []


@every_cancel
async def test_units_that_queue_for_their_turn(sqlite: SqliteStore, cancel: Cancel) -> None:
    """Some are cancelled while they work, some while they wait; the rest are not held up."""

    async def unit(name: str) -> None:
        async with sqlite.unit_of_work():
            await sqlite.insert(C, [{"_id": f"{name} x"}])
            await sqlite.insert(C, [{"_id": f"{name} y"}])

    for moment in range(20):
        tasks = [asyncio.create_task(unit(f"{moment} {n}")) for n in range(6)]
        await turns(moment)
        await asyncio.gather(*(cancel(task, moment) for task in tasks[::2]))
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[1::2] == [None] * 3
        found = await ids(sqlite)
        for number, result in enumerate(results):
            both = {f"{moment} {number} x", f"{moment} {number} y"}
            assert both <= found if result is None else len(both & found) in (0, 2)
    assert not sqlite._lock.locked()
    assert not sqlite._writer.raw.in_transaction


@every_cancel
async def test_writes_of_their_own(store: Store, cancel: Cancel) -> None:
    acknowledged = set()
    for number in range(MOMENTS):
        if await cancelled(store.insert(C, [{"_id": f"{number}"}]), cancel, number):
            acknowledged.add(f"{number}")
        assert await store.insert(C, [{"_id": f"{number} after"}]) == []
        acknowledged.add(f"{number} after")
    assert acknowledged <= await ids(store)


@every_cancel
async def test_replacements(store: Store, cancel: Cancel) -> None:
    """A replacement that was cancelled was made or not; one that was acknowledged was made."""
    await store.insert(C, [{"_id": "a", "n": -1}])
    for number in range(MOMENTS):
        [old] = await store.get(C, ["a"])
        done = await cancelled(store.replace(C, old, {"_id": "a", "n": number}), cancel, number)
        [new] = await store.get(C, ["a"])
        assert decode(new)["n"] == number or (not done and new == old)


async def test_a_cancel_scope(sqlite: SqliteStore) -> None:
    """The scopes of anyio, which is what the server has, cancel at every await."""
    for number in range(30):
        with anyio.move_on_after(0.0003 * number) as scope:
            async with sqlite.unit_of_work():
                await sqlite.insert(C, [{"_id": f"{number}"}])
                await asyncio.sleep(60)
        assert scope.cancelled_caught
        await sqlite.insert(C, [{"_id": f"{number} after"}])
    assert await ids(sqlite) == {f"{number} after" for number in range(30)}
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
