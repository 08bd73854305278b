"""The plans of the embedded store: which index a search reads, and how much of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.rules.index import Index
from fhir_facade.store import sqlite
from fhir_facade.store.codec import decode
from fhir_facade.store.sqlite import SqliteStore
from tests.store.sqlite_documents import BY_DUE, found, many

TASKS = {"type": {"$in": ["task"]}}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore.open(tmp_path / "store.db")
    yield store
    await store.close()


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
