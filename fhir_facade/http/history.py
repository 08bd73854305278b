"""vread and history as HTTP endpoints: of a version, a resource, a type, the system.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final
from urllib.parse import urlencode

from fhir_facade.errors import BadRequest, NotFound, UnknownParameter
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, bundle_reply, resource_reply
from fhir_facade.interactions.access import searchable
from fhir_facade.interactions.history import (
    Asked,
    HistoryPage,
    has_history,
    history,
    no_history,
    require_history,
    vread,
)
from fhir_facade.interactions.history_bundle import history_bundle
from fhir_facade.interactions.history_rows import Period
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.shape import Shape
from fhir_facade.rules.date_search import Comparison
from fhir_facade.rules.dates import stored_instant
from fhir_facade.rules.registry import CASE_ALIASES, ResourceType
from fhir_facade.rules.text import is_id
from fhir_facade.search.date import parse_date
from fhir_facade.search.paging import Cursor, Cursors, query_key
from fhir_facade.search.params import Query, parse
from fhir_facade.settings import Settings

_PLAIN: Final = ",:/*$"
_OWN: Final = ("_since", "_at")
_TAKES: Final = "_since, _at, _count, _sort=-_lastUpdated, _total, _summary, _elements"
_CASE: Final = (
    "A {} has no history of its own: it is put together from resources that have one each, the "
    "case itself at EpisodeOfCare/[id]/_history."
)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+ -][0-9]{2}:[0-9]{2})"
)
_DATE: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+(Z|[+ -][0-9:]+)?)?)?)?")
_FORMS: Final = {
    "_since": (_INSTANT, "an instant such as 2026-01-16T09:30:00Z"),
    "_at": (_DATE, "a date, a time with its zone or an instant, such as 2026-01-16"),
}

Pairs = Sequence[tuple[str, str]]


@dataclass(slots=True)
class _Wanted:
    """What the query string of a history asks."""

    period: Period
    query: Query
    applied: list[tuple[str, str]] = field(default_factory=list)
    """What the `self` link shows."""


@dataclass(slots=True)
class Histories:
    """Everything a history endpoint needs."""

    settings: Settings
    records: Records
    cursors: Cursors

    async def vread(self, request: FhirRequest) -> Reply:
        """GET [base]/[type]/[id]/_history/[vid]"""
        request.require_json()
        params = request.params
        records = self.records.seen_by(request.access)
        served = await vread(records, self._type(request), params["id"], params["vid"])
        if request.pairs:
            shape = _shape(parse(_shaping(request.pairs), max_count=1))
            served = Served(shape.applied(served.body), served.version, served.last_updated)
        return resource_reply(request, served)

    async def of_instance(self, request: FhirRequest) -> Reply:
        """GET [base]/[type]/[id]/_history"""
        request.require_json()
        resource, fhir = self._type(request), request.params["id"]
        if not is_id(fhir):
            raise NotFound(f"There is no {resource.name} with this id.")
        return await self._answer(request, f"{resource.name}/{fhir}/_history", (resource,), fhir)

    async def of_type(self, request: FhirRequest) -> Reply:
        """GET [base]/[type]/_history"""
        request.require_json()
        resource = self._type(request)
        return await self._answer(request, f"{resource.name}/_history", (resource,))

    async def of_system(self, request: FhirRequest) -> Reply:
        """GET [base]/_history"""
        request.require_json()
        known = searchable(request.access, self.records.registry)
        types = tuple(each for each in known if has_history(each))
        return await self._answer(request, "_history", types)

    def _type(self, request: FhirRequest) -> ResourceType:
        name = request.params["type"]
        if name in CASE_ALIASES:
            raise no_history(_CASE.format(name))
        resource = self.records.registry.type(name)
        require_history(resource)
        return resource

    async def _answer(
        self,
        request: FhirRequest,
        path: str,
        types: tuple[ResourceType, ...],
        fhir: str | None = None,
    ) -> Reply:
        wanted = self._wanted(request)
        query = wanted.query
        key = query_key(path, wanted.applied, request.caller)
        cursor = None if query.cursor is None else self.cursors.read(query.cursor, key)
        count = self.settings.default_count if query.count is None else query.count
        asked = Asked(
            types,
            0 if query.summary == "count" else min(count, self.settings.max_count),
            fhir,
            wanted.period,
            query.total != "none",
            cursor,
        )
        page = await history(self.records.seen_by(request.access), asked)
        links = self._links(f"{request.base_url}/{path}", wanted, page, key)
        body = history_bundle(page, links, request.base_url, _shape(query))
        return bundle_reply(request, Served(body, "", None))

    def _wanted(self, request: FhirRequest) -> _Wanted:
        """Take the query string apart; raise BadRequest for what a history does not take."""
        own = [pair for pair in request.pairs if pair[0] in _OWN]
        others = [pair for pair in request.pairs if pair[0] not in _OWN]
        query = parse(others, max_count=self.settings.max_count)
        _refuse_unfit(query)
        if query.clauses and not self._is_lenient(request):
            names = ", ".join(f"'{each.spelled[0]}'" for each in query.clauses)
            raise UnknownParameter(f"A history does not take {names}; it takes {_TAKES}.")
        zone = self.records.registry.context.timezone
        since, at = _time(own, "_since", zone), _time(own, "_at", zone)
        period = Period(
            None if since is None else _naive(since.low),
            None if at is None else _naive(at.low),
            None if at is None else _naive(at.high),
        )
        return _Wanted(period, query, [*own, *query.applied])

    def _is_lenient(self, request: FhirRequest) -> bool:
        handling = request.prefers("handling")
        if handling not in ("strict", "lenient"):
            handling = self.settings.search_handling
        return handling == "lenient"

    def _links(
        self, base: str, wanted: _Wanted, page: HistoryPage, key: bytes
    ) -> list[tuple[str, str]]:
        def link(cursor: str | None) -> str:
            pairs = [*wanted.applied, *([] if cursor is None else [("_cursor", cursor)])]
            return f"{base}?{urlencode(pairs, safe=_PLAIN)}" if pairs else base

        def to(cursor: Cursor) -> tuple[str, str]:
            return ("next", link(self.cursors.write(cursor, key)))

        links = [("self", link(wanted.query.cursor))]
        return links if page.next is None else [*links, to(page.next)]


def _shaping(pairs: Pairs) -> Pairs:
    return [pair for pair in pairs if pair[0] in ("_summary", "_elements")]


def _shape(query: Query) -> Shape:
    return Shape(query.summary, query.elements)


def _refuse_unfit(query: Query) -> None:
    """Raise BadRequest for what would change which versions there are, or their order."""
    if any(clause.name == "_list" for clause in query.clauses):
        raise UnknownParameter(f"A history does not take _list; it takes {_TAKES}.")
    if query.includes:
        raise UnknownParameter(f"A history has no includes; it takes {_TAKES}.")
    if query.sort not in ((), (("_lastUpdated", -1),)):
        raise BadRequest(
            "A history is sorted with the newest version first, and in no other way: "
            "_sort=-_lastUpdated.",
            expression="http._sort",
        )


def _time(pairs: Pairs, name: str, zone: tzinfo) -> Comparison | None:
    """Return the range that _since or _at names; raise BadRequest for what is not a time."""
    values = [value for key, value in pairs if key == name]
    if not values:
        return None
    form, what = _FORMS[name]
    try:
        if len(values) > 1 or not form.fullmatch(values[0]):
            raise BadRequest(name)
        return parse_date(values[0], zone, name)
    except BadRequest:
        raise BadRequest(f"{name} takes one value, {what}.", expression=f"http.{name}") from None


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else stored_instant(moment)
