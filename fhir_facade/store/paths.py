"""Walking a dotted path through a document as MongoDB does, arrays on the way included.

https://github.com/mongodb/mongo/blob/master/src/mongo/db/matcher/path.cpp
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final

from bson import DBRef

from fhir_facade.store.order import NULL_BYTES, UNDEFINED, invert, sort_bytes


class Missing(enum.Enum):
    """The value of a path that a document does not have."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING

Test = Callable[[Any], bool]
"""Says whether one element (or `MISSING`) satisfies a condition."""

Predicate = Callable[[dict[str, Any]], bool]
"""Says whether a document satisfies a condition."""

Extractor = Callable[[Mapping[str, Any]], list[bytes]]
"""Returns the encoded values that an index holds for a path of a document, never an empty list."""


def position(part: str) -> int | None:
    """Return the array index that a path segment may mean."""
    return int(part) if part.isascii() and part.isdigit() and str(int(part)) == part else None


def at_path(path: str, test: Test, *, expand: bool = True) -> Predicate:
    """Compile "some element at `path` satisfies `test`".

    With `expand`, an array at the end of the path offers its elements and then itself.
    """
    return _descend(path.split("."), test, expand)


def _descend(parts: list[str], test: Test, expand: bool) -> Predicate:
    name, rest = parts[0], parts[1:]
    if not rest:
        return _leaf(name, test, expand)
    inner = _descend(rest, test, expand)
    through = _through_array(rest, inner, test, expand)
    if_missing = test(MISSING)

    def branch(document: dict[str, Any]) -> bool:
        value = document.get(name, MISSING)
        kind = value.__class__
        if kind is dict:
            return inner(value)
        if kind is list:
            return through(value)
        if kind is DBRef:
            return inner(value.as_doc())
        return if_missing

    return branch


def _leaf(name: str, test: Test, expand: bool) -> Predicate:
    def whole(document: dict[str, Any]) -> bool:
        return test(document.get(name, MISSING))

    def expanded(document: dict[str, Any]) -> bool:
        value = document.get(name, MISSING)
        if value.__class__ is list:
            for element in value:
                if test(element):
                    return True
        return test(value)

    return expanded if expand else whole


def _through_array(
    rest: list[str], inner: Predicate, test: Test, expand: bool
) -> Callable[[list[Any]], bool]:
    """Compile the walk through an array that stands before the segments `rest`."""

    def implicit(array: list[Any]) -> bool:
        for element in array:
            kind = element.__class__
            if kind is dict:
                if inner(element):
                    return True
            elif kind is DBRef and inner(element.as_doc()):
                return True
        return False

    index = position(rest[0])
    if index is None:
        return implicit
    at_index = _at_index(rest[1:], test, expand)

    def either(array: list[Any]) -> bool:
        return implicit(array) or (index < len(array) and at_index(array[index]))

    return either


def _at_index(rest: list[str], test: Test, expand: bool) -> Test:
    """Compile the walk from an element that was named by its position: it is not expanded."""
    if not rest:
        return test
    inner = _descend(rest, test, expand)
    through = _through_array(rest, inner, test, expand)

    def step(element: Any) -> bool:
        if isinstance(element, dict):
            return inner(element)
        return isinstance(element, list) and through(element)

    return step


def index_values(path: str) -> Extractor:
    """Compile the list of encoded values an index has for a path: one for each array element.

    As on MongoDB, missing is null, an empty array at the end of the path is "undefined" (below
    null), and an element that cannot be walked into gives null.
    """
    parts = path.split(".")
    if len(parts) > 1:
        return lambda document: _collect(document, parts, 0)

    def single(document: Mapping[str, Any]) -> list[bytes]:
        value = document.get(path)
        return _elements(value) if value.__class__ is list else [sort_bytes(value)]

    return single


def _elements(value: list[Any]) -> list[bytes]:
    return [sort_bytes(element) for element in value] or [UNDEFINED]


def _collect(value: Any, parts: list[str], depth: int) -> list[bytes]:
    while depth < len(parts):
        kind = value.__class__
        if kind is dict:
            value = value.get(parts[depth])
        elif kind is list:
            return _collect_array(value, parts, depth)
        elif kind is DBRef:
            value = value.as_doc().get(parts[depth])
        else:
            return [NULL_BYTES]
        depth += 1
    return _elements(value) if value.__class__ is list else [sort_bytes(value)]


def _collect_array(array: list[Any], parts: list[str], depth: int) -> list[bytes]:
    index = position(parts[depth])
    if index is not None and index < len(array):
        return _collect(array[index], parts, depth + 1)
    found: list[bytes] = []
    for element in array:
        found += [NULL_BYTES] if isinstance(element, list) else _collect(element, parts, depth)
    return found or [NULL_BYTES]


def sort_component(path: str, direction: int) -> Callable[[dict[str, Any]], bytes]:
    """Compile one part of a sort key: of an array its least element, descending its greatest."""
    values = index_values(path)
    if direction > 0:
        return lambda document: min(values(document))
    return lambda document: invert(max(values(document)))
