"""The apps that may ask for tokens.

https://www.rfc-editor.org/rfc/rfc6749#section-2
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin

from fhir_facade.devauth.people import DemoApp

Method = Literal["none", "client_secret_basic", "private_key_jwt"]

UNKNOWN: Final = (
    "The client does not exist on this server: registrations end after a day, and when it stops."
)


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):
    """A client; a registered one has told about itself what nobody has checked."""

    client_id: str
    name: str
    scope: str
    redirect_uris: tuple[str, ...] = ()
    launch_url: str | None = None
    logout_urls: tuple[str, ...] = ()
    """Where the browser may be sent when somebody has signed out."""
    auth_method: Method = "none"
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    keys: tuple[dict[str, Any], ...] = ()
    secret_digest: bytes | None = None
    registered: bool = False

    @property
    def is_confidential(self) -> bool:
        """Whether it proves itself by a key or a secret."""
        return self.auth_method != "none"

    def get_allowed_scope(self, scope: str | None) -> str:
        """Everything that is asked for; what is granted of it is decided later, and told."""
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Say whether it is, character by character, one that was registered."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        given = digest(client_secret)
        return self.secret_digest is not None and hmac.compare_digest(self.secret_digest, given)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and bool(self.redirect_uris)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


def demo_client(app: DemoApp) -> Client:
    """Return the public client of an app that is there from the start."""
    return Client(app.client_id, app.name, app.scope, (app.redirect_uri,), app.launch_url)


def origin_of(url: str) -> str:
    """Return the origin of a URL, `http://127.0.0.1:8000`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def digest(secret: str) -> bytes:
    """Return what is kept of a client's secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
