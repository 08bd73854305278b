"""Leases are given back, whoever was cancelled and whenever the store answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from fhir_facade.interactions import leases as leasing
from fhir_facade.interactions.leases import LEASES, leases, slot
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from fhir_facade.store.sqlite import SqliteStore
from tests.store.cancelling import (
    KINDS,
    MOMENTS,
    SQLITE,
    Cancel,
    cancelled,
    every_cancel,
    open_kind,
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


async def holders(store: Store) -> list[str]:
    found = [decode(data) async for batch in store.scan(LEASES) for data in batch]
    return [lease["_id"] for lease in found if lease.get("holder")]


@every_cancel
async def test_leases_are_given_back(store: Store, cancel: Cancel) -> None:
    async def hold() -> None:
        async with leases(store, ["a", "b"]):
            await asyncio.sleep(0.001)

    for moment in range(MOMENTS):
        await cancelled(hold(), cancel, moment)
        assert await holders(store) == []
    async with asyncio.timeout(5):
        await hold()


@every_cancel
async def test_leases_that_several_want_are_given_back(store: Store, cancel: Cancel) -> None:
    async def hold() -> None:
        async with leases(store, ["a"]):
            await asyncio.sleep(0.001)

    for moment in range(10):
        await asyncio.gather(*(cancelled(hold(), cancel, 3 * moment + n) for n in range(4)))
        assert await holders(store) == []


class Unanswered:
    """A store that does what it is asked, but says so late or not at all."""

    def __init__(self, store: Store, answers: asyncio.Event) -> None:
        self._store, self._answers = store, answers
        self.asked = asyncio.Event()
        self.get = store.get

    async def insert(self, *args: Any) -> Any:
        return await self._late(self._store.insert(*args))

    async def replace(self, *args: Any) -> Any:
        return await self._late(self._store.replace(*args))

    async def _late(self, call: Awaitable[Any]) -> Any:
        result = await call
        self.asked.set()
        await self._answers.wait()
        return result


@pytest.mark.parametrize("there", [False, True])
async def test_a_lease_of_which_nobody_was_told(store: Store, there: bool) -> None:
    """The store has written it, and its answer comes only after who asked was cancelled."""
    if there:
        await store.insert(LEASES, [{"_id": slot("a"), "holder": None}])
    answers = asyncio.Event()
    late: Any = Unanswered(store, answers)
    task = asyncio.create_task(_hold(late))
    await late.asked.wait()
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    assert await holders(store) == [slot("a")]
    answers.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await holders(store) == []


async def _hold(store: Store) -> None:
    async with leases(store, ["a"]):
        pass


async def test_a_store_that_does_not_answer_holds_nobody_up_for_long(
    sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "GRACE", 0.01)
    monkeypatch.setattr(leasing, "SECONDS", 0.05)
    late: Any = Unanswered(sqlite, asyncio.Event())
    task = asyncio.create_task(_hold(late))
    await late.asked.wait()
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await holders(sqlite) == []


async def test_a_store_that_fails_does_not_hide_that_its_caller_is_cancelled(
    sqlite: SqliteStore,
) -> None:
    answers = asyncio.Event()
    late: Any = Unanswered(sqlite, answers)
    task = asyncio.create_task(_hold(late))
    await late.asked.wait()
    task.cancel()
    await sqlite.close()
    answers.set()
    with pytest.raises(asyncio.CancelledError):
        await task
