"""vread and history: one version of a resource, and the versions of one, of a type, of all.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from fhir_facade.errors import Gone, Issue, NotFound
from fhir_facade.interactions.access import require, require_plain
from fhir_facade.interactions.around import now
from fhir_facade.interactions.history_rows import WITHIN, Kept, Period, Rows, creations
from fhir_facade.interactions.locate import Located, locate
from fhir_facade.interactions.read import Served, unservable
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.versions import Version, deleted_at, last_updated, read_version
from fhir_facade.rules import dates
from fhir_facade.rules.filters import all_of
from fhir_facade.rules.registry import HISTORY, ResourceType
from fhir_facade.rules.text import is_id
from fhir_facade.search.paging import Cursor
from fhir_facade.security.principal import READ, SEARCH
from fhir_facade.store.codec import decode

_UNKNOWN: Final = (
    "There is no such version of this {} here: only the current version, and those that this "
    "server wrote or saw when it wrote, are known."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A version as a history shows it."""

    version: Version
    last_modified: str | None
    """A FHIR instant."""
    created: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The history that is wanted: of a resource, of a type, or of all types."""

    types: tuple[ResourceType, ...]
    count: int
    """Entries on a page; 0 asks for the total alone."""
    id: str | None = None
    period: Period = field(default_factory=Period)
    total: bool = False
    cursor: Cursor | None = None


@dataclass(slots=True)
class HistoryPage:
    """A page of a history, newest first."""

    entries: list[Entry] = field(default_factory=list)
    total: int | None = None
    next: Cursor | None = None


@dataclass(frozen=True, slots=True)
class _Unkept:
    """The state of a resource now, which no kept version shows."""

    entry: Entry
    """Its version's `at` is what periods are compared with: not before the last kept version."""
    again: bool
    """A kept version has its key: other software went back to that, or deleted what it is in."""

    @property
    def anchor(self) -> tuple[str]:
        """What cursors carry of it: it came first, and is left out where it has been kept since."""
        return ("" if self.again else self.entry.version.key,)


def has_history(resource: ResourceType) -> bool:
    """Say whether versions of a type are kept."""
    return any(source.mapping.writes for source in resource.sources)


def require_history(resource: ResourceType) -> None:
    """Raise NotFound for a type whose versions are not kept."""
    if not has_history(resource):
        raise no_history(
            f"This server keeps no versions of {resource.name}: it is written as a part of a case, "
            "if at all. /metadata names the types that have a history."
        )


def no_history(text: str) -> NotFound:
    """Return the error that says why a type has no history."""
    return NotFound(text, issues=[Issue("error", "not-supported", text)])


async def vread(records: Records, resource: ResourceType, fhir: str, version: str) -> Served:
    """Read one version of a resource; raise NotFound, Gone or Unservable."""
    require_history(resource)
    require(records.access, resource.name, READ)
    if not (is_id(fhir) and is_id(version)):
        raise NotFound(_UNKNOWN.format(resource.name))
    located = await locate(records, resource, fhir)
    is_current = located is not None and located.translation.version == version
    if located is not None and is_current and not located.is_deleted:
        translation = located.translation
        if translation.body is None:
            raise unservable(resource.name, translation.findings)
        return Served(translation.body, version, translation.last_updated)
    kept = await _kept_version(records, f"{resource.name}/{fhir}/{version}")
    if kept is not None and kept.body is not None:
        return Served(kept.body, version, _instant(kept.at))
    if kept is not None or is_current:
        raise Gone(f"This version of the {resource.name} is its deletion.")
    raise NotFound(_UNKNOWN.format(resource.name))


async def _kept_version(records: Records, key: str) -> Version | None:
    may = records.access.versions([key.partition("/")[0]], READ)
    filter = all_of([{"_id": key}, may])
    stored = await records.store.find(HISTORY, filter, limit=1)
    return read_version(decode(stored[0])) if stored else None


def _instant(at: datetime) -> str:
    return dates.datetime_text(at.replace(tzinfo=UTC))


async def history(records: Records, asked: Asked) -> HistoryPage:
    """Return a page of a history; raise NotFound or Unservable where there never was anything."""
    anchor = asked.cursor.anchor if asked.cursor is not None else ()
    names = tuple(each.name for each in asked.types)
    interaction = SEARCH if asked.id is None else READ
    if len(names) == 1:
        require_plain(records.access, names[0], interaction)
    without = next(iter(anchor), "") or None
    may = records.access.versions(names, interaction)
    kept = Kept(records.store, names, asked.id, asked.period, without, may=may)
    unkept = None
    if asked.id is not None and asked.cursor is None:
        unkept = await _unkept(records, asked.types[0], asked.id, await kept.newest())
    rows = await kept.rows(asked.cursor, asked.count + 1) if asked.count else Rows()
    first = None
    if unkept is not None and not _is_among(unkept, rows):
        if asked.period.follows(unkept.entry.version.at):
            kept = replace(kept, superseded=True)
            rows = Rows([row for row in rows.found if row.run == WITHIN])
        if asked.period.holds(unkept.entry.version):
            first, anchor = unkept.entry, unkept.anchor
    return await _page(kept, asked, rows, first, anchor)


def _is_among(unkept: _Unkept, rows: Rows) -> bool:
    """Say whether a version has been kept while the rows were read."""
    keys = {row.version.key for row in rows.found}
    return not unkept.again and unkept.entry.version.key in keys


async def _page(
    kept: Kept, asked: Asked, rows: Rows, first: Entry | None, anchor: tuple[Any, ...]
) -> HistoryPage:
    began = await creations(kept, rows.found)
    shown = rows.found[: max(0, asked.count - (first is not None))]
    entries = [_entry(row.version, began) for row in shown]
    page = HistoryPage([*([] if first is None or not asked.count else [first]), *entries])
    if len(rows.found) > len(shown):
        last = shown[-1].cursor() if shown else rows.found[0].cursor_before()
        page.next = replace(last, anchor=anchor)
    elif rows.rest is not None:
        page.next = replace(rows.rest, anchor=anchor)
    if asked.count and asked.cursor is None and page.next is None:
        page.total = len(page.entries)
    elif asked.total or asked.id is not None or not asked.count:
        page.total = await kept.count() + len(anchor)
    return page


def _entry(version: Version, began: frozenset[str]) -> Entry:
    return Entry(version, _instant(version.at), version.key in began)


async def _unkept(
    records: Records, resource: ResourceType, fhir: str, newest: Version | None
) -> _Unkept | None:
    """Return the state of a resource now if no kept version is that; raise NotFound, Unservable."""
    located = await locate(records, resource, fhir)
    if located is None:
        if newest is None:
            raise NotFound(f"There is no {resource.name} with this id.")
        return None
    translation = located.translation
    if translation.body is None and not located.is_deleted:
        if newest is None:
            raise unservable(resource.name, translation.findings)
        return None
    if located.is_deleted and newest is not None and newest.body is None:
        return None
    entry = _as_it_is(resource, located, newest)
    same = await _kept_version(records, entry.version.key)
    if same is None:
        return _Unkept(entry, False)
    is_kept = (same.body is None) == located.is_deleted
    if is_kept and (newest is None or same.at >= newest.at):
        return None
    return _Unkept(entry, True)


def _as_it_is(resource: ResourceType, located: Located, newest: Version | None) -> Entry:
    """Return what other software made of a resource; a time that nothing tells is now."""
    translation = located.translation
    if located.is_deleted:
        method, at = "DELETE", deleted_at(located)
        shown = None if at is None else _instant(at)
    else:
        method, at = "PUT", last_updated(translation)
        shown = translation.last_updated
    at = at or now()
    compared = at if newest is None else max(at, newest.at)
    version = translation.version
    return Entry(
        Version(resource.name, located.id, version, compared, method, translation.body), shown
    )
