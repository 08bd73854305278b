"""The embedded store, with any indexes, finds what reading everything finds, in the same order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_facade.rules.index import Index
from fhir_facade.store import sqlite, sqlite_query
from fhir_facade.store.base import Sort
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.matching import compile_filter
from fhir_facade.store.order import sort_bytes
from fhir_facade.store.paths import sort_component
from fhir_facade.store.sqlite import SqliteStore
from tests.store import strategies

KEYS = ["type", "a", "b", "c.x", "c.y", "c"]
values = strategies.nested(strategies.any_scalar)
ids = st.sampled_from(
    [value for value in strategies.PLAIN + strategies.EXOTIC if not hasattr(value, "pattern")]
)
indexes = st.lists(
    st.builds(
        lambda keys, last: tuple(keys) + ((("_id", last),) if last else ()),
        st.lists(
            st.tuples(st.sampled_from(KEYS), strategies.directions),
            min_size=1,
            max_size=3,
            unique_by=lambda key: key[0],
        ),
        st.sampled_from([0, 1, -1]),
    ),
    max_size=4,
    unique=True,
)


def sort_values(document: dict[str, Any], sort: Sort) -> bytes:
    return b"".join(sort_component(path, direction)(document) for path, direction in sort)


def expected(documents: list[dict[str, Any]], filter: dict[str, Any], sort: Sort) -> list[bytes]:
    predicate = compile_filter(filter)
    stored = [decode(encode(document)) for document in documents]
    matches = [document for document in stored if predicate(document)]
    return [encode(d) for d in sorted(matches, key=lambda d: sort_values(d, sort))]


def at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document


def no_arrays(sort: Sort) -> dict[str, Any]:
    """What callers add when they page: no document with an array on a sorted path."""
    paths = {".".join(p.split(".")[: n + 1]) for p, _ in sort for n in range(p.count(".") + 1)}
    return {"$nor": [{path: {"$type": "array"}} for path in sorted(paths)]}


async def run(
    documents: list[dict[str, Any]],
    keys: list[tuple[tuple[str, int], ...]],
    late: bool,
    filter: dict[str, Any],
    sort: Sort,
    limit: int,
) -> None:
    store = SqliteStore.open(":memory:")
    wanted = [Index("c", key) for key in keys]
    try:
        if not late:
            await store.ensure_indexes(wanted)
        assert await store.insert("c", documents) == []
        await store.ensure_indexes(wanted)
        whole = expected(documents, filter, sort)
        assert await store.count("c", filter) == len(whole)
        assert await store.find("c", filter, sort=sort, limit=limit) == whole[:limit]
        await store.explain("c", filter, sort)
        pageable = {"$and": [filter, no_arrays(sort)]}
        whole = expected(documents, pageable, sort)
        collected: list[bytes] = []
        after = None
        while page := await store.find("c", pageable, sort=sort, limit=limit, after=after):
            collected += page
            after = [at(decode(page[-1]), path) for path, _ in sort]
        assert collected == whole
    finally:
        await store.close()


@pytest.fixture(autouse=True, params=["candidates", "order", "race"])
def plans(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make small collections follow the plans of large ones."""
    if request.param == "order":
        monkeypatch.setattr(sqlite_query, "_CANDIDATES", 2)
        monkeypatch.setattr(sqlite, "INLINE_BUDGET", 3)
    if request.param == "race":
        monkeypatch.setattr(sqlite_query, "_is_worth_walking", lambda access, query: True)


def with_ids(ids: list[Any], documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"_id": id, **document} for id, document in zip(ids, documents, strict=False)]


@settings(max_examples=120, deadline=None)
@given(
    documents=strategies.documents(values),
    unique_ids=st.lists(ids, min_size=12, max_size=12, unique_by=sort_bytes),
    keys=indexes,
    late=st.booleans(),
    filter=strategies.filters(
        strategies.any_scalar, values, strategies.PATHS + strategies.POSITIONS
    ),
    sort=strategies.sorts(["a", "b", "c.x", "type"]),
    limit=st.sampled_from([1, 2, 5, 50]),
)
def test_any_search_agrees_with_reading_everything(
    documents: list[dict[str, Any]],
    unique_ids: list[Any],
    keys: list[tuple[tuple[str, int], ...]],
    late: bool,
    filter: dict[str, Any],
    sort: Sort,
    limit: int,
) -> None:
    asyncio.run(run(with_ids(unique_ids, documents), keys, late, filter, sort, limit))


@st.composite
def sorted_searches(draw: st.DrawFn) -> tuple[Sort, list[tuple[tuple[str, int], ...]]]:
    """A sort, and indexes that begin with something a search pins down and go on with the sort."""
    sort = draw(strategies.sorts(["a", "b", "c.x"]))
    turn = draw(strategies.directions)
    tail = tuple((path, direction * turn) for path, direction in sort)
    tail = tail if draw(st.booleans()) else tail[:-1]
    used = {path for path, _ in tail}
    heads = [(), (("type", 1),), (("type", -1), ("c.y", 1)), (("c.y", 1),), (("c", -1),)]
    chosen = draw(st.lists(st.sampled_from(heads), max_size=3, unique=True))
    free = [draw(indexes)[:1] for _ in range(1)]
    found = [head + tail for head in chosen if not used & {path for path, _ in head}]
    return sort, [*[keys for keys in found if keys], *free[0]]


@settings(max_examples=150, deadline=None)
@given(
    documents=strategies.crowded(),
    sorted_search=sorted_searches(),
    late=st.booleans(),
    filter=strategies.searches(["a", "b", "c.x", "c.y", "c"]),
    limit=st.sampled_from([1, 2, 5, 50]),
)
def test_indexed_searches_agree_with_reading_everything(
    documents: list[dict[str, Any]],
    sorted_search: tuple[Sort, list[tuple[tuple[str, int], ...]]],
    late: bool,
    filter: dict[str, Any],
    limit: int,
) -> None:
    sort, keys = sorted_search
    asyncio.run(run(with_ids(list(range(20)), documents), keys, late, filter, sort, limit))
