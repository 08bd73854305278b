"""The server that the tests ask: the one of `--base-url`, else a demo of the test run's own."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from fhir_facade.main import create_app
from fhir_facade.settings import Settings
from tests.http.declared import Declared, declared
from tests.spec.live import OWN_SERVER, Json, Sample, matches, not_there
from tests.spec.windows import Windows

URL_VARIABLE = "FHIR_FACADE_SPEC_URL"

CONFORMANCE = {
    "CapabilityStatement", "CodeSystem", "CompartmentDefinition", "ConceptMap", "ExampleScenario",
    "GraphDefinition", "ImplementationGuide", "MessageDefinition", "NamingSystem",
    "OperationDefinition", "SearchParameter", "StructureDefinition", "StructureMap",
    "TerminologyCapabilities", "TestScript", "ValueSet",
}  # fmt: skip
"""Types that say how data are meant; they belong to no patient."""


@pytest.fixture(scope="session")
def given_url(request: pytest.FixtureRequest) -> str | None:
    """The FHIR base of a deployment, if one is to be tested."""
    given = request.config.getoption("--base-url") or os.environ.get(URL_VARIABLE)
    return given.rstrip("/") if given else None


@contextmanager
def _demo(original: Path, path: Path) -> Iterator[str]:
    """Serve a copy of a store; give its FHIR base."""
    shutil.copy(original, path)
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
def base_url(
    request: pytest.FixtureRequest, given_url: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The FHIR base that is tested."""
    if given_url:
        yield given_url
        return
    original: Path = request.getfixturevalue("smaller_dirty_file")
    with _demo(original, tmp_path_factory.mktemp("spec") / "store.db") as url:
        OWN_SERVER.append(url)
        yield url


@contextmanager
def _asking(request: pytest.FixtureRequest, base_url: str) -> Iterator[httpx.Client]:
    headers = {"Accept": "application/fhir+json"}
    for each in request.config.getoption("--spec-header"):
        name, _, value = each.partition(":")
        headers[name.strip()] = value.strip()
    with httpx.Client(base_url=base_url, headers=headers, timeout=60) as client:
        try:
            client.get("/metadata")
        except httpx.TransportError as error:
            pytest.exit(f"{base_url} cannot be reached: {error}", returncode=2)
        yield client


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, base_url: str) -> Iterator[httpx.Client]:
    with _asking(request, base_url) as client:
        yield client


@pytest.fixture(scope="module")
def writable(
    request: pytest.FixtureRequest, given_url: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """The server that is written to: of our own another one, since who wrote what is kept."""
    if given_url:
        with _asking(request, given_url) as client:
            yield client
        return
    original: Path = request.getfixturevalue("smaller_dirty_file")
    with (
        _demo(original, tmp_path_factory.mktemp("spec") / "written.db") as url,
        _asking(request, url) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def statement(server: httpx.Client) -> Json:
    response = server.get("/metadata")
    assert response.status_code == 200
    return dict(response.json())


@pytest.fixture(scope="session")
def served(server: httpx.Client, statement: Json) -> list[Json]:
    """Every type whose resources can be listed: one that only has operations cannot."""
    declared = [each for each in statement["rest"][0]["resource"] if "interaction" in each]
    return [each for each in declared if not _wants_criteria(server, each["type"])]


def _wants_criteria(server: httpx.Client, type_: str) -> bool:
    """Whether a search without criteria is refused, and says that it costs too much."""
    response = server.get(f"/{type_}", params={"_summary": "count"})
    if response.status_code == 200:
        return False
    assert response.json()["issue"][0]["code"] == "too-costly", type_
    return True


@pytest.fixture(scope="session")
def resources(served: list[Json]) -> list[Json]:
    """The types that hold data."""
    return [each for each in served if each["type"] not in CONFORMANCE]


@pytest.fixture(scope="session")
def artefacts(served: list[Json]) -> list[Json]:
    """The types that say how the data are meant."""
    return [each for each in served if each["type"] in CONFORMANCE]


@pytest.fixture(scope="session")
def params(resources: list[Json]) -> list[Declared]:
    return declared({"rest": [{"resource": resources}]})


@pytest.fixture(scope="session")
def windows(server: httpx.Client) -> Windows:
    return Windows(server)


@pytest.fixture(scope="session")
def every(
    server: httpx.Client, resources: list[Json], windows: Windows
) -> dict[str, dict[str, Json]]:
    """Type → `Type/id` → resource, of all that is served within each type's window."""
    return {
        type_: {
            f"{type_}/{resource['id']}": resource
            for resource in matches(server, f"/{type_}", **windows.of(type_).query)
        }
        for type_ in (each["type"] for each in resources)
        if type_ != "Bundle"
    }


@pytest.fixture(scope="session")
def sample(
    request: pytest.FixtureRequest, server: httpx.Client, resources: list[Json], windows: Windows
) -> Sample:
    """Some resources of a type: the newest, or those of the patients that were named."""
    found: dict[str, list[Json]] = {}
    given = request.config.getoption("--spec-patient")

    def some(type_: str) -> list[Json]:
        if type_ not in [each["type"] for each in resources]:
            not_there(f"{type_} is not served")
        if type_ not in found:
            query = {"patient": ",".join(given)} if given else windows.of(type_).query
            found[type_] = matches(server, f"/{type_}", **query)
        return found[type_]

    return some


@pytest.fixture(scope="session")
def patients(
    request: pytest.FixtureRequest, params: list[Declared], every: dict[str, dict[str, Json]]
) -> list[str]:
    """The ids of a few patients that something is served of: those with the most types first."""
    if given := request.config.getoption("--spec-patient"):
        return list(given)
    types: Counter[str] = Counter()
    for param in params:
        if param.name == "patient" and param.type in every:
            references = {
                value["reference"].rpartition("/")[2]
                for each in every[param.type].values()
                for value in param.values(each)
                if "reference" in value
            }
            types.update(references)
    return [each for each, _ in sorted(types.items(), key=lambda item: (-item[1], item[0]))][:3]


@pytest.fixture(scope="session")
def may_write(request: pytest.FixtureRequest, given_url: str | None) -> None:
    """Skips what writes, unless the server is the run's own or the user allows it."""
    if given_url and not request.config.getoption("--spec-writes"):
        pytest.skip("writes to a deployment only with --spec-writes")
