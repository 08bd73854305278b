"""Both launches of SMART, for each kind of person, by requests written by hand."""

from __future__ import annotations

import re

import httpx
import jwt
import pytest

from tests.devauth.asking import (
    CASE_SCOPE,
    FHIR,
    GOALS_SCOPE,
    ISSUER,
    MANAGER,
    MEMBER,
    ORIGIN,
    SYSTEM,
    Browser,
    claims_of,
    parameters,
)

CASE = {"client_id": "case-app", "redirect_uri": f"{ORIGIN}/apps/case/", "scope": CASE_SCOPE}


async def test_a_member_launches_an_app_and_is_its_patient(browser: Browser) -> None:
    await browser.authorize()
    assert browser.page == "/login"
    await browser.submit("/login", account=MEMBER)
    assert browser.page == "/consent"
    assert "<li>goals</li>" in browser.text
    response = await browser.submit("/consent", decision="allow")
    location = response.headers["location"]
    assert response.status_code == 303
    assert location.startswith(f"{ORIGIN}/apps/goals/?")
    assert parameters(location)["state"] == "some state & more"
    answer = await browser.token(parameters(location)["code"])
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert sorted(found) == [
        *("access_token", "expires_in", "id_token", "need_patient_banner", "patient"),
        *("refresh_token", "scope", "token_type"),
    ]
    assert (found["patient"], found["need_patient_banner"]) == ("M100001", True)
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 600)
    assert found["scope"] == GOALS_SCOPE.removeprefix("launch ")


async def test_an_access_token_says_what_the_fhir_server_reads(browser: Browser) -> None:
    claims = claims_of((await browser.tokens())["access_token"])
    assert claims.pop("exp") - claims.pop("iat") == 600
    assert len(claims.pop("jti")) > 16
    assert claims == {
        "iss": ISSUER,
        "aud": FHIR,
        "sub": "member-M100001",
        "client_id": "goals-app",
        "scope": GOALS_SCOPE.removeprefix("launch "),
        "patient": "M100001",
        "fhirUser": f"{FHIR}/Patient/M100001",
        "employers": ["BLUE"],
    }


async def test_an_id_token_is_verified_by_the_published_keys(browser: Browser) -> None:
    found = await browser.tokens(nonce="a nonce")
    keys = jwt.PyJWKSet.from_dict((await browser.client.get("/auth/jwks")).json())
    header = jwt.get_unverified_header(found["id_token"])
    key = keys[header["kid"]]
    claims = jwt.decode(found["id_token"], key, ["RS256"], audience="goals-app", issuer=ISSUER)
    assert claims["nonce"] == "a nonce"
    assert claims["fhirUser"] == f"{FHIR}/Patient/M100001"
    access = jwt.decode(
        found["access_token"], keys["es256"], ["ES256"], audience=FHIR, issuer=ISSUER
    )
    assert access["sub"] == claims["sub"]
    assert all(
        not {"d", "p", "q"} & each.keys() for each in (key._jwk_data, keys["es256"]._jwk_data)
    )


async def test_a_care_manager_picks_a_patient_of_hers(browser: Browser) -> None:
    await browser.authorize()
    await browser.submit("/login", account=MANAGER)
    assert browser.page == "/patient"
    shown = re.findall(r'name="patient" value="(M\d+)"', browser.text)
    assert shown[:2] == ["M100001", "M100003"]  # those of the other employer are not hers
    code = await browser.allowed(patient="M100003")
    found = (await browser.token(code)).json()
    claims = claims_of(found["access_token"])
    assert (found["patient"], claims["patient"]) == ("M100003", "M100003")
    assert claims["fhirUser"] == f"{FHIR}/Practitioner/U11"
    assert claims["employers"] == ["BLUE"]


async def test_a_patient_of_somebody_else_cannot_be_picked(browser: Browser) -> None:
    await browser.authorize()
    await browser.submit("/login", account=MANAGER)
    response = await browser.submit("/patient", patient="M100002")
    assert response.status_code == 400
    assert "no such patient whom you may see" in response.text


async def test_patients_are_found_by_words(browser: Browser) -> None:
    await browser.authorize()
    await browser.submit("/login", account=MANAGER)
    request = parameters(str(browser.at.url))["request"]
    page = await browser.get("/patient", request=request, q="mémber 100039")
    assert re.findall(r'name="patient" value="(M\d+)"', page.text) == ["M100039"]
    page = await browser.get("/patient", request=request, q="nobody")
    assert "Nobody here is called “nobody”." in page.text


async def test_a_user_level_app_has_no_patient(browser: Browser) -> None:
    found = await browser.tokens(MANAGER, **CASE)
    assert "patient" not in found
    assert "need_patient_banner" not in found
    assert found["scope"] == CASE_SCOPE.removeprefix("launch ")
    assert "patient" not in claims_of(found["access_token"])


async def test_a_member_gets_no_user_level_scopes(browser: Browser) -> None:
    response = await browser.authorize(**CASE)
    manager, member, system = response.text.split("<section ")[1:]
    assert "asks for nothing that a person of this kind could give" in member
    assert "button" in manager
    assert "asks for nothing that a person of this kind could give" in system
    found = await browser.tokens(MEMBER, **CASE)
    assert found["scope"] == "openid fhirUser offline_access"


async def test_the_administrator_reaches_a_patient_of_any_employer(browser: Browser) -> None:
    code = await browser.code(SYSTEM, patient="M100002")
    found = (await browser.token(code)).json()
    claims = claims_of(found["access_token"])
    assert claims["employers"] == "*"
    assert "fhirUser" not in claims
    assert "fhirUser" not in claims_of(found["id_token"])
    assert "fhirUser" not in found["scope"].split()


async def _launched(browser: Browser, account: str, **fields: str) -> dict[str, str]:
    """Launch from the simulated EHR; return what the app gets."""
    await browser.get("/launch")
    assert browser.page == "/login"
    await browser.submit("/login", account=account)
    assert browser.page == "/launch"
    response = await browser.submit("/launch", **fields)
    assert response.status_code == 303
    location = response.headers["location"]
    assert location.startswith(f"{ORIGIN}/apps/{fields['app'].removesuffix('-app')}/launch?")
    return parameters(location)


async def test_an_ehr_launch_brings_its_patient(browser: Browser) -> None:
    given = await _launched(browser, MANAGER, app="goals-app", patient="M100005")
    assert given["iss"] == FHIR
    await browser.authorize(launch=given["launch"])
    assert browser.page == "/consent"  # the user and the patient are known
    found = (await browser.token(await browser.allowed())).json()
    assert (found["patient"], found["need_patient_banner"]) == ("M100005", True)
    assert found["scope"] == GOALS_SCOPE


async def test_an_ehr_can_show_the_patient_itself(browser: Browser) -> None:
    fields = {"app": "goals-app", "patient": "M100005", "ehr_banner": "1"}
    given = await _launched(browser, MANAGER, **fields)
    await browser.authorize(launch=given["launch"])
    found = (await browser.token(await browser.allowed())).json()
    assert found["need_patient_banner"] is False


async def test_an_ehr_launch_without_a_patient(browser: Browser) -> None:
    given = await _launched(browser, MANAGER, app="case-app", patient="")
    code = await browser.code(launch=given["launch"], **CASE)
    answer = await browser.token(code, client_id="case-app", redirect_uri=f"{ORIGIN}/apps/case/")
    assert "patient" not in answer.json()
    assert answer.json()["scope"] == CASE_SCOPE


async def test_an_app_for_one_patient_launched_without_one_asks(browser: Browser) -> None:
    given = await _launched(browser, MANAGER, app="goals-app", patient="")
    await browser.authorize(launch=given["launch"])
    assert browser.page == "/patient"
    found = (await browser.token(await browser.allowed(patient="M100007"))).json()
    assert found["patient"] == "M100007"


async def test_a_launch_serves_once(browser: Browser) -> None:
    given = await _launched(browser, MEMBER, app="goals-app")
    await browser.authorize(launch=given["launch"])
    response = await browser.authorize(launch=given["launch"])
    assert _error(response) == "invalid_request"


async def test_a_launch_needs_its_scope(browser: Browser) -> None:
    given = await _launched(browser, MEMBER, app="goals-app")
    response = await browser.authorize(launch=given["launch"], scope="patient/Goal.rs")
    assert _error(response) == "invalid_scope"


async def test_a_launch_is_short_lived(browser: Browser, clock) -> None:
    given = await _launched(browser, MEMBER, app="goals-app")
    clock.ahead = 301
    assert _error(await browser.authorize(launch=given["launch"])) == "invalid_request"


async def test_a_launch_is_of_one_app(browser: Browser) -> None:
    given = await _launched(browser, MANAGER, app="goals-app", patient="M100001")
    response = await browser.authorize(launch=given["launch"], **CASE)
    assert _error(response) == "invalid_request"


async def test_a_launch_is_of_one_user(browser: Browser, app) -> None:
    given = await _launched(browser, MANAGER, app="goals-app", patient="M100001")
    other = Browser(app)
    await other.authorize(launch=given["launch"])
    await other.submit("/login", account="practitioner:U12")
    assert other.page == "/consent"
    assert "was launched by another user" in other.text
    assert "M100001" not in other.text
    response = await other.submit("/consent", decision="allow")
    assert _error(response) == "access_denied"


async def test_a_member_launches_for_herself_only(browser: Browser) -> None:
    await browser.get("/launch")
    await browser.submit("/login", account=MEMBER)
    assert re.findall(r'name="patient" value="(.*?)"', browser.text) == ["M100001"]
    response = await browser.submit("/launch", app="goals-app", patient="M100002")
    assert response.status_code == 400


async def test_who_denies_sends_the_app_an_error(browser: Browser) -> None:
    await browser.authorize()
    await browser.submit("/login", account=MEMBER)
    response = await browser.submit("/consent", decision="deny")
    assert _error(response) == "access_denied"
    assert parameters(response.headers["location"])["state"] == "some state & more"


async def test_an_app_may_send_its_request_by_post(browser: Browser) -> None:
    response = await browser.client.post("/auth/authorize", data=browser.request())
    assert response.status_code == 303
    await browser.get(response.headers["location"])
    assert browser.page == "/login"
    assert "code" in parameters((await _consented(browser)).headers["location"])


async def _consented(browser: Browser) -> httpx.Response:
    await browser.submit("/login", account=MEMBER)
    return await browser.submit("/consent", decision="allow")


async def test_who_is_logged_in_is_not_asked_again_unless_the_app_wants_it(
    browser: Browser,
) -> None:
    await browser.tokens()
    await browser.authorize()
    assert browser.page == "/consent"
    await browser.authorize(prompt="login")
    assert browser.page == "/login"
    assert _error(await browser.authorize(prompt="none")) == "consent_required"


async def test_a_silent_request_of_nobody(browser: Browser) -> None:
    assert _error(await browser.authorize(prompt="none")) == "login_required"


async def test_without_lasting_access_there_is_no_refresh_token(browser: Browser) -> None:
    found = await browser.tokens(scope="launch/patient patient/Goal.rs")
    assert "refresh_token" not in found
    assert "id_token" not in found


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("patient/Goal.read patient/Nothing.rs", "patient/Goal.read"),
        ("patient/*.cruds", "patient/Patient.r patient/Goal.rs patient/Task.rus"),
        ("patient/Task.cruds", "patient/Task.rus"),
        ("patient/Goal.rs?lifecycle-status=active", "patient/Goal.rs?lifecycle-status=active"),
        ("patient/Goal.rs system/*.rs launch/encounter", "patient/Goal.rs"),
        ("launch patient/Goal.s", "patient/Goal.s"),
    ],
)
async def test_what_is_granted_is_told(browser: Browser, asked: str, granted: str) -> None:
    assert (await browser.tokens(scope=asked))["scope"] == granted


def _error(response: httpx.Response) -> str:
    return parameters(response.headers["location"])["error"]
