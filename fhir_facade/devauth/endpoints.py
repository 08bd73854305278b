"""What becomes of a token that is there: it is asked about, or taken back.

https://www.rfc-editor.org/rfc/rfc7662
https://www.rfc-editor.org/rfc/rfc7009
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6750 import InvalidTokenError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from fhir_facade.devauth.clients import Client
from fhir_facade.devauth.grants import CONFIDENTIAL, METHODS
from fhir_facade.devauth.proofs import bearer_of, check_form
from fhir_facade.devauth.state import Token


def access_token(server: Any, text: str) -> Token | None:
    """Return an access token that was issued here and has not expired."""
    found: Token | None = server.state.access.get(server.keys.token_id(text) or "")
    return found if found is not None and server.state.now() < found.claims["exp"] else None


def _wants_token(request: OAuth2Request) -> None:
    """Raise InvalidRequestError for a form without a token; a hint is not needed to find one."""
    if "token" not in request.form:
        raise InvalidRequestError("The token is missing.")


class Introspection(IntrospectionEndpoint):
    """Tells what an access token is to a confidential client, or to whoever holds another one.

    A refresh token is never active: a FHIR server that asks must not take it for an access token.
    """

    CLIENT_AUTH_METHODS = CONFIDENTIAL

    def authenticate_endpoint_client(self, request: OAuth2Request) -> Client:
        """Return the client that asks; raise OAuth2Error."""
        bearer = bearer_of(request)
        if bearer is None:
            client: Client = super().authenticate_endpoint_client(request)
            return client
        check_form(request)
        own = access_token(self.server, bearer)
        if own is None or own.is_revoked():
            raise InvalidTokenError
        found: Client | None = self.server.query_client(own.granted.client_id)
        if found is None:
            raise InvalidTokenError
        request.client = found
        return found

    def check_params(self, request: OAuth2Request, client: Client) -> None:
        _wants_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return access_token(self.server, token_string)

    def check_permission(self, token: Token, client: Client, request: OAuth2Request) -> bool:
        """Let whoever holds a token know what it is."""
        return True

    def introspect_token(self, token: Token) -> dict[str, Any]:
        return {
            "active": True,
            "token_type": "Bearer",
            **token.claims,
            **token.granted.launch_context,
        }


class Revocation(RevocationEndpoint):
    """Takes a token back; with a refresh token, all that came of the same grant."""

    CLIENT_AUTH_METHODS = METHODS

    def check_params(self, request: OAuth2Request, client: Client) -> None:
        _wants_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return self.server.state.refresh.get(token_string) or access_token(
            self.server, token_string
        )

    def revoke_token(self, token: Token, request: OAuth2Request) -> None:
        if token.claims:
            token.revoked = True
        else:
            token.granted.revoked = True
