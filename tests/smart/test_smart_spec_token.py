"""The token endpoint, and what it gives to people's apps.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-access-token
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from typing import Any

import httpx
import jwt
import pytest

from tests.smart.apps import VERIFIER, Demo, Json
from tests.smart.person import MANAGER, MEMBER
from tests.smart.spec_clients import (
    BEARER,
    NONCE,
    basic,
    browser_app,
    member_tokens,
    signed,
)

_GOALS = "launch/patient offline_access patient/Goal.rs"


def _error(response: httpx.Response) -> str:
    """The error of an answer that is as RFC 6749, section 5.2 wants it."""
    assert response.status_code in (400, 401), response.text
    assert response.headers["content-type"].partition(";")[0] == "application/json"
    assert ("www-authenticate" in response.headers) == (response.status_code == 401)
    found: Json = response.json()
    assert found.keys() == {"error", "error_description"}
    assert all(re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", each) for each in found.values())
    error: str = found["error"]
    return error


def test_the_answer_is_for_nobody_to_keep(demo: Demo) -> None:
    app = browser_app(demo)
    response = app.exchange(app.code(MEMBER, scope=_GOALS))
    assert response.headers["content-type"].partition(";")[0] == "application/json"
    assert "no-store" in response.headers["cache-control"]
    assert response.headers["pragma"] == "no-cache"
    refreshed = app.refresh(response.json()["refresh_token"])
    assert "no-store" in refreshed.headers["cache-control"]
    assert refreshed.headers["pragma"] == "no-cache"


def test_a_token_response_has_what_it_must_have(demo: Demo) -> None:
    tokens = member_tokens(demo)
    assert tokens["token_type"] == "Bearer"
    assert type(tokens["expires_in"]) is int
    assert 0 < tokens["expires_in"] <= 3600
    for name in ("access_token", "refresh_token"):
        assert re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", tokens[name]), name
    assert len(tokens["access_token"]) < 8_000
    assert tokens["patient"] == "M100001"
    assert type(tokens["need_patient_banner"]) is bool
    assert "smart_style_url" not in tokens


def test_an_id_token_is_what_openid_connect_says(demo: Demo) -> None:
    """OpenID Connect Core, sections 2, 3.1.3.6 and 3.1.3.7."""
    tokens, app = member_tokens(demo), browser_app(demo)
    header = jwt.get_unverified_header(tokens["id_token"])
    claims = signed(demo, tokens["id_token"], app.client_id)
    assert header["alg"] == "RS256"
    assert claims["aud"] in (app.client_id, [app.client_id])
    assert claims.get("azp", app.client_id) == app.client_id
    assert 0 < len(claims["sub"]) <= 255
    assert claims["sub"].isascii()
    assert claims["nonce"] == NONCE
    assert claims["iat"] <= time.time() + 5
    assert claims["exp"] > claims["iat"]
    assert claims.get("at_hash", _half(tokens["access_token"])) == _half(tokens["access_token"])
    assert claims["fhirUser"] == f"{demo.fhir}/Patient/M100001"


def _half(token: str) -> str:
    digest = hashlib.sha256(token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_an_access_token_is_what_rfc_9068_says(demo: Demo) -> None:
    tokens = member_tokens(demo)
    claims = signed(demo, tokens["access_token"], demo.fhir)
    assert jwt.get_unverified_header(tokens["access_token"])["typ"].lower() == "at+jwt"
    assert {"jti", "client_id"} <= set(claims)
    assert claims["client_id"] == browser_app(demo).client_id
    assert claims["scope"] == tokens["scope"]
    assert claims["exp"] - claims["iat"] == tokens["expires_in"]
    with pytest.raises(jwt.InvalidAudienceError):
        signed(demo, tokens["id_token"], demo.fhir)


@pytest.mark.parametrize(
    ("account", "scope", "reads"),
    [
        (MEMBER, "launch/patient openid fhirUser patient/Patient.r", "Patient/M100001"),
        (MANAGER, "openid fhirUser user/Practitioner.r", "Practitioner/U11"),
    ],
)
def test_the_user_can_be_read_with_the_token(
    demo: Demo, account: str, scope: str, reads: str
) -> None:
    """2.2, Steps for using an ID token: the claim is the address of a resource."""
    app = browser_app(demo)
    tokens = app.tokens(account, scope=scope)
    claims = signed(demo, tokens["id_token"], app.client_id)
    assert claims["fhirUser"] == f"{demo.fhir}/{reads}"
    assert "nonce" not in claims
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    found = httpx.get(claims["fhirUser"], headers=headers, timeout=20)
    assert found.status_code == 200
    assert f"{found.json()['resourceType']}/{found.json()['id']}" == reads


@pytest.mark.parametrize(
    ("scope", "there"),
    [
        ("launch/patient patient/Goal.rs", {"patient"}),
        ("launch/patient openid patient/Goal.rs", {"patient", "id_token"}),
        ("launch/patient offline_access patient/Goal.rs", {"patient", "refresh_token"}),
    ],
)
def test_only_what_was_asked_for_comes_along(demo: Demo, scope: str, there: set[str]) -> None:
    app = browser_app(demo)
    tokens = app.tokens(MEMBER, scope=scope)
    always = {"access_token", "token_type", "expires_in", "scope", "need_patient_banner"}
    assert tokens.keys() == always | there
    if "id_token" in there:
        assert "fhirUser" not in signed(demo, tokens["id_token"], app.client_id)


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"code_verifier": ""}, {"invalid_grant", "invalid_request"}),
        ({"code_verifier": VERIFIER.upper()}, {"invalid_grant"}),
        ({"redirect_uri": "https://app.example.org/spec?kept=1%202"}, {"invalid_grant"}),
        ({"grant_type": None}, {"invalid_request"}),
        ({"grant_type": ""}, {"invalid_request"}),
    ],
)
def test_a_code_is_good_for_nothing_else(
    demo: Demo, changed: dict[str, str | None], errors: set[str]
) -> None:
    """RFC 6749, section 5.2; RFC 7636, section 4.6."""
    app = browser_app(demo)
    response = app.exchange(app.code(MEMBER, scope=_GOALS), **changed)
    assert _error(response) in errors


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"grant_type": "refresh_token", "refresh_token": "made-up"}},
        {"content": "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x"},
        {"content": ""},
        {"content": b"\xff\xfe=%ff&&&="},
    ],
    ids=["json", "twice", "empty", "no text"],
)
def test_a_request_that_is_no_form_is_an_invalid_request(demo: Demo, body: Any) -> None:
    headers = {} if "json" in body else {"Content-Type": "application/x-www-form-urlencoded"}
    response = httpx.post(f"{demo.auth}/token", headers=headers, timeout=20, **body)
    assert _error(response) == "invalid_request"


def test_the_parameters_of_the_address_are_not_read(demo: Demo) -> None:
    """RFC 6749, section 2.3.1: they MUST NOT be there."""
    app = browser_app(demo)
    query = {
        "grant_type": "authorization_code",
        "code": app.code(MEMBER, scope=_GOALS),
        "redirect_uri": app.redirect_uri,
        "client_id": app.client_id,
        "code_verifier": VERIFIER,
    }
    response = httpx.post(f"{demo.auth}/token", params=query, timeout=20)
    assert _error(response) == "invalid_request"


def test_empty_and_unknown_parameters_are_as_if_they_were_left_out(demo: Demo) -> None:
    """RFC 6749, section 3.2."""
    app = browser_app(demo)
    code = app.code(MEMBER, scope=_GOALS)
    empty = {"scope": "", "client_secret": "", "client_assertion": "", "state": ""}
    tokens = app.exchange(code, **empty, of_others="1").json()
    assert app.refresh(tokens["refresh_token"], **empty).json()["scope"] == tokens["scope"]


@pytest.mark.parametrize(
    "more",
    [
        {"client_secret": "another"},
        {"client_assertion_type": BEARER, "client_assertion": "e30.e30.e30"},
    ],
    ids=["form", "assertion"],
)
def test_a_client_proves_itself_in_one_way_at_a_time(demo: Demo, more: dict[str, str]) -> None:
    """RFC 6749, section 5.2: more than one mechanism is an `invalid_request`."""
    form = {"grant_type": "authorization_code", "code": "made-up"}
    response = demo.post("/token", basic(demo), **form, **more)
    assert _error(response) == "invalid_request"


def test_a_grant_that_was_not_registered_is_refused(demo: Demo) -> None:
    """RFC 6749, section 5.2: `unauthorized_client`."""
    response = demo.post(
        "/token", basic(demo), grant_type="client_credentials", scope="system/Goal.rs"
    )
    assert _error(response) == "unauthorized_client"


def test_an_error_is_a_document_for_a_script_of_another_origin(demo: Demo) -> None:
    response = httpx.post(
        f"{demo.auth}/token",
        data={"grant_type": "authorization_code", "client_id": browser_app(demo).client_id},
        headers={"Origin": demo.app_origin, "Accept": "text/html"},
        timeout=20,
    )
    assert _error(response) == "invalid_request"
    assert response.headers["access-control-allow-origin"] in (demo.app_origin, "*")
