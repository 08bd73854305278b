from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import pytest
from bson import Code, Decimal128, Regex
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_facade.store.base import Sort
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.keyset import FERRETDB_TYPES, after_filter, continued
from fhir_facade.store.matching import compile_filter
from fhir_facade.store.order import sort_bytes
from tests.store import strategies

BEFORE_STRINGS = ["minKey", "number"]
AFTER_STRINGS = [
    "object",
    "binData",
    "objectId",
    "bool",
    "date",
    "timestamp",
    "regex",
    "javascript",
    "javascriptWithScope",
    "maxKey",
]


def test_without_a_position_the_filter_stays() -> None:
    assert continued({"a": 1}, (("_id", 1),), None) == {"a": 1}


def test_ascending_string() -> None:
    assert after_filter((("s", 1),), ["m"]) == {
        "$or": [{"s": {"$gt": "m"}}, {"s": {"$type": AFTER_STRINGS}}]
    }


def test_descending_string_goes_down_to_null_and_missing() -> None:
    assert after_filter((("s", -1),), ["m"]) == {
        "$or": [
            {"s": {"$lt": "m"}},
            {"s": {"$type": BEFORE_STRINGS}},
            {"s": {"$eq": None}},
        ]
    }


def test_ascending_from_null() -> None:
    further = ["number", "string", "symbol", *AFTER_STRINGS]
    assert after_filter((("s", 1),), [None]) == {"s": {"$type": further}}


def test_descending_from_null() -> None:
    assert after_filter((("s", -1),), [None]) == {"s": {"$type": ["minKey"]}}


def test_descending_number_includes_nan() -> None:
    found = after_filter((("n", -1),), [5], FERRETDB_TYPES)
    assert found == {
        "$or": [
            {"$and": [{"n": {"$type": "number"}}, {"$nor": [{"n": {"$gte": 5}}]}]},
            {"n": {"$eq": None}},
        ]
    }


def test_ascending_from_nan() -> None:
    found = after_filter((("n", 1),), [math.nan])
    assert found["$or"][0] == {"n": {"$gte": -math.inf}}


def test_the_last_position_has_nothing_after_it() -> None:
    assert after_filter((("_id", -1),), [None], FERRETDB_TYPES) == {"$nor": [{}]}


def test_several_keys_are_lexicographic() -> None:
    found = after_filter((("due", 1), ("_id", -1)), [7, UUID(int=1)], FERRETDB_TYPES)
    later = [name for rank, names in FERRETDB_TYPES[1:] for name in names]
    assert found == {
        "$or": [
            {"$or": [{"due": {"$gt": 7}}, {"due": {"$type": later}}]},
            {
                "$and": [
                    {"due": {"$eq": 7}},
                    {
                        "$or": [
                            {"_id": {"$lt": UUID(int=1)}},
                            {"_id": {"$type": ["number", "string", "object"]}},
                            {"_id": {"$eq": None}},
                        ]
                    },
                ]
            },
        ]
    }


def test_a_position_narrows_the_filter() -> None:
    sort = (("_id", 1),)
    assert continued({"a": 1}, sort, [1]) == {"$and": [{"a": 1}, after_filter(sort, [1])]}
    assert continued({}, sort, [1]) == after_filter(sort, [1])


def test_one_value_for_each_path() -> None:
    with pytest.raises(ValueError, match="zip"):
        after_filter((("a", 1), ("_id", 1)), [1])


# What no filter can say: a position among regular expressions or JavaScript.
positions = strategies.any_scalar.filter(lambda value: not isinstance(value, Regex | Code))


@settings(max_examples=500)
@given(
    here=st.tuples(positions, positions),
    there=st.tuples(positions, positions),
    directions=st.tuples(strategies.directions, strategies.directions),
    missing=st.booleans(),
)
def test_the_filter_is_the_order(
    here: tuple[Any, Any], there: tuple[Any, Any], directions: tuple[int, int], missing: bool
) -> None:
    sort: Sort = (("v", directions[0]), ("_id", directions[1]))

    def rank(values: tuple[Any, Any]) -> bytes:
        pairs = zip(values, directions, strict=True)
        return b"".join(sort_bytes(value, direction < 0) for value, direction in pairs)

    document = {"_id": there[1], "v": there[0]}
    if missing and there[0] is None:
        del document["v"]
    after = compile_filter(after_filter(sort, here))
    assert after(decode(encode(document))) == (rank(there) > rank(here))


def test_decimals_too() -> None:
    after = compile_filter(after_filter((("n", -1),), [Decimal128("2.5")]))
    assert [after({"n": n}) for n in (2, 2.5, 3, math.nan, None, "a")] == [
        True, False, False, True, True, False,
    ]  # fmt: skip
