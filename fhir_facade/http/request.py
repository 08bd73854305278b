"""What FHIR needs of an HTTP request.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from fhir_facade.errors import (
    BadRequest,
    NotAcceptable,
    TooCostly,
    TooLarge,
    UnsupportedMediaType,
)
from fhir_facade.interactions.access import NO_ACCESS, Access
from fhir_facade.interactions.prepared import Result

ACCESS: Final = "fhir_facade.access"
"""Where the scope of a Bundle's entry has what the caller of the Bundle may do."""

BUNDLE: Final = "fhir_facade.bundle"
"""Where the scope of a POST to the base has the type of the Bundle, once that is known."""

_HOST = re.compile(r"[A-Za-z0-9.\-_]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_JSON_TYPES = frozenset(
    {"*/*", "application/*", "application/json", "application/fhir+json", "text/json"}
)
_FORMATS = frozenset({"json", "application/json", "application/fhir+json", "text/json"})
_MOST_PARAMETERS: Final = 1000
_LARGEST_FORM: Final = 1_000_000
_FORM = "application/x-www-form-urlencoded"


class FhirRequest:
    """One request; what costs time is worked out when it is asked for."""

    __slots__ = (
        *("_headers", "_pairs", "_receive", "access", "base_url", "id", "params", "scope"),
        *("shown", "tenants", "written"),
    )

    def __init__(self, scope: Scope, receive: Receive, base_url: str | None) -> None:
        self.scope = scope
        self.params: dict[str, str] = scope.get("path_params", {})
        self._receive = receive
        self.access: Access = scope.get(ACCESS, NO_ACCESS)
        """What the caller may do: nothing, until the gate has let the request in."""
        self.written: list[Result] = []
        """What the request has changed."""
        self.shown: tuple[list[bytes], int | None] | None = None
        """The resources on a search's page as they are served, and how many there are in all."""
        self.tenants: tuple[str, ...] = ()
        """Whose records told of what is shown, where it does not say so itself."""
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        if len(self._headers) != len(scope["headers"]):
            self._join_headers()
        given = self.header(b"x-request-id")
        self.id = given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        self.base_url = base_url or self._own_base()
        self._pairs: list[tuple[str, str]] | None = None

    def _join_headers(self) -> None:
        """Lines of one name are one list (RFC 9110, 5.3)."""
        joined: dict[bytes, list[bytes]] = {}
        for name, value in self.scope["headers"]:
            joined.setdefault(name, []).append(value)
        self._headers = {name: b", ".join(values) for name, values in joined.items()}

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def is_inner(self) -> bool:
        """Say whether it is an entry of a batch or transaction."""
        return ACCESS in self.scope

    @property
    def caller(self) -> str:
        """Who asks, as page links are bound to it; empty where no tokens are asked for."""
        principal = self.access.principal
        return "" if principal is None else principal.identity

    @property
    def address(self) -> str:
        """The address of the client; empty where the server was not told."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    def header(self, name: bytes) -> str | None:
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    def _own_base(self) -> str:
        host = self.header(b"host") or ""
        if not _HOST.fullmatch(host):
            address = self.scope.get("server") or ("localhost", None)
            host = f"{address[0]}:{address[1]}" if address[1] else str(address[0])
        return f"{self.scope['scheme']}://{host}{self.scope.get('root_path', '')}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The decoded query parameters, in order; raise BadRequest where they are not UTF-8."""
        if self._pairs is None:
            query = self.scope["query_string"]
            self._pairs = decode_pairs(query) if query else []
        return self._pairs

    def last(self, name: str) -> str | None:
        return next((value for key, value in reversed(self.pairs) if key == name), None)

    async def add_form(self, limit: int) -> None:
        """Add the parameters of a form body; raise TooLarge, UnsupportedMediaType, BadRequest."""
        kind = (self.header(b"content-type") or "").partition(";")[0].strip().lower()
        body = await self.body(min(limit, _LARGEST_FORM))
        if body and kind != _FORM:
            raise UnsupportedMediaType(f"A POSTed search is a form: send Content-Type: {_FORM}.")
        self.add_pairs(decode_pairs(body))

    def add_pairs(self, more: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Add the parameters of a body to those of the URL, and return them all."""
        self._pairs = [*self.pairs, *more]
        return self._pairs

    async def body(self, limit: int) -> bytes:
        """Return the body; raise TooLarge past the limit."""
        parts: list[bytes] = []
        size = 0
        while True:
            message: Any = await self._receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("The request ended before its body did.")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise TooLarge(f"The request body is longer than {limit} bytes.")
            if not message.get("more_body"):
                return b"".join(parts)

    def require_json(self) -> None:
        """Raise NotAcceptable where the client asks for another format than FHIR JSON."""
        wanted = self.last("_format") if self.pairs else None
        if wanted is not None:
            # '+' of an unencoded application/fhir+json arrives as a space
            if wanted.partition(";")[0].strip().replace(" ", "+") not in _FORMATS:
                raise NotAcceptable("_format must be json: this server speaks FHIR JSON.")
            return
        accept = self._headers.get(b"accept")
        if accept is not None and not _accepts_json(accept):
            raise NotAcceptable(
                "This server speaks FHIR JSON of R4: accept application/fhir+json; fhirVersion=4.0."
            )

    @property
    def pretty(self) -> bool:
        return bool(self.pairs) and self.last("_pretty") == "true"

    def prefers(self, name: str) -> str | None:
        """Return the value of a preference, such as `handling`, in any `Prefer` header."""
        given = self.header(b"prefer")
        for part in (given or "").replace(",", ";").split(";"):
            key, _, value = part.strip().partition("=")
            if key.lower() == name:
                return value.strip('"').lower()
        return None

    def is_lenient(self, default: str) -> bool:
        """Say whether a search may leave out what it cannot be asked; `default` where unsaid."""
        handling = self.prefers("handling")
        return (handling if handling in ("strict", "lenient") else default) == "lenient"

    def not_modified(self, etag: str, last_updated: Any) -> bool:
        """Say whether a conditional read may be answered with 304."""
        tags = self.header(b"if-none-match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return "*" in known or etag.removeprefix("W/") in known
        since = self.header(b"if-modified-since")
        if since is None or last_updated is None:
            return False
        try:
            return bool(last_updated.replace(microsecond=0) <= parsedate_to_datetime(since))
        except (TypeError, ValueError):
            return False


def decode_pairs(query: bytes) -> list[tuple[str, str]]:
    """Decode form-encoded parameters; raise TooCostly for many, BadRequest if no UTF-8."""
    if query.count(b"&") >= _MOST_PARAMETERS:
        raise TooCostly("The search asks for too many values at once; ask in several searches.")
    try:
        return parse_qsl(query.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The parameters are not percent-encoded UTF-8.") from None
    except ValueError:
        raise BadRequest("The parameters cannot be read.") from None


@lru_cache(maxsize=256)
def _accepts_json(accept: bytes) -> bool:
    for part in accept.decode("latin-1").split(","):
        kind, *params = (piece.strip().lower() for piece in part.split(";"))
        settings = {
            name: value.strip('"') for name, _, value in (param.partition("=") for param in params)
        }
        if settings.get("q", "1").rstrip("0").rstrip(".") in ("", "0"):
            continue
        if kind in _JSON_TYPES and settings.get("fhirversion", "4.0") in ("4.0", "4.0.1"):
            return True
    return False
