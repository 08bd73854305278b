"""`serve --demo --auth`, started once for the tests of a process."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.clients.test_clients_js import _missing, _run
from tests.clients.test_clients_js import node as node
from tests.smart.apps import App, Demo, Service
from tests.smart.node import FOLDER
from tests.writes_hard.killing import PROGRAM, free_port

_OLDEST = 20
_START_SECONDS = 180
_SCOPE = (
    "launch launch/patient openid fhirUser offline_access online_access patient/*.cruds user/*.rs"
)


@pytest.fixture(scope="module", autouse=True)
def without_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All is HTTP on this machine: reading the certificates would take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A server that everybody may sign in at; its apps are on another origin of this machine."""
    with serving(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture(scope="session")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A server whose tokens are good for a second."""
    more = {"FHIR_FACADE_CLOCK_SKEW": "0"}
    with serving(tmp_path_factory.mktemp("forgetful"), "--token-seconds", "1", **more) as found:
        yield found


@contextmanager
def serving(folder: Path, *options: str, **more: str) -> Iterator[Demo]:
    """Run `serve --demo --auth` on a free port."""
    port = free_port()
    found = Demo(f"http://127.0.0.1:{port}", _later_port())
    given = {key: each for key, each in os.environ.items() if not key.startswith("FHIR_FACADE_")}
    given |= more
    command = [PROGRAM, "serve", "--demo", "--auth", "--port", str(port), *options]
    log = folder / "log.txt"
    with (
        log.open("ab") as file,
        subprocess.Popen(command, cwd=folder, env=given, stdout=file, stderr=file) as process,
    ):
        try:
            _wait(f"{found.origin}/health/ready", process, log)
            yield found
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers; on a busy machine it takes long to make its data."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"it ended: {log.read_text()}", pytrace=False)
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"it does not answer: {log.read_text()}", pytrace=False)


def _later_port() -> int:
    """A free port that no outgoing connection takes until it is needed."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@pytest.fixture(scope="session")
def app(demo: Demo) -> App:
    """A public app on an origin of its own, where nothing listens."""
    return demo.registered(
        client_name="An app of the tests",
        redirect_uris=[f"{demo.app_origin}/", f"{demo.app_origin}/other?kept=1"],
        initiate_login_uri=f"{demo.app_origin}/launch",
        token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"],
        scope=_SCOPE,
    )


@pytest.fixture(scope="session")
def service(demo: Demo) -> Service:
    """A backend service that may ask for everything, and about tokens."""
    scope = " ".join(demo.configuration()["scopes_supported"])
    made = demo.register(grant_types=["client_credentials"], scope=scope)
    return Service(demo, made["client_id"], made["client_secret"])


@pytest.fixture(scope="session")
def other(demo: Demo) -> App:
    """Another public app."""
    return App(demo, "goals-app", f"{demo.origin}/apps/goals/")


@pytest.fixture(scope="session")
def newer_node(node: str) -> str:
    """The path of a Node that openid-client runs on."""
    version = _run([node, "--version"], FOLDER).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < _OLDEST:
        _missing(f"Node {version} is older than {_OLDEST}")
    return node
