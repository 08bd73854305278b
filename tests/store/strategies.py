"""Random dirty documents, and filters of the shapes that search emits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bson import Binary, Code, DatetimeMS, Decimal128, MaxKey, MinKey, ObjectId, Regex
from bson.int64 import Int64
from bson.timestamp import Timestamp
from hypothesis import strategies as st

DAY = datetime(2024, 5, 17, 8, 30, tzinfo=UTC)

PLAIN: list[Any] = [
    None,
    "",
    "a",
    "ab",
    "b",
    "true",
    0,
    1,
    2,
    -1,
    Int64(1),
    1.0,
    1.5,
    True,
    False,
    ObjectId("000000000000000000000001"),
    ObjectId("f" * 24),
    DAY,
    DAY + timedelta(milliseconds=1),
]
"""Values on which every server agrees."""

EXOTIC: list[Any] = [
    MinKey(),
    MaxKey(),
    float("nan"),
    float("inf"),
    float("-inf"),
    -0.0,
    Decimal128("1"),
    Decimal128("1.00"),
    Decimal128("1.5"),
    Decimal128("0.1"),
    0.1,
    Decimal128("NaN"),
    Decimal128("-Infinity"),
    Decimal128("1E-6176"),
    5e-324,
    -5e-324,
    1e300,
    Int64(2**63 - 1),
    Int64(-(2**63)),
    float(2**63),
    2**53,
    Int64(2**53 + 1),
    b"",
    b"a",
    b"ab",
    Binary(b"a", 2),
    Binary(b"a", 5),
    UUID(int=1),
    UUID(int=2),
    Timestamp(1, 1),
    Timestamp(1, 2),
    Regex("a"),
    Regex("a", re.I),
    Code("x"),
    Code("x", {"a": 1}),
    DatetimeMS(10**17),
    DatetimeMS(-(10**17)),
    "a\0",
    "a\0b",
    "ä",
    "\uffff",
    "😀",
]
"""Every other type of BSON, and the edges of each."""

plain = st.sampled_from(PLAIN)
any_scalar = st.sampled_from(PLAIN + EXOTIC)


def nested(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Scalars, and arrays and documents of them."""
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["x", "y", "0"]), inner, max_size=2)
        ),
        max_leaves=4,
    )


def documents(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Documents with a few fields that hold anything, anywhere."""
    document = st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["task", "flag", "todo", None]),
            "a": values,
            "b": values,
            "c": values | st.fixed_dictionaries({}, optional={"x": values, "y": values}),
        },
    )
    return st.lists(document, min_size=1, max_size=12)


PATHS = ["a", "b", "c", "c.x", "c.y", "type"]
POSITIONS = ["a.0", "c.0.x", "c.x.0", "c.0"]


def fields(
    scalars: st.SearchStrategy[Any],
    values: st.SearchStrategy[Any],
    paths: list[str],
    elem_match: bool,
) -> st.SearchStrategy[dict[str, Any]]:
    """A condition on one path."""
    comparison = st.sampled_from(["$gt", "$gte", "$lt", "$lte"])
    names = st.sampled_from(["string", "number", "bool", "null", "array", "object", "date", "int"])
    comparable = scalars.filter(lambda value: not isinstance(value, Regex))
    exact = values.filter(lambda value: not isinstance(value, Regex))
    conditions: list[st.SearchStrategy[Any]] = [
        exact,
        st.fixed_dictionaries({"$eq": values}),
        st.fixed_dictionaries({"$ne": exact}),
        st.fixed_dictionaries({"$in": st.lists(values, max_size=3)}),
        st.fixed_dictionaries({"$nin": st.lists(values, max_size=3)}),
        st.dictionaries(comparison, comparable, min_size=1, max_size=2),
        st.fixed_dictionaries({"$exists": st.booleans()}),
        st.fixed_dictionaries({"$type": names | st.lists(names, min_size=1, max_size=2)}),
        st.fixed_dictionaries(
            {"$regex": st.sampled_from(["^a", "b$", "", "A"])}, optional={"$options": st.just("i")}
        ),
        st.fixed_dictionaries({"$all": st.lists(comparable, max_size=2)}),
    ]
    if elem_match:
        document = st.fixed_dictionaries({"x": values}, optional={"y": scalars})
        element = st.dictionaries(comparison | st.just("$eq"), comparable, min_size=1, max_size=2)
        conditions.append(st.fixed_dictionaries({"$elemMatch": document | element}))
    return st.dictionaries(st.sampled_from(paths), st.one_of(conditions), min_size=1, max_size=1)


def filters(
    scalars: st.SearchStrategy[Any],
    values: st.SearchStrategy[Any],
    paths: list[str],
    *,
    elem_match: bool = True,
) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions, and what joins them."""
    leaf = fields(scalars, values, paths, elem_match)
    joined = st.sampled_from(["$and", "$or", "$nor"])
    return st.recursive(
        leaf,
        lambda inner: st.dictionaries(
            joined, st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=1
        ),
        max_leaves=4,
    ) | st.just({})


directions = st.sampled_from([1, -1])


def sorts(paths: list[str]) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Up to two paths and the `_id`."""
    return st.builds(
        lambda keys, last: [*keys, ("_id", last)],
        st.lists(
            st.tuples(st.sampled_from(paths), directions),
            max_size=2,
            unique_by=lambda key: key[0],
        ),
        directions,
    )


FEW: list[Any] = [None, 1, 2, 3, "a", DAY]
few = st.sampled_from(FEW)
few_values = st.one_of(few, few, st.lists(few, max_size=3))


def crowded() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Documents with so few different values that many are found, at several places of an index."""
    part = st.fixed_dictionaries({}, optional={"x": few_values, "y": few_values})
    document = st.fixed_dictionaries(
        {"type": st.sampled_from(["task", "flag", "todo"]), "a": few_values, "b": few_values},
        optional={"c": st.one_of(part, st.lists(part, max_size=3), few_values)},
    )
    return st.lists(document, min_size=4, max_size=14)


def narrow(path: str, elem_match: bool) -> st.SearchStrategy[dict[str, Any]]:
    """A condition that an index on the path can answer."""
    bounds = st.fixed_dictionaries(
        {"$gte": st.sampled_from([1, 2, "", DAY]), "$lt": st.sampled_from([2, 3, "b"])}
    )
    bound = st.dictionaries(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), few, min_size=1)
    many = st.fixed_dictionaries({"$in": st.lists(few, min_size=1, max_size=4)})
    element = st.fixed_dictionaries({"$elemMatch": bound})
    exact = few_values.map(lambda value: {"$eq": value})
    found = [exact, many, bound, bounds, *([element] if elem_match else [])]
    return st.one_of(found).map(lambda condition: {path: condition})


def searches(paths: list[str], *, elem_match: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """What search emits: the type, and conditions on other paths, some of them alternatives."""
    one = st.sampled_from(paths).flatmap(lambda path: narrow(path, elem_match))
    either = st.fixed_dictionaries({"$or": st.lists(one, min_size=1, max_size=3)})
    types = st.lists(st.sampled_from(["task", "flag", "todo"]), min_size=1, max_size=3)
    kind = types.map(lambda names: {"type": {"$in": names}})
    return st.builds(
        lambda first, rest: {"$and": [first, *rest]},
        kind,
        st.lists(st.one_of(one, one, either), max_size=2),
    )
