"""The server that the invariants are held against: one given by its URL, else a demo of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from fhir_facade.main import create_app
from fhir_facade.settings import Settings
from tests.spec.live import Json

URL_VARIABLE = "FHIR_FACADE_SPEC_URL"


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The FHIR base that is tested."""
    if given := os.environ.get(URL_VARIABLE):
        yield given.rstrip("/")
        return
    path: Path = request.getfixturevalue("smaller_dirty_file")
    settings = Settings(_env_file=None, store=f"sqlite:///{path}")  # type: ignore[call-arg]
    config = uvicorn.Config(create_app(settings), port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/fhir"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def server(base_url: str) -> Iterator[httpx.Client]:
    headers = {"Accept": "application/fhir+json"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def statement(server: httpx.Client) -> Json:
    response = server.get("/metadata")
    assert response.status_code == 200
    return dict(response.json())


@pytest.fixture(scope="session")
def resources(statement: Json) -> list[Json]:
    """What is served; a type that only has operations is not."""
    return [each for each in statement["rest"][0]["resource"] if "interaction" in each]
