"""The entries of a batch-response or transaction-response.

https://hl7.org/fhir/R4/http.html#transaction-response
"""

from __future__ import annotations

import uuid
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import orjson

from fhir_facade.errors import Issue
from fhir_facade.http.response import Reply
from fhir_facade.interactions.prepared import Result
from fhir_facade.interactions.search import outcome
from fhir_facade.rules.json_text import to_json

_OUTCOME: Final = "OperationOutcome"
_UNNAMED: Final = uuid.UUID("0c5a3a0c-5f2e-5a0b-8f3e-2b7d1c9e6a41")
_LOCATIONS: Final = (b"location", b"content-location")


class ResponseEntries:
    """Gathers what became of each entry; the resources' bytes are joined as they are."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._entries: list[bytes] = []
        self._identities: set[tuple[str, str | None]] = set()

    def add(self, reply: Reply, result: Result | None = None) -> None:
        """Add the answer to one entry; `result` is what a write did, where that is known."""
        response = self._response(reply)
        resource: dict[str, Any] = orjson.loads(reply.body) if reply.body else {}
        if resource.get("resourceType") == _OUTCOME:
            response["outcome"] = resource
            resource = {}
        elif result is not None and result.issues:
            response["outcome"] = outcome(list(result.issues))
        updated = resource.get("meta", {}).get("lastUpdated")
        if result is not None:
            updated = result.last_updated
        if updated is not None and "etag" in response:
            response["lastModified"] = updated
        parts = [b'"response":%b' % to_json(response)]
        if resource:
            parts.insert(0, b'"resource":%b' % reply.body)
            parts.insert(0, b'"fullUrl":%b' % to_json(self._full_url(resource)))
        self._entries.append(b"{%b}" % b",".join(parts))

    def _response(self, reply: Reply) -> dict[str, Any]:
        headers = {name: value.decode("latin-1") for name, value in reply.headers}
        response: dict[str, Any] = {"status": f"{reply.status} {HTTPStatus(reply.status).phrase}"}
        for name in _LOCATIONS:
            if name in headers:
                response["location"] = headers[name].removeprefix(f"{self._base_url}/")
        if b"etag" in headers:
            response["etag"] = headers[b"etag"]
        if b"last-modified" in headers:
            moment = parsedate_to_datetime(headers[b"last-modified"])
            response["lastModified"] = moment.isoformat().replace("+00:00", "Z")
        return response

    def _full_url(self, resource: dict[str, Any]) -> str:
        """Return the identity of a resource; a version has it once (bdl-7), then any other.

        Validators want one for a searchset too, which has no id.
        """
        fhir = resource.get("id")
        url = f"{self._base_url}/{resource['resourceType']}/{fhir}"
        identity = (url, resource.get("meta", {}).get("versionId"))
        if fhir is None or identity in self._identities:
            return uuid.uuid5(_UNNAMED, f"{len(self._entries)} {url}").urn
        self._identities.add(identity)
        return url

    def bundle(self, type: str) -> bytes:
        """Return the Bundle that answers one of a type."""
        body = to_json({"resourceType": "Bundle", "type": f"{type}-response"})
        if self._entries:
            body = body[:-1] + b',"entry":[' + b",".join(self._entries) + b"]}"
        return body


def outcome_of(body: bytes) -> list[Issue]:
    """Return the issues of an answer that is an OperationOutcome."""
    found = orjson.loads(body) if body else {}
    return [
        Issue(
            each["severity"],
            each["code"],
            each["diagnostics"],
            next(iter(each.get("expression", ())), None),
        )
        for each in found.get("issue", ())
    ] or [Issue("error", "processing", "The entry failed.")]
