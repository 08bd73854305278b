"""Lists that come in merged with those that are stored, so that each item keeps what is its own.

An item that came back as it was served keeps the stored one, untouched and in its place; an edited
one is written into the stored one that it was; what nobody could read stays where it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from fhir_facade.rules.findings import Decode
from fhir_facade.rules.json_text import comparable

Key = Callable[[Any], Any]
Matched = tuple[int | None, bool]
"""The place of the served item that a value is, if it is one, and whether it is unchanged."""


def as_list(stored: Any) -> list[Any]:
    """Return a stored list; a lone value is a list of one."""
    if isinstance(stored, list):
        return stored
    return [] if stored in (None, "") else [stored]


def merged(
    stored: Sequence[Any], served: Sequence[Any], values: Sequence[Any], decode: Decode, key: Key
) -> list[Any]:
    """Return the items to store: `served` is how each stored one is read, None where it is not."""
    found: list[tuple[int | None, Any]] = []
    for value, (at, same) in zip(values, matches(values, served, key), strict=True):
        before = None if at is None else stored[at]
        item = before if same else decode(value, before)
        if item is not None:
            found.append((at, item))
    unread = [at for at, each in enumerate(served) if each is None]
    return list(_in_place(found, stored, unread))


def _in_place(
    found: Sequence[tuple[int | None, Any]], stored: Sequence[Any], unread: list[int]
) -> Iterator[Any]:
    """Yield the items with those that nobody reads before what they stood before."""
    left = deque(unread)
    for at, item in found:
        while at is not None and left and left[0] < at:
            yield stored[left.popleft()]
        yield item
    for at in left:
        yield stored[at]


def matches(values: Sequence[Any], served: Sequence[Any], key: Key) -> list[Matched]:
    """Return for each value which served item it is: an equal one, one of its key, or in its place.

    The place counts between two equal items, where as many are left on both sides.
    """
    found: list[Matched] = _by(values, served, comparable, [(None, False)] * len(values), same=True)
    found = _by(values, served, key, found, same=False)
    anchors = [(-1, -1), *_increasing(found), (len(values), len(served))]
    free = set(range(len(served))) - {at for at, _ in found}
    for (start, first), (end, last) in pairwise(anchors):
        mine = [at for at in range(start + 1, end) if found[at][0] is None]
        theirs = [at for at in range(first + 1, last) if at in free and served[at] is not None]
        if len(mine) == len(theirs):
            for place, at in zip(mine, theirs, strict=True):
                found[place] = (at, False)
    return found


def _by(
    values: Sequence[Any], served: Sequence[Any], key: Key, found: list[Matched], *, same: bool
) -> list[Matched]:
    """Match what has no match yet by a key; values without one match nothing."""
    taken = {at for at, _ in found}
    places: dict[Any, deque[int]] = {}
    for at, each in enumerate(served):
        if each is not None and at not in taken and (name := key(each)) is not None:
            places.setdefault(name, deque()).append(at)
    result = list(found)
    for place, value in enumerate(values):
        left = places.get(key(value)) if result[place][0] is None else None
        if left:
            result[place] = (left.popleft(), same)
    return result


def _increasing(found: Sequence[Matched]) -> Iterator[tuple[int, int]]:
    """Yield the matches that are in the same order on both sides."""
    last = -1
    for place, (at, _) in enumerate(found):
        if at is not None and at > last:
            yield place, at
            last = at
