"""The searches as HTTP endpoints: of a type, of the system, of a patient's compartment.

https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

from fhir_facade.errors import BadRequest, Issue, TooCostly
from fhir_facade.http.parameters import posted
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, bundle_reply
from fhir_facade.interactions.access import searchable
from fhir_facade.interactions.case import CASE_TYPE, case_bundles
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import Page, search, searchset
from fhir_facade.interactions.shape import Shape
from fhir_facade.rules.registry import CASE_ALIASES, ResourceType
from fhir_facade.rules.text import is_id
from fhir_facade.search.guard import unindexed
from fhir_facade.search.paging import Cursor, Cursors, query_key
from fhir_facade.search.plan import Plan, SearchOptions, plan_types
from fhir_facade.settings import Settings

logger = logging.getLogger("fhir_facade")

_PLAIN = ",:/*$"
"""What a link may show as it is, so that people and validators can read it."""

CASES_A_PAGE = 10
MOST_CASES = 50
"""Whole cases that a page may hold."""

_LONG_LINK = (
    "A link of this page is longer than this server takes in a URL: POST the link's parameters, "
    "its _cursor too, to _search."
)

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One search as it was asked: where, of which types, with which parameters."""

    path: str
    types: tuple[ResourceType, ...]
    pairs: Pairs
    patient: str | None = None
    cases: bool = False
    named: Pairs = ()
    """The `_type` that the links show before what was applied."""
    spelled: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Parameters as they were applied → as they were asked, where an operation has its own."""


def _url_length(url: str) -> int:
    """Return the length of path and query, which is what a request is refused by."""
    parts = urlsplit(url)
    return len(parts.path) + len(parts.query)


def _named(pairs: Pairs) -> Pairs:
    return [pair for pair in pairs if pair[0] == "_type"]


async def _as_cases(records: Records, page: Page, base_url: str) -> None:
    found = [entry.match.record for entry in page.entries]
    bundles = await case_bundles(records, found, base_url)
    page.entries = [
        replace(entry, type="Bundle", body=bundle.body)
        for entry, bundle in zip(page.entries, bundles, strict=True)
    ]


@dataclass(slots=True)
class Searches:
    """Everything a search endpoint needs."""

    settings: Settings
    records: Records
    cursors: Cursors

    async def of_type(self, request: FhirRequest) -> Reply:
        """GET [base]/[type]?…"""
        request.require_json()
        name = request.params["type"]
        cases = name in CASE_ALIASES
        types = (self.type(CASE_TYPE if cases else name),)
        return await self.answer(request, Asked(name, types, request.pairs, cases=cases))

    async def of_type_by_post(self, request: FhirRequest) -> Reply:
        """POST [base]/[type]/_search"""
        await request.add_form(self.settings.max_body)
        return await self.of_type(request)

    async def of_system(self, request: FhirRequest) -> Reply:
        """GET [base]?_type=…"""
        request.require_json()
        types, pairs = self._types(request, request.pairs)
        return await self.answer(request, Asked("", types, pairs, named=_named(request.pairs)))

    async def of_system_by_post(self, request: FhirRequest) -> Reply:
        """POST [base]/_search"""
        await request.add_form(self.settings.max_body)
        return await self.of_system(request)

    async def of_compartment(self, request: FhirRequest) -> Reply:
        """GET [base]/Patient/[id]/[type]?…, the type perhaps `*`"""
        request.require_json()
        patient, name = request.params["id"], request.params["type"]
        if name == "*":
            types, pairs = self._types(request, request.pairs)
        else:
            types, pairs = (self.type(name),), request.pairs
        path = f"Patient/{patient}/{name}"
        named = _named(request.pairs) if name == "*" else ()
        return await self.answer(request, Asked(path, types, pairs, patient, named=named))

    async def everything(self, request: FhirRequest) -> Reply:
        """GET [base]/Patient/[id]/$everything"""
        return await self._everything(request, request.pairs)

    async def everything_by_post(self, request: FhirRequest) -> Reply:
        """POST [base]/Patient/[id]/$everything, its parameters as a Parameters resource"""
        return await self._everything(request, await posted(request, self.settings.max_body))

    async def _everything(self, request: FhirRequest, asked: Pairs) -> Reply:
        request.require_json()
        patient = request.params["id"]
        types, given = self._types(request, asked)
        pairs, spelled = [], {}
        for name, value in given:
            if name == "_since":
                pairs.append(("_lastUpdated", f"ge{value}"))
                spelled[pairs[-1]] = (name, value)
            elif name in ("_count", "_cursor", "_format", "_pretty", "_total"):
                pairs.append((name, value))
            else:
                raise BadRequest("$everything takes _since, _type and _count.")
        path = f"Patient/{patient}/$everything"
        whole = Asked(path, types, pairs, patient, named=_named(asked), spelled=spelled)
        return await self.answer(request, whole)

    def _types(self, request: FhirRequest, pairs: Pairs) -> tuple[tuple[ResourceType, ...], Pairs]:
        """Return the types that `_type` names, or all that may be searched, and the rest."""
        names = [each for name, value in pairs if name == "_type" for each in value.split(",")]
        others = [pair for pair in pairs if pair[0] != "_type"]
        registry = self.records.registry
        if not names:
            return searchable(request.access, registry), others
        found = [registry.get(name) for name in dict.fromkeys(names)]
        if None in found:
            known = ", ".join(sorted(registry.types))
            raise BadRequest(f"_type names a type that is not served here; it takes: {known}.")
        return tuple(each for each in found if each is not None), others

    def type(self, name: str) -> ResourceType:
        """Return a served type; raise UnknownType."""
        return self.records.registry.type(name)

    async def answer(self, request: FhirRequest, asked: Asked) -> Reply:
        """Run a search and write its page; raise what a search may raise."""
        if asked.patient is not None and not is_id(asked.patient):
            raise BadRequest("The patient's id is not one that FHIR allows.")
        plan = plan_types(
            asked.types, asked.pairs, self._options(request, asked), patient=asked.patient
        )
        if asked.cases and (plan.links or not Shape(plan.query.summary, plan.query.elements).whole):
            raise BadRequest("A Case is whole as it is: it takes no includes, _elements, _summary.")
        self._guard(request, plan)
        applied = (asked.spelled.get(pair, pair) for pair in plan.query.applied)
        plan.query.applied = [*asked.named, *applied]
        key = query_key(asked.path, plan.query.applied, request.caller)
        token = plan.query.cursor
        cursor = None if token is None else self.cursors.read(token, key)
        records = self.records.seen_by(request.access)
        page = await search(records, plan, cursor, request.base_url)
        if asked.cases and page.entries:
            await _as_cases(records, page, request.base_url)
        links = self._links(f"{request.base_url}/{asked.path}".rstrip("/"), plan, page, key)
        if max(_url_length(url) for _, url in links) > self.settings.max_url:
            page.issues.append(Issue("warning", "too-long", _LONG_LINK))
        shape = Shape(plan.query.summary, plan.query.elements)
        served = searchset(page, links, request.base_url, shape)
        request.shown = [each.body for each in (*page.entries, *page.included)], page.total
        return bundle_reply(request, served)

    def _guard(self, request: FhirRequest, plan: Plan) -> None:
        """Log a search that no index answers, by its parameters' names; or refuse it."""
        names = ", ".join(unindexed(plan))
        if not names:
            return
        logger.info("request %s: no index answers %s by %s", request.id, plan.name, names)
        if self.settings.unindexed_search == "refuse":
            raise TooCostly(
                f"No index answers a search of {plan.name} by {names}: add a patient, a case or "
                "another reference, an identifier, a date or a status."
            )

    def _options(self, request: FhirRequest, asked: Asked) -> SearchOptions:
        settings = self.settings
        count = settings.default_count
        return SearchOptions(
            registry=self.records.registry,
            base_url=request.base_url,
            lenient=request.is_lenient(settings.search_handling),
            default_count=min(CASES_A_PAGE, count) if asked.cases else count,
            max_count=min(MOST_CASES, settings.max_count) if asked.cases else settings.max_count,
        )

    def _links(self, base: str, plan: Plan, page: Page, key: bytes) -> list[tuple[str, str]]:
        def link(cursor: str | None) -> str:
            pairs = [*plan.query.applied, *([] if cursor is None else [("_cursor", cursor)])]
            return f"{base}?{urlencode(pairs, safe=_PLAIN)}" if pairs else base

        def to(cursor: Cursor) -> str:
            return link(self.cursors.write(cursor, key))

        links = [("self", link(plan.query.cursor))]
        if page.previous is not None:
            links.append(("previous", to(page.previous)))
        if page.next is not None:
            links.append(("next", to(page.next)))
        return links
