"""The index entries made of a document as it is given are those of the document as it is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from bson import ObjectId
from hypothesis import given

from fhir_facade.rules.index import Index
from fhir_facade.store.codec import DUPLICATE, decode
from fhir_facade.store.sqlite import SqliteStore
from fhir_facade.store.sqlite_schema import Collection, SideTable, rows_of
from fhir_facade.store.sqlite_write import Ready

SIDES = [
    SideTable.of(Index("c", keys))
    for keys in (
        (("at", 1), ("_id", 1)),
        (("at", -1),),
        (("of", 1),),
        (("of.it", 1),),
        (("of", 1), ("at", -1)),
    )
]
ZONES = st.one_of(
    st.none(),
    st.just(UTC),
    st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds))),
)
FIRST, LAST = datetime(2, 1, 1), datetime(9998, 12, 31)  # noqa: DTZ001
MOMENTS = st.datetimes(FIRST, LAST, timezones=ZONES)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=5),
    MOMENTS,
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.fixed_dictionaries({}, optional={"it": inner})
    ),
    max_leaves=4,
)
IDS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=5), MOMENTS, st.integers(0, 9))
DOCUMENTS = st.fixed_dictionaries({"_id": IDS}, optional={"at": VALUES, "of": VALUES})


def ready(*documents: Mapping[str, Any]) -> Ready:
    found = Ready(Collection("c", list(SIDES)))
    found.add(documents)
    return found


@given(DOCUMENTS)
def test_entries_are_those_of_what_is_stored(document: dict[str, Any]) -> None:
    found = ready(document)
    if found.refused:  # such as one with two parallel arrays
        return
    ((key, data),) = found.documents
    for side, rows in found.rows():
        assert sorted(rows) == sorted(rows_of(side, [(key, decode(data))]))


@given(DOCUMENTS)
def test_the_short_way_to_the_rows_is_the_long_one(document: dict[str, Any]) -> None:
    for side in SIDES:
        rows = [row for row in rows_of(side, [(b"k", document)]) if row != (b"", b"")]
        assert sorted(rows) == sorted((entry, b"k") for entry in side.entries(document))


def test_every_index_gets_its_rows_whoever_makes_them() -> None:
    documents = [{"_id": 1, "of": "a"}, {"_id": 2, "of": ["b", "c"]}, {"_id": 3}]
    found = {side.index.name: rows for side, rows in ready(*documents).rows()}
    assert [*found] == [side.index.name for side in SIDES]
    assert len(found["of_1"]) == 3 + 1 + 1  # two of an array, and that there is one


def test_what_cannot_be_stored_is_refused_at_its_place() -> None:
    found = ready({"_id": 1, "at": "x"}, {"_id": [1]}, {"_id": 2, "of": {1}}, {"at": "y"})
    assert [position for position, _ in found.refused] == [1, 2]
    assert found.positions == [0, 3]
    assert isinstance(decode(found.documents[1][1])["_id"], ObjectId)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


async def test_indexes_made_meanwhile_get_their_entries(file: Path) -> None:
    """The documents were made ready by what was known of the indexes before."""
    one, other = SqliteStore.open(file), SqliteStore.open(file)
    assert not await one.insert("c", [{"_id": 1, "of": "a"}])
    await other.ensure_indexes([Index("c", (("of", 1),))])
    assert await one.insert("c", [{"_id": 2, "of": "a"}, {"_id": 1}]) == [(1, DUPLICATE)]
    assert not await one.insert("c", [{"_id": 3, "of": "b"}])
    for store in (one, other):
        found = await store.find("c", {"of": "a"}, limit=9)
        assert [decode(raw)["_id"] for raw in found] == [1, 2]
        assert await store.count("c", {"of": "b"}) == 1
        await store.close()
    with sqlite3.connect(file) as connection:
        table = SideTable.of(Index("c", (("of", 1),))).table
        (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    assert rows == 3


async def test_of_many_documents_those_with_taken_ids_are_refused(file: Path) -> None:
    store = SqliteStore.open(file)
    await store.ensure_indexes([Index("c", (("of", 1),))])
    assert not await store.insert("c", [{"_id": each, "of": "old"} for each in (3, 300, 777)])
    several = [{"_id": each, "of": "new"} for each in range(1000)]
    refused = await store.insert("c", several)
    assert refused == [(each, DUPLICATE) for each in (3, 300, 777)]
    assert await store.count("c", {"of": "new"}) == 997
    assert await store.count("c", {"of": "old"}) == 3
    await store.close()
