"""Cancelled writers, once or again and again: nothing is half done and nobody is held up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import pytest

from fhir_facade.errors import StoreUnavailable
from fhir_facade.interactions import leases as leasing
from fhir_facade.interactions.leases import LEASES, leases, slot
from fhir_facade.store import open_store
from fhir_facade.store import sqlite as sqlite_module
from fhir_facade.store.base import Store, TransactionsUnsupported
from fhir_facade.store.codec import decode
from fhir_facade.store.finish import finished, tidied
from fhir_facade.store.mongo import MongoStore
from fhir_facade.store.sqlite import SqliteStore
from fhir_facade.store.sqlite_connection import Connection

C = "c"
MOMENTS = 60
SQLITE = ["sqlite file", "sqlite memory"]


def open_kind(request: pytest.FixtureRequest, kind: str) -> Store:
    if kind == "sqlite file":
        path: Path = request.getfixturevalue("tmp_path")
        return open_store(f"sqlite:///{path / 'store.db'}")
    if kind == "sqlite memory":
        return open_store("sqlite://:memory:")
    if kind == "motor":
        pytest.importorskip("motor")
    return open_store(request.getfixturevalue("mongo_database"), mongo_driver=kind)


@pytest.fixture(params=[*SQLITE, "pymongo", "motor"])
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


async def ids(store: Store) -> set[str]:
    return {decode(data)["_id"] async for batch in store.scan(C) for data in batch}


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def once(task: asyncio.Task[Any], _moment: int) -> None:
    task.cancel()


async def twice(task: asyncio.Task[Any], moment: int) -> None:
    task.cancel()
    await turns(moment % 5)
    task.cancel()


async def at_every_turn(task: asyncio.Task[Any], _moment: int) -> None:
    """Cancel as the cancel scopes of anyio do."""
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


Cancel = Callable[[asyncio.Task[Any], int], Awaitable[None]]


async def cancelled(work: Coroutine[Any, Any, Any], cancel: Cancel, moment: int) -> bool:
    """Start work, cancel it at a moment and say whether it was done before."""
    task = asyncio.create_task(work)
    await turns(moment % 12)
    await asyncio.sleep(0.0002 * (moment // 3) if moment % 3 else 0)
    await cancel(task, moment)
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True


every_cancel = pytest.mark.parametrize("cancel", [once, twice, at_every_turn])


# units of work and writes of their own, at many moments


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


# the writing thread, held at its work


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


# transactions that are not the writer's


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


# MongoDB's sessions


class Session:
    """A session whose calls take a while, and which notes what has ended."""

    def __init__(self, seconds: float = 0.001) -> None:
        self.seconds = seconds
        self.log: list[str] = []

    async def start_transaction(self, *concerns: Any) -> None:
        self.log.append("start")

    async def commit_transaction(self) -> None:
        await asyncio.sleep(self.seconds)
        self.log.append("commit")

    async def end_session(self) -> None:
        await asyncio.sleep(self.seconds)
        self.log.append("end")


@pytest.fixture
async def mongo() -> AsyncIterator[MongoStore]:
    store = MongoStore.open("mongodb://127.0.0.1:9/nobody")
    store.transactions = True
    yield store
    await store.close()


@every_cancel
async def test_a_session_ends_whatever_is_cancelled(
    mongo: MongoStore, cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call(log: list[str]) -> None:
        await asyncio.sleep(0.001)
        log.append("call")

    async def unit(log: list[str]) -> None:
        async with mongo.unit_of_work():
            await mongo._answered(call(log))
            await asyncio.sleep(0)

    for moment in range(MOMENTS):
        session = Session()
        monkeypatch.setattr(mongo._client, "start_session", lambda session=session: session)
        done = await cancelled(unit(session.log), cancel, moment)
        whole = ["start", "call", "commit", "end"]
        undone: list[list[str]] = [[], ["start", "call", "end"], whole]
        assert session.log in ([whole] if done else undone)


async def test_a_server_that_does_not_answer_holds_nobody_up_for_long(
    mongo: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_facade.store.mongo.GRACE", 0.01)
    monkeypatch.setattr(mongo._client, "start_session", lambda: Session(seconds=60))

    async def unit() -> None:
        async with mongo.unit_of_work():
            pass

    task = asyncio.create_task(unit())
    await asyncio.sleep(0.005)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task


# leases


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


# work that is finished


async def test_work_gives_its_result_or_its_error() -> None:
    async def fail() -> None:
        raise LookupError

    assert await finished(asyncio.sleep(0, "result")) == "result"
    with pytest.raises(LookupError):
        await finished(fail())
    with pytest.raises(asyncio.CancelledError):
        await finished(_cancelled_work())


async def _cancelled_work() -> None:
    raise asyncio.CancelledError


async def test_work_goes_on_however_often_its_caller_is_cancelled() -> None:
    go_on, done = asyncio.Event(), []

    async def work() -> None:
        await go_on.wait()
        done.append(1)
        raise LookupError  # which is not what the caller ends with

    task = asyncio.create_task(finished(work()))
    for _ in range(5):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [1]


async def test_a_timeout_is_told_after_the_work() -> None:
    done = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.append(1)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await finished(work())
    assert done == [1]


async def test_tidying_up_is_done_or_given_up() -> None:
    done = []

    async def work(seconds: float) -> None:
        await asyncio.sleep(seconds)
        done.append(seconds)

    await tidied(work(60), 0.01)
    assert done == []
    task = asyncio.create_task(tidied(work(0.01), 60))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [0.01]


async def test_work_is_given_up_when_the_grace_is_over() -> None:
    task = asyncio.create_task(finished(asyncio.sleep(60), 0.01))
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task
