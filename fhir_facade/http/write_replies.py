"""How writes are answered: status, headers, and the body that the client prefers.

https://hl7.org/fhir/R4/http.html#ops
"""

from __future__ import annotations

from fhir_facade.errors import Issue
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import NO_STORE, Headers, Reply, http_date, shaped
from fhir_facade.interactions.prepared import Result
from fhir_facade.interactions.search import outcome
from fhir_facade.rules.json_text import to_json

_DONE = "Done."


def result_reply(request: FhirRequest, result: Result) -> Reply:
    """Answer a write as `Prefer: return` asks: with the resource, an outcome, or nothing."""
    request.written.append(result)
    status = 201 if result.created else 200
    url = f"{request.base_url}/{result.type}/{result.id}/_history/{result.version}".encode()
    headers: list[tuple[bytes, bytes]] = [*version_headers(result), NO_STORE]
    headers.append((b"location" if result.created else b"content-location", url))
    wanted = request.prefers("return")
    if wanted == "minimal":
        return Reply(b"", status, tuple(headers))
    if wanted == "operationoutcome" or result.body is None:
        return Reply(outcome_body(request, result.issues), status, tuple(headers))
    return Reply(shaped(request, result.body), status, tuple(headers))


def version_headers(result: Result) -> Headers:
    """Return ETag and Last-Modified."""
    dated = http_date(result.last_updated) if result.last_updated else None
    etag = (b"etag", f'W/"{result.version}"'.encode())
    return (etag,) if dated is None else (etag, (b"last-modified", dated[1]))


def deleted_reply(request: FhirRequest, result: Result | None) -> Reply:
    """Answer a delete: 204, or 200 with an outcome where the client asks for one."""
    if result is not None:
        request.written.append(result)
    headers = (NO_STORE,) if result is None else (*version_headers(result), NO_STORE)
    if request.prefers("return") == "operationoutcome":
        return Reply(outcome_body(request, ()), 200, headers)
    return Reply(b"", 204, headers)


def outcome_body(request: FhirRequest, issues: tuple[Issue, ...]) -> bytes:
    """Return an OperationOutcome of what a write has to say."""
    found = list(issues) or [Issue("information", "informational", _DONE)]
    return to_json(outcome(found), pretty=request.pretty)
