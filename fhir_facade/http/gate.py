"""The way in: who asks, and what they may do.

https://hl7.org/fhir/R4/security.html
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final, Protocol

from fhir_facade.errors import Forbidden, Unauthorized
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


class Tokens(Protocol):
    """Verifies tokens."""

    async def principal(self, token: str) -> Principal:
        """Return whose token it is; raise Unauthorized, or StoreUnavailable if nobody can say."""
        ...


class Rates(Protocol):
    """Counts the requests of each client."""

    def count(self, client: str) -> None:
        """Count a request; raise TooManyRequests where it is one too many."""
        ...


class Gate:
    """Lets requests in."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        tokens: Tokens | None = None,
        rates: Rates | None = None,
    ) -> None:
        self._tokens, self._rates = tokens, rates
        self._everybody = settings.insecure
        options = SearchOptions(registry, "")
        self._access = lru_cache(maxsize=2048)(lambda principal: Limited(principal, options))

    async def admit(self, request: FhirRequest, *, is_open: bool) -> Access:
        """Return what the caller may do.

        Raises Unauthorized, Forbidden, TooManyRequests, or StoreUnavailable where no issuer can be
        asked.
        """
        if self._rates is not None:
            self._rates.count(request.address)
        if self._tokens is None:
            if not self._everybody and not is_local(request.address):
                raise Forbidden(_LOCAL_ONLY)
            return UNLIMITED
        given = request.header(b"authorization")
        if given is None:
            if is_open:
                return NO_ACCESS
            raise Unauthorized(
                _NOBODY.format(f"{request.base_url}/.well-known/smart-configuration"),
                headers={"WWW-Authenticate": challenge()},
            )
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized(
                "The Authorization header must be: Bearer, a blank, and the token.",
                headers={"WWW-Authenticate": challenge("invalid_request")},
            )
        try:
            principal = await self._tokens.principal(token.strip())
        except Unauthorized as error:
            error.headers.setdefault("WWW-Authenticate", challenge("invalid_token"))
            raise
        return self._access(principal)


def challenge(error: str = "") -> str:
    """Return a WWW-Authenticate header (RFC 6750, section 3)."""
    return f'Bearer realm="fhir", error="{error}"' if error else 'Bearer realm="fhir"'


def is_local(address: str) -> bool:
    """Say whether an address is one of this machine; a request without one came by no network."""
    if not address:
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
