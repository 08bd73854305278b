"""How answers go out: FHIR JSON with its headers.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from starlette.types import Send

from fhir_facade.errors import FacadeError
from fhir_facade.http.headers import Headers as Headers
from fhir_facade.http.headers import secure
from fhir_facade.http.request import FhirRequest
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.search import outcome
from fhir_facade.rules.json_text import read_json, to_json

CONTENT_TYPE = b"application/fhir+json; charset=utf-8"
NO_STORE = (b"cache-control", b"no-store")
"""Nobody keeps an answer, a browser's disk included.

A client that has a resource can still ask with its ETag, and gets a 304: it says what it has.
"""
_VARY = (b"vary", b"Accept, Prefer")
_VARY_PLAIN = (b"vary", b"Accept, Prefer, Accept-Encoding")

_WITHOUT_BODY = (204, 304)


class Reply:
    """A status, headers and a body that is complete."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: Headers = (),
        *,
        content_type: bytes = CONTENT_TYPE,
    ) -> None:
        self.body = body
        self.status = status
        self.headers = headers
        self.content_type = content_type

    async def send(self, request: FhirRequest, send: Send) -> None:
        """Send the reply; a HEAD request gets the headers of the GET alone."""
        # where the client takes compressed answers, the compression adds its own name
        vary = _VARY_PLAIN if request.header(b"accept-encoding") is None else _VARY
        always = secure(request.scope["scheme"])
        headers = [(b"x-request-id", request.id.encode()), vary, *always, *self.headers]
        if self.status not in _WITHOUT_BODY:
            headers += [
                (b"content-type", self.content_type),
                (b"content-length", b"%d" % len(self.body)),
            ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        body = b"" if request.method == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=4096)
def http_date(instant: str) -> tuple[datetime, bytes] | None:
    """Return a FHIR instant as datetime and as HTTP date."""
    try:
        moment = datetime.fromisoformat(instant).astimezone(UTC)
        return moment, format_datetime(moment, usegmt=True).encode()
    except (ValueError, OverflowError):
        return None


def resource_reply(request: FhirRequest, served: Served) -> Reply:
    """Answer with one resource, or with 304 if the client has it."""
    etag = f'W/"{served.version}"'
    headers = [(b"etag", etag.encode()), NO_STORE]
    dated = http_date(served.last_updated) if served.last_updated else None
    if dated is not None:
        headers.append((b"last-modified", dated[1]))
    if request.not_modified(etag, dated[0] if dated else None):
        return Reply(b"", 304, tuple(headers))
    return Reply(shaped(request, served.body), 200, tuple(headers))


def bundle_reply(request: FhirRequest, served: Served) -> Reply:
    """Answer with a searchset."""
    return Reply(shaped(request, served.body), 200, (NO_STORE,))


def shaped(request: FhirRequest, body: bytes) -> bytes:
    """Indent a body where the client asks for it."""
    return pretty(body) if request.pretty else body


def pretty(body: bytes) -> bytes:
    """Indent JSON; decimals keep the digits they have."""
    return to_json(read_json(body, max_depth=1000), pretty=True)


def error_reply(request: FhirRequest, error: FacadeError) -> Reply:
    """Answer with the OperationOutcome of an error."""
    body = to_json(outcome(list(error.issues)), pretty=_wants_pretty(request))
    return Reply(body, error.status, (NO_STORE, *_encoded(error.headers)))


def _wants_pretty(request: FhirRequest) -> bool:
    try:
        return request.pretty
    except FacadeError:  # the query string itself is what is wrong
        return False


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
