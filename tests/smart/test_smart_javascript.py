"""JavaScript's fhirclient and openid-client on Node go through launches, with PKCE.

https://docs.smarthealthit.org/client-js/
https://github.com/panva/openid-client
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.smart.apps import App, Demo
from tests.smart.node import line_of, running, tell
from tests.smart.person import MANAGER, MEMBER, Person

SCOPE = "openid fhirUser offline_access patient/Patient.r patient/Goal.rs"

Json = dict[str, Any]


class ServedApp:
    """An app that runs on Node, and a person who uses it."""

    def __init__(self, demo: Demo, launch: str, client_id: str) -> None:
        self.demo, self.launch, self.client_id = demo, launch, client_id
        self.person = Person(demo.origin)

    def shown(self) -> Json:
        """What the app shows."""
        assert self.person.page is not None
        assert self.person.page.status_code == 200, self.person.text
        found: Json = json.loads(self.person.text)
        return found


@pytest.fixture
def served_app(demo: Demo, app: App, newer_node: str) -> Iterator[ServedApp]:
    given = {
        "SMART_PORT": str(demo.app_port),
        "SMART_CLIENT_ID": app.client_id,
        "SMART_FHIR": demo.fhir,
        "SMART_SCOPE": f"launch launch/patient {SCOPE}",
    }
    with running(newer_node, "smart-app.js", given) as process:
        found = ServedApp(demo, line_of(process), app.client_id)
        with found.person:
            yield found


def test_fhirclient_launches_alone(served_app: ServedApp) -> None:
    served_app.person.go(served_app.launch)
    assert served_app.person.told  # it waits at the login, with its request
    served_app.person.allow("member:M100109")
    shown = served_app.shown()
    assert shown["patient"]["id"] == "M100109"
    assert shown["user"] == "Patient/M100109"
    assert len(shown["goals"]) > 2  # more than a page
    assert {each["subject"]["reference"] for each in shown["goals"]} == {"Patient/M100109"}


def test_fhirclient_is_launched_from_an_ehr(served_app: ServedApp) -> None:
    served_app.person.open_app(served_app.client_id, MANAGER, "M100018", ehr_banner="1")
    served_app.person.allow(MANAGER)
    shown = served_app.shown()
    assert shown["patient"]["id"] == "M100018"
    assert shown["user"] == "Practitioner/U11"
    assert shown["tokenResponse"]["need_patient_banner"] is False


def test_fhirclient_renews_its_token(served_app: ServedApp) -> None:
    served_app.person.go(served_app.launch).allow(MEMBER)
    first = served_app.shown()
    renewed = served_app.person.go(f"{served_app.demo.app_origin}/renewed")
    assert renewed.at == "/renewed"
    second = served_app.shown()
    assert second["isNew"] is True
    assert second["goals"] == first["goals"]


def test_fhirclient_hears_of_a_refusal(served_app: ServedApp) -> None:
    served_app.person.go(served_app.launch).sign_in(MEMBER).send(("decision", "deny"))
    assert served_app.person.page is not None
    assert served_app.person.page.status_code == 500
    assert "access_denied" in served_app.person.text


def test_openid_client_knows_who_signed_in(demo: Demo, app: App, newer_node: str) -> None:
    given = {
        "SMART_ISSUER": demo.auth,
        "SMART_FHIR": demo.fhir,
        "SMART_CLIENT_ID": app.client_id,
        "SMART_REDIRECT": app.redirect_uri,
        "SMART_SCOPE": f"launch/patient {SCOPE}",
    }
    with running(newer_node, "openid-login.js", given) as process, app.person() as person:
        person.go(line_of(process)).allow(MANAGER, "M100018")
        tell(process, person.address)
        found = json.loads(line_of(process))
    assert found["claims"]["iss"] == demo.auth
    assert found["claims"]["aud"] == app.client_id
    assert found["claims"]["fhirUser"] == f"{demo.fhir}/Practitioner/U11"
    assert found["claims"]["sub"] == found["renewed"]["sub"]
    assert found["patient"] == "M100018"
    assert found["revoked"] == "invalid_grant"
