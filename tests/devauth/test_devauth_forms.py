"""A form counts once, from its own page and session; no request skips a page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.devauth.asking import MANAGER, MEMBER, ORIGIN, Browser, parameters

FORMS = {
    "/login": {"account": MEMBER},
    "/patient": {"patient": "M100003"},
    "/consent": {"decision": "allow"},
    "/launch": {"app": "goals-app", "patient": "M100001"},
    "/logout": {},
}


async def _at_the_consent_page(browser: Browser) -> dict[str, str]:
    """Go there, and return the fields that its form would send."""
    await browser.authorize()
    await browser.submit("/login", account=MANAGER)
    await browser.submit("/patient", patient="M100001")
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', browser.text)
    return dict(hidden)


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://localhost:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_form_of_another_site_is_refused(
    browser: Browser, path: str, headers: dict[str, str]
) -> None:
    data = {**await _at_the_consent_page(browser), **FORMS[path]}
    response = await browser.client.post(f"/auth{path}", data=data, headers=headers)
    assert response.status_code == 403
    assert "location" not in response.headers


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("csrf", [None, "", "guessed", "é"])
async def test_a_form_without_its_token_is_refused(
    browser: Browser, path: str, csrf: str | None
) -> None:
    hidden = await _at_the_consent_page(browser)
    data = {**hidden, **FORMS[path], "csrf": csrf}
    kept = {name: value for name, value in data.items() if value is not None}
    response = await browser.client.post(f"/auth{path}", data=kept)
    assert response.status_code == 403


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_of_another_session_is_refused(browser: Browser, app: Any, path: str) -> None:
    theirs = {**await _at_the_consent_page(browser), **FORMS[path]}
    other = Browser(app)
    await other.get("/login")
    response = await other.client.post(f"/auth{path}", data=theirs)
    assert response.status_code == 403


async def test_a_request_is_of_one_browser(browser: Browser, app: Any) -> None:
    hidden = await _at_the_consent_page(browser)
    other = Browser(app)
    await other.get("/login")
    await other.submit("/login", account=MEMBER)
    response = await other.get("/consent", request=hidden["request"])
    assert response.status_code == 400
    assert "Number1" not in response.text
    await other.get("/launch")
    response = await other.submit("/consent", request=hidden["request"], decision="allow")
    assert response.status_code == 400


async def test_a_request_cannot_skip_login_or_patient(browser: Browser) -> None:
    await browser.authorize()
    request = parameters(str(browser.at.url))["request"]
    assert (await browser.get("/consent", request=request)).status_code == 400
    await browser.authorize()
    request = parameters(str(browser.at.url))["request"]
    await browser.submit("/login", account=MANAGER)
    await browser.get("/consent", request=request)
    assert browser.page == "/patient"
    response = await browser.submit("/consent", decision="allow")
    assert browser.page == "/patient"
    assert "location" not in response.headers


async def test_consent_counts_once(browser: Browser) -> None:
    data = {**await _at_the_consent_page(browser), "decision": "allow"}
    first = await browser.client.post("/auth/consent", data=data)
    assert "code" in parameters(first.headers["location"])
    again = await browser.client.post("/auth/consent", data=data)
    assert again.status_code == 400


async def test_large_requests_give_way_sooner(browser: Browser) -> None:
    """A browser makes the server remember no more than so much."""

    async def begun() -> str:
        request = browser.request(of_others="x" * 30_000)
        response = await browser.client.post("/auth/authorize", data=request)
        await browser.get(response.headers["location"])
        return parameters(str(browser.at.url))["request"]

    first, second, third = [await begun() for _ in range(3)]
    for request, status in ((first, 400), (second, 200), (third, 200)):
        assert (await browser.get("/login", request=request)).status_code == status


async def test_an_old_request_gives_way(browser: Browser) -> None:
    await browser.authorize()
    first = parameters(str(browser.at.url))["request"]
    for _ in range(20):
        await browser.authorize()
    assert (await browser.get("/login", request=first)).status_code == 400
