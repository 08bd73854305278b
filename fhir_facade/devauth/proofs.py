"""By what a request says who sends it: one proof, and a whole one.

https://www.rfc-editor.org/rfc/rfc6749#section-2.3
https://www.rfc-editor.org/rfc/rfc7521#section-4.2
"""

from __future__ import annotations

from typing import Final

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE

from fhir_facade.devauth.clients import Client

_KIND: Final = "client_assertion_type"
_ASSERTION: Final = "client_assertion"


def bearer_of(request: OAuth2Request) -> str | None:
    """Return the token by which a request says who sends it, None where it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def check_form(request: OAuth2Request) -> None:
    """Raise OAuth2Error for two proofs in one request, or for half an assertion."""
    form = request.payload.data
    is_asserted = _KIND in form or _ASSERTION in form
    proofs = [is_asserted, "client_secret" in form, bool(request.headers.get("Authorization"))]
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
    is_basic = request.auth_method == "client_secret_basic"
    text = "client_id is another client than the one that proves itself."
    raise InvalidClientError(text, status_code=401 if is_basic else 400)
