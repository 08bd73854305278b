"""Client libraries of others sign in by themselves: both launches, a refresh, backend services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fhirclient.client import FHIRClient
from fhirclient.models.goal import Goal
from joserfc.jwk import RSAKey

from tests.devauth.asking import Backend, Browser, new_key, parameters

SCOPE = "openid fhirUser launch/patient offline_access patient/Goal.rs"


class Clients(list[FHIRClient]):
    """Clients that are closed at the end."""

    def new(self, origin: str, **settings: Any) -> FHIRClient:
        given = {
            "app_id": "goals-app",
            "api_base": f"{origin}/fhir",
            "redirect_uri": f"{origin}/apps/goals/",
            "scope": SCOPE,
        }
        made = FHIRClient(settings={**given, **settings})
        self.append(made)
        return made


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    made = Clients()
    yield made
    for each in made:
        each.server.session.close()


def _goals(client: FHIRClient) -> set[str]:
    """Of whom there are goals."""
    found = Goal.where({"_count": "500"}).perform_resources_iter(client.server)
    return {each.subject.reference for each in found}


async def _signed_in(client: FHIRClient, person: Browser, account: str) -> None:
    await asyncio.to_thread(client.prepare)
    await person.get(client.authorize_url)
    if person.page == "/login":
        await person.submit("/login", account=account)
    response = await person.submit("/consent", decision="allow")
    await asyncio.to_thread(client.handle_callback, response.headers["location"])


async def test_standalone_launch_and_refresh(
    origin: str, person: Browser, clients: Clients, employers: dict[str, str]
) -> None:
    me = next(iter(employers))
    client = clients.new(origin)
    await _signed_in(client, person, f"member:{me}")
    assert client.ready
    assert client.patient_id == me
    assert await asyncio.to_thread(_goals, client) == {f"Patient/{me}"}
    before = client.server.auth.access_token
    assert await asyncio.to_thread(client.reauthorize)
    assert client.server.auth.access_token != before
    assert await asyncio.to_thread(_goals, client) == {f"Patient/{me}"}


async def test_ehr_launch(
    origin: str, person: Browser, clients: Clients, employers: dict[str, str]
) -> None:
    me = next(iter(employers))
    await person.get("/launch")
    await person.submit("/login", account="practitioner:U11")
    response = await person.submit("/launch", app="goals-app", patient=me)
    given = parameters(response.headers["location"])
    client = clients.new(
        origin, api_base=given["iss"], launch_token=given["launch"], scope=f"launch {SCOPE}"
    )
    await _signed_in(client, person, "nobody is asked")
    assert client.patient_id == me
    assert await asyncio.to_thread(_goals, client) == {f"Patient/{me}"}


async def test_backend_service(
    origin: str, person: Browser, clients: Clients, employers: dict[str, str]
) -> None:
    service = await Backend.registered(person, new_key("ES384"), "ES384")
    assertion = service.assertion(exp=int(time.time()) + 250)
    client = clients.new(
        origin, app_id=service.client_id, jwt_token=assertion, scope="system/Goal.rs"
    )
    await asyncio.to_thread(client.prepare)
    await asyncio.to_thread(client.authorize)
    assert len(await asyncio.to_thread(_goals, client)) > 1


async def test_backend_service_of_an_oauth_library(origin: str, person: Browser) -> None:
    service = await Backend.registered(person, new_key("RS384"), "RS384")
    pem = service.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def ask() -> list[int]:
        url = f"{origin}/auth/token"
        with OAuth2Session(
            service.client_id,
            RSAKey.import_key(pem),
            scope="system/Goal.rs",
            token_endpoint_auth_method="private_key_jwt",
        ) as session:
            found = []
            for _ in range(2):
                # left to itself, the library signs for an hour, and SMART allows five minutes;
                # it writes its jti into the claims that it is given
                claims = {"exp": int(time.time()) + 240}
                proof = PrivateKeyJWT(url, claims, headers={"kid": "k1"}, alg="RS384")
                session.register_client_auth_method(proof)
                session.fetch_token(url, grant_type="client_credentials")
                found.append(session.get(f"{origin}/fhir/Goal?_count=1").status_code)
            return found

    assert await asyncio.to_thread(ask) == [200, 200]
