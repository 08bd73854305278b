"""What thieves, liars and other sites try, seen from outside of the process.

https://www.rfc-editor.org/rfc/rfc9700
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from tests.smart.apps import App, Demo, verifier
from tests.smart.person import MEMBER, Person


def refusal(response: httpx.Response) -> str:
    """The error of the authorization server, which is no page and not to be kept."""
    assert response.status_code in (400, 401), response.text
    assert response.headers["cache-control"] == "no-store"
    found: str = response.json()["error"]
    return found


def test_a_code_that_was_stolen_serves_no_other_app(app: App, other: App) -> None:
    code = app.code()
    stolen = other.exchange(code, redirect_uri=app.redirect_uri)
    assert refusal(stolen) == "invalid_grant"


def test_a_code_that_was_stolen_is_worth_nothing_without_its_verifier(app: App) -> None:
    assert refusal(app.exchange(app.code(), code_verifier=None)) == "invalid_request"
    assert refusal(app.exchange(app.code(), code_verifier=verifier())) == "invalid_grant"


def test_a_code_is_used_up_by_whoever_fails_with_it(app: App) -> None:
    code = app.code()
    assert refusal(app.exchange(code, code_verifier=verifier())) == "invalid_grant"
    assert refusal(app.exchange(code)) == "invalid_grant"


def test_a_code_is_for_the_address_it_was_sent_to(app: App) -> None:
    assert refusal(app.exchange(app.code(), redirect_uri=f"{app.redirect_uri}x")) == "invalid_grant"
    assert refusal(app.exchange(app.code(), redirect_uri=None)) in (
        "invalid_grant",
        "invalid_request",
    )


def test_a_second_use_of_a_code_takes_back_what_the_first_one_gave(app: App) -> None:
    code = app.code()
    tokens = app.exchange(code).json()
    assert refusal(app.exchange(code)) == "invalid_grant"
    assert refusal(app.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_a_replayed_refresh_token_ends_its_whole_family(app: App) -> None:
    first = app.tokens()
    second = app.refresh(first["refresh_token"]).json()
    third = app.refresh(second["refresh_token"])
    assert third.status_code == 200
    assert refusal(app.refresh(first["refresh_token"])) == "invalid_grant"
    assert refusal(app.refresh(third.json()["refresh_token"])) == "invalid_grant"


def test_one_family_does_not_end_with_another(app: App) -> None:
    first, second = app.tokens(), app.tokens()
    app.refresh(first["refresh_token"])
    app.refresh(first["refresh_token"])
    assert app.refresh(second["refresh_token"]).status_code == 200


def test_a_refresh_token_is_for_its_own_app(app: App, other: App) -> None:
    token = app.tokens()["refresh_token"]
    assert refusal(other.refresh(token)) == "invalid_grant"


def test_a_renewed_token_may_do_no_more(app: App, demo: Demo) -> None:
    tokens = app.tokens(scope="offline_access patient/Goal.rs")
    refused = app.refresh(tokens["refresh_token"], scope="offline_access patient/Task.rs")
    assert refusal(refused) == "invalid_scope"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "too-short"},
        {"response_type": "token"},
        {"response_type": "code token"},
        {"aud": "https://fhir.example.org/r4"},
        {"aud": None},
        {"scope": "system/*.rs"},
        {"scope": ""},
        {"launch": "a-handle-that-nobody-has-made", "scope": "launch patient/Goal.rs"},
        {"prompt": "none"},
    ],
)
def test_the_app_hears_what_is_wrong_with_its_request(app: App, changed: dict[str, str]) -> None:
    with app.person() as person:
        told = person.go(app.request(**changed)).told
    assert "code" not in told
    assert told["state"] == "some state & more"
    assert told["error"] in {
        *("invalid_request", "invalid_scope", "unsupported_response_type", "login_required"),
    }


@pytest.mark.parametrize(
    "change",
    [
        "{}x",
        "{}?more=1",
        "{}#part",
        "{}..",
        "{}/",
        "http://127.0.0.1/",
        "http://127.0.0.1:1/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@evil.example/",
        "http://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_browser_is_sent_nowhere_but_to_the_app(app: App, demo: Demo, change: str) -> None:
    url = change.format(app.redirect_uri, port=demo.app_port)
    with Person(demo.origin) as person:
        person.go(app.request(redirect_uri=url))
        assert person.page is not None
        assert person.page.status_code == 400
        assert person.at == "/auth/authorize"
        assert f'href="{url}"' not in person.text or not url


def test_nobody_is_sent_to_an_app_that_does_not_exist(app: App, demo: Demo) -> None:
    with Person(demo.origin) as person:
        person.go(app.request(client_id="nobody"))
        assert person.page is not None
        assert person.page.status_code in (400, 401)
        assert person.at == "/auth/authorize"


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example/", "{app}", "{origin}.evil.example/"]
)
def test_signing_out_leads_to_no_other_site(app: App, demo: Demo, url: str) -> None:
    back = url.format(app=app.redirect_uri, origin=demo.origin)
    with Person(demo.origin) as person:
        person.go(f"{demo.auth}/logout?post_logout_redirect_uri={back}")
        assert urlsplit(person.address).netloc == urlsplit(demo.origin).netloc


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:1"},
    ],
)
def test_another_site_cannot_press_a_button(app: App, headers: dict[str, str]) -> None:
    """Even one that has learnt what the page's token is."""
    with app.person() as person:
        person.go(app.request()).sign_in(MEMBER)
        form = person.form(("decision", "allow"))
        data = form.fields | {"decision": "allow"}
        answer = person.client.post(f"{app.demo.auth}/consent", data=data, headers=headers)
        assert answer.status_code == 403
        assert "location" not in answer.headers
        assert "code" in person.send(("decision", "allow")).told  # her own press counts


@pytest.mark.parametrize("csrf", [None, "", "of-another-session"])
@pytest.mark.parametrize("page", ["login", "consent", "launch", "logout"])
def test_a_form_without_the_token_of_the_page(app: App, page: str, csrf: str | None) -> None:
    with app.person() as person:
        person.go(app.request()).sign_in(MEMBER)
        fields = person.form().fields | {"decision": "allow", "account": "member:M100002"}
        fields |= {"app": app.client_id, "patient": "M100001"}
        fields.pop("csrf")
        data = fields if csrf is None else fields | {"csrf": csrf}
        answer = person.client.post(f"{app.demo.auth}/{page}", data=data)
        assert answer.status_code == 403
        assert "location" not in answer.headers


def test_a_sign_in_cannot_be_finished_in_another_browser(app: App) -> None:
    with app.person() as victim, app.person() as thief:
        begun = victim.go(app.request()).address
        thief.go(begun)
        assert thief.page is not None
        assert thief.page.status_code == 400


def test_the_session_is_another_one_after_the_login(app: App) -> None:
    with app.person() as person:
        person.go(app.request())
        (before,) = person.client.cookies.jar
        person.sign_in(MEMBER)
        (after,) = person.client.cookies.jar
        assert before.value != after.value
        assert after.path == "/auth"
        assert after.has_nonstandard_attr("HttpOnly")
        assert after.get_nonstandard_attr("SameSite") == "lax"


def test_a_launch_serves_once_and_its_own_user(app: App) -> None:
    scope = "launch openid patient/Goal.rs"
    with app.person() as person:
        launch = person.open_app(app.client_id, MEMBER, "M100001").told["launch"]
        with app.person() as thief:
            thief.go(app.request(launch=launch, scope=scope)).sign_in("member:M100002")
            assert ("decision", "allow") not in thief.form().choices
            assert thief.send(("decision", "deny")).told["error"] == "access_denied"
        assert person.go(app.request(launch=launch, scope=scope)).told["error"] == "invalid_request"


def test_a_launch_is_for_the_app_that_was_opened(app: App, other: App) -> None:
    with app.person() as person:
        launch = person.open_app(app.client_id, MEMBER, "M100001").told["launch"]
    with other.person() as person:
        told = person.go(other.request(launch=launch, scope="launch patient/Goal.rs")).told
        assert told["error"] == "invalid_request"


def test_a_member_sees_herself_alone(app: App, demo: Demo) -> None:
    tokens = app.tokens(MEMBER, scope="openid user/*.rs patient/Patient.r patient/Goal.rs")
    assert tokens["scope"] == "openid patient/Patient.r patient/Goal.rs"
    token = tokens["access_token"]
    assert demo.get("Patient/M100001", token).status_code == 200
    assert demo.get("Patient/M100002", token).status_code == 404
    assert demo.get("Goal?patient=M100018", token).json().get("entry", []) == []
    assert demo.get("Task", token).status_code == 403


def test_a_token_that_was_tampered_with(app: App, demo: Demo) -> None:
    token = app.tokens()["access_token"]
    header, claims, signature = token.split(".")
    middle = len(claims) // 2
    changed = claims[:middle] + ("A" if claims[middle] != "A" else "B") + claims[middle + 1 :]
    unsigned = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    for wrong in (f"{header}.{changed}.{signature}", f"{unsigned}.{claims}.", token[:-8], "x"):
        answer = demo.get("Goal", wrong)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert answer.json()["issue"][0]["code"] in ("login", "unknown", "expired")
    assert demo.get("Goal", None).status_code == 401
    assert demo.get("Goal", token).status_code == 200


def test_an_id_token_or_a_refresh_token_opens_nothing(app: App, demo: Demo) -> None:
    tokens = app.tokens()
    for name in ("id_token", "refresh_token"):
        assert demo.get("Goal", tokens[name]).status_code == 401
