"""What is asked of a server whose `$elemMatch` and negation are not MongoDB's."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.store.widened import value_at, widened


@pytest.mark.parametrize(
    ("filter", "asked"),
    [
        ({}, {}),
        ({"a": 1}, {"a": {"$eq": 1}}),
        ({"a": {"$nin": [True]}}, {"a": {"$nin": [True]}}),
        ({"a.b": {"$nin": [True]}}, {}),
        ({"a.b": {"$in": [None, 1]}}, {}),
        ({"a": {"$in": [None, 1]}}, {"a": {"$in": [None, 1]}}),
        ({"a": {"x": 1}}, {}),
        (
            {"a.b": {"$gte": 1, "$lt": 2}},
            {"$and": [{"a.b": {"$gte": 1}}, {"a.b": {"$lt": 2}}]},
        ),
        (
            {"a": {"$regex": "x", "$options": "i", "$gt": "a"}},
            {"$and": [{"a": {"$regex": "x", "$options": "i"}}, {"a": {"$gt": "a"}}]},
        ),
        (
            {"a": {"$elemMatch": {"t": {"$in": ["case"]}, "$nor": [{"t": {"$type": "array"}}]}}},
            {"a.t": {"$in": ["case"]}},
        ),
        ({"a": {"$elemMatch": {"$gte": 1}}}, {}),
        ({"$nor": [{"a": {"$type": "array"}}]}, {"$nor": [{"a": {"$type": "array"}}]}),
        ({"$nor": [{"a": 1}]}, {}),
        ({"$or": [{"a": 1}, {"$nor": [{"b": 1}]}]}, {}),
        (
            {"$or": [{"a": 1}, {"b": 1, "c": 2}]},
            {"$or": [{"a": {"$eq": 1}}, {"$and": [{"b": {"$eq": 1}}, {"c": {"$eq": 2}}]}]},
        ),
    ],
)
def test_a_filter_is_widened_to_what_is_safe(filter: dict[str, Any], asked: dict[str, Any]) -> None:
    assert widened(filter) == asked


@pytest.mark.parametrize(
    ("path", "value"), [("a", {"b": 1}), ("a.b", 1), ("a.b.c", None), ("x.y", None)]
)
def test_the_value_at_a_path(path: str, value: Any) -> None:
    assert value_at({"a": {"b": 1}}, path) == value
