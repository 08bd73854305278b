"""What the store holds of the history: the versions of a period, newest first, page by page.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fhir_facade.interactions.versions import Version, read_version
from fhir_facade.rules.registry import HISTORY
from fhir_facade.search.paging import Cursor
from fhir_facade.store.base import Filter, Store
from fhir_facade.store.codec import decode

NEWEST_FIRST: Final = (("at", -1), ("_id", -1))
_BATCH: Final = 200
MOST_EXAMINED: Final = 2000
"""Versions before a period that one page looks at; it may be short, and says where to go on."""

WITHIN: Final = 0
EARLIER: Final = 1
"""The two runs of a history: what came about in the period, and what was current at its start."""


@dataclass(frozen=True, slots=True)
class Period:
    """Which versions are wanted; times are UTC, without a zone."""

    since: datetime | None = None
    """Those that came about at this time or later."""
    start: datetime | None = None
    """Those that were current at some time from `start` to before `end` (None: no end)."""
    end: datetime | None = None

    def holds(self, version: Version) -> bool:
        """Say whether a version that nothing has followed is wanted."""
        if self.since is not None and version.at < self.since:
            return False
        if self.end is not None and version.at >= self.end:
            return False
        return version.body is not None or self.start is None or version.at >= self.start

    def follows(self, at: datetime) -> bool:
        """Say whether what came about at a time was there when the period began."""
        return self.start is not None and at <= self.start


@dataclass(frozen=True, slots=True)
class Row:
    """A version and the run it was found in."""

    version: Version
    run: int

    def cursor(self) -> Cursor:
        """Return where the versions behind this one begin."""
        return Cursor(self.run, _place(self.version))

    def cursor_before(self) -> Cursor:
        """Return where this one begins: no key is between its own and the longer one."""
        return Cursor(self.run, (self.version.at, f"{self.version.key}-"))


@dataclass(slots=True)
class Rows:
    """Versions found, and where to go on if not everything was looked at."""

    found: list[Row] = field(default_factory=list)
    rest: Cursor | None = None


def _place(version: Version) -> tuple[Any, ...]:
    return (version.at, version.key)


def _is_of(version: Version) -> Filter:
    return {"type": version.type, "id": version.id}


@dataclass(frozen=True, slots=True)
class Kept:
    """The kept versions of a resource, of a type, or of all types."""

    store: Store
    types: tuple[str, ...]
    id: str | None
    period: Period
    without: str | None = None
    """The key of a version that is left out."""
    superseded: bool = False
    """None of them was current any more when the period began."""
    may: Filter = field(default_factory=dict)
    """Which versions the caller may see."""

    async def rows(self, cursor: Cursor | None, wanted: int) -> Rows:
        """Return up to `wanted` versions from the start or from a cursor."""
        rows = Rows()
        run, after = (WITHIN, None) if cursor is None else (cursor.run, cursor.values or None)
        if run == WITHIN:
            found = await self._find(self._filter(self._within()), wanted, after)
            rows.found = [Row(each, WITHIN) for each in found]
            after = None
        if self.period.start is not None and len(rows.found) < wanted:
            await self._add_earlier(rows, wanted, after)
        return rows

    async def newest(self) -> Version | None:
        """Return the newest version of all, whatever the period."""
        found = await self._find(self._filter({}), 1, None)
        return found[0] if found else None

    async def count(self) -> int:
        """Return how many versions there are in the period."""
        total = await self.store.count(HISTORY, self._filter(self._within()))
        cursor = Cursor(EARLIER, ()) if self.period.start and not self.superseded else None
        while cursor is not None:
            rows = await self.rows(cursor, _BATCH + 1)
            total += len(rows.found[:_BATCH])
            cursor = rows.found[_BATCH - 1].cursor() if len(rows.found) > _BATCH else rows.rest
        return total

    async def before(self, version: Version) -> Version | None:
        """Return the version that one followed."""
        filter = self._seen({**_is_of(version), "at": {"$lte": version.at}})
        found = await self._find(filter, 1, _place(version))
        return found[0] if found else None

    def _filter(self, more: Filter) -> dict[str, Any]:
        types = self.types[0] if len(self.types) == 1 else {"$in": list(self.types)}
        found: dict[str, Any] = {"type": types}
        if self.id is not None:
            found["id"] = self.id
        if self.without is not None:
            found["_id"] = {"$ne": self.without}
        return self._seen({**found, **more})

    def _seen(self, filter: dict[str, Any]) -> dict[str, Any]:
        """Return a filter that leaves out what the caller may not see."""
        return {"$and": [filter, self.may]} if self.may else filter

    def _within(self) -> Filter:
        period = self.period
        lows = [each for each in (period.since, period.start) if each is not None]
        at: dict[str, Any] = {"$gte": max(lows)} if lows else {}
        if period.end is not None:
            at["$lt"] = period.end
        return {"at": at} if at else {}

    async def _find(self, filter: Filter, limit: int, after: Sequence[Any] | None) -> list[Version]:
        stored = await self.store.find(HISTORY, filter, sort=NEWEST_FIRST, limit=limit, after=after)
        return [read_version(decode(raw)) for raw in stored]

    async def _add_earlier(self, rows: Rows, wanted: int, after: Sequence[Any] | None) -> None:
        """Add what was current when the period began: of each resource the last version before."""
        at = {"$lt": self.period.start}
        if self.period.since is not None:
            at["$gte"] = self.period.since
        filter, known = self._filter({"at": at}), set[tuple[str, str]]()
        for _ in range(MOST_EXAMINED // _BATCH):
            limit = 1 if self.id is not None else _BATCH
            batch = await self._find(filter, limit, after)
            firsts = list(_firsts(batch, known))
            current = await asyncio.gather(*map(self._is_current_at_start, firsts))
            found = [each for each, is_it in zip(firsts, current, strict=True) if is_it]
            rows.found += [Row(each, EARLIER) for each in found][: wanted - len(rows.found)]
            if len(batch) < _BATCH or len(rows.found) == wanted:
                return
            after = _place(batch[-1])
        rows.rest = Cursor(EARLIER, tuple(after or ()))

    async def _is_current_at_start(self, version: Version) -> bool:
        """Of what was deleted before the period nothing was current in it."""
        if version.body is None:
            return False
        filter = {**_is_of(version), "at": {"$gte": version.at, "$lte": self.period.start}}
        last = await self._find(filter, 1, None)
        return [each.key for each in last] == [version.key]


def _firsts(versions: Sequence[Version], known: set[tuple[str, str]]) -> Iterator[Version]:
    """Yield the first version of each resource that is not known yet."""
    for each in versions:
        if (each.type, each.id) not in known:
            known.add((each.type, each.id))
            yield each


async def creations(kept: Kept, rows: Sequence[Row]) -> frozenset[str]:
    """Return the keys of the versions that began a resource, or began it again."""
    began: set[str] = set()
    followed: dict[tuple[str, str], Version] = {}
    for row in rows:
        version = row.version
        newer = followed.pop((version.type, version.id), None)
        if newer is not None and version.body is None:
            began.add(newer.key)
        if version.method == "PUT":
            followed[version.type, version.id] = version
    unsure = list(followed.values())
    older = await asyncio.gather(*map(kept.before, unsure))
    for version, before in zip(unsure, older, strict=True):
        if before is None or before.body is None:
            began.add(version.key)
    return frozenset(began | {row.version.key for row in rows if row.version.method == "POST"})
