"""Choosing what to read: the ranges of an index that hold every match, or the index that sorts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, NamedTuple

from fhir_facade.store.base import Sort
from fhir_facade.store.sargable import Conjunction, Constraint
from fhir_facade.store.sqlite_schema import Collection, Source

FIRST: Final = b"\x01"
BEYOND: Final = b"\xff"
"""Every `k` of a document lies between the two."""

_MOST_RANGES: Final = 1000
_MOST_MERGED: Final = 64
_FEW: Final = 16


class Range(NamedTuple):
    """The entries of a source from `low` to before `high`; `prefix` is what they all share."""

    source: Source
    low: bytes
    high: bytes
    prefix: bytes = b""


@dataclass(frozen=True)
class Access:
    """Ranges that hold every match of a filter, and how many entries they have."""

    ranges: list[Range]
    bound: frozenset[str]
    """The paths that the ranges pin down."""
    entries: int = -1
    """Entries in all; negative if not counted."""
    pinned: frozenset[str] = frozenset()
    """The paths of which every entry holds one of the values that are looked for."""


@dataclass(frozen=True)
class Order:
    """Ranges of one index that, merged, are in the order of a sort."""

    ranges: list[Range]
    bound: frozenset[str]
    forward: bool
    grouped: bool
    """Entries of equal sort values are wanted in the other direction of `_id`."""
    explicit_id: bool
    """The `_id` is among the index's own keys."""
    suffix: tuple[tuple[str, int], ...]
    """The index's keys that sort: all after those that the ranges pin down."""
    multikey: bool
    narrowing: Access | None = None
    """Points of another index at which a document must have an entry too."""

    @property
    def pinned(self) -> frozenset[str]:
        """The paths of which every entry holds one of the values that are looked for."""
        return self.bound - {path for path, _ in self.suffix}


def cheapest(
    connection: sqlite3.Connection,
    collection: Collection,
    conjunction: Conjunction,
    limit: int,
    skip: frozenset[str] = frozenset(),
    needs: frozenset[str] | None = None,
) -> Access | None:
    """Return the ranges with the fewest entries, if those are at most `limit`.

    Ranges that pin down no more than the paths `skip`, or none of `needs`, are left out.
    """
    best: Access | None = None
    for disjunction in conjunction.disjunctions:
        union = _union(connection, collection, conjunction, disjunction, limit)
        if union is not None:
            best, limit = union, union.entries
    for option in _options(connection, collection, conjunction):
        if best is not None and best.entries <= _FEW:
            break
        if option.bound <= skip or (needs is not None and not option.bound & needs):
            continue
        entries = _count(connection, option.ranges, limit)
        if entries <= limit and (best is None or entries < best.entries):
            best, limit = replace(option, entries=entries), entries
    return best


def _union(
    connection: sqlite3.Connection,
    collection: Collection,
    conjunction: Conjunction,
    disjunction: list[Conjunction],
    limit: int,
) -> Access | None:
    """Return the cheapest ranges of every branch together."""
    ranges: list[Range] = []
    bound: frozenset[str] = frozenset()
    entries = 0
    for branch in disjunction:
        access = cheapest(
            connection,
            collection,
            conjunction.with_branch(branch),
            limit - entries,
            needs=frozenset(branch.constraints),
        )
        if access is None:
            return None
        ranges += access.ranges
        bound |= access.bound
        entries += access.entries
    return Access(list(dict.fromkeys(ranges)), bound, entries)


def _count(connection: sqlite3.Connection, ranges: list[Range], limit: int) -> int:
    """Count the entries of the ranges, no further than just above `limit`."""
    total = 0
    for source, low, high, _prefix in ranges:
        parameters = (low, high, limit + 1 - total)
        total += connection.execute(source.count, parameters).fetchone()[0]
        if total > limit:
            break
    return total


def _options(
    connection: sqlite3.Connection, collection: Collection, conjunction: Conjunction
) -> Iterator[Access]:
    """Yield the ways to pin down leading paths of an index, those that pin down most first."""
    options = [
        option
        for source in collection.sources
        if (option := _bind(connection, source, conjunction)) is not None
    ]
    options.sort(key=lambda option: -len(option.bound))
    seen: list[frozenset[str]] = []
    for option in options:
        if not any(option.bound <= bound for bound in seen):
            seen.append(option.bound)
            yield option


def _bind(
    connection: sqlite3.Connection, source: Source, conjunction: Conjunction
) -> Access | None:
    """Pin down as many leading paths of one index as the filter allows."""
    columns: list[list[tuple[bytes, bytes]]] = []
    bound: list[str] = []
    pinned: list[str] = []
    ranges = 1
    for path, direction in source.keys:
        constraint = conjunction.points(path)
        if constraint is not None:
            ranges *= len(constraint.intervals)
            if ranges > _MOST_RANGES and bound:
                break
            columns.append(_bounds(constraint, direction))
            bound.append(path)
            pinned.append(path)
        else:
            if last := _last_bounds(connection, source, conjunction, path, direction):
                columns.append([last])
                bound.append(path)
            break
    if not bound:
        return None
    return Access(_ranges(source, columns), frozenset(bound), pinned=frozenset(pinned))


def _bounds(constraint: Constraint, direction: int) -> list[tuple[bytes, bytes]]:
    return sorted(interval.bounds(direction < 0) for interval in constraint.intervals)


def _last_bounds(
    connection: sqlite3.Connection,
    source: Source,
    conjunction: Conjunction,
    path: str,
    direction: int,
) -> tuple[bytes, bytes] | None:
    if path not in conjunction.constraints:
        return None
    interval = conjunction.interval(path, source.is_multikey(connection))
    return interval.bounds(direction < 0) if interval is not None else None


def _ranges(source: Source, columns: list[list[tuple[bytes, bytes]]]) -> list[Range]:
    *leading, last = columns
    prefixes = [b"".join(low for low, _ in combination) for combination in product(*leading)]
    return [Range(source, prefix + low, prefix + high) for prefix in prefixes for low, high in last]


def ordering(
    connection: sqlite3.Connection, collection: Collection, conjunction: Conjunction, sort: Sort
) -> Order | None:
    """Return the index that gives the order of `sort`, the one with the most paths pinned down."""
    orders = [
        order
        for source in collection.sources
        if (order := _order(connection, source, conjunction, tuple(sort))) is not None
    ]
    return max(orders, key=lambda order: len(order.bound), default=None)


def _order(
    connection: sqlite3.Connection,
    source: Source,
    conjunction: Conjunction,
    sort: tuple[tuple[str, int], ...],
) -> Order | None:
    explicit = source.keys[-1:] != () and source.keys[-1][0] == "_id"
    wanted = sort if explicit else sort[:-1]
    leading = len(source.keys) - len(wanted)
    if leading < 0:
        return None
    suffix = source.keys[leading:]
    directions = {mine * theirs for (_, mine), (_, theirs) in zip(suffix, wanted, strict=True)}
    if [path for path, _ in suffix] != [path for path, _ in wanted] or len(directions) > 1:
        return None
    constraints = [conjunction.points(path) for path, _ in source.keys[:leading]]
    if None in constraints:
        return None
    last = sort[-1][1]
    forward = (directions.pop() if directions else last) > 0
    ranges, bound, multikey = _pinned(connection, source, conjunction, leading)
    if len(ranges) > _MOST_MERGED:
        return None
    grouped = not explicit and forward != (last > 0)
    return Order(ranges, bound, forward, grouped, explicit, suffix, multikey)


def _pinned(
    connection: sqlite3.Connection, source: Source, conjunction: Conjunction, leading: int
) -> tuple[list[Range], frozenset[str], bool]:
    """Return a range for each combination of leading values, narrowed on the first sort path."""
    multikey = source.is_multikey(connection)
    columns = [
        _bounds(constraint, direction)
        for path, direction in source.keys[:leading]
        if (constraint := conjunction.points(path)) is not None
    ]
    bound = [path for path, _ in source.keys[:leading]]
    low, high = FIRST, BEYOND
    if (
        leading < len(source.keys) and not multikey
    ):  # of an array the least element sorts, in or out
        path, direction = source.keys[leading]
        if narrowed := _last_bounds(connection, source, conjunction, path, direction):
            low, high = narrowed
            bound.append(path)
    prefixes = [b"".join(low for low, _ in combination) for combination in product(*columns)]
    if leading == len(source.keys):  # nothing follows the prefix
        low = b""
    ranges = [Range(source, prefix + low, prefix + high, prefix) for prefix in prefixes]
    if len(ranges) > _MOST_MERGED:
        ranges = occupied(connection, ranges)
    return ranges, frozenset(bound), multikey


def narrowing(
    connection: sqlite3.Connection, collection: Collection, conjunction: Conjunction, order: Order
) -> Access | None:
    """Return the points of an index that say more than the ranges that sort, if there are any."""
    for option in _options(connection, collection, conjunction):
        if not option.ranges:
            continue
        source = option.ranges[0].source
        whole = {path for path, _ in source.keys} == option.pinned
        if source.table and whole and not option.pinned <= order.bound:
            ranges = occupied(connection, option.ranges)
            return replace(option, ranges=ranges) if ranges else None
    return None


def occupied(connection: sqlite3.Connection, ranges: list[Range]) -> list[Range]:
    """Leave out what holds nothing: most spellings of a code occur nowhere."""
    return [
        each
        for each in ranges
        if connection.execute(each.source.count, (each.low, each.high, 1)).fetchone()[0]
    ]
