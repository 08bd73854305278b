"""Clients of the tests that follow the specifications, each registered once with a server.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#register-app-with-ehr
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.smart.apps import App, Demo, Json
from tests.smart.person import MEMBER

UNLISTED = "https://app.example.org"
"""The origin of a registered app that no setting of the server names."""

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
STATE = "å+b &c=%25/?#\"'<ü>"
NONCE = "a-nonce-of-this-sign-in"
LAUNCH_SCOPE = (
    "launch launch/patient openid fhirUser offline_access online_access patient/*.cruds user/*.rs"
)
SYSTEM_SCOPE = "system/Task.rs system/Goal.r system/Patient.rs"


@cache
def answered(demo: Demo, path: str, **headers: str) -> httpx.Response:
    """What is told to everybody, without a token."""
    return httpx.get(f"{demo.origin}{path}", headers=headers, timeout=20)


@cache
def public_registration(demo: Demo) -> Json:
    """What the server says of a browser app."""
    return demo.register(
        client_name="A browser app",
        redirect_uris=[f"{demo.app_origin}/spec", f"{UNLISTED}/spec?kept=1%202"],
        initiate_login_uri=f"{demo.app_origin}/spec-launch",
        token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"],
        scope=LAUNCH_SCOPE,
        not_in_any_specification="to be left out",
    )


@cache
def secret_registration(demo: Demo) -> Json:
    """What the server says of a confidential app that named neither method nor grant types."""
    return demo.register(
        client_name="An app on a server", redirect_uris=[f"{demo.app_origin}/secret"]
    )


@cache
def key_registration(demo: Demo) -> Json:
    """What the server says of a backend service that has keys of both kinds."""
    return demo.register(
        client_name="A backend service",
        token_endpoint_auth_method="private_key_jwt",
        grant_types=["client_credentials"],
        scope=SYSTEM_SCOPE,
        jwks={"keys": [public_key(algorithm) for algorithm in ("RS384", "ES384")]},
    )


def browser_app(demo: Demo) -> App:
    """The browser app, on the origin that the server knows."""
    return App(demo, public_registration(demo)["client_id"], f"{demo.app_origin}/spec")


def unlisted_app(demo: Demo) -> App:
    """The same, on the other of its registered origins."""
    return App(demo, public_registration(demo)["client_id"], f"{UNLISTED}/spec?kept=1%202")


def secret_app(demo: Demo) -> App:
    """The confidential app."""
    return App(demo, secret_registration(demo)["client_id"], f"{demo.app_origin}/secret")


def basic(demo: Demo) -> tuple[str, str]:
    """What the confidential app proves itself by."""
    found = secret_registration(demo)
    return found["client_id"], found["client_secret"]


@dataclass(frozen=True)
class Backend:
    """A backend service."""

    demo: Demo
    client_id: str

    def claims(self, **changed: Any) -> Json:
        """The claims of an assertion; None leaves one out."""
        given = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.demo.auth}/token",
            "exp": int(time.time()) + 240,
            "jti": secrets.token_urlsafe(),
            **changed,
        }
        return {name: value for name, value in given.items() if value is not None}

    def assertion(self, algorithm: str = "RS384", **changed: Any) -> str:
        """A signed assertion."""
        headers = {"kid": algorithm}
        return jwt.encode(self.claims(**changed), private_key(algorithm), algorithm, headers)

    def ask(self, assertion: str | None, **changed: str | None) -> httpx.Response:
        """Ask for a token."""
        given: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "scope": "system/Task.rs",
            "client_assertion_type": BEARER,
            "client_assertion": assertion,
            **changed,
        }
        return self.demo.post("/token", **given)


def backend(demo: Demo) -> Backend:
    """The backend service."""
    return Backend(demo, key_registration(demo)["client_id"])


@cache
def private_key(algorithm: str) -> Any:
    """The key for an algorithm."""
    if algorithm.startswith("RS"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP384R1())


def public_key(algorithm: str) -> Json:
    """Its public half, as a bare key whose id is the algorithm's name."""
    maker = RSAAlgorithm if algorithm.startswith("RS") else ECAlgorithm
    found: Json = maker.to_jwk(private_key(algorithm).public_key(), as_dict=True)
    return {**found, "kid": algorithm, "alg": algorithm}


@cache
def member_tokens(demo: Demo) -> Json:
    """What the browser app got of a standalone launch, which no test takes back."""
    return browser_app(demo).tokens(MEMBER, nonce=NONCE)


def signed(demo: Demo, token: str, audience: str) -> Json:
    """The claims of a token that a key of the server has signed."""
    keys = {each["kid"]: each for each in answered(demo, "/auth/jwks").json()["keys"]}
    header = jwt.get_unverified_header(token)
    key = jwt.PyJWK(keys[header["kid"]], header["alg"])
    required = ["iss", "sub", "aud", "exp", "iat"]
    found: Json = jwt.decode(
        token,
        key.key,
        [header["alg"]],
        {"require": required},
        audience=audience,
        issuer=demo.auth,
        leeway=5,
    )
    return found
