"""The published artefacts as HTTP endpoints: read and search, each type by itself.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import urlencode

from fhir_facade.derive.capability_types import PUBLISHED_TYPES
from fhir_facade.errors import UnknownType
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, bundle_reply, resource_reply
from fhir_facade.interactions.conformance import Conformance, no_versions
from fhir_facade.interactions.conformance_search import (
    Found,
    Limits,
    artefact_bundle,
    find,
    plan,
)
from fhir_facade.interactions.conformance_shape import shaped
from fhir_facade.interactions.read import Served
from fhir_facade.rules.json_text import to_json
from fhir_facade.search.paging import Cursor, Cursors, query_key
from fhir_facade.search.params import Query, parse
from fhir_facade.settings import Settings

Handler = Callable[[FhirRequest], Awaitable[Reply]]
Line = tuple[str, dict[str, Handler]]
"""A path below the FHIR base, and what each method does there."""

_PLAIN: Final = ",:/*$|"
"""What a link may show as it is."""


@dataclass(frozen=True, slots=True)
class ConformanceEndpoints:
    """Everything an endpoint of artefacts needs."""

    settings: Settings
    conformance: Conformance
    cursors: Cursors

    def lines(self) -> Iterator[Line]:
        """Yield the URLs of every published type; of one length, the first that fits answers."""
        for type_ in PUBLISHED_TYPES:
            no_history: dict[str, Handler] = {"GET": partial(self.no_history, type_)}
            yield type_, {"GET": partial(self.search, type_)}
            yield f"{type_}/_search", {"POST": partial(self.search_by_post, type_)}
            yield f"{type_}/_history", no_history
            yield f"{type_}/{{id}}", {"GET": partial(self.read, type_)}
            yield f"{type_}/{{id}}/_history", no_history
            yield f"{type_}/{{id}}/_history/{{vid}}", no_history

    async def read(self, type_: str, request: FhirRequest) -> Reply:
        """GET [base]/[type]/[id]"""
        request.require_json()
        found = self.conformance.read(type_, request.params["id"])
        served = found.served
        asked = [pair for pair in request.pairs if pair[0] in ("_summary", "_elements")]
        if asked:
            query = parse(asked, max_count=1)
            body = to_json(shaped(found.resource, query.summary, query.elements))
            served = Served(body, served.version, served.last_updated)
        return resource_reply(request, served)

    async def no_history(self, type_: str, request: FhirRequest) -> Reply:
        """GET of a history, which artefacts have not."""
        raise no_versions(type_)

    async def search_by_post(self, type_: str, request: FhirRequest) -> Reply:
        """POST [base]/[type]/_search"""
        await request.add_form(self.settings.max_body)
        return await self.search(type_, request)

    async def search(self, type_: str, request: FhirRequest) -> Reply:
        """GET [base]/[type]?…"""
        request.require_json()
        planned = plan(self.conformance, type_, request.pairs, self._limits(request))
        key = query_key(type_, planned.query.applied)
        token = planned.query.cursor
        start = 0 if token is None else self.cursors.read(token, key).run
        found = find(self.conformance, planned, start)
        links = self._links(f"{request.base_url}/{type_}", planned.query, found, key)
        body = artefact_bundle(found, planned.query, links, request.base_url)
        return bundle_reply(request, Served(body, "", None))

    def _limits(self, request: FhirRequest) -> Limits:
        settings = self.settings
        lenient = request.is_lenient(settings.search_handling)
        return Limits(lenient, settings.default_count, settings.max_count)

    def _links(self, base: str, query: Query, found: Found, key: bytes) -> list[tuple[str, str]]:
        def link(cursor: str | None) -> str:
            pairs = [*query.applied, *([] if cursor is None else [("_cursor", cursor)])]
            return f"{base}?{urlencode(pairs, safe=_PLAIN)}" if pairs else base

        links = [("self", link(query.cursor))]
        for relation, start in (("previous", found.previous), ("next", found.next)):
            if start is not None:
                cursor = Cursor(start, ())
                links.append((relation, link(self.cursors.write(cursor, key))))
        return links


def with_published(error: UnknownType) -> UnknownType:
    """Return the error of a type that is not served, with the types that are published added."""
    more = f" It publishes: {', '.join(PUBLISHED_TYPES)}."
    issues = [replace(each, diagnostics=each.diagnostics + more) for each in error.issues]
    return UnknownType(f"{error}{more}", issues=issues, headers=error.headers)
