"""The interactions as HTTP endpoints: each turns a request into a reply.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fhir_facade.errors import MethodNotAllowed, NotFound, UnknownType
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, bundle_reply, resource_reply
from fhir_facade.interactions.capabilities import Capabilities
from fhir_facade.interactions.case import CASE_TYPE, case_bundles, read_case
from fhir_facade.interactions.read import Served, read
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import Entry, Page, search, searchset
from fhir_facade.rules.registry import ResourceType
from fhir_facade.search.paging import Cursor, Cursors, query_key
from fhir_facade.search.plan import Plan, SearchOptions, plan_search
from fhir_facade.settings import Settings

CASE_ALIASES = ("Case", "Bundle")
CASES_A_PAGE = 10


@dataclass(slots=True)
class Server:
    """Everything an endpoint needs."""

    settings: Settings
    records: Records
    cursors: Cursors
    capabilities: Capabilities

    # -- read -------------------------------------------------------------------------------------

    async def read(self, request: FhirRequest) -> Reply:
        """GET [base]/[type]/[id]"""
        request.require_json()
        name, fhir = request.params["type"], request.params["id"]
        if name in CASE_ALIASES:
            return await self.read_case(request)
        served = await read(self.records, self._type(name), fhir)
        return resource_reply(request, served)

    async def read_case(self, request: FhirRequest) -> Reply:
        """GET [base]/EpisodeOfCare/[id]/$case, [base]/Case/[id], [base]/Bundle/[id]"""
        request.require_json()
        case = self._type(CASE_TYPE)
        served = await read_case(self.records, case, request.params["id"], request.base_url)
        return resource_reply(request, served)

    # -- search -----------------------------------------------------------------------------------

    async def search(self, request: FhirRequest) -> Reply:
        """GET [base]/[type]?…"""
        request.require_json()
        return await self._search(request, request.pairs)

    async def search_post(self, request: FhirRequest) -> Reply:
        """POST [base]/[type]/_search"""
        await request.add_form(self.settings.max_body)
        request.require_json()
        return await self._search(request, request.pairs)

    async def _search(self, request: FhirRequest, pairs: Sequence[tuple[str, str]]) -> Reply:
        name = request.params["type"]
        cases = name in CASE_ALIASES
        resource = self._type(CASE_TYPE if cases else name)
        plan = plan_search(resource, pairs, self._options(request, cases=cases))
        key = query_key(name, plan.query.applied)
        token = plan.query.cursor
        cursor = None if token is None else self.cursors.read(token, key)
        page = await search(self.records, plan, cursor)
        if cases and page.entries:
            await self._as_cases(page, request.base_url)
        links = self._links(request, name, plan, page, key)
        return bundle_reply(request, searchset(page, links, request.base_url))

    async def _as_cases(self, page: Page, base_url: str) -> None:
        matches = [entry.match for entry in page.entries]
        bundles = await case_bundles(self.records, [each.record for each in matches], base_url)
        page.entries = [
            Entry("Bundle", entry.id, bundle.body, entry.match)
            for entry, bundle in zip(page.entries, bundles, strict=True)
        ]

    def _options(self, request: FhirRequest, *, cases: bool) -> SearchOptions:
        settings = self.settings
        handling = request.prefers("handling")
        if handling not in ("strict", "lenient"):
            handling = settings.search_handling
        return SearchOptions(
            context=self.records.registry.context,
            base_url=request.base_url,
            lenient=handling == "lenient",
            default_count=min(CASES_A_PAGE, settings.default_count)
            if cases
            else settings.default_count,
            max_count=settings.max_count,
        )

    def _links(
        self, request: FhirRequest, name: str, plan: Plan, page: Page, key: bytes
    ) -> list[tuple[str, str]]:
        base = f"{request.base_url}/{name}"

        def link(cursor: str | None) -> str:
            pairs = [*plan.query.applied, *([] if cursor is None else [("_cursor", cursor)])]
            return f"{base}?{urlencode(pairs)}" if pairs else base

        def to(cursor: Cursor) -> str:
            return link(self.cursors.write(cursor, key))

        links = [("self", link(plan.query.cursor))]
        if page.previous is not None:
            links.append(("previous", to(page.previous)))
        if page.next is not None:
            links.append(("next", to(page.next)))
        return links

    # -- the server itself ------------------------------------------------------------------------

    async def metadata(self, request: FhirRequest) -> Reply:
        """GET [base]/metadata"""
        request.require_json()
        served: Served = self.capabilities.statement(request.base_url)
        return resource_reply(request, served)

    async def nowhere(self, request: FhirRequest) -> Reply:
        """Any other URL."""
        path = request.scope["path"].removeprefix(request.scope.get("root_path", "")).strip("/")
        if not path:
            raise MethodNotAllowed(
                "The base URL itself takes no requests here: batch, transaction and searches "
                "over all types are not supported. See /metadata.",
                headers={"Allow": "OPTIONS"},
            )
        first = path.partition("/")[0]
        if first[0] in "_$":
            raise NotFound("Interactions with the whole system are not supported; see /metadata.")
        if first not in CASE_ALIASES and self.records.registry.get(first) is None:
            raise self._unknown_type()
        raise NotFound("There is nothing at this URL; /metadata lists what this server offers.")

    def _type(self, name: str) -> ResourceType:
        found = self.records.registry.get(name)
        if found is None:
            raise self._unknown_type()
        return found

    def _unknown_type(self) -> UnknownType:
        names = ", ".join(sorted([*self.records.registry.types, "Case", "Bundle"]))
        return UnknownType(f"This server does not serve that type. It serves: {names}.")
