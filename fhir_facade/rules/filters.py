"""Small MongoDB filters that every kind builds its search predicates from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Filter = dict[str, Any]

NOTHING: Filter = {"_id": {"$in": []}}
"""Matches no document: what a value that cannot match becomes."""

EMPTY: tuple[Any, ...] = (None, "")
"""What counts as absent; `null` in a filter also matches a missing path."""


def scalar(path: str, condition: Any) -> Filter:
    """A condition on one value: an array there is a wrong type, and no element of it may match."""
    return {path: condition, "$nor": [{each: {"$type": "array"}} for each in prefixes(path)]}


def prefixes(path: str) -> list[str]:
    """Return `a`, `a.b` for `a.b`."""
    names = path.split(".")
    return [".".join(names[: depth + 1]) for depth in range(len(names))]


def any_of(filters: Iterable[Filter]) -> Filter:
    """Join alternatives; none of them is a filter that matches nothing."""
    known = [each for each in filters if each != NOTHING]
    if not known:
        return NOTHING
    return known[0] if len(known) == 1 else {"$or": known}


def all_of(filters: Iterable[Filter]) -> Filter:
    """Join conditions."""
    known = list(filters)
    if NOTHING in known:
        return NOTHING
    return known[0] if len(known) == 1 else {"$and": known}


def absent(path: str) -> Filter:
    return scalar(path, {"$in": list(EMPTY)})


def first_present(paths: Sequence[str], condition: Callable[[str], Filter]) -> Filter:
    """Apply a condition to the first of several paths that holds anything."""
    branches = []
    for position, path in enumerate(paths):
        found = condition(path)
        if found != NOTHING:
            branches.append(all_of([*map(absent, paths[:position]), found]))
    return any_of(branches)
