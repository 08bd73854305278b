"""A sort by one index, narrowed by another inside SQLite, finds what the filter says."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId

from fhir_facade.rules.index import Index
from fhir_facade.store import open_store, sqlite_query
from fhir_facade.store.base import Sort, Store
from fhir_facade.store.codec import decode
from fhir_facade.store.matching import compile_filter
from fhir_facade.store.order import sort_bytes

COLLECTION = "things"
INDEXES = [
    Index(COLLECTION, (("type", 1), ("when", 1), ("_id", 1))),
    Index(COLLECTION, (("type", 1), ("status", 1), ("_id", 1))),
]
STATUS: list[Any] = ["a", "b", "c", None, ["a", "b"], ["a"], 7]


def _documents() -> list[dict[str, Any]]:
    dice = random.Random(7)
    return [
        {
            "_id": ObjectId(f"{number:024x}"),
            "type": dice.choice(["x", "y"]),
            "status": dice.choice(STATUS),
            "when": dice.choice([1, 2, 3, "text", None]),
        }
        for number in range(300)
    ]


DOCUMENTS = _documents()


@pytest.fixture
async def narrowed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """A store that gathers no candidates, so that every sort walks its index."""
    monkeypatch.setattr(sqlite_query, "_CANDIDATES", 0)
    store = open_store("sqlite:///:memory:")
    await store.insert(COLLECTION, DOCUMENTS)
    await store.ensure_indexes(INDEXES)
    yield store
    await store.close()


def _expected(filter: dict[str, Any], sort: Sort) -> list[Any]:
    matches = compile_filter(filter)

    def place(document: dict[str, Any]) -> bytes:
        return b"".join(sort_bytes(document.get(path), way < 0) for path, way in sort)

    return [each["_id"] for each in sorted(filter_all(matches), key=place)]


def filter_all(matches: Any) -> list[dict[str, Any]]:
    return [each for each in DOCUMENTS if matches(each)]


@pytest.mark.parametrize("statuses", [["a"], ["a", "c"], ["b", "none"], ["none"], [7]])
@pytest.mark.parametrize(
    "sort",
    [(("when", 1), ("_id", 1)), (("when", -1), ("_id", -1)), (("when", 1), ("_id", -1))],
)
@pytest.mark.parametrize("types", [["x"], ["x", "y"]])
async def test_every_page(
    narrowed: Store, statuses: list[Any], sort: Sort, types: list[str]
) -> None:
    filter = {"type": {"$in": types}, "status": {"$in": statuses}}
    found: list[Any] = []
    after: list[Any] | None = None
    while page := await narrowed.find(COLLECTION, filter, sort=sort, limit=7, after=after):
        documents = [decode(raw) for raw in page]
        found += [each["_id"] for each in documents]
        after = [documents[-1].get(path) for path, _ in sort]
    assert found == _expected(filter, sort)


async def test_the_other_index_is_asked(narrowed: Store) -> None:
    filter = {"type": {"$in": ["x"]}, "status": {"$in": ["a"]}}
    explained = await narrowed.explain(  # type: ignore[attr-defined]
        COLLECTION, filter, (("when", 1), ("_id", 1))
    )
    assert explained["plan"] == "in order of the index"
    assert explained["narrowed by"] == "type_1_status_1__id_1"
