"""The runs of a search: its matches in order, page by page, from wherever a page starts.

A search of one collection is two runs: the matches that have a place in the order, then those with
an array where a sort value belongs. Embedded records are read document by document in their default
order, and gathered and sorted here when another order is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

from fhir_facade.errors import BadCursor, TooCostly
from fhir_facade.interactions.embedded import split_filter
from fhir_facade.interactions.records import Record, Records, Translation, version_of
from fhir_facade.rules.getting import (
    getter,
)
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.search.paging import Cursor, cursor_at
from fhir_facade.search.plan import Plan, SourcePlan
from fhir_facade.security.principal import SEARCH
from fhir_facade.store.codec import decode
from fhir_facade.store.matching import compile_filter
from fhir_facade.store.order import sort_bytes

MAX_SORTED = 10_000
"""Embedded records that one search may gather to sort them."""

_PARENTS_AT_ONCE = 100
_DOCUMENTS_AT_ONCE = 500

Getter = Callable[[dict[str, Any]], Any]
SortPaths = tuple[tuple[str, int], ...]


class Match:
    """A record found, and where in which run it stands."""

    __slots__ = ("run",)

    def __init__(self, run: int) -> None:
        self.run = run

    @property
    def values(self) -> tuple[Any, ...]:
        """The place of the match in its run, for a cursor."""
        raise NotImplementedError

    @property
    def record(self) -> Record:
        raise NotImplementedError

    @property
    def resource(self) -> str:
        """The resource type."""
        raise NotImplementedError

    def cursor(self, *, backward: bool = False) -> Cursor:
        return cursor_at(self.run, self.values, self.record.place, backward=backward)

    def translation(self, records: Records) -> Translation:
        return records.translate_record(self.record)


class RecordMatch(Match):
    """A match that has been decoded."""

    __slots__ = ("_record", "_values")

    def __init__(self, record: Record, run: int, values: tuple[Any, ...]) -> None:
        super().__init__(run)
        self._record, self._values = record, values

    @property
    def values(self) -> tuple[Any, ...]:
        return self._values

    @property
    def record(self) -> Record:
        return self._record

    @property
    def resource(self) -> str:
        return self._record.source.resource


class StoredMatch(Match):
    """A match as stored bytes, decoded only where a page begins or ends, or for a first reading."""

    __slots__ = ("_getters", "_raw", "_source")

    def __init__(self, source: Compiled, raw: bytes, run: int, getters: Sequence[Getter]) -> None:
        super().__init__(run)
        self._source, self._raw, self._getters = source, raw, getters

    @property
    def values(self) -> tuple[Any, ...]:
        document = decode(self._raw)
        return tuple(get(document) for get in self._getters)

    @property
    def record(self) -> Record:
        version = version_of(self._raw, self._source.salt)
        return Record(self._source, decode(self._raw), version)

    @property
    def resource(self) -> str:
        return self._source.resource

    def translation(self, records: Records) -> Translation:
        return records.translate(self._source, self._raw)


class Run:
    """One ordered stretch of matches."""

    reversible = False

    async def after(
        self, values: Sequence[Any] | None, limit: int, *, backward: bool = False
    ) -> list[Match]:
        """Return at most `limit` matches after (or, `backward`, before, nearest first) a place."""
        raise NotImplementedError

    async def values_at(self, anchor: Sequence[Any]) -> tuple[Any, ...]:
        """Return the place of a record by its identity; raise BadCursor if it is gone."""
        raise NotImplementedError


def with_tie_break(sort: SortPaths) -> SortPaths:
    """Return a total order: `_id` last, in the direction of the key before it."""
    if not sort:
        return (("_id", 1),)
    return sort if sort[-1][0] == "_id" else (*sort, ("_id", sort[-1][1]))


class DocumentRun(Run):
    """Matches that are documents of their own: the store sorts and pages."""

    def __init__(self, records: Records, plan: SourcePlan, number: int) -> None:
        self._records, self._plan, self._number = records, plan, number
        self._sort = with_tie_break(plan.sort)
        self._getters = [getter((path,)) for path, _ in self._sort]
        self.reversible = True

    async def after(
        self, values: Sequence[Any] | None, limit: int, *, backward: bool = False
    ) -> list[Match]:
        sort = [(path, -way) for path, way in self._sort] if backward else list(self._sort)
        source = self._plan.source
        stored = await self._records.store.find(
            source.mapping.collection, self._plan.filter, sort=sort, limit=limit, after=values
        )
        if not source.mapping.links:
            return [StoredMatch(source, raw, self._number, self._getters) for raw in stored]
        found = await self._records.from_documents(source, stored)
        return [self._decoded(group[0]) for group in found]

    def _decoded(self, record: Record) -> Match:
        values = tuple(get(record.document) for get in self._getters)
        return RecordMatch(record, self._number, values)

    async def values_at(self, anchor: Sequence[Any]) -> tuple[Any, ...]:
        stored = await self._records.stored(self._plan.source, [anchor[0]], SEARCH)
        if not stored:
            raise gone()
        return tuple(get(decode(stored[0])) for get in self._getters)

    async def matches(self) -> AsyncIterator[Match]:
        """Yield every match."""
        after: tuple[Any, ...] | None = None
        while found := await self.after(after, _DOCUMENTS_AT_ONCE):
            for match in found:
                yield match
            if len(found) < _DOCUMENTS_AT_ONCE:
                return
            after = found[-1].values


class EmbeddedRun(Run):
    """Matches inside documents, in the order of the documents and of their place in them.

    A place is (`_id` of a document before, `_id` of the document, position in it). The one before
    has a match too: a cursor names nothing that the caller may not see.
    """

    def __init__(self, records: Records, plan: SourcePlan, number: int) -> None:
        self._records, self._plan, self._number = records, plan, number
        self._filter = split_filter(plan.filter, plan.source.mapping)
        self._matches = compile_filter(plan.filter)

    async def after(
        self, values: Sequence[Any] | None, limit: int, *, backward: bool = False
    ) -> list[Match]:
        before, inside, position = values or (None, None, 0)
        found: list[Match] = []
        async for match in self.matches(before):
            own = match.record.place
            if inside is not None and own[0] == inside and own[1] <= position:
                continue
            found.append(match)
            if len(found) == limit:
                break
        return found

    async def matches(self, after: Any = None) -> AsyncIterator[Match]:
        """Yield every match in documents after the one with the `_id` `after`."""
        if self._filter is None:
            return
        source, before = self._plan.source, after
        while True:
            stored = await self._records.store.find(
                source.mapping.collection,
                self._filter,
                limit=_PARENTS_AT_ONCE,
                after=None if after is None else [after],
            )
            for group in await self._records.from_documents(source, stored):
                found = [record for record in group if self._matches(record.document)]
                for record in found:
                    yield RecordMatch(record, self._number, (before, *record.place))
                before = found[0].place[0] if found else before
            if len(stored) < _PARENTS_AT_ONCE:
                return
            after = decode(stored[-1])["_id"]


def _sort_paths(plan: SourcePlan, name: str) -> tuple[str, ...]:
    """Return what a key is read from: of documents the one path that a store compares."""
    paths = plan.source.params[name].sort_paths
    return paths if plan.source.mapping.unwind is not None else paths[:1]


class GatheredRun(Run):
    """Matches of several sources, or embedded ones, gathered and sorted here."""

    def __init__(
        self, runs: Sequence[EmbeddedRun | DocumentRun], plans: Sequence[SourcePlan]
    ) -> None:
        self._runs = runs
        self._keys = [
            [(getter(_sort_paths(plan, name)), way) for name, way in plan.sorted_by]
            for plan in plans
        ]

    async def after(
        self, values: Sequence[Any] | None, limit: int, *, backward: bool = False
    ) -> list[Match]:
        keyed = sorted(await self._gather(), key=lambda pair: pair[0])
        start = values[0] if values else b""
        later = [(key, match.record) for key, match in keyed if key > start]
        return [RecordMatch(record, 0, (key,)) for key, record in later[:limit]]

    async def values_at(self, anchor: Sequence[Any]) -> tuple[Any, ...]:
        for key, match in await self._gather():
            if match.record.place == tuple(anchor):
                return (key,)
        raise gone()

    async def _gather(self) -> list[tuple[bytes, Match]]:
        found: list[tuple[bytes, Match]] = []
        for number, run in enumerate(self._runs):
            async for match in run.matches():
                found.append((self._key(number, match.record), match))
                if len(found) > MAX_SORTED:
                    raise TooCostly(
                        f"More than {MAX_SORTED} matches would have to be sorted; "
                        "add a patient or a date, or leave out _sort."
                    )
        return found

    def _key(self, number: int, record: Record) -> bytes:
        values = b"".join(
            sort_bytes(get(record.document), way < 0) for get, way in self._keys[number]
        )
        identifier, position = record.place
        down = self._keys[number][-1][1] < 0  # equals in the direction of the last key
        place = sort_bytes(number, down) + sort_bytes(identifier, down) + sort_bytes(position, down)
        return values + place


def gone() -> BadCursor:
    return BadCursor("The record the page starts at is gone; start again without _cursor.")


def run_of(records: Records, plan: SourcePlan, number: int) -> EmbeddedRun | DocumentRun:
    """Return the matches of one source in the order of their documents."""
    if plan.source.mapping.unwind is not None:
        return EmbeddedRun(records, plan, number)
    return DocumentRun(records, plan, number)


def runs_of(records: Records, plan: Plan) -> list[Run]:
    """Return the runs whose concatenation is the search's result."""
    if len(plan.sources) > 1 or plan.sources[0].source.mapping.unwind is not None:
        runs = [
            run_of(records, replace(each, sort=()), number)
            for number, each in enumerate(plan.sources)
        ]
        if any(each.sort for each in plan.sources):
            return [GatheredRun(runs, plan.sources)]
        return list(runs)
    (only,) = plan.sources
    if not only.sort or only.sort[0][0] == "_id":
        return [DocumentRun(records, only, 0)]
    return [
        DocumentRun(records, only.without_arrays, 0),
        DocumentRun(records, only.only_arrays, 1),
    ]
