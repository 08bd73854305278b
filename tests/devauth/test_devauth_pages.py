"""What a hostile page, link or app could try with the pages that a person sees."""

from __future__ import annotations

import html
import re

import pytest

from tests.devauth.asking import GOALS_SCOPE, MANAGER, MEMBER, Browser, Person, mounted, parameters

SCRIPT = "\"'><script>alert(1)</script>"
PAGES = ["/", "/login", "/launch", "/logout", "/login?q=x", "/patient", "/consent", "/authorize"]


@pytest.mark.parametrize("path", PAGES)
async def test_headers_of_pages(browser: Browser, path: str) -> None:
    response = await browser.client.get(f"/auth{path}")
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers
    policy = response.headers.get("content-security-policy", "default-src 'none'")
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


async def test_pages_hold_nothing_inline(browser: Browser) -> None:
    seen = []
    await browser.authorize()
    seen.append(browser.text)
    await browser.submit("/login", account=MANAGER)
    seen.append(browser.text)
    await browser.submit("/patient", patient="M100001")
    seen.append(browser.text)
    for path in ("/launch", "/logout", "/", "/consent"):
        seen.append((await browser.get(path)).text)
    for text in seen:
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://(?!127)", text)
        assert text.count("<h1>") == 1
        assert '<html lang="en">' in text


async def test_forms_may_lead_to_the_app_and_nowhere_else(browser: Browser) -> None:
    answer = await browser.register(
        redirect_uris=["https://app.test/back"], token_endpoint_auth_method="none"
    )
    await browser.authorize(
        client_id=answer.json()["client_id"], redirect_uri="https://app.test/back"
    )
    await browser.submit("/login", account=MEMBER)
    policy = browser.at.headers["content-security-policy"]
    assert "form-action 'self' https://app.test;" in policy
    response = await browser.submit("/consent", decision="allow")
    assert response.headers["location"].startswith("https://app.test/back?code=")


@pytest.mark.parametrize("account", ["", "member:", "member:M999999", "system:x", "root", SCRIPT])
async def test_nobody_else_can_log_in(browser: Browser, account: str) -> None:
    await browser.get("/login")
    response = await browser.submit("/login", account=account)
    assert response.status_code == 400
    assert "script>" not in response.text


@pytest.mark.parametrize("page", ["/login", "/patient", "/launch"])
async def test_script_in_a_search_is_text(browser: Browser, page: str) -> None:
    await browser.authorize()
    request = parameters(str(browser.at.url))["request"]
    await browser.submit("/login", account=MANAGER)
    for name in ("q", "next", "app", "anything"):
        response = await browser.get(page, **{"request": request, name: SCRIPT})
        assert "<script" not in response.text
    response = await browser.get(page, request=request, q=SCRIPT)
    assert "&lt;script&gt;" in response.text
    assert f'value="{SCRIPT}"' in html.unescape(response.text)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "request"])
async def test_script_in_a_request_is_text(browser: Browser, name: str) -> None:
    await browser.authorize(**{name: SCRIPT})
    assert "<script" not in browser.text if browser.at else True
    response = await browser.get("/login", request=SCRIPT)
    assert "<script" not in response.text


async def test_script_in_names_is_text() -> None:
    class People:
        async def members(self) -> list[Person]:
            return [Person("M100001", SCRIPT, (SCRIPT,)), Person(SCRIPT, "No id", ())]

        async def practitioners(self) -> list[Person]:
            return []

    browser = Browser(mounted(people=People()))
    answer = await browser.register(
        client_name=SCRIPT, redirect_uris=["https://app.test/"], token_endpoint_auth_method="none"
    )
    client_id = answer.json()["client_id"]
    response = await browser.authorize(client_id=client_id, redirect_uri="https://app.test/")
    assert "<script" not in response.text
    assert "No id" not in response.text  # nobody can be logged in as under such an id
    await browser.submit("/login", account=MEMBER)
    assert browser.page == "/consent"
    assert "<script" not in browser.text
    assert "Nobody has looked at it" in browser.text


async def test_the_scopes_are_explained(browser: Browser) -> None:
    await browser.authorize(scope=f"{GOALS_SCOPE} user/Task.rs")
    await browser.submit("/login", account=MEMBER)
    parts = re.split(r"<h3>|<details", browser.text)[1:]
    titles = [re.sub(r"<[^>]+>", "", each.partition("</h3>")[0]) for each in parts[:3]]
    assert titles == ["Read and search your own records", "Change your own records", "Besides"]
    lists = [re.findall(r"<li>(?:<code>)?([^<]+)<", each) for each in parts]
    assert lists[:2] == [["name and member number", "goals", "tasks"], ["tasks"]]
    assert {"Know that you are the patient", "Stay connected until you sign out here"} < {*lists[2]}
    assert "patient/Task.rus" in lists[3]
    assert "It asked for more, and will not get it" in parts[4]
    assert lists[4] == ["launch", "user/Task.rs"]


async def test_a_redirect_uri_stands_beside_those_that_are_registered(browser: Browser) -> None:
    answer = await browser.register(
        client_name="Try <it>",
        redirect_uris=["https://app.test/", "https://app.test/?a&b"],
        token_endpoint_auth_method="none",
    )
    client_id = answer.json()["client_id"]
    for sent in ("https://app.test", "https://app.test/#<b>", "https://app.test/" + "x" * 2000):
        response = await browser.authorize(client_id=client_id, redirect_uri=sent)
        assert response.status_code == 400
        shown = [html.unescape(each) for each in re.findall(r"<d[td]>(.*?)</d", response.text)]
        named = ["App", "Try <it>", "Sent", sent if len(sent) < 500 else f"{sent[:500]}…"]
        assert shown == [*named, "Registered", *answer.json()["redirect_uris"]]
        assert "none that the app has registered" in response.text
        assert "<it>" not in response.text
    response = await browser.authorize(client_id=client_id, redirect_uri=None)
    assert "names no redirect_uri" in response.text
    assert "<dd>https://app.test/</dd>" in response.text


async def test_an_app_that_is_not_named_or_not_known(browser: Browser) -> None:
    assert "names no client_id" in (await browser.authorize(client_id=None)).text
    response = await browser.authorize(client_id="demo-of-yesterday")
    assert "registrations end after a day, and when it stops" in response.text


async def test_few_people_stand_on_the_login_page_until_somebody_searches(browser: Browser) -> None:
    text = (await browser.get("/login")).text
    assert text.count('value="member:') == 6
    assert "34 more" in text
    text = (await browser.get("/login", q="member")).text
    assert text.count('value="member:') == 12
    assert "28 more" in text


async def test_an_app_that_a_user_can_give_nothing(browser: Browser) -> None:
    answer = await browser.register(
        redirect_uris=["https://app.test/"],
        token_endpoint_auth_method="none",
        scope="launch/patient user/Task.rs",
    )
    await browser.authorize(
        client_id=answer.json()["client_id"], redirect_uri="https://app.test/", scope="user/Task.rs"
    )
    await browser.submit("/login", account=MEMBER)
    assert browser.page == "/consent"
    assert "is this user&#39;s to grant" in browser.text
    assert 'value="allow"' not in browser.text
    response = await browser.submit("/consent", decision="allow")
    assert parameters(response.headers["location"])["error"] == "access_denied"
