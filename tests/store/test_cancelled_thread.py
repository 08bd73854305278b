"""Work that is cancelled while its writing thread is held: the lock is kept until it is done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from fhir_facade.store import sqlite as sqlite_module
from fhir_facade.store.sqlite import SqliteStore
from fhir_facade.store.sqlite_connection import Connection
from tests.store.cancelling import SQLITE, C, ids, open_kind


@pytest.fixture(params=SQLITE)
async def sqlite(request: pytest.FixtureRequest) -> AsyncIterator[SqliteStore]:
    opened = open_kind(request, request.param)
    assert isinstance(opened, SqliteStore)
    yield opened
    await opened.close()


class Held:
    """A call made on the writing thread, which goes on when it is told to."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call
        self.reached, self.go_on = asyncio.Event(), threading.Event()
        self.loop = asyncio.get_running_loop()
        self.once = threading.Event()

    def patched(self) -> Callable[..., Any]:
        def held(*args: Any) -> Any:
            if not self.once.is_set():
                self.once.set()
                self.loop.call_soon_threadsafe(self.reached.set)
                assert self.go_on.wait(10)
            return self.call(*args)

        return held


async def cancelled_while_held(
    sqlite: SqliteStore, held: Held, work: Coroutine[Any, Any, Any]
) -> None:
    """Cancel work twice while its thread is held; another writer gets its turn after it."""
    task = asyncio.create_task(work)
    await held.reached.wait()
    other = asyncio.create_task(sqlite.insert(C, [{"_id": "other"}]))
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
        assert not other.done()
    held.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await other == []
    assert not sqlite._lock.locked()
    assert not sqlite._writer.raw.in_transaction


@pytest.mark.parametrize(
    ("step", "expected"), [("begin", {"other"}), ("commit", {"mine", "other"})]
)
async def test_the_lock_is_kept_while_a_unit_begins_or_ends(
    sqlite: SqliteStore, step: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await sqlite.insert("there", [{"_id": 1}])
    held = Held(getattr(Connection, step))
    monkeypatch.setattr(Connection, step, held.patched())

    async def unit() -> None:
        async with sqlite.unit_of_work():
            await sqlite.insert(C, [{"_id": "mine"}])

    await cancelled_while_held(sqlite, held, unit())
    assert await ids(sqlite) == expected


async def test_the_lock_is_kept_while_a_unit_is_rolled_back(
    sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(Connection.rollback)

    async def unit() -> None:
        async with sqlite.unit_of_work():
            await sqlite.insert(C, [{"_id": "mine"}])
            monkeypatch.setattr(Connection, "rollback", held.patched())
            raise LookupError

    await cancelled_while_held(sqlite, held, unit())
    assert await ids(sqlite) == {"other"}


async def test_the_lock_is_kept_while_a_write_of_its_own_is_made(
    sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(sqlite_module._insert)
    monkeypatch.setattr(sqlite_module, "_insert", held.patched())
    await cancelled_while_held(sqlite, held, sqlite.insert(C, [{"_id": "mine"}]))
    assert await ids(sqlite) == {"mine", "other"}


async def test_a_task_of_a_unit_that_writes_after_it_waits_its_turn(
    sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(Connection.commit)
    monkeypatch.setattr(Connection, "commit", held.patched())

    async def late() -> None:
        await held.reached.wait()
        await sqlite.insert(C, [{"_id": "late"}])

    async def unit() -> asyncio.Task[None]:
        async with sqlite.unit_of_work():
            await sqlite.insert(C, [{"_id": "mine"}])
            return asyncio.create_task(late())

    task = asyncio.create_task(unit())
    await held.reached.wait()
    await asyncio.sleep(0.01)
    held.go_on.set()
    await (await task)
    assert await ids(sqlite) == {"mine", "late"}
