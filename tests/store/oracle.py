"""A slow, literal second implementation of MongoDB's matching, to hold the fast one to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bson import Code, Decimal128, Int64, MaxKey, MinKey, Regex
from bson.timestamp import Timestamp

from fhir_facade.store.order import sort_bytes

EOO = object()
"""MongoDB's "end of object": what a path yields that is not there."""


def elements(document: Any, parts: list[str], leaf_arrays: bool = True) -> Iterator[Any]:
    """Yield what MongoDB's `BSONElementIterator` yields for a path."""
    name, rest = parts[0], parts[1:]
    value = document.get(name, EOO)
    if not rest:
        if isinstance(value, list) and leaf_arrays:
            yield from value
        yield value
    elif isinstance(value, dict):
        yield from elements(value, rest, leaf_arrays)
    elif isinstance(value, list):
        yield from in_array(value, rest, leaf_arrays)
    else:
        yield EOO


def in_array(array: list[Any], rest: list[str], leaf_arrays: bool) -> Iterator[Any]:
    for index, element in enumerate(array):
        named = rest[0] == str(index)
        if isinstance(element, dict):
            yield from elements(element, rest, leaf_arrays)
            if named and len(rest) > 1:
                yield from elements(element, rest[1:], leaf_arrays)
        if named and len(rest) == 1:
            yield element
        elif named and isinstance(element, list):
            yield from in_array(element, rest[1:], leaf_arrays)


def type_number(value: Any) -> int:
    order: list[tuple[type, int]] = [
        (bool, 8), (Code, 13), (str, 2), (Int64, 18), (int, 16), (float, 1), (Decimal128, 19),
        (dict, 3), (list, 4), (Regex, 11), (Timestamp, 17), (MinKey, -1), (MaxKey, 127),
        (type(None), 10),
    ]  # fmt: skip
    for kind, number in order:
        if isinstance(value, kind):
            return 15 if kind is Code and value.scope is not None else number
    return {"ObjectId": 7, "datetime": 9, "DatetimeMS": 9}.get(type(value).__name__, 5)


NAMES = {
    "string": {2}, "number": {1, 16, 18, 19}, "bool": {8}, "null": {10}, "array": {4},
    "object": {3}, "date": {9}, "int": {16},
}  # fmt: skip


def is_nan(value: Any) -> bool:
    return str(value) in ("nan", "NaN", "-NaN") and isinstance(value, float | Decimal128)


def compares(operator: str, element: Any, value: Any) -> bool:
    """`ComparisonMatchExpression::matchesSingleElement`."""
    left = bytes([0]) if element is EOO else sort_bytes(element)
    right = sort_bytes(value)
    if left[0] != right[0]:
        if element is EOO and value is None:
            return operator in ("$eq", "$lte", "$gte")
        if isinstance(value, MaxKey):
            return operator in ("$lt", "$lte")
        if isinstance(value, MinKey):
            return operator in ("$gt", "$gte")
        return False
    if operator != "$eq" and (is_nan(element) or is_nan(value)):
        return operator in ("$gte", "$lte") and is_nan(element) and is_nan(value)
    return {
        "$eq": left == right,
        "$gt": left > right,
        "$gte": left >= right,
        "$lt": left < right,
        "$lte": left <= right,
    }[operator]


def regex_matches(element: Any, pattern: str, options: str) -> bool:
    flags = re.I if "i" in options else 0
    if isinstance(element, str) and not isinstance(element, Code):
        return re.search(pattern, element, flags) is not None
    return isinstance(element, Regex) and element == Regex(pattern, flags)


def equals_or_matches(element: Any, value: Any) -> bool:
    if isinstance(value, Regex):
        return regex_matches(element, value.pattern, "i" if value.flags & re.I else "")
    return compares("$eq", element, value)


def single(element: Any, operator: str, value: Any, options: str) -> bool:
    if operator == "$in":
        return any(equals_or_matches(element, item) for item in value)
    if operator == "$exists":
        return element is not EOO
    if operator == "$type":
        names = value if isinstance(value, list) else [value]
        return element is not EOO and any(type_number(element) in NAMES[name] for name in names)
    if operator == "$regex":
        return regex_matches(element, value, options)
    return compares(operator, element, value)


def field_matches(document: Any, path: str, condition: Any) -> bool:
    parts = path.split(".")
    if isinstance(condition, Regex):
        return any(equals_or_matches(element, condition) for element in elements(document, parts))
    if not (isinstance(condition, dict) and condition and next(iter(condition))[0] == "$"):
        condition = {"$eq": condition}
    options = condition.get("$options", "")
    return all(
        operator_matches(document, parts, operator, value, options)
        for operator, value in condition.items()
        if operator != "$options"
    )


def operator_matches(
    document: Any, parts: list[str], operator: str, value: Any, options: str
) -> bool:
    negations = {"$ne": "$eq", "$nin": "$in"}
    if operator in negations:
        return not operator_matches(document, parts, negations[operator], value, options)
    if operator == "$exists" and not value:
        return not operator_matches(document, parts, "$exists", True, options)
    if operator == "$all":
        return bool(value) and all(
            operator_matches(document, parts, "$eq", item, "") for item in value
        )
    if operator == "$elemMatch":
        return any(
            elem_matches(item, value)
            for array in elements(document, parts, leaf_arrays=False)
            if isinstance(array, list)
            for item in array
        )
    return any(single(item, operator, value, options) for item in elements(document, parts))


def elem_matches(item: Any, condition: dict[str, Any]) -> bool:
    if condition and next(iter(condition))[0] == "$" and next(iter(condition)) not in LOGICAL:
        return all(single(item, operator, value, "") for operator, value in condition.items())
    if isinstance(item, list):
        item = {str(index): part for index, part in enumerate(item)}
    return isinstance(item, dict) and matches(item, condition)


LOGICAL = ("$and", "$or", "$nor")


def matches(document: Any, filter: dict[str, Any]) -> bool:
    """Say whether a document satisfies a filter."""
    for key, condition in filter.items():
        if key in LOGICAL:
            found = [matches(document, branch) for branch in condition]
            if not {"$and": all(found), "$or": any(found), "$nor": not any(found)}[key]:
                return False
        elif not field_matches(document, key, condition):
            return False
    return True
