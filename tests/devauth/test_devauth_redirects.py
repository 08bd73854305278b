"""Where a request leads: to the registered URI of a known app, or to an error and nowhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from fhir_facade.devauth.flow import LONGEST_QUERY, LONGEST_VALUE
from fhir_facade.devauth.scopes import LONGEST
from tests.devauth.asking import ISSUER, MEMBER, ORIGIN, Browser, Clock, parameters


@pytest.mark.parametrize(
    "redirect_uri",
    [
        f"{ORIGIN}/apps/goals",
        f"{ORIGIN}/apps/goals/extra",
        f"{ORIGIN}/apps/goals/?x=1",
        f"{ORIGIN}/apps/goals/#x",
        f"{ORIGIN}/apps/goals/../case/",
        f"{ORIGIN}/apps/goals/..%2f..%2f",
        f"{ORIGIN}/APPS/goals/",
        f"{ORIGIN}/apps/case/",
        f"{ORIGIN}@evil.test/apps/goals/",
        f"{ORIGIN}.evil.test/apps/goals/",
        "http://user@127.0.0.1:8000/apps/goals/",
        "http://127.0.0.1:8001/apps/goals/",
        "https://127.0.0.1:8000/apps/goals/",
        "http://localhost:8000/apps/goals/",
        "https://evil.test/",
        "//evil.test/apps/goals/",
        "/apps/goals/",
        "javascript:alert(1)",
        "data:text/html,x",
        f" {ORIGIN}/apps/goals/",
        f"{ORIGIN}/apps/goals/\r\nX: y",
        "é",
        None,
    ],
)
@pytest.mark.parametrize("more", [{}, {"response_type": "token"}, {"scope": "nothing"}])
async def test_no_redirect_but_to_the_registered_uri(
    browser: Browser, redirect_uri: str | None, more: dict[str, str]
) -> None:
    request = browser.request(redirect_uri=redirect_uri, **more)
    response = await browser.client.get("/auth/authorize", params=request)
    assert response.status_code == 400
    assert "location" not in response.headers
    assert "text/html" in response.headers["content-type"]


@pytest.mark.parametrize("client_id", ["nobody", None, "goals-app ", "é", "\x00"])
async def test_no_redirect_for_an_unknown_app(browser: Browser, client_id: str | None) -> None:
    response = await browser.client.get(
        "/auth/authorize", params=browser.request(client_id=client_id)
    )
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_nobody_is_led_back_by_what_is_given_twice(browser: Browser, name: str) -> None:
    params = browser.request()
    for other in ("x", params[name]):
        response = await browser.client.get(
            "/auth/authorize", params=[*params.items(), (name, other)]
        )
        assert response.status_code == 400
        assert "given twice" in response.text
        assert "location" not in response.headers


@pytest.mark.parametrize("changed", [{"client_id": "nobody"}, {"redirect_uri": "https://a.test"}])
async def test_nobody_is_led_back_to_what_is_not_registered(
    browser: Browser, changed: dict[str, str]
) -> None:
    params = [*browser.request(**changed).items(), ("scope", "openid")]
    response = await browser.client.get("/auth/authorize", params=params)
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.parametrize("how", ["GET", "POST"])
@pytest.mark.parametrize("name", ["state", "scope", "aud", "anything"])
async def test_a_parameter_given_twice_is_told_to_the_app(
    browser: Browser, name: str, how: str
) -> None:
    params = [*browser.request().items(), (name, "x"), (name, "y")]
    if how == "GET":
        response = await browser.client.get("/auth/authorize", params=params)
    else:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        posted = await browser.client.post(
            "/auth/authorize", content=urlencode(params), headers=headers
        )
        response = await browser.client.get(posted.headers["location"])
    assert response.headers["location"].startswith(f"{ORIGIN}/apps/goals/?")
    found = parameters(response.headers["location"])
    assert found["error"] == "invalid_request"
    assert found["error_description"] == "A parameter is given twice."
    assert found.get("state") == (None if name == "state" else "some state & more")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request": "e30.e30.", "response_type": None}, "request_not_supported"),
        ({"request_uri": "https://app.test/r"}, "request_uri_not_supported"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "https://other.test/fhir"}, "invalid_request"),
        ({"aud": f"{ORIGIN}/fhir/Patient"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "nothing that is known"}, "invalid_scope"),
        ({"scope": "launch/patient offline_access"}, "invalid_scope"),
        ({"scope": "user/Goal.rs"}, "invalid_scope"),
        ({"launch": "guessed"}, "invalid_request"),
    ],
)
async def test_other_errors_go_back_to_the_app(
    browser: Browser, changed: dict[str, Any], error: str
) -> None:
    response = await browser.client.get("/auth/authorize", params=browser.request(**changed))
    location = response.headers["location"]
    assert location.startswith(f"{ORIGIN}/apps/goals/?")
    found = parameters(location)
    assert (found["error"], found["state"]) == (error, "some state & more")


async def test_the_audience_may_end_with_a_slash(browser: Browser) -> None:
    await browser.authorize(aud=f"{ORIGIN}/fhir/")
    assert browser.page == "/login"


async def test_another_host_name_leads_to_the_issuers(browser: Browser) -> None:
    response = await browser.client.get(
        "/auth/login?next=launch", headers={"Host": "localhost:8000"}
    )
    assert response.status_code == 307
    assert response.headers["location"] == f"{ISSUER}/login?next=launch"
    response = await browser.client.post(
        "/auth/login", data={"account": MEMBER}, headers={"Host": "rebound.test"}
    )
    assert response.status_code == 400


@pytest.mark.parametrize("name", ["state", "nonce"])
async def test_what_is_sent_back_is_short(browser: Browser, name: str) -> None:
    await browser.authorize(**{name: "é" * LONGEST_VALUE})
    assert browser.page == "/login"
    request = browser.request(**{name: "x" * (LONGEST_VALUE + 1)})
    response = await browser.client.get("/auth/authorize", params=request)
    assert response.status_code == 400
    assert f"{name} is too long" in response.text


async def test_an_address_is_short_and_a_form_may_be_longer(browser: Browser) -> None:
    request = browser.request(of_others="x" * LONGEST_QUERY)
    response = await browser.client.get("/auth/authorize", params=request)
    assert response.status_code == 414
    assert "too long for an address" in response.text
    response = await browser.client.post("/auth/authorize", data=request)
    address = response.headers["location"]
    assert len(address) < 100
    await browser.get(address)
    assert browser.page == "/login"
    again = await browser.client.get(address)
    assert again.status_code == 400
    assert "Start again from the app" in again.text


async def test_what_was_posted_is_forgotten_after_a_minute(browser: Browser, clock: Clock) -> None:
    response = await browser.client.post("/auth/authorize", data=browser.request())
    clock.ahead = 61
    response = await browser.client.get(response.headers["location"])
    assert response.status_code == 400


@pytest.mark.parametrize(("more", "told"), [(0, "login"), (1, "invalid_scope")])
async def test_the_list_of_scopes_is_limited(browser: Browser, more: int, told: str) -> None:
    scope = "patient/Goal.rs ".ljust(LONGEST + more, "x")
    posted = await browser.client.post("/auth/authorize", data=browser.request(scope=scope))
    response = await browser.get(posted.headers["location"])
    if told == "login":
        assert browser.page == "/login"
        return
    found = parameters(response.headers["location"])
    assert (found["error"], found["state"]) == (told, "some state & more")
    assert found["error_description"] == "scope is too long: 20000 characters are the most."


async def test_a_short_list_does_not_become_an_endless_one(browser: Browser) -> None:
    """Each of these would be granted once for each scope that the app may have."""
    may = " ".join(f"patient/Goal.{each}" for each in ("c", "r", "u", "d", "s", "cr", "ru", "us"))
    given = {"redirect_uri": "https://app.test/", "token_endpoint_auth_method": "none"}
    client = await browser.register(**given, redirect_uris=[given["redirect_uri"]], scope=may)
    scope = " ".join(f"patient/*.cruds?a={each}" for each in range(200))
    response = await browser.authorize(
        client_id=client.json()["client_id"], redirect_uri=given["redirect_uri"], scope=scope
    )
    found = parameters(response.headers["location"])
    assert (found["error"], found["error_description"]) == (
        *("invalid_scope", "These are too many scopes."),
    )


async def test_too_many_parameters(browser: Browser) -> None:
    params = {f"p{each}": "x" for each in range(101)}
    response = await browser.client.get("/auth/authorize", params=params)
    assert response.status_code == 400
    assert "too many parameters" in response.text
