"""The threads of the embedded store: long reads, writers in turn, units of work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.store.codec import decode, encode
from fhir_facade.store.sqlite import SqliteStore
from tests.store.sqlite_documents import BY_DUE, found, many


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore.open(tmp_path / "store.db")
    yield store
    await store.close()


async def test_long_reads_leave_the_event_loop(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(store, 1000)
    threads = []
    in_thread = store._in_thread

    async def recorded(*args: Any, **kwargs: Any) -> Any:
        threads.append(args)
        return await in_thread(*args, **kwargs)

    monkeypatch.setattr(store, "_in_thread", recorded)
    assert len(await found(store, {"due": {"$lt": 10}}, sort=BY_DUE)) == 10
    assert len(threads) == 1
    assert await store.count("c", {}) == 1000
    assert len(threads) == 2
    assert await found(store, {"_id": {"$in": [5, 3]}}) == [3, 5]
    assert len(threads) == 2


async def test_writers_take_turns(store: SqliteStore) -> None:
    await store.insert("c", [{"_id": 0, "n": 0}])

    async def increment() -> None:
        while True:
            [old] = await store.get("c", [0])
            if await store.replace("c", old, {"_id": 0, "n": decode(old)["n"] + 1}):
                return

    await asyncio.gather(*(increment() for _ in range(20)))
    assert await store.get("c", [0]) == [encode({"_id": 0, "n": 20})]


async def test_others_do_not_see_a_unit_of_work_before_its_end(store: SqliteStore) -> None:
    await store.insert("c", [{"_id": 0}])
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with store.unit_of_work():
            await store.insert("c", [{"_id": 1}])
            await store.insert("new", [{"_id": 1}])
            assert await store.count("c", {}) == 2
            assert len(await store.get("c", [0, 1])) == 2
            async with store.unit_of_work():
                await store.insert("c", [{"_id": 2}])
            inside.set()
            await go_on.wait()

    task = asyncio.create_task(work())
    await inside.wait()
    assert await found(store, {}) == [0]
    assert await store.get("new", [1]) == []
    other = asyncio.create_task(store.insert("c", [{"_id": 3}]))
    await asyncio.sleep(0.01)
    assert not other.done()
    go_on.set()
    await asyncio.gather(task, other)
    assert await found(store, {}) == [0, 1, 2, 3]
    assert len(await store.get("new", [1])) == 1


async def test_a_cancelled_unit_of_work_is_undone(store: SqliteStore) -> None:
    started = asyncio.Event()

    async def work() -> None:
        async with store.unit_of_work():
            await store.insert("new", [{"_id": 1}])
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.count("new", {}) == 0
    await store.insert("new", [{"_id": 2}])
    assert await store.count("new", {}) == 1


async def test_a_unit_of_work_cancelled_while_it_begins_leaves_nothing_open(
    store: SqliteStore,
) -> None:
    async def work() -> None:
        async with store.unit_of_work():
            pass

    for turns in range(4):
        task = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await store.insert("c", [{"_id": 1}])
    assert not store._writer.raw.in_transaction
