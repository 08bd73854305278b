"""A look at the bytes never says that a filter is satisfied where it is not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.rules.index import Index
from fhir_facade.rules.text import TRUE_VALUES
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.matching import compile_normalised, normalise
from fhir_facade.store.raw_match import shortcut
from fhir_facade.store.sargable import analyse

SET = {"$nin": list(TRUE_VALUES)}
NAMES = ("a", "b", "aa", "is_a", "c")
VALUES: list[Any] = [
    None, True, False, 0, 1, "true", "x", "", "is_a\0", "\x08is_a\0\0", "\x04a\0", [], ["x"],
    [True], {"a": True}, {"a": False}, {"is_a": [1]}, ObjectId(), UUID(int=1),
]  # fmt: skip

values = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=6,
)
ids = st.sampled_from([ObjectId(), UUID(int=7), "text", "é", 5, None])
documents = st.builds(
    lambda key, fields: {"_id": key, **fields},
    ids,
    st.dictionaries(st.sampled_from(NAMES), values, max_size=5),
)
conditions = st.sampled_from(
    [
        {"is_a": SET},
        {"a": {"$ne": "x"}},
        {"b": {"$nin": [False]}},
        {"$nor": [{"a": {"$type": "array"}}]},
        {"$nor": [{"a": {"$type": "array"}}, {"a.b": {"$type": "array"}}]},
        {"$or": [{"_id": {"$type": ["objectId", "binData"]}}, {"_id": {"$regex": "^t"}}]},
        {"_id": {"$type": ["string"]}},
        {"$or": [{"is_a": SET}, {"a": SET}]},
        {"c": {"$in": ["x"]}},
    ]
)
filters = st.lists(conditions, min_size=1, max_size=4).map(lambda parts: {"$and": parts})


@given(document=documents, filter=filters)
def test_what_the_bytes_show_is_so(document: dict[str, Any], filter: dict[str, Any]) -> None:
    raw = encode(document)
    normal = normalise(filter)
    test = shortcut(normal, analyse(normal), frozenset())
    if test is not None and test(raw):
        assert compile_normalised(normal)(decode(raw))


def test_a_condition_on_a_value_needs_an_index_or_the_document() -> None:
    normal = normalise({"c": {"$in": ["x", "y"]}, "is_a": SET})
    conjunction = analyse(normal)
    assert shortcut(normal, conjunction, frozenset()) is None
    test = shortcut(normal, conjunction, frozenset({"c"}))
    assert test is not None
    assert test(encode({"_id": 1, "c": "x", "is_a": False}))
    assert not test(encode({"_id": 1, "c": "x", "is_a": True}))


def test_of_two_conditions_the_index_proves_the_wider_one_too() -> None:
    normal = normalise({"$and": [{"c": {"$in": ["x"]}}, {"c": {"$in": ["x", "y"]}}]})
    assert shortcut(normal, analyse(normal), frozenset({"c"})) is not None
    narrower = normalise({"$and": [{"c": {"$in": ["x", "y"]}}, {"c": {"$in": ["x"]}}]})
    asked = analyse(normalise({"c": {"$in": ["x", "y"]}}))
    assert shortcut(narrower, asked, frozenset({"c"})) is None


@pytest.mark.parametrize("wanted", [[None], [1], [True], [["x"]]])
def test_an_entry_of_another_type_proves_nothing(wanted: list[Any]) -> None:
    normal = normalise({"c": {"$in": wanted}})
    assert shortcut(normal, analyse(normal), frozenset({"c"})) is None


@given(stored=st.lists(documents, max_size=12), value=st.sampled_from(["x", "", "true"]))
async def test_pages_and_counts_are_what_the_filter_says(
    stored: list[dict[str, Any]], value: str
) -> None:
    from fhir_facade.store import open_store

    store: Store = open_store("sqlite:///:memory:")
    try:
        numbered = [{**each, "_id": ObjectId()} for each in stored]
        await store.insert("things", numbered)
        await store.ensure_indexes([Index("things", (("c", 1), ("a", 1), ("_id", 1)))])
        guard = {"$nor": [{"a": {"$type": "array"}}]}
        filter = {"$and": [{"c": {"$in": [value]}}, {"is_a": SET}, guard]}
        matches = compile_normalised(normalise(filter))
        wanted = [each["_id"] for each in numbered if matches(decode(encode(each)))]
        found = await store.find("things", filter, sort=(("a", 1), ("_id", 1)), limit=100)
        assert sorted(decode(raw)["_id"] for raw in found) == sorted(wanted)
        part = {"_id": {"$type": ["objectId"]}, "b": SET}
        within = compile_normalised(normalise({"$and": [filter, part]}))
        expected = sum(within(decode(encode(each))) for each in numbered)
        assert await store.tally("things", filter, part) == (len(wanted), expected)
        assert await store.count("things", filter) == len(wanted)
    finally:
        await store.close()
