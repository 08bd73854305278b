"""Bearer tokens: JWTs are verified with their issuer's keys, others are asked about at the issuer.

https://hl7.org/fhir/smart-app-launch/app-launch.html
https://www.rfc-editor.org/rfc/rfc9068
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from fhir_facade.errors import Unauthorized
from fhir_facade.security.claims import Expected, check_claims, principal_of
from fhir_facade.security.discovery import ENDPOINTS, Discovery
from fhir_facade.security.introspection import Introspection
from fhir_facade.security.kept import Kept
from fhir_facade.security.keys import ALGORITHMS, BAD_SIGNATURE, Keys, PublicKey
from fhir_facade.security.principal import Principal
from fhir_facade.security.remote import IssuerUnavailable, Remote
from fhir_facade.settings import Issuer, Settings

Json = dict[str, Any]

_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_LONGEST: Final = 16_384
_TYPES: Final = ("jwt", "at+jwt", "application/at+jwt")
_REQUIRED: Final = ("exp", "iss", "aud")
_JWS: Final = PyJWS(algorithms=list(ALGORITHMS))
_UNREADABLE: Final = "The token is not a JWT that this server can read."
_REMEMBERED: Final = 10_000
_MOST_ASKED: Final = 200
"""Unknown tokens that the issuers are asked about at a time; more are answered with a 503."""
_REFUSED_FOR: Final = 5.0
"""Seconds for which an issuer is not asked again about a token that it refused."""


class _Provider:
    """One issuer: what it says, its keys, and its introspection."""

    def __init__(
        self,
        issuer: Issuer,
        settings: Settings,
        remote: Remote,
        asking: Remote,
        now: Callable[[], float],
    ) -> None:
        self.expected = Expected.of(issuer, settings)
        self.discovery = Discovery(issuer, remote, now)
        self.keys = Keys(issuer, self.discovery, remote, now)
        asks = issuer.introspection_url is not None
        self.introspection = Introspection(issuer, asking) if asks else None


class _Known(NamedTuple):
    """A verified token."""

    until: float
    principal: Principal
    keys: Kept[Any] | None


class _Refused(NamedTuple):
    """A token that its issuer refused, and what was answered."""

    until: float
    error: type[Unauthorized]
    text: str


class Authenticator:
    """Says whose a token is. Tokens are remembered by their SHA-256, and for a while only."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self._now, self._seconds = now, settings.token_cache
        # tokens of anybody, known or not, must not stand before the keys
        self._remote, self._asking = Remote(), Remote()
        self._providers = {
            each.issuer: _Provider(each, settings, self._remote, self._asking, now)
            for each in settings.issuers
        }
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._refused: OrderedDict[bytes, _Refused] = OrderedDict()
        self._asked: dict[bytes, asyncio.Task[Principal]] = {}
        self._cached = 0
        for name, provider in self._providers.items():
            provider.keys.kept.changed = partial(self._forget, name)

    def start(self) -> None:
        """Fetch what the issuers publish in the background, before the first token comes."""
        for provider in self._providers.values():
            provider.keys.kept.start()

    async def principal(self, token: str) -> Principal:
        """Return whose a token is, the same object as long as it is remembered.

        Raises Unauthorized, TokenExpired, or IssuerUnavailable where nobody can say.
        """
        if not token.isascii() or len(token) > _LONGEST:
            raise Unauthorized("The token is not one.")
        digest = _digest(token)
        known = self._remembered(digest)
        if known is not None:
            return known
        if _JWT.fullmatch(token):
            return await self._signed(token, digest)
        return await self._introspected(token, digest)

    def known(self, token: str) -> Principal | None:
        """Return whose a token is if that is remembered: nothing is verified, nobody asked."""
        return self._remembered(_digest(token)) if len(token) <= _LONGEST else None

    def _remembered(self, digest: bytes) -> Principal | None:
        known = self._known.get(digest)
        if known is None or self._now() >= known.until:
            return None
        self._known.move_to_end(digest)
        self._cached += 1
        if known.keys is not None:
            known.keys.current()  # due keys are renewed although no token is verified
        return known.principal

    def cached(self) -> int:
        """Return how many tokens needed no verification, because they were remembered."""
        return self._cached

    def has_keys(self) -> bool:
        """Say whether every issuer's keys are known; those that are not are asked for.

        The keys of an issuer that is asked about each token may be missing.
        """
        needed = [each.keys.kept for each in self._providers.values() if not each.introspection]
        missing = [kept for kept in needed if kept.current() is None]
        for kept in missing:
            kept.want()
        return not missing

    async def document(self) -> Json:
        """Return what the first issuer says of itself; raise IssuerUnavailable."""
        first = next(iter(self._providers.values()))
        return await first.discovery.document()

    async def endpoints(self) -> dict[str, str]:
        """Return the first issuer's endpoints, `token_endpoint` …; raise IssuerUnavailable."""
        document = await self.document()
        found = {name: document.get(name) for name in ENDPOINTS}
        return {name: url for name, url in found.items() if isinstance(url, str) and url}

    async def close(self) -> None:
        """End what is under way, and the connections to the issuers."""
        waiting = [*self._asked.values()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for provider in self._providers.values():
            await provider.keys.kept.close()
            await provider.discovery.kept.close()
        await self._remote.close()
        await self._asking.close()

    async def _signed(self, token: str, digest: bytes) -> Principal:
        header, claims = _unverified(token)
        issuer = claims.get("iss")
        provider = self._providers.get(issuer) if isinstance(issuer, str) else None
        if provider is None:
            raise Unauthorized("The token is of an issuer that this server does not accept.")
        algorithm, kid = _signing(header)
        _verify(token, await provider.keys.find(kid, algorithm), algorithm)
        now = self._now()
        expires = check_claims(claims, provider.expected, now, required=_REQUIRED)
        found = principal_of(claims, provider.expected, expires)
        self._remember(digest, found, now, provider.keys.kept)
        return found

    async def _introspected(self, token: str, digest: bytes) -> Principal:
        refused = self._refused.get(digest)
        if refused is not None and self._now() < refused.until:
            raise refused.error(refused.text)
        task = self._asked.get(digest)
        if task is None:
            if len(self._asked) >= _MOST_ASKED:
                raise IssuerUnavailable
            task = asyncio.get_running_loop().create_task(self._ask(token, digest))
            self._asked[digest] = task
            task.add_done_callback(lambda done: self._answered(digest, done))
        return await asyncio.shield(task)

    def _answered(self, digest: bytes, task: asyncio.Task[Principal]) -> None:
        del self._asked[digest]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Unauthorized):
            until = self._now() + _REFUSED_FOR
            _put(self._refused, digest, _Refused(until, type(error), str(error)))

    async def _ask(self, token: str, digest: bytes) -> Principal:
        """Ask the issuers in their order, until one knows the token."""
        unavailable = False
        for provider in self._providers.values():
            if provider.introspection is None:
                continue
            try:
                claims = await provider.introspection.claims(token)
            except IssuerUnavailable:
                unavailable = True
                continue
            if claims is not None:
                return self._active(claims, provider.expected, digest)
        if unavailable:
            raise IssuerUnavailable
        raise Unauthorized("The token is not active, or of no issuer that this server accepts.")

    def _active(self, claims: Json, expected: Expected, digest: bytes) -> Principal:
        now = self._now()
        required = () if expected.any_audience else ("aud",)
        expires = check_claims(claims, expected, now, required=required)
        found = principal_of(claims, expected, min(expires, now + max(self._seconds, 1)))
        self._remember(digest, found, now, None)
        return found

    def _remember(
        self, digest: bytes, found: Principal, now: float, keys: Kept[Any] | None
    ) -> None:
        until = min(found.expires, now + self._seconds)
        if until > now:
            _put(self._known, digest, _Known(until, found, keys))

    def _forget(self, issuer: str) -> None:
        """Verify an issuer's tokens again: its keys have changed."""
        kept = ((key, each) for key, each in self._known.items() if each.principal.issuer != issuer)
        self._known = OrderedDict(kept)


def authenticator(
    settings: Settings, *, now: Callable[[], float] = time.time
) -> Authenticator | None:
    """Return what verifies tokens, None where no issuer is set."""
    return Authenticator(settings, now=now) if settings.issuers else None


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _put(kept: OrderedDict[bytes, Any], digest: bytes, value: Any) -> None:
    kept[digest] = value
    kept.move_to_end(digest)
    if len(kept) > _REMEMBERED:
        kept.popitem(last=False)


def _unverified(token: str) -> tuple[Json, Json]:
    """Return the header and the claims of a JWT; raise Unauthorized where it is none."""
    try:
        found = _JWS.decode_complete(token, options={"verify_signature": False})
        claims = orjson.loads(found["payload"])
    except (PyJWTError, ValueError):
        raise Unauthorized(_UNREADABLE) from None
    if not isinstance(claims, dict):
        raise Unauthorized(_UNREADABLE)
    return found["header"], claims


def _signing(header: Json) -> tuple[str, str | None]:
    """Return the algorithm and the key's name; raise Unauthorized."""
    algorithm, kind = header.get("alg"), header.get("typ", "JWT")
    if algorithm not in ALGORITHMS:
        raise Unauthorized(f"The token must be signed with one of: {', '.join(ALGORITHMS)}.")
    if "crit" in header or not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise Unauthorized("The token is not an access token, or wants more than is known here.")
    return algorithm, header.get("kid")


def _verify(token: str, key: PublicKey, algorithm: str) -> None:
    try:
        _JWS.decode_complete(token, key, [algorithm])
    except (PyJWTError, ValueError):
        raise Unauthorized(BAD_SIGNATURE) from None
