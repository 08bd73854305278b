"""A started server, and apps whose requests are written by hand.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.smart.person import MEMBER, Person

Json = dict[str, Any]

VERIFIER = "a-verifier-of-at-least-forty-three-characters"
SCOPE = "launch/patient openid fhirUser offline_access patient/Patient.r patient/Goal.rs"


@dataclass(frozen=True)
class Demo:
    """A running `serve --demo --auth`."""

    origin: str
    app_port: int
    """Where an app may listen that has another origin."""

    @property
    def fhir(self) -> str:
        """The FHIR base."""
        return f"{self.origin}/fhir"

    @property
    def auth(self) -> str:
        """The issuer."""
        return f"{self.origin}/auth"

    @property
    def app_origin(self) -> str:
        """Another origin of this machine."""
        return f"http://127.0.0.1:{self.app_port}"

    def configuration(self) -> Json:
        """What apps find first."""
        response = httpx.get(f"{self.fhir}/.well-known/smart-configuration", timeout=20)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def register(self, **metadata: Any) -> Json:
        """Register a client; what the server has made of it."""
        response = httpx.post(f"{self.auth}/register", json=metadata, timeout=20)
        assert response.status_code == 201, response.text
        found: Json = response.json()
        return found

    def registered(self, **metadata: Any) -> App:
        """Register a client that people sign in to."""
        found = self.register(**metadata)
        return App(self, found["client_id"], found["redirect_uris"][0])

    def get(self, path: str, token: str | None) -> httpx.Response:
        """Ask the FHIR server."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{self.fhir}/{path}", headers=headers, timeout=20)

    def post(self, path: str, auth: Any = None, **fields: str | None) -> httpx.Response:
        """Ask the authorization server; None leaves a field out."""
        data = {name: value for name, value in fields.items() if value is not None}
        return httpx.post(f"{self.auth}{path}", data=data, auth=auth, timeout=20)


@dataclass(frozen=True)
class App:
    """A client that people sign in to."""

    demo: Demo
    client_id: str
    redirect_uri: str

    def request(self, **changed: str | None) -> str:
        """The address that the app sends the browser to; None leaves a parameter out."""
        given = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": "some state & more",
            "aud": self.demo.fhir,
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
            **changed,
        }
        kept = {name: value for name, value in given.items() if value is not None}
        return f"{self.demo.auth}/authorize?{urlencode(kept)}"

    def person(self) -> Person:
        """Somebody who uses the app."""
        return Person(self.demo.origin, self.redirect_uri)

    def code(self, account: str = MEMBER, **changed: str | None) -> str:
        """Let somebody sign in; the code that the app gets."""
        with self.person() as person:
            told = person.go(self.request(**changed)).allow(account).told
        assert told["state"] == "some state & more"
        return told["code"]

    def exchange(self, code: str, **changed: str | None) -> httpx.Response:
        """Exchange a code for tokens."""
        given: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": VERIFIER,
            **changed,
        }
        return self.demo.post("/token", **given)

    def refresh(self, token: str, **changed: str | None) -> httpx.Response:
        """Exchange a refresh token for new tokens."""
        given: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.client_id,
            **changed,
        }
        return self.demo.post("/token", **given)

    def tokens(self, account: str = MEMBER, **changed: str | None) -> Json:
        """Let somebody sign in; the token response."""
        response = self.exchange(self.code(account, **changed))
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found


@dataclass(frozen=True)
class Service:
    """A backend service with a secret."""

    demo: Demo
    client_id: str
    secret: str

    @property
    def auth(self) -> tuple[str, str]:
        """What it proves itself by."""
        return self.client_id, self.secret

    def token(self, scope: str) -> Json:
        """The token response for a scope."""
        response = self.demo.post("/token", self.auth, grant_type="client_credentials", scope=scope)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def introspected(self, token: str) -> Json:
        """What the authorization server tells it of a token."""
        response = self.demo.post("/introspect", self.auth, token=token)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found


def challenge(verifier: str = VERIFIER) -> str:
    """The digest of a PKCE verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def verifier() -> str:
    """A PKCE verifier that nobody else knows."""
    return secrets.token_urlsafe(48)
