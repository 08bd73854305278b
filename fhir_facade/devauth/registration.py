"""Apps register themselves: for a day, and without anybody having looked at them.

https://www.rfc-editor.org/rfc/rfc7591
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fhir_facade.devauth import scopes
from fhir_facade.devauth.clients import Client, Method, digest
from fhir_facade.devauth.forms import body_of
from fhir_facade.devauth.kept import Kept
from fhir_facade.devauth.server import NO_STORE, Server
from fhir_facade.devauth.state import CLIENT_SECONDS
from fhir_facade.issuer import is_loopback

Json = dict[str, Any]
Grant = Literal["authorization_code", "refresh_token", "client_credentials"]

PER_MINUTE: Final = 20
_URL: Final = re.compile(
    r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(/[^\s#\\\"<>]*)?"
)
_DEFAULT_SCOPES: Final[dict[Grant, str]] = {
    "authorization_code": (
        "launch launch/patient openid fhirUser offline_access patient/*.rs user/*.rs"
    ),
    "client_credentials": "system/*.rs",
}
"""What an app that names no scope may ask for, as RFC 7591 (section 2) lets a server decide."""
_MOST_NAMED: Final = 5
_PRIVATE: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_SMALLEST_RSA: Final = 2048
_CURVES: Final = ("P-256", "P-384")

Url = Annotated[str, Field(max_length=2000)]


def _checked(url: str) -> str:
    """Return a URL to which a browser may be sent; raise ValueError."""
    parts = urlsplit(url)
    if not _URL.fullmatch(url) or not parts.hostname or ".." in parts.path.split("/"):
        raise ValueError("must be an absolute http or https URL without user, fragment and dots")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must be https; http is for this machine (127.0.0.1, localhost)")
    return url


class Registration(BaseModel):
    """The metadata of a client that mean something here; others are left out, as RFC 7591 says."""

    model_config = ConfigDict(extra="ignore", strict=True)

    client_name: str = Field("An app without a name", min_length=1, max_length=80)
    redirect_uris: list[Url] = Field([], max_length=10)
    initiate_login_uri: Url | None = None
    post_logout_redirect_uris: list[Url] | None = Field(None, max_length=10)
    token_endpoint_auth_method: Method = "client_secret_basic"  # noqa: S105
    grant_types: list[Grant] = Field(["authorization_code"], min_length=1, max_length=3)
    response_types: list[Literal["code"]] = Field(["code"], max_length=1)
    scope: str | None = Field(None, max_length=4000)
    jwks: Json | None = None
    jwks_uri: Any = None

    @field_validator("client_name")
    @classmethod
    def _readable(cls, value: str) -> str:
        # what is shown at the consent must not be able to look like something else
        if any(unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp") for each in value):
            raise ValueError("must not have characters that nobody sees")
        return value

    @field_validator("redirect_uris", "post_logout_redirect_uris")
    @classmethod
    def _redirects(cls, value: list[str] | None) -> list[str] | None:
        return None if value is None else [_checked(each) for each in value]

    @field_validator("initiate_login_uri")
    @classmethod
    def _launch(cls, value: str | None) -> str | None:
        return None if value is None else _checked(value)

    @field_validator("jwks_uri")
    @classmethod
    def _no_fetching(cls, value: Any) -> None:
        if value is not None:
            raise ValueError("is not fetched by this server: send the keys as jwks")

    @field_validator("jwks")
    @classmethod
    def _public_keys(cls, value: Json | None) -> Json | None:
        return None if value is None else {"keys": _keys(value)}

    @model_validator(mode="after")
    def _fits(self) -> Registration:
        with_code = "authorization_code" in self.grant_types
        if with_code and not self.redirect_uris:
            raise ValueError("redirect_uris are needed for authorization_code")
        method = self.token_endpoint_auth_method
        if (method == "private_key_jwt") != (self.jwks is not None):
            raise ValueError("jwks and private_key_jwt go together")
        if "client_credentials" in self.grant_types and method == "none":
            raise ValueError("client_credentials needs a client that can prove itself")
        return self


def _keys(jwks: Json) -> list[Json]:
    """Return the public keys of a set; raise ValueError for a private or a weak one."""
    given = jwks.get("keys")
    if not isinstance(given, list) or not 1 <= len(given) <= 10:
        raise ValueError("must have one to ten keys")
    return [_key(each) for each in given]


def _key(given: Any) -> Json:
    if not isinstance(given, dict) or _PRIVATE & given.keys():
        raise ValueError("must hold public keys only")
    wanted = {name: given[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in given}
    try:
        key = import_key(wanted)
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError("holds a key that cannot be read") from None
    strong = isinstance(key, RSAKey) and key.public_key.key_size >= _SMALLEST_RSA
    if not strong and not (isinstance(key, ECKey) and wanted["crv"] in _CURVES):
        raise ValueError("must hold RSA keys of 2048 bits or more, or keys on P-256 or P-384")
    kid = given.get("kid")
    return {**wanted, "kid": kid} if isinstance(kid, str) else wanted


class Register:
    """The registration endpoint, with limits of its own."""

    def __init__(self, server: Server) -> None:
        self._state, self._served = server.state, server.served
        self._lately: Kept[bool] = Kept(PER_MINUTE, 60, self._state.now)

    async def __call__(self, request: Request) -> Response:
        """Register a client; raise OAuth2Error."""
        try:
            given = Registration.model_validate_json(await body_of(request))
        except (ValidationError, RecursionError) as error:
            raise OAuth2Error(_told(error), error=_name(error)) from None
        if len([*self._lately]) >= PER_MINUTE:
            text = "Too many registrations in a minute."
            raise OAuth2Error(text, error="temporarily_unavailable", status_code=429)
        self._lately.put(secrets.token_hex(8), True)
        return self._registered(given)

    def _registered(self, given: Registration) -> Response:
        method = given.token_endpoint_auth_method
        secret = secrets.token_urlsafe(32) if method == "client_secret_basic" else None
        client = Client(
            f"demo-{secrets.token_urlsafe(12)}",
            given.client_name,
            self._allowed(given),
            tuple(given.redirect_uris),
            given.initiate_login_uri,
            tuple(given.post_logout_redirect_uris or ()),
            method,
            tuple(given.grant_types),
            tuple(given.jwks["keys"]) if given.jwks else (),
            None if secret is None else digest(secret),
            registered=True,
        )
        self._state.registered.put(client.client_id, client)
        told = given.model_dump(exclude_none=True) | {"scope": client.scope}
        now = int(self._state.now())
        told |= {"client_id": client.client_id, "client_id_issued_at": now}
        if secret is not None:
            told |= {"client_secret": secret, "client_secret_expires_at": now + CLIENT_SECONDS}
        return JSONResponse(told, 201, NO_STORE)

    def _allowed(self, given: Registration) -> str:
        """Return the scopes that a client may ask for; raise OAuth2Error."""
        defaults = [_DEFAULT_SCOPES[each] for each in given.grant_types if each in _DEFAULT_SCOPES]
        asked = " ".join(defaults) if given.scope is None else given.scope
        if wrong := scopes.unheard_of(asked):
            raise _refused(
                f"scope: there is no {', '.join(wrong[:_MOST_NAMED])}. A scope is like "
                "patient/Goal.rs: a level, a type of FHIR R4, letters of cruds in this order"
            )
        found = scopes.known(asked, self._served)
        if not scopes.useful(found):
            raise _refused("scope: nothing of it opens anything that is served here")
        has_system = any(each.startswith("system/") for each in found)
        if "authorization_code" not in given.grant_types and not has_system:
            raise _refused("scope: a client without a user needs one such as system/Goal.rs")
        return " ".join(found)


def _refused(text: str) -> OAuth2Error:
    return OAuth2Error(_plain(text), error="invalid_client_metadata")


def _plain(text: str) -> str:
    """Return the characters of a text that an error_description may have."""
    return "".join(each for each in text if " " <= each <= "~" and each not in '"\\')


def _name(error: ValidationError | RecursionError) -> str:
    """Return the name of an error (RFC 7591, 3.2.2)."""
    if isinstance(error, ValidationError) and error.errors()[0]["loc"][:1] == ("redirect_uris",):
        return "invalid_redirect_uri"
    return "invalid_client_metadata"


def _told(error: ValidationError | RecursionError) -> str:
    """Return what is wrong."""
    if isinstance(error, RecursionError):
        return "The body is no JSON object."
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    text = first["msg"].removeprefix("Value error, ")
    return _plain(f"{where}: {text}" if where else text)
