"""Python's fhirclient goes through both launches, as an app of an origin of its own.

https://docs.smarthealthit.org/client-py/
"""

from __future__ import annotations

from typing import Any

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.communication import Communication
from fhirclient.models.goal import Goal
from fhirclient.models.task import Task

from tests.smart.apps import App, Demo
from tests.smart.person import MANAGER, MEMBER

SCOPE = "openid fhirUser offline_access patient/Patient.r patient/Goal.rs patient/Task.rs"


def smart_client(app: App, **more: Any) -> FHIRClient:
    client = FHIRClient(
        settings={
            "app_id": app.client_id,
            "api_base": app.demo.fhir,
            "redirect_uri": app.redirect_uri,
            "scope": SCOPE,
            **more,
        }
    )
    assert not client.prepare()  # it has found out that this server asks for tokens
    return client


def signed_in(app: App, account: str, patient: str = "M100001", **more: Any) -> FHIRClient:
    client = smart_client(app, **more)
    with app.person() as person:
        client.handle_callback(person.go(client.authorize_url).allow(account, patient).address)
    assert client.ready
    return client


def goals_of(client: FHIRClient) -> list[Goal]:
    return list(Goal.where({}).perform_resources_iter(client.server))


@pytest.mark.parametrize(
    ("account", "patient"),
    [(MEMBER, "M100001"), ("member:M100109", "M100109"), (MANAGER, "M100018")],
)
def test_a_standalone_launch(app: App, account: str, patient: str) -> None:
    client = signed_in(app, account, patient)
    assert client.patient_id == patient
    assert client.patient.id == patient
    assert client.patient.name[0].text
    goals = goals_of(client)
    assert goals
    assert {each.subject.reference for each in goals} == {f"Patient/{patient}"}
    tasks = Task.where({"patient": patient, "_count": "5"}).perform_resources_iter(client.server)
    assert {each.for_fhir.reference for each in tasks} == {f"Patient/{patient}"}


def test_a_launch_from_an_ehr(app: App) -> None:
    with app.person() as person:
        person.open_app(app.client_id, MANAGER, "M100018")
        told = person.told
        assert told["iss"] == app.demo.fhir
        client = smart_client(app, api_base=told["iss"], launch_token=told["launch"])
        client.handle_callback(person.go(client.authorize_url).allow(MANAGER).address)
    assert client.launch_context["need_patient_banner"] is True
    assert client.patient.id == "M100018"
    assert {each.subject.reference for each in goals_of(client)} == {"Patient/M100018"}


def test_it_proves_that_it_began_the_launch(app: App) -> None:
    client = smart_client(app)
    assert "code_challenge_method=S256" in client.authorize_url
    with app.person() as person:
        address = person.go(client.authorize_url).allow().address
    client.server.auth.code_verifier = "not-the-verifier-whose-digest-was-in-the-request"
    with pytest.raises(Exception, match="400 Client Error"):
        client.handle_callback(address)


def test_a_token_is_renewed(app: App) -> None:
    client = signed_in(app, MEMBER)
    before = client.server.auth.access_token
    assert client.reauthorize()
    assert client.server.auth.access_token != before
    assert goals_of(client)


def test_its_state_can_be_kept(app: App) -> None:
    kept = signed_in(app, MEMBER).state
    client = FHIRClient(state=kept)
    assert client.patient_id == "M100001"
    assert client.reauthorize()
    assert client.patient.id == "M100001"


def test_what_was_not_granted_is_refused(app: App) -> None:
    client = signed_in(app, MEMBER)
    with pytest.raises(Exception, match="403"):
        list(Communication.where({}).perform_resources_iter(client.server))


def test_it_hears_of_a_refusal(app: App) -> None:
    client = smart_client(app)
    with app.person() as person:
        person.go(client.authorize_url).sign_in(MEMBER)
        address = person.send(("decision", "deny")).address
    with pytest.raises(Exception, match="denied"):
        client.handle_callback(address)
    assert not client.ready


def test_an_address_of_another_launch_is_not_taken(app: App, demo: Demo) -> None:
    client = smart_client(app)
    assert client.authorize_url
    with app.person() as person:
        address = person.go(app.request()).allow().address
    with pytest.raises(Exception, match="Invalid state"):
        client.handle_callback(address)
