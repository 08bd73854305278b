"""The writes as HTTP endpoints.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_facade.errors import Issue
from fhir_facade.http.bodies import expected, patch_body, resource_body, same_id
from fhir_facade.http.request import FhirRequest, decode_pairs
from fhir_facade.http.response import NO_STORE, Headers, Reply, http_date, shaped
from fhir_facade.interactions import conditional
from fhir_facade.interactions.conditional import Criteria, criteria
from fhir_facade.interactions.search import outcome
from fhir_facade.interactions.write import Result, Writes
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.registry import ResourceType
from fhir_facade.search.options import SearchOptions
from fhir_facade.settings import Settings

_DONE = "Done."


@dataclass(slots=True)
class WriteEndpoints:
    """Everything a write endpoint needs."""

    settings: Settings
    writes: Writes

    def _type(self, request: FhirRequest) -> ResourceType:
        return self.writes.records.registry.type(request.params["type"])

    def options(self, request: FhirRequest) -> SearchOptions:
        """Return how the criteria of conditional interactions are searched: strictly."""
        return SearchOptions(self.writes.records.registry, request.base_url)

    def _criteria(self, request: FhirRequest) -> Criteria:
        return criteria(self._type(request), request.pairs, self.options(request))

    async def create(self, request: FhirRequest) -> Reply:
        """POST [base]/[type]"""
        request.require_json()
        resource = self._type(request)
        self.writes.require(resource, "create")
        put = await resource_body(request, resource.name, self.settings.max_body)
        asked = request.header(b"if-none-exist")
        if asked is None:
            result = await self.writes.create(resource, put, request.base_url)
        else:
            pairs = decode_pairs(asked.partition("?")[2 if "?" in asked else 0].encode("latin-1"))
            found = criteria(resource, pairs, self.options(request))
            result = await conditional.create(self.writes, found, put, request.base_url)
        return result_reply(request, result)

    async def update(self, request: FhirRequest) -> Reply:
        """PUT [base]/[type]/[id]"""
        request.require_json()
        resource, fhir = self._type(request), request.params["id"]
        self.writes.require(resource, "update")
        put = await resource_body(request, resource.name, self.settings.max_body)
        same_id(put, fhir)
        result = await self.writes.update(resource, fhir, put, request.base_url, expected(request))
        return result_reply(request, result)

    async def conditional_update(self, request: FhirRequest) -> Reply:
        """PUT [base]/[type]?[criteria]"""
        request.require_json()
        asked = self._criteria(request)
        self.writes.require(asked.resource, "update")
        put = await resource_body(request, asked.resource.name, self.settings.max_body)
        result = await conditional.update(
            self.writes, asked, put, request.base_url, expected(request)
        )
        return result_reply(request, result)

    async def patch(self, request: FhirRequest) -> Reply:
        """PATCH [base]/[type]/[id]"""
        request.require_json()
        resource, fhir = self._type(request), request.params["id"]
        self.writes.require(resource, "patch")
        change = await patch_body(request, resource.name, self.settings.max_body)
        result = await self.writes.patch(
            resource, fhir, change, request.base_url, expected(request)
        )
        return result_reply(request, result)

    async def conditional_patch(self, request: FhirRequest) -> Reply:
        """PATCH [base]/[type]?[criteria]"""
        request.require_json()
        asked = self._criteria(request)
        self.writes.require(asked.resource, "patch")
        change = await patch_body(request, asked.resource.name, self.settings.max_body)
        result = await conditional.patch(
            self.writes, asked, change, request.base_url, expected(request)
        )
        return result_reply(request, result)

    async def delete(self, request: FhirRequest) -> Reply:
        """DELETE [base]/[type]/[id]"""
        request.require_json()
        resource = self._type(request)
        self.writes.require(resource, "delete")
        result = await self.writes.delete(resource, request.params["id"], expected(request))
        return deleted_reply(request, result)

    async def conditional_delete(self, request: FhirRequest) -> Reply:
        """DELETE [base]/[type]?[criteria]"""
        request.require_json()
        asked = self._criteria(request)
        return deleted_reply(
            request, await conditional.delete(self.writes, asked, expected(request))
        )


def result_reply(request: FhirRequest, result: Result) -> Reply:
    """Answer a write as `Prefer: return` asks: with the resource, an outcome, or nothing."""
    status = 201 if result.created else 200
    url = f"{request.base_url}/{result.type}/{result.id}/_history/{result.version}".encode()
    headers: list[tuple[bytes, bytes]] = [*version_headers(result), NO_STORE]
    headers.append((b"location" if result.created else b"content-location", url))
    wanted = request.prefers("return")
    if wanted == "minimal":
        return Reply(b"", status, tuple(headers))
    if wanted == "operationoutcome" or result.body is None:
        return Reply(_outcome(request, result.issues), status, tuple(headers))
    return Reply(shaped(request, result.body), status, tuple(headers))


def version_headers(result: Result) -> Headers:
    """Return ETag and Last-Modified."""
    dated = http_date(result.last_updated) if result.last_updated else None
    etag = (b"etag", f'W/"{result.version}"'.encode())
    return (etag,) if dated is None else (etag, (b"last-modified", dated[1]))


def deleted_reply(request: FhirRequest, result: Result | None) -> Reply:
    """Answer a delete: 204, or 200 with an outcome where the client asks for one."""
    headers = (NO_STORE,) if result is None else (*version_headers(result), NO_STORE)
    if request.prefers("return") == "operationoutcome":
        return Reply(_outcome(request, ()), 200, headers)
    return Reply(b"", 204, headers)


def _outcome(request: FhirRequest, issues: tuple[Issue, ...]) -> bytes:
    found = list(issues) or [Issue("information", "informational", _DONE)]
    return to_json(outcome(found), pretty=request.pretty)
