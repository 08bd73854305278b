"""Clients that prove themselves by a JWT they have signed.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from fhir_facade.devauth.clients import UNKNOWN, Client
from fhir_facade.devauth.state import ASSERTION_SECONDS, State

ALGORITHMS: Final = ["RS256", "RS384", "ES256", "ES384"]
_ADDRESSES: Final = frozenset(("jku", "x5u"))
"""Of a header: where the key is said to be. Nobody has listed any for this server to trust."""
_SKEW: Final = 60
_LONGEST_ID: Final = 200


class PrivateKeyJwt(JWTBearerClientAssertion):
    """Checks the assertion of a client against the keys that it has registered."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, state: State, token_url: str, issuer: str) -> None:
        super().__init__()
        self._state = state
        # SMART names the first; libraries of today send the second, as OAuth is going to demand
        self._audiences = (token_url, [token_url], issuer, [issuer])

    def __call__(
        self, query_client: Callable[[str], Client | None], request: OAuth2Request
    ) -> Client | None:
        """Return the client of a good assertion, None where there is none; raise OAuth2Error."""

        def there(client_id: str) -> Client:
            if client := query_client(client_id):
                return client
            raise InvalidClientError(UNKNOWN)

        found: Client | None = super().__call__(there, request)
        return found

    def resolve_client_public_key(self, client: Client) -> Client:
        """Return the client: which of its keys it is, the assertion's header says."""
        if client.auth_method != self.CLIENT_AUTH_METHOD:
            text = f"The client has not registered for {self.CLIENT_AUTH_METHOD}, but for"
            raise InvalidClientError(f"{text} {client.auth_method}.")
        return client

    def process_assertion_claims(self, assertion: str, resolve_key: Client) -> dict[str, Any]:
        """Return the claims of a good assertion; raise InvalidClientError."""
        header, _ = self.extract_assertion(assertion)
        if not _ADDRESSES.isdisjoint(header):
            raise InvalidClientError("Keys are not fetched: leave jku and x5u out of the header.")
        for key in _keys(resolve_key, header.get("kid")):
            try:
                claims = jwt.decode(assertion, import_key(key), ALGORITHMS).claims
            except (JoseError, ValueError, TypeError):
                continue
            self._check(claims, resolve_key.client_id)
            return claims
        raise InvalidClientError("The assertion is not signed by a key of the client.")

    def _check(self, claims: dict[str, Any], client_id: str) -> None:
        now = self._state.now()
        expires, jti, audience = claims.get("exp"), claims.get("jti"), claims.get("aud")
        if claims.get("iss") != client_id or claims.get("sub") != client_id:
            raise InvalidClientError("iss and sub must be the client_id.")
        if audience not in self._audiences:
            raise InvalidClientError("aud must be the URL of the token endpoint, or the issuer.")
        if isinstance(expires, bool) or not isinstance(expires, int | float):
            raise InvalidClientError("exp must be a time.")
        if not now - _SKEW < expires <= now + ASSERTION_SECONDS + _SKEW:
            raise InvalidClientError("exp must be in the next five minutes.")
        if not _is_past(claims.get("nbf"), now) or not _is_past(claims.get("iat"), now):
            raise InvalidClientError("The assertion is not valid yet.")
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID:
            raise InvalidClientError("jti must be a text of 200 characters at most.")
        if not self._state.assertions.add(f"{client_id} {jti}", True):
            raise InvalidClientError("An assertion is good for one request: the jti was seen.")


def _is_past(moment: Any, now: float) -> bool:
    return moment is None or (isinstance(moment, int | float) and moment <= now + _SKEW)


def _keys(client: Client, kid: Any) -> list[dict[str, Any]]:
    """Return the keys that may have signed; one without a name is found if it is the only one."""
    if kid is None and len(client.keys) == 1:
        return [*client.keys]
    return [each for each in client.keys if kid is not None and each.get("kid") == kid]
