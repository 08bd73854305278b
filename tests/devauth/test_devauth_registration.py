"""Apps that register themselves, and the limits that they meet."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fhir_facade.devauth.registration import PER_MINUTE
from tests.devauth.asking import MANAGER, MEMBER, SYSTEM, Browser, Clock, new_key, parameters
from tests.security.issuer import public_jwk

GOOD = {"redirect_uris": ["https://app.test/back"], "token_endpoint_auth_method": "none"}


async def test_a_public_app(browser: Browser) -> None:
    answer = await browser.register(
        **GOOD,
        client_name="Try it",
        grant_types=["authorization_code", "refresh_token"],
        scope="openid launch/patient offline_access patient/Goal.rs profile",
        logo_uri="https://app.test/logo.png",
    )
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["scope"] == "openid launch/patient offline_access patient/Goal.rs"
    assert "client_secret" not in told
    assert "logo_uri" not in told  # what is not used is not said to be
    found = await browser.tokens(
        MEMBER, client_id=told["client_id"], redirect_uri="https://app.test/back"
    )
    assert found["scope"] == "launch/patient openid offline_access patient/Goal.rs"
    answer = await browser.refresh(found["refresh_token"], client_id=told["client_id"])
    assert answer.status_code == 200


async def test_an_app_that_can_be_launched_from_the_ehr(browser: Browser) -> None:
    await browser.register(
        **GOOD, client_name="Launch me", initiate_login_uri="https://app.test/launch"
    )
    await browser.get("/launch")
    await browser.submit("/login", account=MANAGER)
    assert "Launch me" in browser.text
    assert "https://app.test" in browser.at.headers["content-security-policy"]


async def test_without_the_grant_there_is_no_refresh_token(browser: Browser) -> None:
    answer = await browser.register(**GOOD, scope="offline_access patient/Goal.rs")
    found = await browser.tokens(
        client_id=answer.json()["client_id"],
        redirect_uri="https://app.test/back",
        scope="offline_access patient/Goal.rs",
    )
    assert "refresh_token" not in found


async def test_the_administrator_grants_system_scopes_to_confidential_apps_only(
    browser: Browser,
) -> None:
    scope = "openid system/Goal.rs"
    public = await browser.register(**GOOD, scope=scope)
    given = {"redirect_uri": "https://app.test/back", "scope": scope}
    found = await browser.tokens(SYSTEM, client_id=public.json()["client_id"], **given)
    assert found["scope"] == "openid"
    answer = await browser.register(redirect_uris=GOOD["redirect_uris"], scope=scope)
    client = answer.json()
    code = await browser.code(SYSTEM, client_id=client["client_id"], **given)
    answer = await browser.client.post(
        "/auth/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "https://app.test/back",
            "code_verifier": "a-verifier-of-at-least-forty-three-characters",
        },
        auth=(client["client_id"], client["client_secret"]),
    )
    assert answer.json()["scope"] == scope


RSA = public_jwk(new_key("RS256"), "k")
EC = public_jwk(new_key("ES256"), "k")
WITH_KEY = {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt"}


REDIRECTS = [
    {"redirect_uris": None},
    {"redirect_uris": "https://app.test/"},
    {"redirect_uris": [1]},
    {"redirect_uris": ["http://app.test/"]},
    {"redirect_uris": ["https://user@app.test/"]},
    {"redirect_uris": ["https://app.test/#x"]},
    {"redirect_uris": ["https://app.test/../x"]},
    {"redirect_uris": ["https://*.app.test/"]},
    {"redirect_uris": ["https://app.test; script-src *"]},
    {"redirect_uris": ["javascript:alert(1)"]},
    {"redirect_uris": ["app:/back"]},
    {"redirect_uris": ["//app.test/"]},
    {"redirect_uris": ["https://app.test/" + "x" * 2000]},
    {"redirect_uris": [f"https://app.test/{each}" for each in range(11)]},
]


@pytest.mark.parametrize("metadata", REDIRECTS)
async def test_a_redirect_uri_that_is_refused(browser: Browser, metadata: dict[str, Any]) -> None:
    answer = await browser.register(**{**GOOD, **metadata})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")
    assert answer.json()["error_description"].startswith("redirect_uris")


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": []},
        {"initiate_login_uri": "javascript:alert(1)"},
        {"client_name": ""},
        {"client_name": "x" * 81},
        {"client_name": 1},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"grant_types": ["password"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": []},
        {"response_types": ["token"]},
        {"scope": "x" * 4001},
        {"scope": ""},
        {"scope": "launch/patient offline_access"},
        {"scope": "patient/Basic.rs"},
        {"grant_types": ["refresh_token"]},
        {"post_logout_redirect_uris": ["javascript:alert(1)"]},
        {"post_logout_redirect_uris": ["https://app.test/"] * 11},
        {**WITH_KEY},
        {**WITH_KEY, "jwks_uri": "https://app.test/keys"},
        {**WITH_KEY, "jwks": {}},
        {**WITH_KEY, "jwks": {"keys": []}},
        {**WITH_KEY, "jwks": {"keys": [RSA] * 11}},
        {**WITH_KEY, "jwks": {"keys": ["x"]}},
        {**WITH_KEY, "jwks": {"keys": [{**EC, "d": "x"}]}},
        {**WITH_KEY, "jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {**WITH_KEY, "jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}},
        {**WITH_KEY, "jwks": {"keys": [{"kty": "RSA", "n": 1, "e": []}]}},
        {**WITH_KEY, "jwks": {"keys": [{**EC, "x": EC["y"]}]}},
        {**WITH_KEY, "jwks": {"keys": [{"kty": "EC", "crv": "secp256k1", "x": "a", "y": "b"}]}},
        {**WITH_KEY, "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "a"}]}},
    ],
)
async def test_metadata_that_is_refused(browser: Browser, metadata: dict[str, Any]) -> None:
    answer = await browser.register(**{**GOOD, **metadata})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "invalid_client_metadata"
    assert answer.json()["error_description"]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'"x"', b"[" * 20_000])
async def test_a_body_that_is_no_metadata(browser: Browser, body: bytes) -> None:
    answer = await browser.client.post("/auth/register", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


async def test_a_body_that_is_too_large(browser: Browser) -> None:
    for path in ("register", "token"):
        answer = await browser.client.post(
            f"/auth/{path}",
            content=b"x" * 70_000,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 413


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:3000/", "http://localhost/x", "http://[::1]:8/", "https://a.test"]
)
async def test_redirects_to_this_machine_may_do_without_tls(browser: Browser, uri: str) -> None:
    assert (await browser.register(**{**GOOD, "redirect_uris": [uri]})).status_code == 201


async def test_not_too_many_in_a_minute(browser: Browser, clock: Clock) -> None:
    for _ in range(PER_MINUTE):
        assert (await browser.register(**GOOD)).status_code == 201
    answer = await browser.register(**GOOD)
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    clock.ahead = 61
    assert (await browser.register(**GOOD)).status_code == 201


async def test_the_oldest_goes_where_there_are_too_many(browser: Browser, clock: Clock) -> None:
    first = (await browser.register(**GOOD)).json()["client_id"]
    for each in range(6):
        clock.ahead += 61
        for _ in range(PER_MINUTE if each else PER_MINUTE - 1):
            assert (await browser.register(**GOOD)).status_code == 201
    response = await browser.authorize(client_id=first, redirect_uri="https://app.test/back")
    assert response.status_code == 400
    await browser.authorize()  # those that are there from the start stay
    assert browser.page == "/login"


async def test_a_registration_lasts_a_day(browser: Browser, clock: Clock) -> None:
    client_id = (await browser.register(**GOOD)).json()["client_id"]
    clock.ahead = 24 * 3600 + 1
    response = await browser.authorize(client_id=client_id, redirect_uri="https://app.test/back")
    assert response.status_code == 400


async def test_a_secret_ends_with_its_registration(browser: Browser, clock: Clock) -> None:
    asked = {"grant_types": ["client_credentials"], "scope": "system/Goal.rs"}
    client = (await browser.register(**asked)).json()
    ends = client["client_secret_expires_at"]
    assert ends - client["client_id_issued_at"] == 24 * 3600
    proof = (client["client_id"], client["client_secret"])
    form = {"grant_type": "client_credentials", "scope": "system/Goal.rs"}
    for left, status in ((10, 200), (-1, 401)):
        clock.ahead = ends - left - time.time()
        answer = await browser.client.post("/auth/token", data=form, auth=proof)
        assert answer.status_code == status


async def test_scopes_that_nothing_is_served_for_are_left_out(browser: Browser) -> None:
    scope = "patient/Basic.rs patient/Patient.r?_id=1 patient/Goal.rs"
    client = (await browser.register(**GOOD, scope=scope)).json()
    assert client["scope"] == "patient/Goal.rs"


async def test_scopes_that_are_none_are_named(browser: Browser) -> None:
    wrong = ["patient/Goals.rs", "patient/Task.rsu", "goals", 'a"\\b', "five", "six"]
    answer = await browser.register(**GOOD, scope=f"patient/Goal.rs {' '.join(wrong)} openid")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    text = answer.json()["error_description"]
    assert text.startswith(
        "scope: there is no patient/Goals.rs, patient/Task.rsu, goals, ab, five."
    )
    assert "six" not in text
    assert "patient/Goal.rs:" in text


async def test_an_app_that_names_no_scope_is_told_what_it_may_ask_for(browser: Browser) -> None:
    of_people = "launch launch/patient openid fhirUser offline_access patient/*.rs user/*.rs"
    assert (await browser.register(**GOOD)).json()["scope"] == of_people
    client = (await browser.register(grant_types=["client_credentials"])).json()
    assert client["scope"] == "system/*.rs"
    both = {"grant_types": ["authorization_code", "client_credentials"]}
    answer = await browser.register(redirect_uris=["https://app.test/"], **both)
    assert answer.json()["scope"] == f"{of_people} system/*.rs"
    answer = await browser.client.post(
        "/auth/token",
        data={"grant_type": "client_credentials", "scope": "system/Goal.rs"},
        auth=(client["client_id"], client["client_secret"]),
    )
    assert answer.json()["scope"] == "system/Goal.rs"


async def test_a_service_needs_a_scope_of_its_own(browser: Browser) -> None:
    answer = await browser.register(grant_types=["client_credentials"], scope="patient/Goal.rs")
    assert answer.status_code == 400
    assert "system/Goal.rs" in answer.json()["error_description"]


async def test_what_is_wrong_is_said_plainly(browser: Browser) -> None:
    answer = await browser.register(**{**GOOD, "redirect_uris": ["http://app.test/"]})
    text = "redirect_uris: must be https; http is for this machine (127.0.0.1, localhost)"
    assert answer.json()["error_description"] == text


async def test_registered_scopes_are_the_most_that_is_granted(browser: Browser) -> None:
    client = (await browser.register(**GOOD, scope="patient/Goal.r")).json()
    await browser.authorize(
        client_id=client["client_id"], redirect_uri="https://app.test/back", scope="patient/*.cruds"
    )
    await browser.submit("/login", account=MEMBER)
    assert "<code>patient/Goal.r</code>" in browser.text
    response = await browser.submit("/consent", decision="allow")
    assert "code" in parameters(response.headers["location"])
