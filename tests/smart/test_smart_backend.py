"""Backend services: client_credentials with private_key_jwt, by libraries of others.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from typing import Any

import httpx
import jwt
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey, RSAKey

from tests.smart.apps import Demo, Json, Service
from tests.smart.node import FOLDER, SECONDS

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Key = ECKey | RSAKey


class Signed(PrivateKeyJWT):
    """Authlib's own default is an hour, and SMART's most are five minutes."""

    def sign(self, auth: Any, token_endpoint: str) -> Any:
        self.claims = {"exp": int(time.time()) + 240}  # it would keep the jti of the last time
        return super().sign(auth, token_endpoint)


def registered(demo: Demo, key: Key, scope: str) -> str:
    """The client id of a service that has sent the public half of its key."""
    made = demo.register(
        grant_types=["client_credentials"],
        token_endpoint_auth_method="private_key_jwt",
        scope=scope,
        jwks={"keys": [key.as_dict(private=False)]},
    )
    found: str = made["client_id"]
    return found


def session(demo: Demo, client_id: str, key: Key, alg: str, scope: str) -> OAuth2Session:
    """Authlib's client."""
    proof = Signed(f"{demo.auth}/token", alg=alg)
    return OAuth2Session(
        client_id,
        key,
        scope=scope,
        token_endpoint_auth_method=proof,
        revocation_endpoint_auth_method=proof,
        grant_type="client_credentials",
    )


@pytest.fixture(scope="module")
def key() -> ECKey:
    return ECKey.generate_key("P-384")


@pytest.fixture(scope="module")
def client_id(demo: Demo, key: ECKey) -> str:
    return registered(demo, key, "system/Goal.rs")


@pytest.fixture
def goals(demo: Demo, client_id: str, key: ECKey) -> OAuth2Session:
    return session(demo, client_id, key, "ES384", "system/Goal.rs")


def test_openid_client(demo: Demo, newer_node: str) -> None:
    """ES384 and RS384; the script has the assertions."""
    done = subprocess.run(
        [newer_node, "--test", "openid-service.test.js"],
        cwd=FOLDER,
        env={**os.environ, "SMART_FHIR": demo.fhir},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 3" in done.stdout


def test_authlib_with_es384(demo: Demo, goals: OAuth2Session) -> None:
    token = goals.fetch_token(f"{demo.auth}/token")
    assert token["scope"] == "system/Goal.rs"
    assert goals.get(f"{demo.fhir}/Goal?_count=1").json()["entry"]
    assert goals.get(f"{demo.fhir}/Task?_count=1").status_code == 403
    assert goals.fetch_token(f"{demo.auth}/token")["access_token"] != token["access_token"]


def test_authlib_with_rs384(demo: Demo) -> None:
    key = RSAKey.generate_key(2048)
    service = session(demo, registered(demo, key, "system/*.rs"), key, "RS384", "system/*.rs")
    service.fetch_token(f"{demo.auth}/token")
    assert service.get(f"{demo.fhir}/Task?_count=1").status_code == 200
    assert service.get(f"{demo.fhir}/AuditEvent").status_code == 403  # `*` is not for it
    answer = service.post(f"{demo.fhir}/Task", json={"resourceType": "Task"})
    assert answer.status_code == 403


def test_a_service_asks_for_what_it_has_registered(demo: Demo, goals: OAuth2Session) -> None:
    for scope in ("system/Flag.rs", "user/Goal.rs", "launch/patient"):
        with pytest.raises(OAuthError, match="invalid_scope"):
            goals.fetch_token(f"{demo.auth}/token", scope=scope)


def test_a_service_sees_everybody(demo: Demo, goals: OAuth2Session) -> None:
    token = goals.fetch_token(f"{demo.auth}/token")["access_token"]
    found = demo.get("Goal?_count=200", token).json()["entry"]
    subjects = {each["resource"].get("subject", {}).get("reference") for each in found}
    assert len(subjects) > 20


def test_a_token_of_a_service_is_taken_back(demo: Demo, goals: OAuth2Session) -> None:
    token = goals.fetch_token(f"{demo.auth}/token")["access_token"]
    told = goals.introspect_token(f"{demo.auth}/introspect", token).json()
    assert told["active"] is True
    assert "fhirUser" not in told
    assert goals.revoke_token(f"{demo.auth}/revoke", token).status_code == 200
    assert goals.introspect_token(f"{demo.auth}/introspect", token).json() == {"active": False}


def asserted(demo: Demo, key: Key, client_id: str, alg: str = "ES384", **changed: Any) -> Json:
    """Sign the claims of an assertion; what the token endpoint says to it."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": f"{demo.auth}/token",
        "exp": int(time.time()) + 200,
        "jti": secrets.token_hex(8),
        **changed,
    }
    assert key.private_key is not None
    assertion = jwt.encode(claims, key.private_key, alg)
    response = demo.post(
        "/token",
        grant_type="client_credentials",
        scope="system/Goal.rs",
        client_assertion_type=BEARER,
        client_assertion=assertion,
    )
    answer: Json = response.json()
    assert response.status_code == (200 if "access_token" in answer else 400), response.text
    return answer


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://auth.example.org/token"},
        {"aud": ["https://auth.example.org/token"]},
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"exp": 1_700_000_000},
        {"exp": 4_000_000_000},
        {"exp": "soon"},
        {"jti": ""},
        {"nbf": 4_000_000_000},
    ],
)
def test_an_assertion_that_is_not_good(
    demo: Demo, client_id: str, key: ECKey, changed: Json
) -> None:
    assert asserted(demo, key, client_id, **changed)["error"] == "invalid_client"


def test_an_assertion_serves_once(demo: Demo, client_id: str, key: ECKey) -> None:
    used = secrets.token_hex(8)
    assert "access_token" in asserted(demo, key, client_id, jti=used)
    assert asserted(demo, key, client_id, jti=used)["error"] == "invalid_client"


def test_an_assertion_by_another_key(demo: Demo, client_id: str, key: ECKey) -> None:
    stranger = ECKey.generate_key("P-384")
    assert asserted(demo, stranger, client_id)["error"] == "invalid_client"


def test_a_service_that_only_says_who_it_is(demo: Demo, goals: OAuth2Session) -> None:
    given = {"grant_type": "client_credentials", "scope": "system/Goal.rs"}
    for more in ({"client_id": client_id}, {"client_id": "goals-app"}, {}):
        response = demo.post("/token", **given, **more)
        assert response.status_code in (400, 401), response.text
        assert response.json()["error"] in ("invalid_client", "unauthorized_client")


def test_keys_are_sent_and_not_fetched(demo: Demo) -> None:
    """An address that a stranger names would be asked from inside of this machine."""
    metadata = {
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": "system/Goal.rs",
        "jwks_uri": "http://127.0.0.1:1/keys",
    }
    response = httpx.post(f"{demo.auth}/register", json=metadata)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_client_metadata")
    assert "jwks" in response.json()["error_description"]


def test_a_token_of_a_service_is_what_it_says(
    demo: Demo, goals: OAuth2Session, service: Service
) -> None:
    token = goals.fetch_token(f"{demo.auth}/token")["access_token"]
    told = service.introspected(token)
    assert told["sub"] == told["client_id"] == goals.client_id
    assert told["employers"] == "*"
