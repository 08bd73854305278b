"""Conditions on one element: equality, comparison, type and regular expression, as MongoDB decides.

https://github.com/mongodb/mongo/blob/master/src/mongo/db/matcher/expression_leaf.cpp
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex
from bson.timestamp import Timestamp

from fhir_facade.store.base import UnsupportedFilter
from fhir_facade.store.order import regex_flags, sort_bytes
from fhir_facade.store.paths import MISSING, Missing, Test

_NOTHING: Final[frozenset[Any]] = frozenset()
_NUMBERS: Final = frozenset({int, Int64, float})
_HASHED: Final = frozenset({str, ObjectId, bool, datetime, UUID, type(None)})
"""Types whose values are equal in BSON exactly if they are equal and of one class in Python."""

_NO_VALUES: Final[dict[type, frozenset[Any]]] = dict.fromkeys((*_HASHED, Missing), _NOTHING)

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}

_TYPE_OF_CLASS: Final[dict[type, int]] = {
    float: 1,
    str: 2,
    dict: 3,
    DBRef: 3,
    list: 4,
    bytes: 5,
    Binary: 5,
    UUID: 5,
    ObjectId: 7,
    bool: 8,
    datetime: 9,
    DatetimeMS: 9,
    type(None): 10,
    Regex: 11,
    int: 16,
    Timestamp: 17,
    Int64: 18,
    Decimal128: 19,
    MinKey: -1,
    MaxKey: 127,
}

_TYPE_NAMES: Final[dict[str, tuple[int, ...]]] = {
    "double": (1,),
    "string": (2,),
    "object": (3,),
    "array": (4,),
    "binData": (5,),
    "undefined": (6,),  # decoded as null, so never found
    "objectId": (7,),
    "bool": (8,),
    "date": (9,),
    "null": (10,),
    "regex": (11,),
    "dbPointer": (12,),
    "javascript": (13,),
    "symbol": (14,),  # decoded as a string, so never found
    "javascriptWithScope": (15,),
    "int": (16,),
    "timestamp": (17,),
    "long": (18,),
    "decimal": (19,),
    "minKey": (-1,),
    "maxKey": (127,),
    "number": (1, 16, 18, 19),
}


def never(_element: Any) -> bool:
    """No element satisfies this."""
    return False


def exists(element: Any) -> bool:
    """The path is there, whatever it holds."""
    return element is not MISSING


def one_of(values: Sequence[Any]) -> Test:
    """Compile `$in`; a regular expression among the values is matched."""
    patterns = [value for value in values if isinstance(value, Regex)]
    equal = equal_to_any([value for value in values if not isinstance(value, Regex)])
    if not patterns:
        return equal
    tests = [equal, *(matches(pattern.pattern, pattern.flags) for pattern in patterns)]
    return lambda element: any(test(element) for test in tests)


def equal_to(value: Any) -> Test:
    """Compile `$eq`."""
    kind = value.__class__
    if kind is str or kind is ObjectId:
        return lambda element: element.__class__ is kind and element == value
    return equal_to_any((value,))


def equal_to_any(values: Collection[Any]) -> Test:
    """Compile equality with any of several values: a look-up by class, then by encoded value."""
    by_class = dict(_NO_VALUES)
    numbers: list[Any] = []
    encoded: set[bytes] = set()
    for value in values:
        kind = value.__class__
        if kind in _HASHED:
            by_class[kind] |= {value}
        else:
            encoded.add(sort_bytes(value))
            if kind in _NUMBERS or kind is Decimal128:
                numbers.append(value)
    if by_class[type(None)]:
        by_class[Missing] = frozenset({MISSING})
    if not any(map(is_nan, numbers)):  # Python's numbers are equal and hashed across types
        exact = frozenset(n.to_decimal() if n.__class__ is Decimal128 else n for n in numbers)
        by_class |= dict.fromkeys(_NUMBERS, exact)

    def test(element: Any) -> bool:
        known = by_class.get(element.__class__)
        if known is not None:
            return element in known
        return bool(encoded) and sort_bytes(element) in encoded

    return test


def compared(name: str, value: Any) -> Test:
    """Compile `$gt`, `$gte`, `$lt` or `$lte`: only values of the same canonical type compare."""
    compare = _COMPARE[name]
    if isinstance(value, Regex):
        raise UnsupportedFilter(f"{name} does not take a regular expression")
    if value is None or is_nan(value):
        return equal_to(value) if name in ("$gte", "$lte") else never
    if isinstance(value, MinKey | MaxKey):
        return _compared_to_extreme(name, value)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return _compared_number(compare, value)
    if value.__class__ is str:
        return lambda element: element.__class__ is str and compare(element, value)
    if value.__class__ is datetime:
        return _compared_moment(compare, value)
    return _compared_encoded(compare, value)


def _compared_number(compare: Callable[[Any, Any], bool], value: float) -> Test:
    encoded = _compared_encoded(compare, value)

    def test(element: Any) -> bool:
        if element.__class__ in _NUMBERS:
            return compare(element, value)
        return encoded(element)

    return test


def _compared_moment(compare: Callable[[Any, Any], bool], value: datetime) -> Test:
    encoded = _compared_encoded(compare, value)

    def test(element: Any) -> bool:
        if element.__class__ is datetime:
            return compare(element, value)
        return element.__class__ is DatetimeMS and encoded(element)

    return test


def _compared_encoded(compare: Callable[[Any, Any], bool], value: Any) -> Test:
    bound = sort_bytes(value)
    tag = bound[0]

    def test(element: Any) -> bool:
        if element is MISSING:
            return False
        encoded = sort_bytes(element)
        return encoded[0] == tag and compare(encoded, bound) and not is_nan(element)

    return test


def _compared_to_extreme(name: str, value: MinKey | MaxKey) -> Test:
    """Compile the comparison with MinKey or MaxKey, the only ones that see other types."""
    beyond = name in (("$lt", "$lte") if isinstance(value, MaxKey) else ("$gt", "$gte"))
    inclusive = name in ("$gte", "$lte")
    kind = value.__class__
    return lambda element: inclusive if element.__class__ is kind else beyond


def matches(pattern: str | bytes, flags: int) -> Test:
    """Compile `$regex`: strings that match it, and the same regular expression itself."""
    text = pattern.decode() if isinstance(pattern, bytes) else pattern
    try:
        search = re.compile(text, flags & ~re.L).search
    except re.error as error:
        raise UnsupportedFilter(f"invalid regular expression: {error.msg}") from None
    letters = regex_flags(flags)

    def test(element: Any) -> bool:
        if element.__class__ is str:
            return search(element) is not None
        return (
            element.__class__ is Regex
            and element.pattern == text
            and regex_flags(element.flags) == letters
        )

    return test


def of_type(argument: Any) -> Test:
    """Compile `$type`: a name or number, or a list of them."""
    wanted: set[int] = set()
    for item in argument if isinstance(argument, list) else [argument]:
        numbers = _TYPE_NAMES.get(item) if isinstance(item, str) else _type_number(item)
        if numbers is None:
            raise UnsupportedFilter("$type takes the names or numbers of BSON types")
        wanted.update(numbers)
    classes = frozenset(kind for kind, number in _TYPE_OF_CLASS.items() if number in wanted)
    if not wanted & {13, 15}:
        return lambda element: element.__class__ in classes

    def test(element: Any) -> bool:
        if element.__class__ is Code:
            return (13 if element.scope is None else 15) in wanted
        return element.__class__ in classes

    return test


def _type_number(item: Any) -> tuple[int, ...] | None:
    if isinstance(item, bool) or not isinstance(item, int | float):
        return None
    return (int(item),) if (int(item),) in _TYPE_NAMES.values() and int(item) == item else None


def is_nan(value: Any) -> bool:
    """Say whether a BSON number is "not a number"."""
    if isinstance(value, float):
        return value != value
    return isinstance(value, Decimal128) and value.to_decimal().is_nan()
