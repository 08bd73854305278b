"""What is particular to the embedded store: plans, threads, several processes, faults."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.errors import StoreUnavailable
from fhir_facade.rules.index import Index
from fhir_facade.store import sqlite
from fhir_facade.store.base import Sort
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.sqlite import SqliteStore

BY_DUE: Sort = (("due", 1), ("_id", 1))
TASKS = {"type": {"$in": ["task"]}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore.open(path)
    yield store
    await store.close()


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


# plans


async def test_a_selective_filter_reads_ranges_of_its_index(store: SqliteStore) -> None:
    await many(store)
    await store.ensure_indexes([Index("c", (("type", 1), ("subject.id", 1)))])
    filter = {"$and": [TASKS, {"$or": [{"subject.id": "p1"}, {"subject.id": "p2"}]}]}
    assert await store.explain("c", filter, BY_DUE) == {
        "plan": "index",
        "indexes": ["type_1_subject.id_1"],
        "ranges": 2,
        "entries": 40,
        "sorted": "in memory",
    }
    assert sorted(await found(store, filter)) == sorted(
        n for n in range(3000) if n % 3 and n % 100 in (1, 2)
    )


async def test_a_broad_filter_reads_in_the_order_of_an_index(store: SqliteStore) -> None:
    await many(store)
    await store.ensure_indexes([Index("c", (("type", 1), ("due", 1)))])
    assert await store.explain("c", TASKS, (("due", -1), ("_id", 1))) == {
        "plan": "in order of the index",
        "indexes": ["type_1_due_1"],
        "ranges": 1,
        "sorted": "by index",
    }


async def test_without_an_index_every_document_is_read(store: SqliteStore) -> None:
    await many(store, 20)
    assert await store.explain("c", TASKS, BY_DUE) == {
        "plan": "every document",
        "indexes": [],
        "sorted": "in memory",
    }
    assert (await store.explain("d", {}, BY_DUE))["plan"] == "nothing"


async def test_bounds_on_one_path_meet_unless_it_has_arrays(store: SqliteStore) -> None:
    await store.ensure_indexes([Index("c", (("n", 1),))])
    await store.insert("c", [{"_id": n, "n": n} for n in range(10)])
    between = {"$and": [{"n": {"$gte": 3}}, {"n": {"$lt": 5}}]}
    assert (await store.explain("c", between, BY_DUE))["entries"] == 2
    await store.insert("c", [{"_id": "array", "n": [0, 9]}])
    assert (await store.explain("c", between, BY_DUE))["entries"] > 2
    assert await found(store, between) == [3, 4, "array"]


async def test_an_array_is_found_as_a_whole_and_by_element(store: SqliteStore) -> None:
    await store.ensure_indexes([Index("c", (("a", 1), ("b", 1)))])
    rows: list[Any] = [[1, 2], [[1, 2]], [], [[]], 1, None]
    await store.insert("c", [{"_id": n, "a": a} for n, a in enumerate(rows)])
    for value, expected in (([1, 2], [0, 1]), ([], [2, 3]), (1, [0, 4]), (None, [5])):
        explained = await store.explain("c", {"a": value}, BY_DUE)
        assert explained["indexes"] == ["a_1_b_1"]
        assert await found(store, {"a": value}) == expected


async def test_an_array_stands_once_in_the_order_of_its_index(store: SqliteStore) -> None:
    await store.ensure_indexes([Index("c", (("kind", 1), ("n", 1)))])
    rows = [(0, ["a", "b"], [5, 1]), (1, ["a"], 3), (2, ["b", "a"], [2, 9]), (3, ["b"], 0)]
    await store.insert("c", [{"_id": i, "kind": kind, "n": n} for i, kind, n in rows])
    filter = {"kind": {"$in": ["a", "b"]}}
    for direction, expected in ((1, [3, 0, 2, 1]), (-1, [2, 0, 1, 3])):
        sort = (("n", direction), ("_id", 1))
        assert await found(store, filter, sort=sort) == expected
        query = sqlite.Query.of("c", filter, sort, 10)
        collection = store._reader.schema.collections["c"]
        order = sqlite.sqlite_query.ordering(
            store._reader.raw, collection, query.conjunction, query.sort
        )
        assert order is not None
        rows_read = sqlite.sqlite_query._walk(store._reader.raw, order, query, sqlite.Budget())
        assert [decode(data)["_id"] for data in rows_read] == expected


async def test_an_empty_array_sorts_below_null_and_null_below_all(store: SqliteStore) -> None:
    rows: list[Any] = [1, None, [], [4, 0], "x"]
    await store.insert("c", [{"_id": n, "a": {"b": value}} for n, value in enumerate(rows)])
    await store.insert("c", [{"_id": 5, "a": []}, {"_id": 6, "a": [{"b": 2}, 1]}])
    sort = (("a.b", 1), ("_id", 1))
    assert await found(store, {}, sort=sort) == [2, 1, 5, 6, 3, 0, 4]
    sort = (("a.b", -1), ("_id", -1))
    assert await found(store, {}, sort=sort) == [4, 3, 6, 0, 5, 1, 2]


async def test_a_race_that_the_order_loses_ends_with_the_candidates(store: SqliteStore) -> None:
    await many(store)
    await store.ensure_indexes(
        [Index("c", (("type", 1), ("due", 1))), Index("c", (("subject.id", 1),))]
    )
    subjects = [f"p{n}" for n in range(20)]
    filter = {"$and": [TASKS, {"subject.id": {"$in": subjects}}, {"tags": {"$in": ["t1", "t2"]}}]}
    assert await found(store, filter, sort=BY_DUE, limit=5) == [2, 1]


async def test_pages_at_any_depth_examine_no_more_than_a_page(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(store)
    await store.ensure_indexes([Index("c", (("type", 1), ("due", 1)))])
    everything = await found(store, TASKS, sort=BY_DUE)
    spent: list[int] = []
    monkeypatch.setattr(sqlite.Budget, "spend", lambda self, n=1: spent.append(n))
    after: list[Any] | None = None
    collected = []
    while page := await store.find("c", TASKS, sort=BY_DUE, limit=100, after=after):
        documents = [decode(data) for data in page]
        collected += [document["_id"] for document in documents]
        after = [documents[-1]["due"], documents[-1]["_id"]]
        assert sum(spent) <= 100
        spent.clear()
    assert collected == everything


# threads


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


# files and processes


async def test_a_reopened_file_knows_its_documents_and_indexes(path: Path) -> None:
    index = Index("c", (("a", -1), ("_id", -1)))
    first = SqliteStore.open(path)
    await first.insert("c", [{"_id": n, "a": n % 2} for n in range(10)])
    await first.ensure_indexes([index])
    await first.close()
    second = SqliteStore.open(path)
    assert await second.missing_indexes([index]) == []
    assert await found(second, {"a": 1}, sort=(("_id", -1),)) == [9, 7, 5, 3, 1]
    await second.close()


async def test_a_writer_keeps_the_indexes_that_another_has_made(path: Path) -> None:
    first, second = SqliteStore.open(path), SqliteStore.open(path)
    await first.insert("c", [{"_id": 1, "a": 1}])
    assert len(await second.get("c", [1])) == 1
    await second.ensure_indexes([Index("c", (("a", 1),))])
    await first.insert("c", [{"_id": 2, "a": 1}])
    assert await first.replace("c", encode({"_id": 1, "a": 1}), {"_id": 1, "a": 2})
    assert (await second.explain("c", {"a": 1}, BY_DUE))["plan"] == "index"
    assert await found(second, {"a": 1}) == [2]
    await first.close()
    await second.close()


INSERTER = """
import asyncio, sys
from fhir_facade.store.sqlite import SqliteStore
async def main():
    store = SqliteStore.open(sys.argv[1])
    for n in range(50):
        assert await store.insert("c", [{"_id": f"{sys.argv[2]}-{n}", "a": n}]) == []
    await store.close()
asyncio.run(main())
"""


async def test_several_processes_write_one_file(store: SqliteStore, path: Path) -> None:
    await store.ensure_indexes([Index("c", (("a", 1),))])
    children = [
        subprocess.Popen([sys.executable, "-c", INSERTER, str(path), name]) for name in "xy"
    ]
    for n in range(50):
        assert await store.insert("c", [{"_id": f"z-{n}", "a": n}]) == []
    codes = [await asyncio.to_thread(child.wait, 60) for child in children]
    assert codes == [0, 0]
    assert await store.count("c", {}) == 150
    assert await found(store, {"a": 7}) == ["x-7", "y-7", "z-7"]


async def test_memory_leaves_nothing_behind() -> None:
    store = SqliteStore.open(":memory:")
    folder = Path(store._path).parent
    await store.insert("c", [{"_id": 1}])
    assert folder.exists()
    await store.close()
    assert not folder.exists()


# faults


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    store = SqliteStore.open(path)
    await store.insert("c", [{"_id": 1}])
    await store.close()
    for call in (
        store.get("c", [1]),
        store.find("c", {}, limit=1),
        store.count("c", {}),
        store.insert("c", [{"_id": 2}]),
        store.ping(),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert caught.value.headers == {"Retry-After": "1"}


async def test_a_deleted_file_is_noticed(store: SqliteStore, path: Path) -> None:
    await store.ping()
    path.unlink()
    with pytest.raises(StoreUnavailable):
        await store.ping()


async def test_a_locked_file_is_unavailable_not_hanging(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.05)
    store = SqliteStore.open(path)
    await store.insert("c", [{"_id": "secret"}])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match=r"\(SQLITE_BUSY\)") as caught:
        await store.insert("c", [{"_id": "secret2"}])
    assert "secret" not in str(caught.value)
    assert len(await store.get("c", ["secret"])) == 1
    other.execute("COMMIT")
    other.close()
    await store.insert("c", [{"_id": "later"}])
    await store.close()


async def test_a_read_that_meets_a_lock_waits_in_a_thread(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.insert("c", [{"_id": 1}])
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    attempts = []

    def once(run: Any) -> Any:
        def wrapped(*args: Any) -> Any:
            attempts.append(args)
            if len(attempts) % 2:
                raise busy
            return run(*args)

        return wrapped

    monkeypatch.setattr(sqlite, "_get", once(sqlite._get))
    monkeypatch.setattr(sqlite, "_run_query", once(sqlite._run_query))
    assert len(await store.get("c", [1])) == 1
    assert await found(store, {}) == [1]
    assert len(attempts) == 4


async def test_another_fault_of_a_read_is_reported(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite, "_get", fail)
    monkeypatch.setattr(sqlite, "_run_query", fail)
    with pytest.raises(StoreUnavailable):
        await store.get("c", [1])
    with pytest.raises(StoreUnavailable):
        await store.find("c", {}, limit=1)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="SQLITE_CANTOPEN"):
        SqliteStore.open(tmp_path / "no" / "folder.db")


def test_a_file_that_is_not_sqlite(path: Path) -> None:
    path.write_text("something else entirely, and long enough to be looked at" * 20)
    with pytest.raises(StoreUnavailable, match="SQLITE_NOTADB"):
        SqliteStore.open(path)


def test_a_file_of_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(ValueError, match="not one that this version"):
        SqliteStore.open(path)
