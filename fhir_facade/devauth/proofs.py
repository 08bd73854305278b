"""By what a request says who sends it: one proof, and a whole one.

https://www.rfc-editor.org/rfc/rfc6749#section-2.3
https://www.rfc-editor.org/rfc/rfc7521#section-4.2
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE

from fhir_facade.devauth.clients import UNKNOWN, Client, Method

_KIND: Final = "client_assertion_type"
_ASSERTION: Final = "client_assertion"
_SECRET: Final = "client_secret"  # noqa: S105
_BASIC: Final = "client_secret_basic"
_HOW: Final[dict[Method, str]] = {
    "none": "client_id in the form, and no secret",
    "client_secret_basic": "client_id and client_secret by HTTP Basic, in the Authorization header",
    "private_key_jwt": "a client_assertion that it has signed",
}


def bearer_of(request: OAuth2Request) -> str | None:
    """Return the token by which a request says who sends it, None where it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def check_form(request: OAuth2Request) -> None:
    """Raise OAuth2Error for two proofs in one request, or for half an assertion."""
    form = request.payload.data
    is_asserted = _KIND in form or _ASSERTION in form
    proofs = [is_asserted, _SECRET in form, bool(request.headers.get("Authorization"))]
    if sum(proofs) > 1:
        raise InvalidRequestError("A client proves itself in one way at a time.")
    if is_asserted and form.get(_KIND) != ASSERTION_TYPE:
        raise InvalidClientError(f"{_KIND} must be {ASSERTION_TYPE}")
    if is_asserted and _ASSERTION not in form:
        raise InvalidClientError(f"{_ASSERTION} is missing.")


def check_client(request: OAuth2Request, client: Client) -> None:
    """Raise InvalidClientError where the form names another client than the proof."""
    if request.payload.client_id in (None, client.client_id):
        return
    is_basic = request.auth_method == _BASIC
    text = "client_id is another client than the one that proves itself."
    raise InvalidClientError(text, status_code=401 if is_basic else 400)


def why_refused(
    request: OAuth2Request, methods: Collection[str], find: Callable[[str], Client | None]
) -> str | None:
    """Return what is wrong with a proof that was refused; None where its error says so already."""
    form = request.payload.data
    if _ASSERTION in form:
        return None
    sent = _BASIC if request.headers.get("Authorization") else None
    if sent:
        named, secret = extract_basic_authorization(request.headers)
        if not (named and secret):
            return "The Authorization header must be Basic, with client_id and client_secret."
    else:
        named = form.get("client_id")
        if not named:
            return "client_id is missing: nothing says which client it is."
    client = find(named)
    if client is None:
        return UNKNOWN
    if client.auth_method == sent:
        return "The client_secret is wrong."
    if client.auth_method not in methods:
        return "A public client may not ask here: a key, a secret or a Bearer token is needed."
    text = f"The client has registered for {client.auth_method}: send {_HOW[client.auth_method]}."
    return f"client_secret_post is not served. {text}" if _SECRET in form else text
