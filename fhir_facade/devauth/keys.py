"""The keys that tokens are signed with: made when they are first needed, gone with the process.

https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

Json = dict[str, Any]

ACCESS: Final = "ES256"
IDENTITY: Final = "RS256"
"""What every OpenID client must be able to verify (OpenID Connect Core, 15.1)."""


class Keys:
    """One key for access tokens, one for ID tokens."""

    def __init__(self) -> None:
        self._access = ec.generate_private_key(ec.SECP256R1())
        self._identity = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwks(self) -> Json:
        """Return the public halves."""
        access = ECAlgorithm.to_jwk(self._access.public_key(), as_dict=True)
        identity = RSAAlgorithm.to_jwk(self._identity.public_key(), as_dict=True)
        return {"keys": [_named(access, ACCESS), _named(identity, IDENTITY)]}

    def access_token(self, claims: Json) -> str:
        """Sign the claims of an access token (RFC 9068)."""
        headers = {"kid": ACCESS.lower(), "typ": "at+jwt"}
        return jwt.encode(claims, self._access, ACCESS, headers)

    def id_token(self, claims: Json) -> str:
        """Sign the claims of an ID token."""
        return jwt.encode(claims, self._identity, IDENTITY, {"kid": IDENTITY.lower()})

    def token_id(self, token: str) -> str | None:
        """Return the `jti` of an access token that was signed here, None for any other text."""
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
        try:
            claims = jwt.decode(token, self._access.public_key(), [ACCESS], options)
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        found = claims.get("jti")
        return found if isinstance(found, str) else None


def _named(jwk: Json, algorithm: str) -> Json:
    return {**jwk, "use": "sig", "alg": algorithm, "kid": algorithm.lower()}


@cache
def process_keys() -> Keys:
    """Return the keys of this process; a token of one issuer is none of another's all the same."""
    return Keys()
