"""What stands beside the FHIR base: health, the docs, and URLs outside of it."""

from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest

from fhir_facade.main import application, build_registry, create_app
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED
from tests.http.conftest import TASK
from tests.http.declared import PEOPLE
from tests.http.serving import HOST, serving, settings, started, the_issue


async def test_health(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{HOST}/health/live")).json() == {"status": "up"}
    assert (await client.get(f"{HOST}/health/ready")).json() == {"status": "ready"}


@pytest.mark.parametrize("target", ["/Patient/1", "/nothing", "/metadata", "/fhirx/Task"])
async def test_a_url_outside_the_base(client: httpx.AsyncClient, target: str) -> None:
    response = await client.get(f"{HOST}{target}")
    assert response.status_code == 404
    assert the_issue(response)["code"] in ("not-found", "not-supported")


async def test_the_docs_list_what_there_is(client: httpx.AsyncClient) -> None:
    schema = (await client.get(f"{HOST}/openapi.json")).json()
    assert schema == (await client.get(f"{HOST}/openapi.json")).json()
    registry = build_registry(settings())
    for name in [each.name for each in registry] + ["Case"]:
        assert {"get"} <= set(schema["paths"][f"/fhir/{name}"]) <= {"get", "post"}
        writes = {"get", "put", "patch", "delete"}
        assert {"get"} <= set(schema["paths"][f"/fhir/{name}/{{id}}"]) <= writes
        assert set(schema["paths"][f"/fhir/{name}/_search"]) == {"post"}
    assert "/fhir/metadata" in schema["paths"]
    assert "/fhir/EpisodeOfCare/{id}/$case" in schema["paths"]
    for name in PUBLISHED:
        assert set(schema["paths"][f"/fhir/{name}"]) == {"get"}
        assert set(schema["paths"][f"/fhir/{name}/{{id}}"]) == {"get"}
    for place in ("CodeSystem/$lookup", "ConceptMap/{id}/$translate", "ValueSet/$expand"):
        assert set(schema["paths"][f"/fhir/{place}"]) == {"get", "post"}
    assert set(schema["paths"]["/fhir/$validate"]) == {"post"}
    assert {"/health/live", "/health/ready"} <= set(schema["paths"])
    names = [each["name"] for each in schema["paths"]["/fhir/Task"]["get"]["parameters"]]
    assert set(registry.types["Task"].params) < set(names)
    assert len(names) == len(set(names))


WITHOUT_A_LIST = [f"/fhir/{each}{rest}" for each in PEOPLE for rest in ("", "/_search")]
"""Searches that want an id."""
ASKED_FOR_SOMETHING = (
    "/fhir",
    "/fhir/_search",
    "/fhir/DocumentReference/$docref",
    "/fhir/Patient/{id}/$everything",
    "/fhir/Patient/{id}/{type}",
)
"""Without a parameter, or a type, these are bad requests."""


def _filled(path: str) -> str:
    values = {"{id}": "nothing", "{type}": "Task", "{vid}": "1"}
    for name, value in values.items():
        path = path.replace(name, value)
    return path


async def test_every_listed_url_is_answered(client: httpx.AsyncClient) -> None:
    schema = (await client.get(f"{HOST}/openapi.json")).json()
    for path, methods in schema["paths"].items():
        for method in methods:
            response = await client.request(method, f"{HOST}{_filled(path)}")
            if path in ASKED_FOR_SOMETHING:
                assert response.status_code in (200, 400, 415), path
                continue
            if "/$" in path and "$case" not in path:
                assert response.status_code in (200, 400, 404), path
                assert "There is nothing at this URL" not in response.text, path
                continue
            if method not in ("get", "delete") and not path.endswith("_search"):
                assert "The request has no body." in response.text, path
                continue
            if method == "delete":
                assert response.status_code == 204, path
                continue
            if path in WITHOUT_A_LIST:
                assert the_issue(response)["code"] == "too-costly", path
                continue
            assert response.status_code in (200, 404), path
            if response.status_code == 404:
                assert "There is no " in the_issue(response)["diagnostics"]


async def test_missing_indexes_are_told_at_the_start(
    small_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    registry = build_registry(settings())
    async with serving(small_store):
        pass
    told = f"{len(registry.indexes())} indexes are missing; run: fhir-facade indexes --apply"
    assert told in caplog.messages
    await small_store.ensure_indexes(registry.indexes())
    caplog.clear()
    async with serving(small_store):
        pass
    assert not caplog.messages


async def test_an_application_opens_and_closes_its_own_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}")
    await store.insert("work_queue", [TASK])
    await store.close()
    async with started(create_app(settings(store=f"sqlite:///{path}"))) as asking:
        assert (await asking.get("/Task/t1")).status_code == 200
    assert not path.with_name("store.db-wal").exists()


async def test_the_factory_takes_its_settings_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_FACADE_STORE", f"sqlite:///{tmp_path / 'here.db'}")
    monkeypatch.setenv("FHIR_FACADE_BASE_URL", "https://fhir.example/r4/")
    monkeypatch.setenv("FHIR_FACADE_LOG_LEVEL", "warning")
    logger = logging.getLogger("fhir_facade")
    level = logger.level
    try:
        async with started(application()) as asking:
            found = (await asking.get("/metadata")).json()
            assert found["implementation"]["url"] == "https://fhir.example/r4"
    finally:
        logger.setLevel(level)
    assert (tmp_path / "here.db").exists()
