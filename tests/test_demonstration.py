"""What `serve --demo --auth` is made of: settings, people, and two servers in one application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.demonstration import (
    CLIENTS,
    DemoPeople,
    LocalOnly,
    application,
    environment,
)
from fhir_facade.http.headers import SECURE
from fhir_facade.security.scopes import parse_scopes
from fhir_facade.settings import Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store

ORIGIN = "http://127.0.0.1:8000"
DATA = {
    *("Patient", "Practitioner", "Organization", "Goal", "Task", "Flag", "Communication", "List"),
    *("EpisodeOfCare", "CareTeam", "CarePlan", "DocumentReference", "Observation"),
    *("Provenance", "AuditEvent"),
}
"""The types that hold data; the definitions of this guide need no scope."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """The documents of five members, four of them as dirty as can be."""
    made = open_store(f"sqlite:///{tmp_path}/demo.db")
    await load_documents(made, generate(5, 1, 1.0))
    yield made
    await made.close()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment(ORIGIN, 60).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FHIR_FACADE_STORE", f"sqlite:///{tmp_path}/demo.db")


@pytest.fixture
async def app(store: Store, here: None) -> AsyncIterator[LocalOnly]:
    made = application()
    assert isinstance(made, LocalOnly)
    async with made.app.router.lifespan_context(made.app):
        yield made


@pytest.fixture
async def client(app: LocalOnly) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as made:
        yield made


async def test_people_are_those_whom_documents_name(store: Store) -> None:
    people = DemoPeople(store)
    members = await people.members()
    assert ("M100001", "Amara Sampleton") in [(each.id, each.name) for each in members]
    assert all(each.id and each.name for each in (*members, *await people.practitioners()))
    assert members == await people.members()
    (known,) = (each for each in members if each.id == "M100001")
    assert known.employers


async def test_one_care_manager_is_of_one_employer(tmp_path: Path) -> None:
    """The demo's data has work of every employer for each: its limits could not be seen."""
    made = open_store(f"sqlite:///{tmp_path}/many.db")
    await load_documents(made, generate(60, 1))
    people = DemoPeople(made)
    found = {each.id: each.employers for each in await people.practitioners()}
    everywhere = {each for some in found.values() for each in some}
    await made.close()
    assert len(found["U22"]) == 1
    assert found["U22"][0] in everywhere
    assert all(len(each) > 1 for id, each in found.items() if id != "U22")


async def test_a_client_of_oauth_finds_the_metadata_by_the_issuer(
    client: httpx.AsyncClient,
) -> None:
    """RFC 8414, section 3.1: the well-known part is before the path of the issuer."""
    origin = {"Origin": "https://app.test"}
    answer = await client.get("/.well-known/oauth-authorization-server/auth", headers=origin)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    same = await client.get("/auth/.well-known/openid-configuration")
    assert answer.json() == same.json()
    assert answer.json()["issuer"] == f"{ORIGIN}/auth"
    assert (await client.post("/.well-known/oauth-authorization-server/auth")).status_code == 405


async def test_only_scopes_for_what_is_served_are_granted(client: httpx.AsyncClient) -> None:
    metadata = (await client.get("/fhir/metadata")).json()
    served = {each["type"] for each in metadata["rest"][0]["resource"]}
    assert served >= DATA
    types = sorted(served | {"Basic", "Encounter"})
    asked = [f"patient/{each}.r" for each in types] + ["patient/Patient.r?_id=1", "patient/*.s"]
    made = await client.post(
        "/auth/register",
        json={
            "redirect_uris": ["https://app.test/"],
            "token_endpoint_auth_method": "none",
            "scope": " ".join(asked),
        },
    )
    granted = made.json()["scope"].split()
    assert {each.partition("/")[2].partition(".")[0] for each in granted} == {"*", *DATA}
    assert "patient/Patient.r?_id=1" not in granted


def test_the_settings_are_settings(here: None) -> None:
    settings = Settings()
    (issuer,) = settings.issuers
    assert (issuer.issuer, issuer.audience) == (f"{ORIGIN}/auth", settings.base_url)
    assert settings.apps == CLIENTS


async def test_the_apps_are_known_on_both_sides(client: httpx.AsyncClient) -> None:
    for name, id in CLIENTS.items():
        config = (await client.get(f"/apps/{name}/config.json")).json()
        assert (config["fhir"], config["clientId"]) == (f"{ORIGIN}/fhir", id)
        asked = {
            "response_type": "code",
            "client_id": id,
            "redirect_uri": f"{ORIGIN}/apps/{name}/",
            "scope": "openid fhirUser patient/Goal.rs" if name == "goals" else "user/Task.rs",
            "state": "x",
            "aud": f"{ORIGIN}/fhir",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        answer = await client.get("/auth/authorize", params=asked, follow_redirects=True)
        assert answer.status_code == 200
        assert "sign in" in answer.text.lower()


async def test_without_a_token_there_is_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/fhir/Goal?patient=M100001")).status_code == 401
    assert (await client.get("/fhir/metadata")).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example.com", "evil.example.com:8000", "localhost.evil.com"]
)
@pytest.mark.parametrize(
    "path", ["/fhir/metadata", "/auth/jwks", "/auth/register", "/apps/goals/", "/"]
)
async def test_no_name_that_somebody_may_own_leads_here(
    client: httpx.AsyncClient, host: str, path: str
) -> None:
    """DNS rebinding: a page of such a host could sign in as anybody."""
    answer = await client.request("GET", path, headers={"Host": host})
    assert (answer.status_code, "synthetic" in answer.text) == (421, False)
    for name, value in SECURE:
        assert answer.headers[name.decode()] == value.decode()
    for mine in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
        known = await client.get("/auth/jwks", headers={"Host": mine})
        assert known.status_code == 200


async def test_without_auth_it_is_open_to_this_machine(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_FACADE_STORE", f"sqlite:///{tmp_path}/demo.db")
    made = application()
    assert isinstance(made, FastAPI)
    async with (
        made.router.lifespan_context(made),
        httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url=ORIGIN) as client,
    ):
        assert (await client.get("/fhir/Goal?patient=M100001")).status_code == 200
        assert (await client.get("/auth/authorize")).status_code == 404
        assert (await client.get("/apps/goals/")).status_code == 404
        page = await client.get("/", headers={"Accept": "text/html"})
        assert "synthetic" in page.text


def test_why_there_is_no_application_is_said(
    here: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The HTTP server that asks for it says only that it got none."""
    elsewhere = environment("http://203.0.113.7:8000", 60)
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="for a server on this machine"):
        application()
    assert "the application could not be made" in caplog.text


async def test_its_store_is_closed_with_it(store: Store, here: None) -> None:
    made = application()
    assert isinstance(made, LocalOnly)
    async with made.app.router.lifespan_context(made.app):
        await made.app.state.store.ping()
    with pytest.raises(Exception, match="closed"):
        await made.app.state.store.ping()


def test_every_scope_of_an_app_is_one() -> None:
    from fhir_facade.demonstration import _SCOPES

    for scope in _SCOPES.values():
        wanted = [each for each in scope.split() if "/" in each and "launch" not in each]
        assert len(parse_scopes(" ".join(wanted))) == len(wanted)
