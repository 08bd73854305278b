"""Services without a user, which sign for themselves.

https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.smart.apps import Demo, Json
from tests.smart.spec_clients import (
    Backend,
    backend,
    private_key,
    public_key,
    signed,
)


def _error(response: httpx.Response) -> str:
    assert response.status_code in (400, 401), response.text
    assert ("www-authenticate" in response.headers) == (response.status_code == 401)
    found: Json = response.json()
    assert "access_token" not in found
    error: str = found["error"]
    return error


def test_an_audience_may_be_a_list_and_times_may_be_there(demo: Demo) -> None:
    """RFC 7519, section 4.1.3, and RFC 7523, section 3."""
    service, now = backend(demo), int(time.time())
    assertion = service.assertion(aud=[f"{demo.auth}/token"], nbf=now - 5, iat=now)
    assert service.ask(assertion, client_id=service.client_id).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": []},
        {"aud": ""},
        {"iss": "nobody", "sub": "nobody"},
        {"exp": 480},
        {"jti": ["one", "two"]},
    ],
    ids=["no audience", "empty audience", "nobody", "eight minutes", "two ids"],
)
def test_claims_that_are_not_right_are_an_invalid_client(
    demo: Demo, changed: dict[str, Any]
) -> None:
    """Besides those of test_smart_backend: SMART's five minutes, and values without content."""
    if "exp" in changed:
        changed = {"exp": changed["exp"] + int(time.time())}
    service = backend(demo)
    response = service.ask(_by_hand(service.claims(**changed)))
    assert _error(response) == "invalid_client"
    assert response.status_code == 400, "the public test kit wants it"


def _part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _by_hand(claims: Json, algorithm: str = "RS384") -> str:
    """A signed token whose claims no library has looked at."""
    head = _part(json.dumps({"alg": algorithm, "kid": algorithm, "typ": "JWT"}).encode())
    content = f"{head}.{_part(json.dumps(claims).encode())}"
    signature = jwt.get_algorithm_by_name(algorithm).sign(content.encode(), private_key(algorithm))
    return f"{content}.{_part(signature)}"


def _by_a_key_of_its_own(service: Backend) -> str:
    """The header brings the key that it was signed with."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.encode(service.claims(), key, "RS384", {"kid": "RS384", "jwk": public})


def _headed(**headers: Any) -> Callable[[Backend], str]:
    def made(service: Backend) -> str:
        return jwt.encode(service.claims(), private_key("RS384"), "RS384", headers)

    return made


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(_by_a_key_of_its_own, id="own jwk"),
        pytest.param(_headed(kid="ES384"), id="kid of another kind"),
        pytest.param(_headed(), id="no kid"),
        pytest.param(
            _headed(kid="RS384", jku="https://service.example.org/jwks.json"), id="unlisted jku"
        ),
        pytest.param(
            _headed(kid="RS384", x5u="https://service.example.org/chain.pem"), id="unlisted x5u"
        ),
        pytest.param(_headed(kid="RS384", crit=["exp"]), id="unknown crit"),
        pytest.param(lambda _: "e30.e30.", id="empty token"),
    ],
)
def test_a_signature_that_is_not_the_clients_is_an_invalid_client(
    demo: Demo, made: Callable[[Backend], str]
) -> None:
    """Signature Verification, steps 1 to 4."""
    service = backend(demo)
    response = service.ask(made(service))
    assert _error(response) == "invalid_client"
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"grant_type": "not_a_grant_type"}, {"unsupported_grant_type"}),
        ({"grant_type": None}, {"invalid_request"}),
        ({"grant_type": "authorization_code"}, {"unauthorized_client"}),
        ({"client_assertion_type": "not_an_assertion_type"}, {"invalid_client"}),
        ({"client_assertion_type": None}, {"invalid_client"}),
        ({"client_assertion": None}, {"invalid_client"}),
        ({"client_id": "goals-app"}, {"invalid_client"}),
        ({"scope": "system/Goal.s"}, {"invalid_scope"}),
        ({"scope": "made up"}, {"invalid_scope"}),
    ],
)
def test_what_is_wrong_with_a_request_is_named(
    demo: Demo, changed: dict[str, str | None], errors: set[str]
) -> None:
    """RFC 6749, section 5.2; the public test kit wants 400 for each."""
    service = backend(demo)
    response = service.ask(service.assertion(), **changed)
    assert _error(response) in errors
    assert response.status_code == 400
    assert response.json()["error_description"]


def test_a_token_is_good_for_five_minutes_at_most(demo: Demo) -> None:
    """Issue Access Token: `expires_in` SHOULD NOT exceed 300."""
    service = backend(demo)
    found = service.ask(service.assertion()).json()
    claims = signed(demo, found["access_token"], demo.fhir)
    assert claims["exp"] - claims["iat"] == found["expires_in"] == 300


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("system/Task.rs system/Flag.rs", {"system/Task.rs"}),
        ("system/Task.r", {"system/Task.r"}),
        ("system/Goal.rs", {"system/Goal.r"}),
        ("system/Task.read", {"system/Task.read"}),
        ("system/*.r", {"system/Task.r", "system/Goal.r", "system/Patient.r"}),
    ],
)
def test_a_service_gets_no_more_than_it_has_registered(
    demo: Demo, scope: str, granted: set[str]
) -> None:
    """Evaluate Requested Access: the scope is within the scope that was pre-authorized."""
    service = backend(demo)
    response = service.ask(service.assertion(), scope=scope)
    assert response.status_code == 200, response.text
    assert set(response.json()["scope"].split()) == granted


def test_the_only_key_of_a_client_needs_no_name(demo: Demo) -> None:
    """Signature Verification, step 3, requires a `kid`, and Authlib's client sends none."""
    made = demo.register(
        token_endpoint_auth_method="private_key_jwt",
        grant_types=["client_credentials"],
        scope="system/Task.rs",
        jwks={"keys": [public_key("RS384")]},
    )
    service = Backend(demo, made["client_id"])
    assert service.ask(service.assertion()).status_code == 200
    assert service.ask(_headed()(service)).status_code == 200
    assert _error(service.ask(_headed(kid="another")(service))) == "invalid_client"
