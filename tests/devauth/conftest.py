"""The development authorization server, alone and mounted in a FHIR server, and a browser."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from fhir_facade.devauth import DemoApp, Person, authorization_server
from fhir_facade.main import create_app
from tests.devauth.asking import SERVED, Browser, Clock, mounted
from tests.http.serving import settings

SCOPE = (
    "launch launch/patient openid fhirUser offline_access patient/Goal.rs patient/Task.rus "
    "user/Task.rs user/Goal.r"
)


class DemoPeople:
    """The first members of the demo data, and a care manager of one employer."""

    def __init__(self, employers: dict[str, str]) -> None:
        self._employers = employers

    async def members(self) -> list[Person]:
        return [Person(id_, f"Member {id_}", (each,)) for id_, each in self._employers.items()]

    async def practitioners(self) -> list[Person]:
        first = next(iter(self._employers.values()))
        return [Person("U11", "A Manager", (first,))]


@pytest.fixture(scope="module")
def employers(clean_documents: list[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    """Member id → employer, as the documents have them."""
    return {
        document["subject"]["id"]: document["client"]
        for name, document in clean_documents
        if name == "work_queue" and isinstance(document["subject"], dict)
    }


@pytest.fixture(scope="module")
def origin(clean_file: Path, employers: dict[str, str]) -> Iterator[str]:
    """A FHIR server that trusts the authorization server mounted in it."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    issuer = f"{origin}/auth"
    app = create_app(
        settings(
            store=f"sqlite:///{clean_file}",
            base_url=f"{origin}/fhir",
            issuers=[{"issuer": issuer}],
            tenant_claim="employers",
        )
    )
    apps = [DemoApp("goals-app", "G", f"{origin}/launch", f"{origin}/apps/goals/", SCOPE)]
    people = DemoPeople(employers)
    app.mount(
        "/auth",
        authorization_server(
            issuer=issuer, fhir=f"{origin}/fhir", people=people, apps=apps, served=SERVED
        ),
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield origin
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
async def person(origin: str) -> AsyncIterator[Browser]:
    """A browser that asks the real server."""
    made = Browser(None, origin)
    yield made
    await made.client.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(clock: Clock) -> Any:
    return mounted(now=clock)


@pytest.fixture
def browser(app: Any) -> Browser:
    return Browser(app)
