"""The keys of an issuer: what its tokens may be signed with.

https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from fhir_facade.errors import Unauthorized
from fhir_facade.security.discovery import Discovery, kept_for
from fhir_facade.security.kept import Fetched, Kept
from fhir_facade.security.remote import IssuerUnavailable, Remote, Unreachable
from fhir_facade.settings import Issuer

ALGORITHMS: Final = ("RS256", "RS384", "ES256", "ES384")
BAD_SIGNATURE: Final = "The token is not signed with a key of its issuer."

PublicKey = RSAPublicKey | EllipticCurvePublicKey
_BITS: Final = range(2048, 8193)
_UNREADABLE: Final = (PyJWTError, UnsupportedAlgorithm, ValueError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithms it is for."""

    kid: str | None
    algorithms: frozenset[str]
    public: PublicKey


class Keys:
    """The keys of one issuer, as it publishes them now."""

    def __init__(
        self, issuer: Issuer, discovery: Discovery, remote: Remote, now: Callable[[], float]
    ) -> None:
        self._url, self._discovery, self._remote = issuer.jwks_url, discovery, remote
        self.kept: Kept[tuple[Key, ...]] = Kept(f"keys of {issuer.issuer}", self._fetch, now)

    async def find(self, kid: str | None, algorithm: str) -> PublicKey:
        """Return the key of a token; raise Unauthorized, IssuerUnavailable.

        An issuer with a key that is not known yet is asked again, though not for every such token.
        """
        found = _only(await self.kept.get(), kid, algorithm)
        if found is None:
            await self.kept.again()
            found = _only(await self.kept.get(), kid, algorithm)
        if found is not None:
            return found
        if self.kept.failed:
            raise IssuerUnavailable
        raise Unauthorized(BAD_SIGNATURE)

    async def _fetch(self) -> Fetched[tuple[Key, ...]]:
        url = self._url or (await self._discovery.document()).get("jwks_uri")
        if not isinstance(url, str):
            raise Unreachable("no jwks_uri is published")
        answer = await self._remote.get(url)
        given = answer.body.get("keys")
        if not isinstance(given, list):
            raise Unreachable("not a set of keys")
        read = (read_key(each) for each in given)
        return tuple(key for key in read if key is not None), kept_for(answer)


def _only(keys: tuple[Key, ...], kid: str | None, algorithm: str) -> PublicKey | None:
    """Return the one key that fits; a token without `kid` may mean any."""
    fitting = [
        key.public
        for key in keys
        if algorithm in key.algorithms and (kid is None or key.kid == kid)
    ]
    return fitting[0] if len(fitting) == 1 else None


def read_key(jwk: Any) -> Key | None:
    """Return the public key of a JWK; None for one that signs nothing that is accepted here."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or "d" in jwk:
        return None
    public = _public(jwk)
    declared, kid = jwk.get("alg"), jwk.get("kid")
    fitting = _fitting(public)
    if declared is not None:
        fitting &= {str(declared)}
    if public is None or not fitting or not isinstance(kid, str | None):
        return None
    return Key(kid, frozenset(fitting), public)


def _public(jwk: dict[str, Any]) -> PublicKey | None:
    kind = jwk.get("kty")
    try:
        if kind == "RSA":
            rsa = RSAAlgorithm.from_jwk(jwk)
            return rsa if isinstance(rsa, RSAPublicKey) else None
        if kind == "EC":
            curve = ECAlgorithm.from_jwk(jwk)
            return curve if isinstance(curve, EllipticCurvePublicKey) else None
    except _UNREADABLE:
        return None
    return None


def _fitting(public: PublicKey | None) -> set[str]:
    """Return the algorithms that a key fits, by its type, length and curve."""
    if isinstance(public, RSAPublicKey):
        return {"RS256", "RS384"} if public.key_size in _BITS else set()
    if isinstance(public, EllipticCurvePublicKey):
        curve = public.curve
        if isinstance(curve, SECP256R1):
            return {"ES256"}
        return {"ES384"} if isinstance(curve, SECP384R1) else set()
    return set()
