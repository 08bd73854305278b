"""What becomes of tokens: they expire, are renewed, asked about, taken back.

https://hl7.org/fhir/smart-app-launch/app-launch.html#refresh-access-token
"""

from __future__ import annotations

import time

from tests.smart.apps import App, Demo, Service
from tests.smart.person import MANAGER, MEMBER

SECONDS = 30


def test_a_token_says_whose_it_is(app: App, demo: Demo, service: Service) -> None:
    tokens = app.tokens(MANAGER)
    told = service.introspected(tokens["access_token"])
    assert told["active"] is True
    assert told["client_id"] == app.client_id
    assert told["iss"] == demo.auth
    assert told["aud"] == demo.fhir
    assert told["scope"] == tokens["scope"]
    assert told["patient"] == tokens["patient"] == "M100001"
    assert told["fhirUser"] == f"{demo.fhir}/Practitioner/U11"
    assert told["exp"] - told["iat"] == tokens["expires_in"] == 600


def test_the_limits_of_an_employer_can_be_seen(demo: Demo) -> None:
    app = App(demo, "case-app", f"{demo.origin}/apps/case/")
    counts = []
    for account in (MANAGER, "practitioner:U22"):
        tokens = app.tokens(account, scope="openid fhirUser user/EpisodeOfCare.rs")
        found = demo.get("EpisodeOfCare?_summary=count", tokens["access_token"])
        counts.append(found.json()["total"])
    everywhere, at_one = counts
    assert 0 < at_one < everywhere / 2


def test_introspection_is_for_clients_that_prove_themselves(app: App, demo: Demo) -> None:
    token = app.tokens()["access_token"]
    assert demo.post("/introspect", token=token, client_id=app.client_id).status_code == 401
    assert demo.post("/introspect", ("nobody", "knows"), token=token).status_code == 401


def test_a_token_is_taken_back(app: App, demo: Demo, service: Service) -> None:
    tokens = app.tokens()
    gone = demo.post("/revoke", token=tokens["refresh_token"], client_id=app.client_id)
    assert gone.status_code == 200
    assert app.refresh(tokens["refresh_token"]).status_code == 400
    assert service.introspected(tokens["access_token"]) == {"active": False}


def test_nobody_takes_back_the_token_of_another(app: App, other: App, demo: Demo) -> None:
    token = app.tokens()["refresh_token"]
    demo.post("/revoke", token=token, client_id=other.client_id)
    assert app.refresh(token).status_code == 200


def test_signing_out_takes_back_what_was_given(app: App, demo: Demo, service: Service) -> None:
    with app.person() as person:
        code = person.go(app.request()).allow(MEMBER).told["code"]
        tokens = app.exchange(code).json()
        person.go(f"{demo.auth}/logout")
        person.send()
    assert app.refresh(tokens["refresh_token"]).status_code == 400
    assert service.introspected(tokens["access_token"]) == {"active": False}


def test_a_secret_serves_as_well_as_a_key(demo: Demo, service: Service) -> None:
    auth = service.auth
    answer = demo.post("/token", auth, grant_type="client_credentials", scope="system/Goal.rs")
    assert answer.status_code == 200
    token = answer.json()["access_token"]
    assert demo.get("Goal?_count=1", token).status_code == 200
    assert demo.get("Task?_count=1", token).status_code == 403
    wrong = (service.client_id, "not-the-secret")
    answer = demo.post("/token", wrong, grant_type="client_credentials", scope="system/Goal.rs")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_expires_and_is_renewed(forgetful: Demo) -> None:
    app = App(forgetful, "goals-app", f"{forgetful.origin}/apps/goals/")
    tokens = app.tokens()
    assert tokens["expires_in"] == 1
    assert tokens["refresh_token"]
    answer = forgetful.get("Goal", tokens["access_token"])
    until = time.monotonic() + SECONDS
    while answer.status_code == 200 and time.monotonic() < until:
        time.sleep(0.2)
        answer = forgetful.get("Goal", tokens["access_token"])
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert answer.json()["issue"][0]["code"] in ("expired", "login")
    assert app.refresh(tokens["refresh_token"]).status_code == 200
