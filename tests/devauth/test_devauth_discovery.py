"""What the server says of itself, and which origins may read what."""

from __future__ import annotations

import re

import httpx
import pytest

from fhir_facade.devauth import DemoApp, authorization_server
from tests.devauth.asking import (
    ISSUER,
    ORIGIN,
    SERVED,
    Browser,
    SomePeople,
    mounted,
    parameters,
)

DOCUMENTS = [".well-known/openid-configuration", ".well-known/oauth-authorization-server"]


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_every_endpoint_that_is_named_is_there(browser: Browser, path: str) -> None:
    found = (await browser.client.get(f"/auth/{path}")).json()
    assert found["issuer"] == ISSUER
    urls = {name: url for name, url in found.items() if name.endswith(("_endpoint", "_uri"))}
    assert sorted(urls) == [
        *("authorization_endpoint", "end_session_endpoint", "introspection_endpoint", "jwks_uri"),
        *("registration_endpoint", "revocation_endpoint", "token_endpoint"),
    ]
    for url in urls.values():
        statuses = {
            (await browser.client.request(each, url)).status_code for each in ("GET", "POST")
        }
        assert 404 not in statuses


async def test_what_it_claims_is_what_it_does(browser: Browser) -> None:
    found = (await browser.client.get(f"/auth/{DOCUMENTS[0]}")).json()
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["response_types_supported"] == ["code"]
    assert found["grant_types_supported"] == [
        *("authorization_code", "refresh_token", "client_credentials"),
    ]
    assert found["token_endpoint_auth_methods_supported"] == [
        *("private_key_jwt", "client_secret_basic", "none"),
    ]
    assert found["introspection_endpoint_auth_methods_supported"] == [
        *("private_key_jwt", "client_secret_basic", "Bearer"),
    ]
    # each of them is shown by a test of the launches, codes, or backend services
    assert sorted(found["capabilities"]) == [
        *("authorize-post", "client-confidential-asymmetric", "client-confidential-symmetric"),
        *("client-public", "context-banner", "context-ehr-patient", "context-standalone-patient"),
        *("launch-ehr", "launch-standalone", "permission-offline", "permission-online"),
        *("permission-patient", "permission-user", "permission-v1", "permission-v2"),
        "sso-openid-connect",
    ]


OPEN = ["token", "introspect", "revoke", "register", "jwks", *DOCUMENTS]


@pytest.mark.parametrize("path", OPEN)
async def test_scripts_of_any_origin_may_use_it_without_cookies(
    browser: Browser, path: str
) -> None:
    asked = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization,content-type"
    answer = await browser.client.options(f"/auth/{path}", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    for method in ("GET", "POST"):
        answer = await browser.client.request(
            method, f"/auth/{path}", headers={"Origin": "https://app.test"}
        )
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["authorize", "login", "patient", "consent", "launch", "logout"])
async def test_pages_are_for_their_own_origin(browser: Browser, path: str) -> None:
    asked = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    answers = [
        await browser.client.options(f"/auth/{path}", headers=asked),
        await browser.client.get(f"/auth/{path}", headers={"Origin": "https://app.test"}),
        await browser.client.post(f"/auth/{path}", headers={"Origin": "https://app.test"}),
    ]
    for answer in answers:
        assert "access-control-allow-origin" not in answer.headers


async def test_the_style_is_served(browser: Browser) -> None:
    answer = await browser.client.get("/auth/style.css")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_is_not_there(browser: Browser, method: str) -> None:
    answer = await browser.client.request(method, "/auth/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "token", "POST"),
        ("GET", "introspect", "POST"),
        ("GET", "revoke", "POST"),
        ("GET", "register", "POST"),
        ("POST", "jwks", "GET, HEAD"),
        ("POST", DOCUMENTS[0], "GET, HEAD"),
        ("PUT", "authorize", "GET, HEAD, POST"),
        ("PUT", "login", "GET, HEAD, POST"),
        ("POST", "style.css", "GET, HEAD"),
    ],
)
async def test_what_can_be_done_is_named(
    browser: Browser, method: str, path: str, allowed: str
) -> None:
    answer = await browser.client.request(method, f"/auth/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if path in OPEN:
        assert answer.json()["error"] == "invalid_request"
    else:
        assert "cannot be done with this page" in answer.text


async def test_a_body_must_be_a_form(browser: Browser) -> None:
    answer = await browser.client.post("/auth/token", json={"grant_type": "refresh_token"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_crash_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class People(SomePeople):
        async def members(self) -> list[object]:  # type: ignore[override]
            raise RuntimeError("the name of somebody")

    transport = httpx.ASGITransport(mounted(people=People()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        answer = await client.get("/auth/login")
    assert answer.status_code == 500
    assert "somebody" not in answer.text
    told = [each.getMessage() for each in caplog.records if each.name == "fhir_facade"]
    assert told == ["the authorization server failed: RuntimeError"]


@pytest.mark.parametrize("issuer", ["http://auth.example.org/auth", "ftp://x/auth", "/auth"])
def test_tokens_do_not_travel_in_the_clear(issuer: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        authorization_server(
            issuer=issuer, fhir=ORIGIN, people=SomePeople(), apps=(), served=SERVED
        )


@pytest.mark.parametrize("scope", ["patient/Task.rsu", "patient/Basic.rs"])
def test_an_app_with_a_scope_that_is_none_is_told_at_once(scope: str) -> None:
    app = DemoApp("x", "X", f"{ORIGIN}/launch", f"{ORIGIN}/", f"openid {scope}")
    with pytest.raises(ValueError, match=f"x has scopes that are none: {re.escape(scope)}"):
        authorization_server(
            issuer=ISSUER, fhir=ORIGIN, people=SomePeople(), apps=[app], served=SERVED
        )


async def test_an_error_of_an_unknown_response_type_can_be_read(browser: Browser) -> None:
    response = await browser.authorize(response_type='"é')
    found = parameters(response.headers["location"])
    assert found["error"] == "unsupported_response_type"
    assert found["state"] == "some state & more"
