"""The protocol: Authlib's server over the state in memory. It never waits for anything.

https://www.rfc-editor.org/rfc/rfc6749
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import BaseGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from starlette.responses import JSONResponse, RedirectResponse, Response

from fhir_facade.devauth.assertions import PrivateKeyJwt
from fhir_facade.devauth.clients import UNKNOWN, Client
from fhir_facade.devauth.endpoints import Introspection, Revocation
from fhir_facade.devauth.grants import S256, Audience, BackendGrant, CodeGrant, RefreshGrant
from fhir_facade.devauth.keys import Keys
from fhir_facade.devauth.people import Served
from fhir_facade.devauth.proofs import check_client, check_form, why_refused
from fhir_facade.devauth.scopes import LONGEST, narrowed
from fhir_facade.devauth.state import Granted, State, Token

Json = dict[str, Any]

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
BACKEND_SECONDS: Final = 300
"""For which the token of a backend service is good at most, as SMART asks."""
_TOO_LONG: Final = f"scope is too long: {LONGEST} characters are the most."
_LASTING: Final = frozenset(("offline_access", "online_access"))
_DESCRIPTIONS: Final = {
    "consent_required": "Consent is asked each time.",
    "invalid_grant": "It is expired, used, revoked, or of another client.",
    "login_required": "Nobody is signed in.",
    "unsupported_grant_type": (
        "grant_type must be authorization_code, refresh_token or client_credentials."
    ),
}
"""Of errors that the library gives a name only."""

# the library writes tokens into its debug log
logging.getLogger("authlib").setLevel(logging.INFO)


class FormRequest(OAuth2Request):
    """A request as Authlib reads it."""

    def __init__(
        self, method: str, uri: str, params: dict[str, str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = BasicOAuth2Payload(params)

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        return dict(self.payload.data)


class Server(AuthorizationServer):
    """Issues tokens for one FHIR server."""

    def __init__(
        self,
        issuer: str,
        fhir: str,
        served: Served,
        state: State,
        keys: Keys,
        token_seconds: int,
    ) -> None:
        super().__init__()
        self.issuer, self.fhir, self.served = issuer, fhir, served
        self.state, self.keys, self._seconds = state, keys, token_seconds
        proof = PrivateKeyJwt(state, f"{issuer}/token", issuer)
        self.register_client_auth_method(proof.CLIENT_AUTH_METHOD, proof)
        self.register_grant(CodeGrant, [S256(), Audience(fhir)])
        self.register_grant(RefreshGrant)
        self.register_grant(BackendGrant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)
        self.register_token_generator("default", self._tokens)
        self.register_token_generator("client_credentials", self._backend_token)

    def query_client(self, client_id: str) -> Client | None:
        return self.state.client(client_id)

    def authenticate_client(
        self, request: OAuth2Request, methods: list[str], endpoint: str = "token"
    ) -> Client:
        """Return the client that proves itself, in one way; raise OAuth2Error."""
        check_form(request)
        try:
            client: Client = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError as error:
            text = why_refused(request, methods, self.query_client)
            if text is None:
                raise
            raise InvalidClientError(text, status_code=error.status_code) from None
        check_client(request, client)
        return client

    def get_authorization_grant(self, request: OAuth2Request) -> CodeGrant:
        """Return the only grant there is; raise OAuth2Error.

        The library would repeat the response_type in an error that may not hold every character.
        """
        if not request.payload.client_id:
            raise InvalidRequestError("The app names no client_id.")
        client = self.query_client(request.payload.client_id)
        if client is None:
            raise InvalidClientError(UNKNOWN)
        url = CodeGrant.validate_authorization_redirect_uri(request, client)
        if wrong := _not_answered(request.payload.data):
            name, text = wrong
            raise OAuth2Error(text, error=name, redirect_uri=url)
        found: CodeGrant = super().get_authorization_grant(request)
        return found

    def get_token_grant(self, request: OAuth2Request) -> BaseGrant:
        """Return the grant of a request; raise OAuth2Error."""
        if not request.payload.grant_type:
            raise InvalidRequestError("grant_type is missing.")
        if len(request.payload.scope or "") > LONGEST:
            raise InvalidScopeError(_TOO_LONG)
        found: BaseGrant = super().get_token_grant(request)
        return found

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        """Return the request as it is: it has been read before."""
        return request

    def save_token(self, token: Json, request: OAuth2Request) -> None:
        """It was remembered when it was made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        """Return a response of Starlette."""
        kept = dict(headers)
        if status == 302:
            return RedirectResponse(kept["Location"], 303, NO_STORE)
        return JSONResponse(body, status, {**kept, **NO_STORE})

    def answer(self, endpoint: str, request: FormRequest) -> Response:
        """Answer a request of a machine: `token`, `introspection` or `revocation`."""
        try:
            if endpoint == "token":
                found: Response = self.create_token_response(request)
            else:
                found = self.create_endpoint_response(endpoint, request)
        except (ValueError, RecursionError):
            # what cannot be decoded in a header or an assertion; the library lets it through
            return self.refused(InvalidRequestError())
        return found

    def refused(self, error: OAuth2Error) -> Response:
        """Return an error for a machine."""
        return self.handle_error_response(None, error)

    def handle_error_response(self, request: OAuth2Request | None, error: OAuth2Error) -> Response:
        """Return an error, with a description in any case."""
        if not error.description:
            error.description = _DESCRIPTIONS.get(error.error, "The request cannot be answered.")
        found: Response = super().handle_error_response(request, error)
        return found

    def _tokens(
        self,
        grant_type: str,
        client: Client,
        user: Granted,
        scope: str,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> Json:
        """Return the token response of an app."""
        access = self._access_token(user, scope, self._seconds)
        found = _response(access, scope, self._seconds)
        found |= user.launch_context
        scopes = scope.split()
        if include_refresh_token and not _LASTING.isdisjoint(user.scope.split()):
            found["refresh_token"] = secrets.token_urlsafe(32)
            self.state.refresh.put(found["refresh_token"], Token(user, {}))
        if "openid" in scopes:
            found["id_token"] = self._id_token(user, scopes, access)
        return found

    def _backend_token(
        self,
        grant_type: str,
        client: Client,
        user: None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = False,
    ) -> Json:
        """Return the token response of a backend service."""
        found = narrowed(scope or "", client.scope, self.served)
        granted = " ".join(each for each in found if each.startswith("system/"))
        if not granted:
            raise InvalidScopeError("A backend service must ask for system/ scopes it may have.")
        seconds = min(self._seconds, BACKEND_SECONDS)
        access = self._access_token(Granted(client.client_id, None, granted), granted, seconds)
        return _response(access, granted, seconds)

    def _access_token(self, granted: Granted, scope: str, seconds: int) -> str:
        now, account = int(self.state.now()), granted.account
        employers = "*" if account is None or account.employers is None else [*account.employers]
        jti = secrets.token_urlsafe(16)
        claims: Json = {
            "iss": self.issuer,
            "aud": self.fhir,
            "sub": account.subject if account else granted.client_id,
            "client_id": granted.client_id,
            "iat": now,
            "exp": now + seconds,
            "jti": jti,
            "scope": scope,
            "patient": granted.patient,
            "fhirUser": account.fhir_user(self.fhir) if account else None,
            "employers": employers,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        self.state.access.put(jti, Token(granted, claims))
        return self.keys.access_token(claims)

    def _id_token(self, granted: Granted, scopes: list[str], access: str) -> str:
        now, account = int(self.state.now()), granted.account
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": granted.client_id,
            "sub": account.subject if account else None,
            "iat": now,
            "exp": now + self._seconds,
            "auth_time": granted.auth_time,
            "nonce": granted.nonce,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }
        if "fhirUser" in scopes and account:
            claims["fhirUser"] = account.fhir_user(self.fhir)
        return self.keys.id_token({name: each for name, each in claims.items() if each is not None})


def _response(access: str, scope: str, seconds: int) -> Json:
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": scope,
    }


def _not_answered(params: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the error of a request of a kind that is not answered here, and its text."""
    for name in ("request", "request_uri"):
        if name in params:
            return f"{name}_not_supported", f"{name} is not supported: send plain parameters."
    if "response_type" not in params:
        return "invalid_request", "response_type is missing."
    if params["response_type"] != "code":
        return "unsupported_response_type", "response_type must be code."
    if len(params.get("scope", "")) > LONGEST:
        return "invalid_scope", _TOO_LONG
    return None
