"""Running a search on one SQLite connection: a plan, its rows, the complete filter on each."""

# ruff: noqa: S608 - only quoted names are put into SQL

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from fhir_facade.store.base import Filter, Sort
from fhir_facade.store.codec import decode
from fhir_facade.store.matching import compile_normalised, encoded
from fhir_facade.store.order import invert, sort_bytes
from fhir_facade.store.paths import Predicate, sort_component
from fhir_facade.store.raw_match import RawTest, shortcut
from fhir_facade.store.sargable import Conjunction, analyse
from fhir_facade.store.sqlite_plan import (
    Access,
    Order,
    Range,
    cheapest,
    narrowing,
    occupied,
    ordering,
)
from fhir_facade.store.sqlite_schema import Collection, Schema, Source

_CANDIDATES: Final = 2000
_MANY: Final = 1_000_000
_FEW: Final = 100
_FILTERS_KEPT: Final = 500

Row = tuple[bytes, bytes, bytes]
"""(k, key, bson)"""

SortKey = Callable[[dict[str, Any]], bytes]


class OverBudget(Exception):
    """More documents would have to be examined than allowed."""


class Budget:
    """How many documents may still be examined; without a limit, all."""

    def __init__(self, limit: int | None = None) -> None:
        self.left = limit

    def spend(self, documents: int = 1) -> None:
        """Take note of documents about to be examined."""
        if self.left is not None:
            self.left -= documents
            if self.left < 0:
                raise OverBudget


@dataclass(frozen=True)
class _Compiled:
    """A filter made ready once for the searches that use it."""

    normal: dict[str, Any]
    predicate: Predicate
    conjunction: Conjunction


@lru_cache(maxsize=_FILTERS_KEPT)
def _compiled(filter: bytes) -> _Compiled:
    normal = decode(filter)
    return _Compiled(normal, compile_normalised(normal), analyse(normal))


@lru_cache(maxsize=_FILTERS_KEPT)
def _shortcut(filter: bytes, asked: bytes, pinned: frozenset[str]) -> RawTest | None:
    """Return the test of a filter for what an index gives of the search that was `asked`."""
    return shortcut(_compiled(filter).normal, _compiled(asked).conjunction, pinned)


@dataclass(frozen=True)
class Query:
    """A compiled filter with its sort, independent of any connection."""

    collection: str
    filter: bytes
    """The filter as BSON, which plans are remembered by."""
    empty: bool
    predicate: Predicate
    conjunction: Conjunction
    sort: Sort = (("_id", 1),)
    limit: int = 0
    after: Sequence[Any] | None = None

    @classmethod
    def of(
        cls,
        collection: str,
        filter: Filter,
        sort: Sort = (("_id", 1),),
        limit: int = 0,
        after: Sequence[Any] | None = None,
    ) -> Query:
        """Compile a search; raises `UnsupportedFilter`."""
        data = encoded(filter)
        made = _compiled(data)
        return cls(
            collection,
            data,
            not made.normal,
            made.predicate,
            made.conjunction,
            tuple(sort),
            limit,
            after,
        )


def _planned(
    connection: sqlite3.Connection, schema: Schema, collection: Collection, query: Query
) -> tuple[Order | None, Access | None]:
    """Return the index that sorts and the ranges that select; any write anywhere ends a plan."""
    (data_version,) = connection.execute("PRAGMA data_version").fetchone()
    version = (schema.version, data_version, connection.total_changes)
    if schema.plans_version != version or len(schema.plans) > _FILTERS_KEPT:
        schema.plans_version, schema.plans = version, {}
    key = (query.collection, query.filter, query.sort)
    found: tuple[Order | None, Access | None] | None = schema.plans.get(key)
    if found is None:
        found = schema.plans[key] = _plan(connection, collection, query)
    return found


def _plan(
    connection: sqlite3.Connection, collection: Collection, query: Query
) -> tuple[Order | None, Access | None]:
    order = ordering(connection, collection, query.conjunction, query.sort)
    skip = order.bound if order else frozenset[str]()
    access = cheapest(connection, collection, query.conjunction, _CANDIDATES, skip)
    if order is not None:
        order = replace(order, ranges=occupied(connection, order.ranges))
        if access is None:
            also = narrowing(connection, collection, query.conjunction, order)
            order = replace(order, narrowing=also)
    if access is not None:
        access = replace(access, ranges=occupied(connection, access.ranges))
    return order, access


def find(
    connection: sqlite3.Connection, schema: Schema, query: Query, budget: Budget
) -> list[bytes]:
    """Return one page; raises `OverBudget` if that takes too long."""
    collection = schema.collections.get(query.collection)
    if collection is None or query.limit <= 0:
        return []
    order, access = _planned(connection, schema, collection, query)
    if order is not None:
        if access is None:
            if order.narrowing is not None:  # SQLite goes through many entries for one document
                budget.spend(_MANY)
            return _walk(connection, order, query, budget)
        if _is_worth_walking(access, query):
            try:
                return _walk(connection, order, query, Budget(_lesser(access.entries, budget.left)))
            except OverBudget:
                budget.spend(access.entries)
    if access is None:
        access = cheapest(connection, collection, query.conjunction, _MANY)
    return _smallest(_rows(connection, collection, access, budget), query)


def _is_worth_walking(access: Access, query: Query) -> bool:
    """Say whether reading in order may find a page sooner than examining every candidate."""
    return access.entries > max(4 * query.limit, _FEW)


def count(connection: sqlite3.Connection, schema: Schema, query: Query, budget: Budget) -> int:
    """Return the number of matches; raises `OverBudget` if that takes too long."""
    collection = schema.collections.get(query.collection)
    if collection is not None and query.empty:
        budget.spend(_MANY)
        total: int = connection.execute(f"SELECT count(*) FROM {collection.table}").fetchone()[0]
        return total
    return tally(connection, schema, query, budget, part=query)[1]


def tally(
    connection: sqlite3.Connection, schema: Schema, query: Query, budget: Budget, *, part: Query
) -> tuple[int, int]:
    """Return the number of matches, and of a narrower search's; raises `OverBudget`."""
    collection = schema.collections.get(query.collection)
    if collection is None:
        return 0, 0
    access = cheapest(connection, collection, query.conjunction, _MANY)
    pinned = frozenset[str]() if access is None else access.pinned
    holds = _shortcut(part.filter, query.filter, pinned)
    matches = within = 0
    for _, _, data in _rows(connection, collection, access, budget):
        if holds is not None and holds(data):
            matches += 1
            within += 1
            continue
        document = decode(data)
        if query.predicate(document):
            matches += 1
            within += part.predicate(document)
    return matches, within


def get(
    connection: sqlite3.Connection, schema: Schema, name: str, ids: Sequence[Any]
) -> list[bytes]:
    """Return documents by `_id`, in the order of the ids."""
    collection = schema.collections.get(name)
    if collection is None:
        schema.refresh(connection)
        collection = schema.collections.get(name)
        if collection is None:
            return []
    found = []
    for id in ids:
        row = connection.execute(collection.get, (sort_bytes(id),)).fetchone()
        if row is not None:
            found.append(row[0])
    return found


def explain(connection: sqlite3.Connection, schema: Schema, query: Query) -> dict[str, Any]:
    """Say which plan `find` would follow."""
    collection = schema.collections.get(query.collection)
    if collection is None:
        return {"plan": "nothing", "reason": "the collection does not exist"}
    order, access = _plan(connection, collection, query)
    if order is not None and (access is None or _is_worth_walking(access, query)):
        also = order.narrowing and {"narrowed by": order.narrowing.ranges[0].source.name}
        described = {**_described(order.ranges), **(also or {})}
        return {"plan": "in order of the index", **described, "sorted": "by index"}
    if access is None:
        access = cheapest(connection, collection, query.conjunction, _MANY)
    if access is None:
        return {"plan": "every document", "indexes": [], "sorted": "in memory"}
    described = _described(access.ranges)
    return {"plan": "index", **described, "entries": access.entries, "sorted": "in memory"}


def _described(ranges: list[Range]) -> dict[str, Any]:
    names = list(dict.fromkeys(range.source.name for range in ranges))
    return {"indexes": names, "ranges": len(ranges)}


def _lesser(limit: int, other: int | None) -> int:
    return limit if other is None else min(limit, other)


def _rows(
    connection: sqlite3.Connection,
    collection: Collection,
    access: Access | None,
    budget: Budget,
) -> Iterator[Row]:
    """Yield each document of the ranges once, or of the collection."""
    if access is None:
        for row in connection.execute(f"SELECT key, key, bson FROM {collection.table}"):
            budget.spend()
            yield row
        return
    seen: set[bytes] = set()
    for source, low, high, _ in access.ranges:
        for row in connection.execute(source.forward, (low, b"", high)):
            if row[1] not in seen:
                seen.add(row[1])
                budget.spend()
                yield row


def _smallest(rows: Iterable[Row], query: Query) -> list[bytes]:
    """Return the first matches of a page out of rows in any order."""
    sort_key = _sort_key(query.sort)
    floor = _after_key(query)

    def candidates() -> Iterator[tuple[bytes, bytes]]:
        for _, _, data in rows:
            document = decode(data)
            if query.predicate(document):
                key = sort_key(document)
                if key > floor:
                    yield key, data

    return [data for _, data in heapq.nsmallest(query.limit, candidates())]


def _sort_key(sort: Sort) -> SortKey:
    components = [sort_component(path, direction) for path, direction in sort]
    if len(components) == 1:
        return components[0]
    return lambda document: b"".join([component(document) for component in components])


def _after_key(query: Query) -> bytes:
    if query.after is None:
        return b""
    pairs = zip(query.after, query.sort, strict=True)
    return b"".join([sort_bytes(value, direction < 0) for value, (_, direction) in pairs])


def _walk(
    connection: sqlite3.Connection, order: Order, query: Query, budget: Budget
) -> list[bytes]:
    """Return the first matches of a page out of rows in the order of the sort."""
    rank = _suffix_key(order) if order.multikey else None
    holds = None if order.multikey else _shortcut(query.filter, query.filter, order.pinned)
    found: list[bytes] = []
    previous = None
    for suffix, id, data in _merged(connection, order, query):
        if (suffix, id) == previous:
            continue
        previous = (suffix, id)
        budget.spend()
        if holds is None or not holds(data):
            document = decode(data)
            if not query.predicate(document) or (rank is not None and rank(document) != suffix):
                continue
        found.append(data)
        if len(found) == query.limit:
            break
    return found


def _suffix_key(order: Order) -> SortKey:
    """Compile the one entry of a document, among several, at which it stands in the order."""
    parts = [
        (sort_component(path, direction if order.forward else -direction), order.forward)
        for path, direction in order.suffix
    ]
    return lambda document: b"".join(
        [part(document) if same else invert(part(document)) for part, same in parts]
    )


def _merged(
    connection: sqlite3.Connection, order: Order, query: Query
) -> Iterable[tuple[bytes, bytes, bytes]]:
    """Yield (suffix, key, bson) of all ranges in the order of the sort, from `after` on."""
    seek = _seek(order, query)
    streams = [_stream(connection, order, range, seek) for range in order.ranges]
    if len(streams) == 1:
        return streams[0]
    if order.grouped:
        return heapq.merge(
            *streams, key=lambda row: (row[0], invert(row[1])), reverse=not order.forward
        )
    return heapq.merge(*streams, reverse=not order.forward)


def _seek(order: Order, query: Query) -> tuple[bytes, bytes] | None:
    """Return the suffix and key of the entry that the page comes after."""
    if query.after is None:
        return None
    pairs = zip(query.after, order.suffix, strict=False)  # an `_id` beyond the suffix is the key
    suffix = b"".join([sort_bytes(value, direction < 0) for value, (_, direction) in pairs])
    return suffix, sort_bytes(query.after[-1])


def _stream(
    connection: sqlite3.Connection, order: Order, range: Range, seek: tuple[bytes, bytes] | None
) -> Iterator[tuple[bytes, bytes, bytes]]:
    cut = len(range.prefix)
    rows = _grouped if order.grouped else _straight
    for k, id, data in rows(connection, order, range, seek):
        yield k[cut:], id, data


def _straight(
    connection: sqlite3.Connection, order: Order, range: Range, seek: tuple[bytes, bytes] | None
) -> Iterator[Row]:
    """Read a range in the direction of the index, or backwards."""
    source, low, high, prefix = range
    start = (low, b"") if order.forward else (high, b"")
    if seek is not None:
        position = prefix + seek[0], seek[1]
        if order.explicit_id:  # the entry is the position itself
            position = (position[0] + b"\0", b"") if order.forward else (position[0], b"")
        start = max(start, position) if order.forward else min(start, position)
    if order.forward:
        return _read(connection, order, source, source.forward, (*start, high))
    return _read(connection, order, source, source.backward, (*start, low))


def _read(
    connection: sqlite3.Connection,
    order: Order,
    source: Source,
    statement: str,
    parameters: tuple[bytes, ...],
) -> Iterator[Row]:
    """Run a reading statement, narrowed to documents that another index has too."""
    also = order.narrowing
    if also is None:
        return connection.execute(statement, parameters)
    other, points = also.ranges[0].source, [each.low for each in also.ranges]
    narrowed = source.narrowed(statement, other, len(points))
    return connection.execute(narrowed, (*parameters, *points))


def _grouped(
    connection: sqlite3.Connection, order: Order, range: Range, seek: tuple[bytes, bytes] | None
) -> Iterator[Row]:
    """Read a range in one direction, and entries of equal sort values in the other."""
    source, low, high, prefix = range
    find_group, read_group, first_id = (
        (source.next_group, source.group_backward, b"\xff")
        if order.forward
        else (source.previous_group, source.group_forward, b"")
    )
    if seek is not None:
        group = prefix + seek[0]
        if low <= group < high:
            yield from _read(connection, order, source, read_group, (group, seek[1]))
        low, high = (max(low, group + b"\0"), high) if order.forward else (low, min(high, group))
    while row := connection.execute(find_group, (low, high)).fetchone():
        (group,) = row
        yield from _read(connection, order, source, read_group, (group, first_id))
        low, high = (group + b"\0", high) if order.forward else (low, group)
