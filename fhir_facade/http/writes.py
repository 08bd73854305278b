"""The writes as HTTP endpoints.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_facade.errors import MethodNotAllowed
from fhir_facade.http.bodies import expected, patch_body, resource_body, same_id
from fhir_facade.http.cases import CaseEndpoints
from fhir_facade.http.request import FhirRequest, decode_pairs
from fhir_facade.http.response import Reply
from fhir_facade.http.write_replies import deleted_reply, result_reply
from fhir_facade.interactions import conditional
from fhir_facade.interactions.conditional import NOT_CRITERIA, Criteria, criteria
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.rules.registry import CASE_ALIASES, ResourceType
from fhir_facade.search.options import SearchOptions
from fhir_facade.settings import Settings

_WHOLE_CASE = "A case is written whole: POST it to Case, PUT or DELETE it at Case/[id]."


@dataclass(slots=True)
class WriteEndpoints:
    """Everything a write endpoint needs."""

    settings: Settings
    writes: Writes

    def _type(self, request: FhirRequest) -> ResourceType:
        name = request.params["type"]
        if name in CASE_ALIASES:
            raise MethodNotAllowed(_WHOLE_CASE)
        return self.writes.records.registry.type(name)

    def _by(self, request: FhirRequest) -> Writes:
        """Return the writes as the caller makes them."""
        return self.writes.seen_by(request.access)

    @property
    def cases(self) -> CaseEndpoints:
        return CaseEndpoints(self.settings, self.writes)

    def options(self, request: FhirRequest) -> SearchOptions:
        """Return how the criteria of conditional interactions are searched: strictly."""
        return SearchOptions(self.writes.records.registry, request.base_url)

    def _criteria(self, request: FhirRequest, interaction: str) -> Criteria:
        resource = self._type(request)
        self._by(request).require(resource, interaction)
        return criteria(resource, request.pairs, self.options(request))

    async def create(self, request: FhirRequest) -> Reply:
        """POST [base]/[type]"""
        request.require_json()
        if request.params["type"] in CASE_ALIASES:
            return await self.cases.create(request)
        resource = self._type(request)
        self._by(request).require(resource, "create")
        put = await resource_body(request, resource.name, self.settings.max_body)
        pairs = _create_criteria(request)
        if pairs is None:
            result = await self._by(request).create(resource, put, request.base_url)
        else:
            found = criteria(resource, pairs, self.options(request))
            result = await conditional.create(self._by(request), found, put, request.base_url)
        return result_reply(request, result)

    async def update(self, request: FhirRequest) -> Reply:
        """PUT [base]/[type]/[id]"""
        request.require_json()
        if request.params["type"] in CASE_ALIASES:
            return await self.cases.update(request)
        resource, fhir = self._type(request), request.params["id"]
        self._by(request).require(resource, "update")
        put = await resource_body(request, resource.name, self.settings.max_body)
        same_id(put, fhir)
        result = await self._by(request).update(
            resource, fhir, put, request.base_url, expected(request)
        )
        return result_reply(request, result)

    async def conditional_update(self, request: FhirRequest) -> Reply:
        """PUT [base]/[type]?[criteria]"""
        request.require_json()
        asked = self._criteria(request, "update")
        put = await resource_body(request, asked.resource.name, self.settings.max_body)
        result = await conditional.update(
            self._by(request), asked, put, request.base_url, expected(request)
        )
        return result_reply(request, result)

    async def patch(self, request: FhirRequest) -> Reply:
        """PATCH [base]/[type]/[id]"""
        request.require_json()
        resource, fhir = self._type(request), request.params["id"]
        self._by(request).require(resource, "patch")
        change = await patch_body(request, resource.name, self.settings.max_body)
        result = await self._by(request).patch(
            resource, fhir, change, request.base_url, expected(request)
        )
        return result_reply(request, result)

    async def conditional_patch(self, request: FhirRequest) -> Reply:
        """PATCH [base]/[type]?[criteria]"""
        request.require_json()
        asked = self._criteria(request, "patch")
        change = await patch_body(request, asked.resource.name, self.settings.max_body)
        result = await conditional.patch(
            self._by(request), asked, change, request.base_url, expected(request)
        )
        return result_reply(request, result)

    async def delete(self, request: FhirRequest) -> Reply:
        """DELETE [base]/[type]/[id]"""
        request.require_json()
        if request.params["type"] in CASE_ALIASES:
            return await self.cases.delete(request)
        resource = self._type(request)
        self._by(request).require(resource, "delete")
        result = await self._by(request).delete(resource, request.params["id"], expected(request))
        return deleted_reply(request, result)

    async def conditional_delete(self, request: FhirRequest) -> Reply:
        """DELETE [base]/[type]?[criteria]"""
        request.require_json()
        asked = self._criteria(request, "delete")
        return deleted_reply(
            request, await conditional.delete(self._by(request), asked, expected(request))
        )


def _create_criteria(request: FhirRequest) -> list[tuple[str, str]] | None:
    """Return the criteria of a conditional create; some clients send them in the URL."""
    asked = request.header(b"if-none-exist")
    if asked is not None:
        return decode_pairs(asked.partition("?")[2 if "?" in asked else 0].encode("latin-1"))
    return [pair for pair in request.pairs if pair[0] not in NOT_CRITERIA] or None


_METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}


def allowed_methods(resource: ResourceType, *, on_instance: bool) -> set[str]:
    """Return the HTTP methods that a type takes at its own URL, or at that of an instance."""
    writes = resource.sources[0].mapping.writes
    found = {_METHODS[each] for each in writes if each != "create" or not on_instance}
    return {"GET", "HEAD", "OPTIONS", *found}
