"""A session is this server's alone, begins anew with a login and ends with a logout."""

from __future__ import annotations

import re

import pytest

from tests.devauth.asking import MEMBER, ORIGIN, Browser, mounted

COOKIE = "fhir_facade_demo_session"


async def test_the_cookie_is_for_this_server_alone(browser: Browser) -> None:
    response = await browser.client.get("/auth/login")
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/auth" in cookie
    assert "secure" not in cookie  # http on this machine
    secure = mounted("https://auth.test")
    response = await Browser(secure, "https://auth.test").client.get("/auth/login")
    assert "secure" in response.headers["set-cookie"].lower()


async def test_a_session_gets_another_id_when_somebody_logs_in(browser: Browser) -> None:
    await browser.get("/login")
    before = browser.client.cookies[COOKIE]
    await browser.submit("/login", account=MEMBER)
    after = browser.client.cookies[COOKIE]
    assert before != after
    browser.client.cookies.clear()
    browser.client.cookies.set(COOKIE, before, domain="127.0.0.1", path="/auth")
    page = await browser.get("/")
    assert "You are signed in" not in page.text


async def test_a_session_id_that_somebody_chose_is_not_taken(browser: Browser) -> None:
    browser.client.cookies.set(COOKIE, "chosen", domain="127.0.0.1", path="/auth")
    response = await browser.client.get("/auth/login")
    assert f"{COOKIE}=chosen" not in response.headers["set-cookie"]


async def test_logging_out_revokes_what_was_granted(browser: Browser) -> None:
    found = await browser.tokens()
    back = f"{ORIGIN}/apps/goals/"
    response = await browser.client.get(
        "/auth/logout",
        params={"post_logout_redirect_uri": back},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert (response.status_code, response.headers["location"]) == (303, back)
    assert COOKIE not in browser.client.cookies
    answer = await browser.refresh(found["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"
    await browser.authorize()
    assert browser.page == "/login"


async def test_another_site_cannot_log_somebody_out(browser: Browser) -> None:
    found = await browser.tokens()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {}):
        response = await browser.client.get("/auth/logout", headers=headers)
        assert "Sign out?" in response.text
    assert (await browser.refresh(found["refresh_token"])).status_code == 200
    await browser.get("/logout")
    response = await browser.submit("/logout")
    assert "You are signed out" in response.text


async def test_from_the_signed_out_page_there_is_a_way_back(browser: Browser) -> None:
    await browser.tokens()
    await browser.get("/logout")
    await browser.submit("/logout")
    links = dict(re.findall(r'<a href="([^"]+)">([^<]+)</a>', browser.text))
    assert links[f"{ORIGIN}/apps/goals/"] == "Back to My goals"
    assert links[f"{ORIGIN}/apps/case/"] == "Back to Case page"
    assert links["/"] == "To the first page"


async def test_logging_out_leads_back_to_where_an_app_has_registered(browser: Browser) -> None:
    back = "https://app.test/bye?a=b"
    answer = await browser.register(
        redirect_uris=["https://app.test/"],
        token_endpoint_auth_method="none",
        post_logout_redirect_uris=[back],
    )
    assert answer.json()["post_logout_redirect_uris"] == [back]
    await browser.tokens(client_id=answer.json()["client_id"], redirect_uri="https://app.test/")
    page = await browser.get("/logout", post_logout_redirect_uri=back, state="s & t")
    assert "form-action 'self' https://app.test;" in page.headers["content-security-policy"]
    response = await browser.submit("/logout")
    assert response.headers["location"] == "https://app.test/bye?a=b&state=s+%26+t"
    response = await browser.get("/logout", post_logout_redirect_uri=back)
    assert response.headers["location"] == back
    response = await browser.get("/logout", post_logout_redirect_uri=back, state="x" * 1025)
    assert "state is too long" in response.text
    for other in ("https://app.test/", "https://app.test/bye"):
        response = await browser.get("/logout", post_logout_redirect_uri=other)
        assert "You are signed out" in response.text


@pytest.mark.parametrize(
    "back", ["https://evil.test/", f"{ORIGIN}@evil.test/", f"{ORIGIN}/elsewhere", "//evil.test", ""]
)
async def test_logging_out_leads_to_known_places_only(browser: Browser, back: str) -> None:
    await browser.tokens()
    response = await browser.client.get(
        "/auth/logout",
        params={"post_logout_redirect_uri": back},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert response.status_code == 200
    assert "You are signed out" in response.text
