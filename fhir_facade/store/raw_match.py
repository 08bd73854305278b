"""Matching without decoding: what a document's bytes alone show to satisfy a filter.

A field's name stands in BSON behind its type and before a NUL. So a name that occurs nowhere is a
field that is missing, and one that never stands behind the type of an array holds none. What the
bytes do not show is left to the complete filter on the decoded document.

https://bsonspec.org/spec.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from bson import ObjectId

from fhir_facade.store.matching import compile_normalised
from fhir_facade.store.sargable import Conjunction, constraint_of

RawTest = Callable[[bytes], bool]
"""True where the bytes show that a filter is satisfied; False where they leave it open."""

_ARRAY: Final = b"\x04"
_TYPES: Final = {"string": b"\x02", "objectId": b"\x07", "binData": b"\x05"}
_FALSE: Final = (b"\x08", b"\x00")
"""What stands before the name, and after its NUL, of a field that is false."""


def shortcut(
    filter: dict[str, Any], conjunction: Conjunction, pinned: frozenset[str]
) -> RawTest | None:
    """Return a test for documents found by an index that pins down some paths; None if none can be.

    `filter` is normalised, and `conjunction` is what `analyse` made of it.
    """
    tests: list[RawTest] = []
    for path, argument in _conjuncts(filter):
        if path in pinned and _is_proven(path, argument, conjunction):
            continue
        test = _test(path, argument)
        if test is None:
            return None
        tests.append(test)

    def all_hold(raw: bytes) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if not test(raw):
                return False
        return True

    return all_hold


def _conjuncts(filter: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, argument in filter.items():
        if path == "$and":
            for each in argument:
                yield from _conjuncts(each)
        else:
            yield path, argument


def _is_proven(path: str, argument: Any, conjunction: Conjunction) -> bool:
    """Say whether an index entry within the pinned points is what the condition asks for."""
    values = argument.get("$in") if isinstance(argument, dict) and len(argument) == 1 else None
    if not values or not all(isinstance(each, str | ObjectId) for each in values):
        return False
    asked, known = constraint_of("$in", values), conjunction.points(path)
    return asked is not None and known is not None and set(known.intervals) <= set(asked.intervals)


def _test(path: str, argument: Any) -> RawTest | None:
    if path == "$nor" and all(map(_asks_for_arrays, argument)):
        names = {name for each in argument for path in each for name in path.split(".")}
        return _no_arrays(_ARRAY + name.encode() + b"\0" for name in sorted(names))
    if path == "$or":
        return _any_of([test for branch in argument if (test := _branch(branch)) is not None])
    if path.startswith("$") or "." in path or not isinstance(argument, dict):
        return None
    if path == "_id" and argument.keys() == {"$type"}:
        return _id_is(argument["$type"])
    if argument.keys() <= {"$nin", "$ne"}:
        holds = compile_normalised({path: argument})
        if holds({}) and holds({path: False}):
            return _unset(path.encode() + b"\0")
    return None


def _branch(branch: dict[str, Any]) -> RawTest | None:
    return _test(*next(iter(branch.items()))) if len(branch) == 1 else None


def _any_of(tests: list[RawTest]) -> RawTest | None:
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda raw: any(test(raw) for test in tests)


def _id_is(names: Any) -> RawTest | None:
    """The `_id` comes first in a stored document, after its length: type, name, NUL."""
    known = {_TYPES[name] + b"_id\0" for name in names if name in _TYPES}
    return (lambda raw: raw[4:9] in known) if known else None


def _asks_for_arrays(branch: Any) -> bool:
    return isinstance(branch, dict) and all(each == {"$type": "array"} for each in branch.values())


def _no_arrays(elements: Iterator[bytes]) -> RawTest:
    known = tuple(elements)

    def test(raw: bytes) -> bool:
        for each in known:  # noqa: SIM110 - a generator costs more than the tests
            if each in raw:
                return False
        return True

    return test


def _unset(name: bytes) -> RawTest:
    before, after = _FALSE
    false = before + name + after

    def test(raw: bytes) -> bool:
        return name not in raw or raw.count(name) == raw.count(false)

    return test
