from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Code, DatetimeMS, DBRef, Decimal128, MaxKey, MinKey, Regex
from bson.int64 import Int64
from hypothesis import given, settings

from fhir_facade.store.base import UnsupportedFilter
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.matching import compile_filter, normalise
from tests.store import oracle, strategies

NAN = math.nan
DAY = datetime(2024, 5, 17, tzinfo=UTC)

# (filter, documents that match, documents that do not)
CASES: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({}, [{}, {"a": 1}], []),
    # equality
    ({"a": 1}, [{"a": 1}, {"a": 1.0}, {"a": Int64(1)}, {"a": Decimal128("1.0")}, {"a": [0, 1]}],
     [{"a": True}, {"a": "1"}, {}, {"a": [[1]]}, {"a": {"a": 1}}]),
    ({"a": True}, [{"a": True}], [{"a": 1}, {"a": False}]),
    ({"a": None}, [{}, {"a": None}, {"a": [1, None]}], [{"a": []}, {"a": 0}, {"a": False}]),
    ({"a": {"b": 1, "c": 2}}, [{"a": {"b": 1.0, "c": 2}}, {"a": [{"b": 1, "c": 2}]}],
     [{"a": {"c": 2, "b": 1}}, {"a": {"b": 1}}, {"a": {"b": 1, "c": 2, "d": 3}}]),
    ({"a": [1, 2]}, [{"a": [1, 2]}, {"a": [[1, 2], 3]}],
     [{"a": [2, 1]}, {"a": [1, 2, 3]}, {"a": 1}]),
    ({"a": []}, [{"a": []}, {"a": [[]]}], [{}, {"a": None}]),
    ({"a": {}}, [{"a": {}}], [{"a": {"b": 1}}, {}]),
    ({"a": NAN}, [{"a": NAN}, {"a": Decimal128("NaN")}], [{"a": 1}, {}]),
    ({"a": DAY}, [{"a": DAY}, {"a": DAY.replace(microsecond=900)}], [{"a": "2024-05-17"}]),
    ({"a": Code("x")}, [{"a": Code("x")}], [{"a": "x"}]),
    # null on dotted paths: jstests/core/null_query_semantics.js
    ({"a.b": None},
     [{"a": {}}, {"a": None}, {"a": 4}, {"a": {"b": None}}, {}, {"a": [{"b": 3}, {}]},
      {"a": [{"b": None}]}],
     [{"a": {"b": "hi"}}, {"a": [[]]}, {"a": []}, {"a": [{"b": 1}]}, {"a": [1, "s"]},
      {"a": [None, None]}]),
    ({"a.b": {"$exists": False}},
     [{}, {"a": {}}, {"a": None}, {"a": 4}, {"a": []}, {"a": [[]]}, {"a": [None]}],
     [{"a": {"b": None}}, {"a": [{"b": 3}, {}]}]),
    ({"a.b": {"$ne": None}}, [{"a": {"b": 1}}, {"a": []}, {"a": [1]}], [{"a": [{"b": 3}, {}]}]),
    # paths through arrays
    ({"a.b": 1}, [{"a": {"b": 1}}, {"a": [{"b": 2}, {"b": 1}]}, {"a": {"b": [1]}},
                  {"a": [{"b": [2, 1]}]}], [{"a": [[{"b": 1}]]}, {"a": 1}]),
    ({"a.0": 1}, [{"a": [1, 2]}, {"a": {"0": 1}}, {"a": [2, {"0": 1}]}],
     [{"a": [2, 1]}, {"a": [[1]]}]),
    ({"a.0.b": 1}, [{"a": [{"b": 1}]}, {"a": [[{"b": 1}]]}],
     [{"a": [{"b": 2}, {"b": 1}]}, {"a": [1]}]),
    ({"a.00": 1}, [{"a": {"00": 1}}], [{"a": [1]}]),
    ({"a.$id": 7}, [{"a": DBRef("c", 7)}, {"a": [DBRef("c", 7)]}], [{"a": DBRef("c", 8)}]),
    # comparison: only within a type
    ({"a": {"$gt": 1}}, [{"a": 2}, {"a": 1.5}, {"a": Decimal128("1.1")}, {"a": [0, 2]},
                         {"a": math.inf}],
     [{"a": 1}, {"a": "2"}, {"a": None}, {}, {"a": NAN}, {"a": True}, {"a": DAY}]),
    ({"a": {"$lt": 1}}, [{"a": 0}, {"a": -math.inf}],
     [{"a": NAN}, {"a": None}, {"a": Decimal128("NaN")}]),
    ({"a": {"$lte": Decimal128("1")}}, [{"a": 1}, {"a": 0.5}], [{"a": 1.5}, {"a": NAN}]),
    ({"a": {"$gte": NAN}}, [{"a": NAN}], [{"a": 1}]),
    ({"a": {"$gt": NAN}}, [], [{"a": NAN}, {"a": 1}]),
    ({"a": {"$gte": None}}, [{}, {"a": None}], [{"a": 1}]),
    ({"a": {"$lt": None}}, [], [{}, {"a": None}, {"a": 1}]),
    ({"a": {"$gte": "b"}}, [{"a": "b"}, {"a": "ä"}], [{"a": "B"}, {"a": 3}]),
    ({"a": {"$gt": False}}, [{"a": True}], [{"a": 1}]),
    ({"a": {"$gt": DAY}}, [{"a": DatetimeMS(10**17)}, {"a": DAY.replace(day=18)}],
     [{"a": DAY}, {"a": 1}]),
    ({"a": {"$gt": [1]}}, [{"a": [1, 0]}, {"a": [[2]]}], [{"a": [1]}, {"a": 2}]),
    ({"a": {"$gt": {"b": 1}}}, [{"a": {"b": 2}}], [{"a": {"b": 1}}, {"a": 2}]),
    ({"a": {"$gt": 1, "$lt": 3}}, [{"a": 2}, {"a": [0, 5]}], [{"a": 3}]),
    ({"a": {"$gt": MinKey()}}, [{"a": 1}, {}], [{"a": MinKey()}]),
    ({"a": {"$lte": MaxKey()}}, [{"a": 1}, {"a": MaxKey()}], []),
    ({"a": {"$gte": MaxKey()}}, [{"a": MaxKey()}], [{"a": 1}]),
    # in, nin, ne
    ({"a": {"$in": [1, "x", None]}}, [{"a": 1.0}, {"a": "x"}, {}, {"a": ["y", "x"]}],
     [{"a": True}]),
    ({"a": {"$in": []}}, [], [{}, {"a": 1}]),
    ({"a": {"$in": [NAN, 2]}}, [{"a": NAN}, {"a": 2}, {"a": Decimal128("2")}], [{"a": 1.5}]),
    ({"a": {"$in": [Regex("^x"), 1]}}, [{"a": "xy"}, {"a": 1}, {"a": Regex("^x")}], [{"a": "yx"}]),
    ({"a": {"$in": [[1], {"b": 1}]}}, [{"a": [1]}, {"a": {"b": 1}}], [{"a": 1}]),
    ({"a": {"$nin": [True, "true"]}}, [{}, {"a": 1}, {"a": []}], [{"a": True}, {"a": [1, True]}]),
    ({"a": {"$ne": 1}}, [{}, {"a": [2, 3]}], [{"a": 1}, {"a": [1, 2]}]),
    # exists, type
    ({"a": {"$exists": True}}, [{"a": None}, {"a": []}], [{}]),
    ({"a": {"$exists": 0}}, [{}], [{"a": None}]),
    ({"a": {"$type": "array"}}, [{"a": []}, {"a": [[]]}], [{"a": 1}, {}]),
    ({"a": {"$type": "string"}}, [{"a": "x"}, {"a": [1, "x"]}], [{"a": 1}, {"a": Code("x")}]),
    ({"a": {"$type": "number"}}, [{"a": 1}, {"a": 1.5}, {"a": Decimal128("1")}], [{"a": True}]),
    ({"a": {"$type": ["bool", 10]}}, [{"a": None}, {"a": False}], [{}, {"a": 0}]),
    ({"a": {"$type": "long"}}, [{"a": Int64(1)}, {"a": 2**40}], [{"a": 1}]),
    ({"a": {"$type": -1}}, [{"a": MinKey()}], [{"a": 1}]),
    ({"a": {"$type": "javascript"}}, [{"a": Code("x")}], [{"a": Code("x", {})}, {"a": "x"}]),
    ({"a": {"$type": ["javascriptWithScope", "string"]}}, [{"a": Code("x", {})}, {"a": "x"}],
     [{"a": Code("x")}]),
    # regular expressions
    ({"a": {"$regex": "^ab"}}, [{"a": "abc"}, {"a": ["x", "ab"]}], [{"a": "cab"}, {"a": 1}, {}]),
    ({"a": {"$regex": "^AB", "$options": "i"}}, [{"a": "abc"}], [{"a": "cab"}]),
    ({"a": {"$regex": "É", "$options": "i"}}, [{"a": "é"}], [{"a": "e"}]),
    ({"a": {"$regex": "^b", "$options": "m"}}, [{"a": "a\nb"}], [{"a": "ab"}]),
    ({"a": {"$regex": Regex("b", re.I)}}, [{"a": "AB"}], [{"a": "c"}]),
    ({"a": re.compile("b")}, [{"a": "abc"}], [{"a": "c"}]),
    ({"a": {"$eq": Regex("b")}}, [{"a": Regex("b")}], [{"a": "b"}]),
    # elemMatch, all
    ({"a": {"$elemMatch": {"b": 1, "c": 2}}}, [{"a": [{"b": 1, "c": 2}]}],
     [{"a": [{"b": 1}, {"c": 2}]}, {"a": {"b": 1, "c": 2}}, {"a": [1]}, {}]),
    ({"a": {"$elemMatch": {"0": 1}}}, [{"a": [[1]]}], [{"a": [1]}]),
    ({"a": {"$elemMatch": {"$gt": 1, "$lt": 3}}}, [{"a": [5, 2]}], [{"a": [0, 5]}, {"a": 2}]),
    ({"a": {"$elemMatch": {"$nin": [1]}}}, [{"a": [1, 2]}], [{"a": [1]}, {"a": []}, {}]),
    ({"a": {"$elemMatch": {"$or": [{"b": 1}, {"c": 1}]}}}, [{"a": [{"c": 1}]}],
     [{"a": [{"d": 1}]}]),
    ({"a": {"$elemMatch": {}}}, [{"a": [{}]}], [{"a": [1]}, {"a": []}]),
    ({"a": {"$elemMatch": {"b.c": 1}}}, [{"a": [{"b": [{"c": 1}]}]}], [{"a": [{"b": 1}]}]),
    ({"a.b": {"$elemMatch": {"$eq": 1}}}, [{"a": [{"b": [1]}]}], [{"a": [{"b": 1}]}]),
    ({"a": {"$all": [1, 2]}}, [{"a": [2, 1, 3]}], [{"a": [1]}, {"a": 1}]),
    ({"a": {"$all": [1]}}, [{"a": 1}], [{}]),
    ({"a": {"$all": []}}, [], [{}, {"a": []}]),
    ({"a": {"$all": [Regex("^x"), "y"]}}, [{"a": ["xx", "y"]}], [{"a": ["y"]}]),
    ({"a": {"$all": [{"$elemMatch": {"b": 1}}, {"$elemMatch": {"b": 2}}]}},
     [{"a": [{"b": 2}, {"b": 1}]}], [{"a": [{"b": 1}]}]),
    # logic
    ({"$and": [{"a": 1}, {"b": 2}]}, [{"a": 1, "b": 2}], [{"a": 1}]),
    ({"$or": [{"a": 1}, {"b": 2}]}, [{"a": 1}, {"b": 2}], [{}]),
    ({"$nor": [{"a": 1}, {"b": 2}]}, [{}], [{"a": 1}, {"b": 2}]),
    ({"$nor": [{}]}, [], [{}]),
    ({"a": 1, "b": 2}, [{"a": 1, "b": 2}], [{"b": 2}]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[0])[:60])
def test_mongodb_semantics(case: tuple[dict[str, Any], list[Any], list[Any]]) -> None:
    filter, matching, others = case
    predicate = compile_filter(filter)
    assert [document for document in matching if not predicate(decode(encode(document)))] == []
    assert [document for document in others if predicate(decode(encode(document)))] == []


@pytest.mark.parametrize(
    "filter",
    [
        {"$where": "1"},
        {"$text": {}},
        {"a": {"$not": {"$gt": 1}}},
        {"a": {"$mod": [2, 0]}},
        {"a": {"$gt": 1, "b": 2}},
        {"a": {"b": 2, "$gt": 1}},
        {"a": {"$in": 1}},
        {"a": {"$in": [{"$gt": 1}]}},
        {"a": {"$nin": "x"}},
        {"a": {"$all": 1}},
        {"a": {"$all": [{"$gt": 1}]}},
        {"a": {"$elemMatch": 1}},
        {"a": {"$elemMatch": {"$where": "1"}}},
        {"a": {"$options": "i"}},
        {"a": {"$regex": "("}},
        {"a": {"$regex": 1}},
        {"a": {"$regex": "a", "$options": "q"}},
        {"a": {"$ne": Regex("a")}},
        {"a": {"$gt": Regex("a")}},
        {"a": {"$type": "text"}},
        {"a": {"$type": 99}},
        {"a": {"$type": True}},
        {"a": {"$type": 2.5}},
        {"$or": []},
        {"$and": {}},
        {"$nor": [1]},
        {"a": 1 << 64},
        {"a": ...},
        {"a": "\ud800"},
    ],
    ids=str,
)
def test_what_is_outside_the_subset_is_refused(filter: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFilter):
        compile_filter(filter)


def test_a_filter_is_read_as_a_server_would() -> None:
    assert normalise({"a": (1, 2), "b": DAY}) == {"a": [1, 2], "b": DAY.replace(tzinfo=None)}


values = strategies.nested(strategies.any_scalar)


@settings(max_examples=500)
@given(
    documents=strategies.documents(values),
    filter=strategies.filters(
        strategies.any_scalar, values, strategies.PATHS + strategies.POSITIONS
    ),
)
def test_agrees_with_a_literal_implementation(
    documents: list[dict[str, Any]], filter: dict[str, Any]
) -> None:
    predicate = compile_filter(filter)
    normal = normalise(filter)
    for document in documents:
        stored = decode(encode(document))
        assert predicate(stored) == oracle.matches(stored, normal)


@settings(max_examples=300)
@given(
    documents=strategies.crowded(),
    filter=strategies.searches(["a", "b", "c.x", "c.y", "c", "c.0.x", "a.1"]),
)
def test_agrees_on_crowded_documents(
    documents: list[dict[str, Any]], filter: dict[str, Any]
) -> None:
    predicate = compile_filter(filter)
    normal = normalise(filter)
    for document in documents:
        stored = decode(encode(document))
        assert predicate(stored) == oracle.matches(stored, normal)
