"""The request that an entry of a batch or transaction stands for.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from starlette.types import Receive, Scope

from fhir_facade.errors import BadRequest
from fhir_facade.http.request import ACCESS, FhirRequest
from fhir_facade.http.response import Reply, http_date
from fhir_facade.interactions.bundle_entries import Entry
from fhir_facade.rules.json_text import to_json

Answer = Callable[[Scope, Receive], Awaitable[Reply]]
"""Answers a request without sending anything."""

_FHIR_JSON: Final = "application/fhir+json"
_KEPT: Final = (b"host", b"accept", b"prefer")
"""What the entries have in common with the request that they came in."""
_CONDITIONS: Final = (
    ("ifMatch", b"if-match"),
    ("ifNoneMatch", b"if-none-match"),
    ("ifNoneExist", b"if-none-exist"),
)


class Inner(NamedTuple):
    """A request as an ASGI application gets it."""

    scope: Scope
    receive: Receive


def inner_request(outer: FhirRequest, entry: Entry) -> Inner:
    """Return the request of an entry; raise BadRequest where its patch cannot be read."""
    kind, body = _body(entry)
    root = outer.scope.get("root_path", "")
    headers = [(name, value) for name, value in outer.scope["headers"] if name in _KEPT]
    headers += [(b"x-request-id", outer.id.encode()), *_conditions(entry)]
    if body:
        headers.append((b"content-type", kind.encode("utf-8", "replace")))
    scope = {
        **outer.scope,
        "method": entry.method,
        "path": f"{root}/{entry.path}",
        "raw_path": f"{root}/{quote(entry.path)}".encode(),
        "query_string": entry.query.encode(),
        "headers": headers,
        "path_params": {},
        ACCESS: outer.access,
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return Inner(scope, receive)


def _conditions(entry: Entry) -> list[tuple[bytes, bytes]]:
    found = [
        (header, value.encode())
        for name, header in _CONDITIONS
        if (value := entry.condition(name)) is not None
    ]
    since = entry.condition("ifModifiedSince")
    dated = None if since is None else http_date(since)
    if dated is not None:
        found.append((b"if-modified-since", dated[1]))
    return found


def _body(entry: Entry) -> tuple[str, bytes]:
    """Return the content type and body; a patch that is no resource is inside a Binary."""
    resource = entry.resource
    if resource is None or entry.method in ("GET", "HEAD", "DELETE"):
        return "", b""
    if entry.method != "PATCH" or resource["resourceType"] != "Binary":
        return _FHIR_JSON, to_json(resource)
    data = base64.b64decode("".join(str(resource.get("data", "")).split()))
    if not data:
        text = "The Binary of a patch must hold it as data."
        raise BadRequest(text, expression=f"{entry.place}.resource.data")
    return str(resource["contentType"]), data
