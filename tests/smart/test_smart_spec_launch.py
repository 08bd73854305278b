"""From the app to the authorization server, and back with a code or an error.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code
"""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from tests.smart.apps import VERIFIER, App, Demo
from tests.smart.person import MANAGER, MEMBER, Person
from tests.smart.spec_clients import STATE, UNLISTED, browser_app, unlisted_app

_GOALS = "launch/patient patient/Goal.rs"
_PATIENT = "M100002"


def _posted(person: Person, address: str) -> Person:
    """Send the same request as a form of the app's own page would."""
    parts = urlsplit(address)
    headers = {"Origin": UNLISTED, "Sec-Fetch-Site": "cross-site"}
    url = f"{parts.scheme}://{parts.netloc}{parts.path}"
    response = person.client.post(url, data=dict(parse_qsl(parts.query)), headers=headers)
    if response.is_redirect:
        return person.go(str(httpx.URL(url).join(response.headers["location"])))
    person.page, person.address = response, url
    return person


def _refused(app: App, **changed: str | None) -> dict[str, str]:
    """What the app is told where it is not the person who refuses."""
    with app.person() as person:
        person.go(app.request(**{"state": STATE, **changed}))
        assert person.address.startswith(app.redirect_uri), f"{person.at} was shown"
        told = person.told
    assert "code" not in told
    assert told["state"] == STATE
    return told


@pytest.mark.parametrize("how", ["get", "post"])
def test_a_standalone_launch_ends_with_a_code_and_the_very_state(demo: Demo, how: str) -> None:
    app = browser_app(demo)
    address = app.request(state=STATE, scope=_GOALS)
    with app.person() as person:
        arrived = person.go(address) if how == "get" else _posted(person, address)
        told = arrived.allow(MANAGER, _PATIENT).told
    assert told.keys() - {"iss"} == {"code", "state"}
    assert told["state"] == STATE
    tokens = app.exchange(told["code"]).json()
    assert tokens["patient"] == _PATIENT
    assert tokens["token_type"] == "Bearer"


def test_the_query_of_a_redirect_uri_is_retained(demo: Demo) -> None:
    """RFC 6749, section 3.1.2."""
    with Person(demo.origin, f"{UNLISTED}/") as person:
        person.go(unlisted_app(demo).request(scope=_GOALS)).allow(MEMBER)
        assert person.address.startswith(f"{UNLISTED}/spec?kept=")
        assert person.told.keys() - {"iss"} == {"kept", "code", "state"}
        assert person.told["kept"] == "1 2"


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"response_type": None}, {"invalid_request"}),
        ({"code_challenge": ""}, {"invalid_request"}),
        ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, {"invalid_request"}),
        ({"aud": ""}, {"invalid_request", "invalid_target"}),
        ({"request": "e30.e30."}, {"request_not_supported"}),
        ({"request_uri": f"{UNLISTED}/request"}, {"request_uri_not_supported"}),
    ],
)
def test_what_is_wrong_with_a_request_has_the_name_that_the_specification_gives_it(
    demo: Demo, changed: dict[str, str | None], errors: set[str]
) -> None:
    """RFC 6749, section 4.1.2.1; RFC 7636, section 4.4.1; OpenID Connect Core, section 3.1.2.6."""
    assert _refused(browser_app(demo), **changed)["error"] in errors


def test_a_parameter_that_is_there_twice_is_refused(demo: Demo) -> None:
    """RFC 6749, section 3.1."""
    app = browser_app(demo)
    response = httpx.get(f"{app.request(state=STATE)}&scope=launch", timeout=20)
    location = response.headers["location"]
    assert location.startswith(f"{app.redirect_uri}?")
    told = parse_qs(urlsplit(location).query)
    assert (told["error"], told["state"]) == (["invalid_request"], [STATE])


def test_unknown_and_empty_parameters_are_as_if_they_were_left_out(demo: Demo) -> None:
    """RFC 6749, section 3.1."""
    app = browser_app(demo)
    empty = {"launch": "", "prompt": "", "nonce": "", "display": "", "max_age": "", "request": ""}
    with app.person() as person:
        person.go(app.request(scope=_GOALS, claims_of_others="1", **empty)).allow(MEMBER)
        assert person.told.keys() - {"iss"} == {"code", "state"}


def test_an_app_is_opened_with_the_fhir_base_and_a_handle(demo: Demo) -> None:
    """The EHR's launch: `iss`, `launch`, then the same patient without asking for one."""
    app, opened = browser_app(demo), f"{demo.app_origin}/spec-launch"
    with Person(demo.origin, demo.app_origin) as person:
        told = person.open_app(app.client_id, MANAGER, _PATIENT).told
        assert person.address.startswith(f"{opened}?")
        assert told.keys() == {"iss", "launch"}
        assert told["iss"] == demo.fhir
        scope = "launch openid fhirUser online_access patient/Goal.rs patient/Patient.r"
        person.go(app.request(launch=told["launch"], aud=told["iss"], scope=scope))
        assert person.at == "/auth/consent"
        code = person.send(("decision", "allow")).told["code"]
    tokens = app.exchange(code).json()
    assert tokens["patient"] == _PATIENT
    assert isinstance(tokens["need_patient_banner"], bool)
    assert "smart_style_url" not in tokens
    assert "encounter" not in tokens
    assert "refresh_token" in tokens
    found = demo.get(f"Patient/{_PATIENT}", tokens["access_token"])
    assert found.json()["id"] == _PATIENT


def test_a_patient_scope_alone_has_a_patient_in_context_too(demo: Demo) -> None:
    """2.2, Standalone apps: where such a scope is granted, a patient SHALL be established."""
    app = browser_app(demo)
    with app.person() as person:
        person.go(app.request(scope="patient/Goal.rs"))
        told = person.allow(MANAGER, _PATIENT).told
    tokens = app.exchange(told["code"]).json()
    assert "patient/Goal.rs" in tokens["scope"].split()
    assert tokens["patient"] == _PATIENT


@pytest.mark.parametrize(
    ("asked", "granted", "left_out"),
    [
        ("patient/Goal.rs", {"patient/Goal.rs"}, set()),
        ("patient/Goal.r patient/Goal.s", {"patient/Goal.r", "patient/Goal.s"}, set()),
        ("patient/Goal.read", {"patient/Goal.read"}, {"patient/Goal.rs"}),
        ("patient/Goal.write", {"patient/Goal.write"}, {"patient/Goal.cud"}),
        ("patient/*.*", {"patient/*.*"}, set()),
        (
            "patient/Goal.rs?lifecycle-status=active",
            {"patient/Goal.rs?lifecycle-status=active"},
            {"patient/Goal.rs"},
        ),
        ("patient/Goal.rs system/Goal.rs", {"patient/Goal.rs"}, {"system/Goal.rs"}),
        ("patient/Goal.rs patient/Goal.dus", {"patient/Goal.rs"}, {"patient/Goal.cruds"}),
        ("patient/Goal.rs user/Goal.rs", {"patient/Goal.rs"}, {"user/Goal.rs"}),
        ("patient/Goal.rs made/up", {"patient/Goal.rs"}, {"made/up"}),
        ("patient/Goal.rs patient/Encounter.rs", {"patient/Goal.rs"}, {"patient/Encounter.rs"}),
        (
            "patient/Goal.rs patient/Provenance.rs",
            {"patient/Goal.rs", "patient/Provenance.rs"},
            set(),
        ),
        (
            "patient/Goal.rs patient/Patient.rs?_id=M100001",
            {"patient/Goal.rs"},
            {"patient/Patient.rs?_id=M100001"},
        ),
        ("patient/Goal.rs PATIENT/TASK.RS", {"patient/Goal.rs"}, {"patient/Task.rs"}),
    ],
)
def test_what_a_member_was_granted_is_reported(
    demo: Demo, asked: str, granted: set[str], left_out: set[str]
) -> None:
    """2.2, Scopes for requesting FHIR resources: v1 scopes are returned as such."""
    found = browser_app(demo).tokens(MEMBER, scope=f"launch/patient {asked}")["scope"].split()
    assert granted <= set(found)
    assert not left_out & set(found)
    assert len(found) == len(set(found))
    if granted == {asked}:
        assert set(found) == {"launch/patient", asked}


def test_a_posted_request_may_be_longer_than_an_address(demo: Demo) -> None:
    """2.2, Scope size over the wire."""
    app = browser_app(demo)
    scopes = " ".join(f"patient/Goal.rs?category=c{number}" for number in range(600))
    address = app.request(scope=f"{_GOALS} {scopes}")
    assert len(address) > 20_000
    with app.person() as person:
        assert _posted(person, address).at == "/auth/login"
        assert person.go(address).at == "/auth/authorize"
        assert person.page is not None
        assert person.page.status_code == 414


def test_a_posted_request_that_is_wrong_is_refused_without_posting_to_the_app(demo: Demo) -> None:
    app = browser_app(demo)
    query = dict(parse_qsl(urlsplit(app.request(code_challenge_method="plain")).query))
    response = httpx.post(f"{demo.auth}/authorize", data=query, timeout=20)
    assert response.status_code in (302, 303), "a 307 would post to the app"
    with app.person() as person:
        told = person.go(response.headers["location"]).told
    assert told["error"] == "invalid_request"
