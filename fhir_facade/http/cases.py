"""The writes of whole cases as HTTP endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from fhir_facade.errors import BadRequest, TooLarge
from fhir_facade.http.bodies import expected, resource_body, same_id
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import NO_STORE, Reply, http_date, shaped
from fhir_facade.http.write_replies import deleted_reply, outcome_body
from fhir_facade.interactions.case_write import CaseWrites, WrittenCase
from fhir_facade.interactions.prepared import Result, anything
from fhir_facade.interactions.write import Writes
from fhir_facade.rules.draft import Resource
from fhir_facade.settings import Settings

_NO_CRITERIA = "A case is written under its id, or POSTed without criteria."


@dataclass(slots=True)
class CaseEndpoints:
    """Everything an endpoint that writes cases needs."""

    settings: Settings
    writes: Writes

    def _by(self, request: FhirRequest) -> CaseWrites:
        """Return the writes of whole cases as the caller makes them."""
        return CaseWrites(self.writes.seen_by(request.access))

    async def create(self, request: FhirRequest) -> Reply:
        """POST [base]/Case"""
        request.require_json()
        if request.header(b"if-none-exist") is not None:
            raise BadRequest(_NO_CRITERIA)
        bundle = await self._bundle(request)
        return case_reply(request, await self._by(request).create(bundle, request.base_url))

    async def update(self, request: FhirRequest) -> Reply:
        """PUT [base]/Case/[id]"""
        request.require_json()
        fhir, bundle = request.params["id"], await self._bundle(request)
        same_id(bundle, fhir)
        conditional = request.header(b"if-match") or request.header(b"if-none-match")
        expects = expected(request) if conditional else anything
        return case_reply(
            request, await self._by(request).update(fhir, bundle, request.base_url, expects)
        )

    async def delete(self, request: FhirRequest) -> Reply:
        """DELETE [base]/Case/[id]"""
        request.require_json()
        result = await self._by(request).delete(request.params["id"], expected(request))
        return deleted_reply(request, result)

    async def _bundle(self, request: FhirRequest) -> Resource:
        bundle = await resource_body(request, "Bundle", self.settings.max_body)
        limit = self.settings.max_entries
        if len(bundle.get("entry", ())) > limit:
            raise TooLarge(f"The bundle has more than {limit} entries.", expression="Bundle.entry")
        return bundle


def case_reply(request: FhirRequest, case: WrittenCase) -> Reply:
    """Answer with the case as it is now, an outcome, or nothing, as `Prefer: return` asks."""
    status = 201 if case.created else 200
    url = f"{request.base_url}/Case/{case.id}".encode()
    headers = [NO_STORE, (b"location" if case.created else b"content-location", url)]
    served = case.served
    if served is None:
        request.written.append(Result("Bundle", case.id, "", None, None))
        return Reply(outcome_body(request, case.issues), status, tuple(headers))
    request.written.append(
        Result("Bundle", case.id, served.version, served.last_updated, served.body)
    )
    headers.append((b"etag", f'W/"{served.version}"'.encode()))
    dated = http_date(served.last_updated) if served.last_updated else None
    if dated is not None:
        headers.append((b"last-modified", dated[1]))
    wanted = request.prefers("return")
    body = b""
    if wanted == "operationoutcome":
        body = outcome_body(request, case.issues)
    elif wanted != "minimal":
        body = shaped(request, served.body)
    return Reply(body, status, tuple(headers))
