"""The way in: who asks, and what they may do.

https://hl7.org/fhir/R4/security.html
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from fhir_facade.errors import Forbidden, HeadersTooLarge, Unauthorized
from fhir_facade.http.origins import Origins
from fhir_facade.http.rates import Bucket, open_rates
from fhir_facade.http.request import FhirRequest
from fhir_facade.interactions.access import NO_ACCESS, UNLIMITED, Access, Limited
from fhir_facade.rules.registry import Registry
from fhir_facade.search.options import SearchOptions
from fhir_facade.security.principal import Principal
from fhir_facade.settings import Settings

_NOBODY: Final = "This server wants a token: send Authorization: Bearer …; see {}."
_LOCAL_ONLY: Final = (
    "This server has no authorization server configured, so it answers requests from its own "
    "machine only."
)
_PASSED_ON: Final = f"{_LOCAL_ONLY} This one was passed on by a proxy."
_OTHER_HOST: Final = (
    f"{_LOCAL_ONLY} This one names another host: ask for localhost, or set FHIR_FACADE_BASE_URL."
)
_OTHER_ORIGIN: Final = f"{_LOCAL_ONLY} This one comes from a web page of another origin."

OF_PROXIES: Final = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"}
    | {b"x-real-ip", b"x-client-ip", b"cf-connecting-ip", b"true-client-ip"}
)
"""Headers by which proxies say that they pass on what others ask."""
_NAME: Final = re.compile(r"([A-Za-z0-9.\-_]+)(?::[0-9]{1,5})?")
_IPV6: Final = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_ADDRESS: Final = re.compile(r"[0-9.]+")
_UNOWNED: Final = ("localhost", "test", "example", "invalid")
"""Top-level names that nobody can register (RFC 6761)."""
_LINE: Final = 4
"""Colon, blank and line end of a header."""


class Tokens(Protocol):
    """Verifies tokens."""

    async def principal(self, token: str) -> Principal:
        """Return whose token it is; raise Unauthorized, or StoreUnavailable if nobody can say."""
        ...

    def known(self, token: str) -> Principal | None:
        """Return whose token it is if it has been verified, so that nobody needs to be asked."""
        ...


class Rates(Protocol):
    """Counts the requests of each client."""

    def count(self, bucket: Bucket, client: str) -> None:
        """Count a request; raise TooManyRequests where it is one too many."""
        ...

    def check(self, bucket: Bucket, client: str) -> None:
        """Raise TooManyRequests where another request would be one too many."""
        ...


class Gate:
    """Lets requests in.

    With tokens, a client is an application on behalf of a user, wherever it asks from; an address,
    which many may share, counts for what comes without a token and for tokens that are refused.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        tokens: Tokens | None = None,
        rates: Rates | None = None,
    ) -> None:
        self._tokens = tokens
        self._rates = rates or open_rates(settings.rate_limit)
        self._everybody = settings.insecure
        self._max_headers = settings.max_headers
        self._origins = Origins(settings.cors_origins)
        self._host = urlsplit(settings.base_url or "").netloc.lower()
        options = SearchOptions(registry, "")
        self._access = lru_cache(maxsize=2048)(lambda principal: Limited(principal, options))

    def knock(self, request: FhirRequest) -> None:
        """Count a request that is answered without being let in; raise TooManyRequests."""
        self._count("address", request.address)

    async def admit(self, request: FhirRequest, *, is_open: bool) -> Access:
        """Return what the caller may do.

        Raises HeadersTooLarge, Unauthorized, Forbidden, TooManyRequests, or StoreUnavailable where
        no issuer can be asked.
        """
        size = 0
        for name, value in request.scope["headers"]:
            size += len(name) + len(value) + _LINE
        if size > self._max_headers:
            raise HeadersTooLarge(
                f"The headers of the request are longer than {self._max_headers} bytes."
            )
        if self._tokens is None:
            if not self._everybody:
                self._refuse_others(request)
            self._count("address", request.address)
            return UNLIMITED
        given = request.header(b"authorization")
        if given is None:
            self._count("address", request.address)
            if is_open:
                return NO_ACCESS
            raise Unauthorized(
                _NOBODY.format(f"{request.base_url}/.well-known/smart-configuration"),
                headers={"WWW-Authenticate": challenge()},
            )
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            self._count("address", request.address)
            raise Unauthorized(
                "The Authorization header must be: Bearer, a blank, and the token.",
                headers={"WWW-Authenticate": challenge("invalid_request")},
            )
        token = token.strip()
        principal = self._tokens.known(token)
        if principal is None:
            principal = await self._verified(self._tokens, request, token)
        if self._rates is not None:
            client = (principal.issuer, principal.client, principal.subject)
            self._rates.count("client", f"{client}")
        return self._access(principal)

    async def _verified(self, tokens: Tokens, request: FhirRequest, token: str) -> Principal:
        """Return whose token it is; an address that sends many bad ones gets no more verified."""
        if self._rates is not None:
            self._rates.check("refused", request.address)
        try:
            return await tokens.principal(token)
        except Unauthorized as error:
            self._count("refused", request.address)
            error.headers.setdefault("WWW-Authenticate", challenge("invalid_token"))
            raise

    def _count(self, bucket: Bucket, client: str) -> None:
        if self._rates is not None:
            self._rates.count(bucket, client)

    def _refuse_others(self, request: FhirRequest) -> None:
        """Raise Forbidden unless somebody at this machine asks.

        What comes from its address may come for others: by a proxy; by a browser that a page's own
        host name leads here (DNS rebinding); by a browser for a page of another origin.
        """
        if not is_local(request.address):
            raise Forbidden(_LOCAL_ONLY)
        for name, _ in request.scope["headers"]:
            if name in OF_PROXIES:
                raise Forbidden(_PASSED_ON)
        host = request.header(b"host") or ""
        if host.lower() != self._host and not is_unowned(host):
            raise Forbidden(_OTHER_HOST)
        origin = request.header(b"origin")
        if origin is None or origin in self._origins:
            return
        if origin != f"{request.scope['scheme']}://{host}":
            raise Forbidden(_OTHER_ORIGIN)


@lru_cache(maxsize=256)
def is_unowned(host: str) -> bool:
    """Say whether a Host header names an address, or a name that nobody can have pointed here."""
    found = _NAME.fullmatch(host)
    if found is None:
        return not host or _IPV6.fullmatch(host) is not None
    name = found[1].lower().rstrip(".")
    return name.rpartition(".")[2] in _UNOWNED or _ADDRESS.fullmatch(name) is not None


def challenge(error: str = "") -> str:
    """Return a WWW-Authenticate header (RFC 6750, section 3)."""
    return f'Bearer realm="fhir", error="{error}"' if error else 'Bearer realm="fhir"'


def is_asked_here(scope: Scope) -> bool:
    """Say whether this machine itself asks, under a name that nobody else may own.

    A proxy on it passes on what others ask, and a page's own host name may lead here.
    """
    headers, client = Headers(scope=scope), scope.get("client")
    is_passed_on = any(name in OF_PROXIES for name, _ in scope["headers"])
    near = is_local(str(client[0]) if client else "")
    return near and not is_passed_on and is_unowned(headers.get("host", ""))


@lru_cache(maxsize=1024)
def is_local(address: str) -> bool:
    """Say whether an address is one of this machine; a request without one came by no network."""
    if not address:
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
