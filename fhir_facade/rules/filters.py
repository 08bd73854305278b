"""Small MongoDB filters that every kind builds its search predicates from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Filter = dict[str, Any]

NOTHING: Filter = {"_id": {"$in": []}}
"""Matches no document: what a value that cannot match becomes."""

EVERYTHING: Filter = {}
"""Matches every document."""

AROUND = "parent"
"""Where an embedded record finds the document it stands in."""

EMPTY: tuple[Any, ...] = (None, "")
"""What counts as absent; `null` in a filter also matches a missing path."""


def scalar(path: str, condition: Any) -> Filter:
    """A condition on one value: an array there is a wrong type, and no element of it may match.

    The document around an embedded record is none, whatever it holds.
    """
    guarded = [each for each in prefixes(path) if each != AROUND]
    return {path: condition, "$nor": [{each: {"$type": "array"}} for each in guarded]}


def prefixes(path: str) -> list[str]:
    """Return `a`, `a.b` for `a.b`."""
    names = path.split(".")
    return [".".join(names[: depth + 1]) for depth in range(len(names))]


def any_of(filters: Iterable[Filter]) -> Filter:
    """Join alternatives; none of them is a filter that matches nothing.

    Lists of values at one path become one list, which an index answers in order.
    """
    known: list[Filter] = []
    lists: dict[str, list[int]] = {}
    for each in filters:
        if each == EVERYTHING:
            return EVERYTHING
        if each != NOTHING and not _joined(known, lists, each):
            known.append(each)
    for place in (place for places in lists.values() for place in places):
        (path, condition), *guard = known[place].items()
        known[place] = {path: {"$in": _distinct(condition["$in"])}, **dict(guard)}
    if not known:
        return NOTHING
    return known[0] if len(known) == 1 else {"$or": known}


def _joined(known: list[Filter], lists: dict[str, list[int]], filter: Filter) -> bool:
    """Add a list of values to one that is known for its path; say whether there was one.

    `lists` says where among `known` the lists of each path are; they are copies, to be added to.
    """
    (path, condition), *guard = filter.items()
    if not isinstance(condition, dict) or condition.keys() != {"$in"}:
        return False
    places = lists.setdefault(path, [])
    for place in places:
        (_, own), *own_guard = known[place].items()
        if guard == own_guard:
            own["$in"] += condition["$in"]
            return True
    places.append(len(known))
    known.append({path: {"$in": [*condition["$in"]]}, **dict(guard)})
    return True


def _distinct(values: list[Any]) -> list[Any]:
    """Leave out repeated values; 1 and True are two, as they are in BSON."""
    return list({(type(value), value): value for value in values}.values())


def all_of(filters: Iterable[Filter]) -> Filter:
    """Join conditions."""
    known = list(filters)
    if NOTHING in known:
        return NOTHING
    known = [each for each in known if each != EVERYTHING] or known[:1]
    if not known:
        return EVERYTHING
    return known[0] if len(known) == 1 else {"$and": known}


def none_of(filters: Iterable[Filter]) -> Filter:
    """Exclude alternatives."""
    known = [each for each in filters if each != NOTHING]
    if EVERYTHING in known:
        return NOTHING
    return {"$nor": known} if known else EVERYTHING


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
