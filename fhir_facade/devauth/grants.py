"""The three ways to a token: a code, a refresh token, a client's own key.

https://hl7.org/fhir/smart-app-launch/app-launch.html
https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from authlib.oauth2.rfc7636 import CodeChallenge

from fhir_facade.devauth.clients import Client
from fhir_facade.devauth.state import CODE_SECONDS, Code, Granted, State, Token

METHODS: Final = ["private_key_jwt", "client_secret_basic", "none"]
CONFIDENTIAL: Final = METHODS[:2]

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class S256(CodeChallenge):
    """PKCE as SMART wants it: every client, and the digest only (RFC 7636)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Raise InvalidRequestError for a request without a digest, or with the plain verifier."""
        params = grant.request.payload.data
        if params.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: code_challenge_method must be S256.")
        if not _CHALLENGE.fullmatch(params.get("code_challenge", "")):
            raise InvalidRequestError("PKCE is required: code_challenge must be a SHA-256 digest.")


class Audience:
    """The app must name the FHIR server that it wants the token for: this one."""

    def __init__(self, fhir: str) -> None:
        self._fhir = fhir.rstrip("/")

    def __call__(self, grant: Any) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self._validate)

    def _validate(self, grant: Any, redirect_uri: str) -> None:
        if grant.request.payload.data.get("aud", "").rstrip("/") != self._fhir:
            raise InvalidRequestError(f"aud must be the FHIR server's base URL, {self._fhir}")


class CodeGrant(AuthorizationCodeGrant):
    """A code is bound to client, redirect URI and verifier, and used up by its first use."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Client) -> str:
        """Return the redirect URI; raise InvalidRequestError, which is shown and not redirected."""
        given = request.payload.redirect_uri
        if not given:
            raise InvalidRequestError("The app names no redirect_uri.")
        if not client.check_redirect_uri(given):
            raise InvalidRequestError("The redirect_uri is none that the app has registered.")
        return str(given)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        state: State = self.server.state
        challenge = request.payload.data["code_challenge"]
        expires = state.now() + CODE_SECONDS
        redirect_uri = request.payload.redirect_uri
        state.codes.put(code, Code(request.user, redirect_uri, challenge, expires))

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """Return a code once; a second use revokes what the first one gave (RFC 6749, 4.1.2)."""
        state: State = self.server.state
        found = state.codes.get(code)
        if found is None:
            return None
        if found.used:
            found.granted.revoked = True
        is_good = not found.used and state.now() < found.expires
        found.used = True
        return found if is_good and found.granted.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It is kept for a while, known as used."""

    def authenticate_user(self, authorization_code: Code) -> Granted | None:
        granted = authorization_code.granted
        return None if granted.revoked else granted


class RefreshGrant(RefreshTokenGrant):
    """Each refresh token serves once; whoever sends a used one ends the whole line of them."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        state: State = self.server.state
        found = state.refresh.get(refresh_token)
        if found is None or found.is_revoked() or state.now() >= found.granted.until:
            return None
        if found.used:
            found.granted.revoked = True  # two hold it, and one of them has stolen it
            return None
        return found

    def authenticate_user(self, refresh_token: Token) -> Granted:
        return refresh_token.granted

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.used = True


class BackendGrant(ClientCredentialsGrant):
    """A backend service has no user: it proves itself, and gets `system/` scopes."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL
