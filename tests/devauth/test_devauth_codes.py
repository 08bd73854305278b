"""Stolen and replayed codes and refresh tokens, and PKCE."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.devauth.asking import (
    BEARER,
    MANAGER,
    MEMBER,
    ORIGIN,
    VERIFIER,
    Backend,
    Browser,
    Clock,
    challenge,
    new_key,
    parameters,
)
from tests.security.issuer import public_jwk


async def _active(browser: Browser, *tokens: str, ahead: int = 0) -> list[bool]:
    """Which access tokens the server still calls active."""
    service = await Backend.registered(browser, new_key("ES256"), "ES256")
    found = []
    for token in tokens:
        proof = service.assertion(exp=int(time.time()) + ahead + 200)
        told = await browser.post(
            "/introspect", token=token, client_assertion=proof, client_assertion_type=BEARER
        )
        assert told.status_code == 200, told.text
        found.append(told.json()["active"])
    return found


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "case-app"}, "invalid_grant"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"code_verifier": VERIFIER[:-1] + "x"}, "invalid_grant"),
        ({"code_verifier": challenge()}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"redirect_uri": f"{ORIGIN}/apps/case/"}, "invalid_grant"),
        ({"redirect_uri": f"{ORIGIN}/apps/goals/launch"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code": "guessed"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
async def test_a_stolen_code_is_worth_nothing(
    browser: Browser, changed: dict[str, Any], error: str
) -> None:
    answer = await browser.token(await browser.code(), **changed)
    assert answer.status_code == (
        401 if "client_id" in changed and not changed["client_id"] else 400
    )
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("changed", [{"client_id": "case-app"}, {"code_verifier": VERIFIER + "x"}])
async def test_a_code_that_was_tried_is_used_up(browser: Browser, changed: dict[str, str]) -> None:
    code = await browser.code()
    await browser.token(code, **changed)
    assert (await browser.token(code)).json()["error"] == "invalid_grant"


async def test_a_replayed_code_takes_back_what_it_gave(browser: Browser) -> None:
    code = await browser.code()
    first = (await browser.token(code)).json()
    assert await _active(browser, first["access_token"]) == [True]
    assert (await browser.token(code)).json()["error"] == "invalid_grant"
    assert await _active(browser, first["access_token"]) == [False]
    answer = await browser.refresh(first["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


async def test_a_code_is_good_for_a_minute(browser: Browser, clock: Clock) -> None:
    code = await browser.code()
    clock.ahead = 61
    assert (await browser.token(code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": "plain", "code_challenge": VERIFIER},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": challenge() + "="},
    ],
)
async def test_pkce_is_required(browser: Browser, changed: dict[str, Any]) -> None:
    response = await browser.authorize(**changed)
    found = parameters(response.headers["location"])
    assert found["error"] == "invalid_request"
    assert "PKCE" in found["error_description"]
    assert found["state"] == "some state & more"


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
async def test_pkce_is_required_of_confidential_clients_too(browser: Browser, method: str) -> None:
    with_key = method == "private_key_jwt"
    keys = {"jwks": {"keys": [public_jwk(new_key("ES256"), "k1")]}} if with_key else {}
    answer = await browser.register(
        redirect_uris=[f"{ORIGIN}/mine"], token_endpoint_auth_method=method, **keys
    )
    client_id = answer.json()["client_id"]
    response = await browser.authorize(
        client_id=client_id,
        redirect_uri=f"{ORIGIN}/mine",
        code_challenge=None,
        code_challenge_method=None,
    )
    assert parameters(response.headers["location"])["error"] == "invalid_request"


async def test_a_refresh_token_serves_once_and_leads_on(browser: Browser) -> None:
    first = await browser.tokens(MANAGER)
    second = (await browser.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["patient"] == first["patient"]
    assert second["scope"] == first["scope"]
    third = await browser.refresh(second["refresh_token"], scope="patient/Goal.rs")
    assert third.json()["scope"] == "patient/Goal.rs"
    fourth = await browser.refresh(third.json()["refresh_token"])
    assert fourth.json()["scope"] == first["scope"]


async def test_a_replayed_refresh_token_ends_the_whole_line(browser: Browser) -> None:
    first = await browser.tokens()
    second = (await browser.refresh(first["refresh_token"])).json()
    replayed = await browser.refresh(first["refresh_token"])
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    assert (await browser.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"
    assert await _active(browser, first["access_token"], second["access_token"]) == [False, False]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "case-app"}, "invalid_grant"),
        ({"refresh_token": "guessed"}, "invalid_grant"),
        ({"refresh_token": None}, "invalid_request"),
        ({"scope": "patient/*.cruds"}, "invalid_scope"),
        ({"scope": "patient/Goal.rs user/Goal.rs"}, "invalid_scope"),
    ],
)
async def test_a_refresh_token_gives_nobody_more(
    browser: Browser, changed: dict[str, Any], error: str
) -> None:
    found = await browser.tokens()
    answer = await browser.refresh(found["refresh_token"], **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]


async def test_online_access_ends_with_the_session(browser: Browser, clock: Clock) -> None:
    scope = "online_access patient/Goal.rs"
    registered = await browser.register(
        redirect_uris=[f"{ORIGIN}/mine"],
        token_endpoint_auth_method="none",
        scope=scope,
        grant_types=["authorization_code", "refresh_token"],
    )
    client = {"client_id": registered.json()["client_id"], "redirect_uri": f"{ORIGIN}/mine"}
    found = await browser.tokens(MEMBER, scope=scope, **client)
    clock.ahead = 8 * 3600 + 1
    answer = await browser.refresh(found["refresh_token"], client_id=client["client_id"])
    assert answer.json()["error"] == "invalid_grant"


async def test_a_token_expires(browser: Browser, clock: Clock) -> None:
    token = (await browser.tokens())["access_token"]
    assert await _active(browser, token) == [True]
    clock.ahead = 600
    assert await _active(browser, token, ahead=600) == [False]
