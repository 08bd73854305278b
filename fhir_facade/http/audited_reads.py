"""What the audit trail is told of a plain read, which most requests are: the short way.

It says what `fhir_facade.http.auditing` would say of it, from less.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from fhir_facade.audit.told import MOST, SMALL, Told, scalar
from fhir_facade.http.headers import Headers
from fhir_facade.http.watch import Done
from fhir_facade.rules.registry import CASE_ALIASES
from fhir_facade.security.principal import Principal

_INSTANCE: Final = "{type}/{id}"
"""The line of the URL table that reads are of."""
_LONGEST_SCOPES: Final = 4096

Whose = str | list[str] | None
"""The one patient or tenant, several, or none."""


def is_plain_read(done: Done) -> bool:
    """Say whether one resource was asked for by its id alone, and is what was answered."""
    if done.interaction != "read" or done.reply.status != 200 or done.path != _INSTANCE:
        return False
    request = done.request
    return not request.scope["query_string"] and request.params["type"] not in CASE_ALIASES


class PlainRead:
    """What is kept of a plain read until its entry is made: little, since there are many."""

    __slots__ = (
        *("_address", "_at", "_base", "_body", "_etag", "_id", "_is_inner", "_principal"),
        *("_request", "_type"),
    )

    def __init__(self, done: Done, base: str) -> None:
        request, reply = done.request, done.reply
        self._type, self._id = request.params["type"], request.params["id"]
        self._base, self._at = base, done.at
        self._body, self._etag = reply.body, header(reply.headers, b"etag")
        self._request, self._address = request.id, request.address
        self._principal, self._is_inner = request.access.principal, request.is_inner

    @property
    def size(self) -> int:
        """The bytes of the answer, which are kept."""
        return len(self._body)

    def fields(self) -> dict[str, Any]:
        """Return the fields of the entry."""
        body, principal = self._body, self._principal
        told_by = _told_by if len(body) <= SMALL else _told_by.__wrapped__
        ids, patient, tenant = told_by(body, f"{self._type}/{self._id}", self._base)
        known = principal.tenants if principal is not None else None
        if known and (len(known) == 1 or tenant is None):
            tenant = scalar(sorted(known))
        found = {
            "at": self._at,
            "interaction": "read",
            "action": "R",
            "outcome": "0",
            "status": 200,
            "type": self._type,
            "ids": ids,
            "agent": {} if principal is None else agent_of(principal),
            "request": self._request,
        }
        if patient is not None:
            found["patient"] = patient
        if tenant is not None:
            found["tenant"] = tenant
        if self._address:
            found["address"] = self._address
        if len(ids) == 1 and (version := version_of(self._etag)):
            found["version"] = version
        if self._is_inner:
            found["inner"] = True
        return found


@lru_cache(maxsize=4096)
def _told_by(body: bytes, id: str, base: str) -> tuple[list[str], Whose, Whose]:
    """Return the ids in one resource, its patient and its tenant, as entries name them."""
    told = Told(base, ids={id: None})
    told.look_at(body)
    patient = scalar(told.patients, of_others=told.of_others)
    return [*told.ids][:MOST], patient, scalar(told.tenants, of_others=told.of_other_tenants)


def header(headers: Headers, wanted: bytes) -> bytes:
    """Return a header of an answer; nothing where it has none of the name."""
    for name, value in headers:
        if name == wanted:
            return value
    return b""


def version_of(etag: bytes) -> str:
    """Return the version that an ETag names."""
    return etag.decode("latin-1").removeprefix("W/").strip('"')


@lru_cache(maxsize=2048)
def agent_of(principal: Principal) -> dict[str, str]:
    """Return who asks, as entries name them."""
    scopes = " ".join(each.spelled for each in principal.scopes)
    found = {
        "user": principal.user,
        "subject": principal.subject,
        "client": principal.client,
        "issuer": principal.issuer,
        "scopes": scopes[:_LONGEST_SCOPES] or None,
    }
    return {name: value for name, value in found.items() if value is not None}
