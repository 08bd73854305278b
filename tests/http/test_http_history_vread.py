"""vread: a version is read by its location, gone if it is a deletion, and else unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.interactions.records import version_of
from fhir_facade.main import build_registry
from fhir_facade.store.base import Store
from tests.http.histories import STORED, TASK, create, put
from tests.http.serving import BASE, error, serving, settings

UNKNOWN = (
    "There is no such version of this Task here: only the current version, and those that this "
    "server wrote or saw when it wrote, are known."
)


@pytest.fixture
async def client(empty_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(empty_store, update_create=True) as client:
        yield client


async def test_every_version_can_be_read_by_its_location(client: httpx.AsyncClient) -> None:
    made = await client.post("/Task", json=TASK)
    first = made.json()
    second = (await put(client, first, description="two")).json()
    for resource in (first, second):
        version = resource["meta"]["versionId"]
        got = await client.get(f"/Task/{first['id']}/_history/{version}")
        assert got.status_code == 200
        assert got.json() == resource
        assert got.headers["etag"] == f'W/"{version}"'
        assert got.headers["last-modified"].endswith("GMT")
        known = {"If-None-Match": got.headers["etag"]}
        again = await client.get(f"/Task/{first['id']}/_history/{version}", headers=known)
        assert again.status_code == 304
    assert made.headers["location"] == (
        f"{BASE}/Task/{first['id']}/_history/{first['meta']['versionId']}"
    )
    assert (await client.get(made.headers["location"])).json() == first


async def test_a_vread_is_shaped_like_a_read(client: httpx.AsyncClient) -> None:
    first = await create(client, TASK)
    await put(client, first, description="two")
    url = f"/Task/{first['id']}/_history/{first['meta']['versionId']}"
    cut = (await client.get(f"{url}?_elements=status")).json()
    assert set(cut) == {"resourceType", "id", "meta", "status", "intent"}
    assert cut["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert (await client.get(f"{url}?_pretty=true")).text.startswith("{\n")
    assert (await client.get(f"{url}?_format=xml")).status_code == 406
    assert (await client.get(f"{url}?_summary=bogus")).status_code == 400


@pytest.mark.parametrize("version", ["nosuch", "not*an*id", "x" * 65, "%20"])
async def test_an_unknown_version_is_an_honest_404(client: httpx.AsyncClient, version: str) -> None:
    first = await create(client, TASK)
    response = await client.get(f"/Task/{first['id']}/_history/{version}")
    assert response.status_code == 404
    assert response.json() == error("not-found", UNKNOWN)


async def test_a_deletion_is_gone_and_what_was_before_is_not(client: httpx.AsyncClient) -> None:
    first = await create(client, TASK)
    url = f"/Task/{first['id']}"
    gone = await client.delete(url)
    version = gone.headers["etag"][3:-1]
    response = await client.get(f"{url}/_history/{version}")
    assert response.status_code == 410
    assert response.json() == error("deleted", "This version of the Task is its deletion.")
    kept = await client.get(f"{url}/_history/{first['meta']['versionId']}")
    assert kept.json() == first


async def test_an_unservable_version_is_refused_as_a_read_refuses_it(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [{**STORED, "status": "Parked"}])
    registry = build_registry(settings())
    (task,) = registry.type("Task").sources
    (raw,) = await empty_store.get("work_queue", ["t1"])
    got = await client.get(f"/Task/t1/_history/{version_of(raw, task.salt)}")
    assert (got.status_code, got.json()) == (404, (await client.get("/Task/t1")).json())


async def test_a_hidden_task_is_read_by_version_too(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [{**STORED, "is_hidden": True}])
    read = (await client.get("/Task/t1")).json()
    got = await client.get(f"/Task/t1/_history/{read['meta']['versionId']}")
    assert got.json() == read
