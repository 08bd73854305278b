"""What a hostile page, link or app could try with a person's browser."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.devauth.asking import (
    GOALS_SCOPE,
    ISSUER,
    MANAGER,
    MEMBER,
    ORIGIN,
    Browser,
    Person,
    mounted,
    parameters,
)

COOKIE = "fhir_facade_demo_session"
SCRIPT = "\"'><script>alert(1)</script>"


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


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "anything"])
async def test_a_parameter_given_twice_is_refused(browser: Browser, name: str) -> None:
    params = [*browser.request().items(), (name, "x"), (name, "y")]
    response = await browser.client.get("/auth/authorize", params=params)
    assert response.status_code == 400
    assert "given twice" in response.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
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


@pytest.mark.parametrize("account", ["", "member:", "member:M999999", "system:x", "root", SCRIPT])
async def test_nobody_else_can_log_in(browser: Browser, account: str) -> None:
    await browser.get("/login")
    response = await browser.submit("/login", account=account)
    assert response.status_code == 400
    assert "script>" not in response.text


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


async def test_the_scopes_are_explained(browser: Browser) -> None:
    await browser.authorize(scope=f"{GOALS_SCOPE} user/Task.rs")
    await browser.submit("/login", account=MEMBER)
    shown = re.findall(r"<li>([^<]+) <code>([^<]+)</code>", browser.text)
    words = {scope: text for text, scope in shown}
    assert words["patient/Task.rus"] == "Read, change and search your tasks"
    assert words["launch/patient"] == "Know that you are the patient"
    assert words["offline_access"] == "Stay connected until you sign out here"
    assert "It asked for more, and will not get it" in browser.text
    assert "<code>user/Task.rs</code>" in browser.text


async def test_an_old_request_gives_way(browser: Browser) -> None:
    await browser.authorize()
    first = parameters(str(browser.at.url))["request"]
    for _ in range(20):
        await browser.authorize()
    assert (await browser.get("/login", request=first)).status_code == 400


async def test_too_many_parameters(browser: Browser) -> None:
    params = {f"p{each}": "x" for each in range(101)}
    response = await browser.client.get("/auth/authorize", params=params)
    assert response.status_code == 400
    assert "too many parameters" in response.text


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
