"""From /metadata alone: every interaction that is declared is made, every other one refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from fhir_facade.rules.validation.bindings import RESOURCE_TYPES
from fhir_facade.store.base import Store
from tests.http.declared import PEOPLE
from tests.http.serving import Json, matches, serving
from tests.http.walking import TYPES, as_new, copied, declaration, one_of, statement_of

OF_TYPES = (
    *("read", "vread", "update", "patch", "delete", "history-instance", "history-type"),
    *("create", "search-type"),
)
"""R4's interactions with a type and its instances."""
OF_SYSTEM = ("transaction", "batch", "search-system", "history-system")
REFUSED = (400, 404, 405)
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
async def own_store(recorded_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    async with copied(recorded_file, tmp_path) as store:
        yield store


@pytest.fixture
async def client(own_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(own_store) as client:
        yield client


Made = Callable[[httpx.AsyncClient, str, Json], Awaitable[httpx.Response]]


async def _read(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    response = await client.get(f"/{type_}/{one['id']}")
    if response.status_code == 200:
        assert response.json() == one
        assert response.headers["etag"] == f'W/"{one["meta"]["versionId"]}"'
    return response


async def _vread(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    version = one.get("meta", {}).get("versionId", "1")
    response = await client.get(f"/{type_}/{one['id']}/_history/{version}")
    assert response.status_code != 200 or response.json() == one
    return response


async def _update(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    return await client.put(f"/{type_}/{one['id']}", json=one)


async def _patch(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    change = [{"op": "test", "path": "/resourceType", "value": type_}]
    return await client.patch(f"/{type_}/{one['id']}", json=change, headers=JSON_PATCH)


async def _delete(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    response = await client.delete(f"/{type_}/{one['id']}")
    after = await client.get(f"/{type_}/{one['id']}")
    assert (after.status_code == 410) == (response.status_code == 204)
    return response


async def _history(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    response = await client.get(f"/{type_}/{one['id']}/_history")
    if response.status_code == 200:
        assert [each["resource"] for each in response.json()["entry"]] == [one]
    return response


async def _history_of_type(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    return await client.get(f"/{type_}/_history?_count=1")


async def _create(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    response = await client.post(f"/{type_}", json=as_new(one))
    if response.status_code == 201:
        assert (await client.get(response.headers["location"])).status_code == 200
    return response


async def _search(client: httpx.AsyncClient, type_: str, one: Json) -> httpx.Response:
    response = await client.get(f"/{type_}?_id={one['id']}")
    posted = await client.post(f"/{type_}/_search", data={"_id": one["id"]})
    assert matches(response.json()) == matches(posted.json())
    return response


MADE: dict[str, Made] = {
    "read": _read,
    "vread": _vread,
    "search-type": _search,
    "history-instance": _history,
    "history-type": _history_of_type,
    "create": _create,
    "update": _update,
    "patch": _patch,
    "delete": _delete,
}
"""How each is made; those that change the resource come last."""


def test_every_interaction_is_known_here() -> None:
    assert {*MADE} == {*OF_TYPES}


@pytest.mark.parametrize("type_", TYPES)
async def test_every_interaction_with_a_type(client: httpx.AsyncClient, type_: str) -> None:
    declared = [each["code"] for each in (await declaration(client, type_))["interaction"]]
    assert {*declared} <= {*OF_TYPES}
    for code, make in MADE.items():
        response = await make(client, type_, await one_of(client, type_))
        if code in declared:
            assert response.status_code in (200, 201, 204), (type_, code, response.text)
        else:
            assert response.status_code in REFUSED, (type_, code, response.text)
            assert response.json()["issue"][0]["code"] in ("not-supported", "not-found")
            assert (response.status_code == 405) == ("allow" in response.headers), (type_, code)


async def test_the_types_that_are_not_declared_are_refused(client: httpx.AsyncClient) -> None:
    (rest,) = (await statement_of(client))["rest"]
    declared = {each["type"]: each for each in rest["resource"]}
    assert {*declared} == {*TYPES, *PEOPLE}
    others = sorted({*RESOURCE_TYPES} - {*TYPES, *PEOPLE})
    assert len(others) > 100
    for type_ in others:
        one: Json = {"resourceType": type_, "id": "x"}
        for code, make in MADE.items():
            if code != "search-type":  # its POST is asked below
                response = await make(client, type_, one)
                assert response.status_code in (404, 405), (type_, code)
                assert response.json()["issue"][0]["code"] == "not-supported", (type_, code)
        assert (await client.get(f"/{type_}")).status_code == 404
        assert (await client.post(f"/{type_}/_search")).status_code == 404


@pytest.mark.parametrize("type_", TYPES)
async def test_a_conditional_read(client: httpx.AsyncClient, type_: str) -> None:
    assert (await declaration(client, type_))["conditionalRead"] == "full-support"
    one = await one_of(client, type_)
    url = f"/{type_}/{one['id']}"
    first = await client.get(url)
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    for header, value in (("If-None-Match", etag), ("If-Modified-Since", modified)):
        again = await client.get(url, headers={header: value})
        assert (again.status_code, again.content) == (304, b""), header
    old = {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert (await client.get(url, headers=old)).status_code == 200


@pytest.mark.parametrize("type_", TYPES)
async def test_the_conditional_writes(client: httpx.AsyncClient, type_: str) -> None:
    declared = await declaration(client, type_)
    one = await one_of(client, type_)
    criteria = f"_id={one['id']}"
    sent = as_new(one)
    if declared.get("conditionalCreate"):
        created = await client.post(f"/{type_}", json=sent, headers={"If-None-Exist": criteria})
        assert created.status_code == 200, created.text
        assert created.headers["etag"] == f'W/"{one["meta"]["versionId"]}"'
    else:
        created = await client.post(f"/{type_}", json=sent, headers={"If-None-Exist": criteria})
        assert created.status_code in REFUSED
    updated = await client.put(f"/{type_}?{criteria}", json=one)
    assert updated.status_code == (200 if declared.get("conditionalUpdate") else 405)
    ambiguous = await client.delete(f"/{type_}?_lastUpdated=gt1900")
    deleted = await client.delete(f"/{type_}?{criteria}")
    if declared.get("conditionalDelete", "not-supported") == "single":
        assert ambiguous.status_code == 412
        assert deleted.status_code == 204
    else:
        assert (ambiguous.status_code, deleted.status_code) == (405, 405)


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("type_", TYPES)
async def test_update_create(own_store: Store, type_: str, allowed: bool) -> None:
    async with serving(own_store, update_create=allowed) as client:
        declared = await declaration(client, type_)
        one = {**as_new(await one_of(client, type_)), "id": "chosen-by-the-client"}
        response = await client.put(f"/{type_}/{one['id']}", json=one)
        if declared.get("updateCreate"):
            assert allowed
            assert response.status_code == 201, response.text
        else:
            assert response.status_code in REFUSED, response.text


@pytest.mark.parametrize("type_", TYPES)
async def test_read_history(client: httpx.AsyncClient, type_: str) -> None:
    """Where it is declared, a version that is no longer the current one is read."""
    declared = await declaration(client, type_)
    assert declared["versioning"] == "versioned"
    one = await one_of(client, type_)
    url = f"/{type_}/{one['id']}"
    changed = {**one, "meta": {"tag": [{"system": "urn:x", "code": "new"}]}}
    response = await client.put(url, json=changed)
    old = await client.get(f"{url}/_history/{one.get('meta', {}).get('versionId')}")
    if declared["readHistory"]:
        assert response.status_code == 200, response.text
        assert response.headers["etag"] != f'W/"{one["meta"]["versionId"]}"'
        assert old.json() == one
    else:
        assert old.status_code == 404


async def test_every_interaction_with_the_system(client: httpx.AsyncClient) -> None:
    (rest,) = (await statement_of(client))["rest"]
    declared = [each["code"] for each in rest["interaction"]]
    assert sorted(declared) == sorted(OF_SYSTEM)
    task = await one_of(client, "Task")
    for kind in ("batch", "transaction"):
        entry = {"request": {"method": "GET", "url": f"Task/{task['id']}"}}
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        response = await client.post("", json=bundle)
        assert response.status_code == 200, response.text
        (answer,) = response.json()["entry"]
        assert answer["resource"] == task
    found = (await client.get("?_type=Task,Goal&_count=5")).json()
    assert len(matches(found)) == 5
    posted = await client.post("/_search", data={"_type": "Task,Goal", "_count": "5"})
    assert matches(posted.json()) == matches(found)
    assert (await client.get("/_history?_count=1")).status_code == 200


async def test_a_store_without_transactions(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(own_store), "transactions", False)
    async with serving(own_store) as lacking:
        for url in ("/metadata", "/CapabilityStatement/fhir-facade"):
            (rest,) = (await lacking.get(url)).json()["rest"]
            assert "transaction" not in [each["code"] for each in rest["interaction"]]
        bundle = {"resourceType": "Bundle", "type": "transaction"}
        entry = {"request": {"method": "POST", "url": "Task"}, "resource": {}}
        entry["resource"] = as_new(await one_of(lacking, "Task"))
        response = await lacking.post("", json={**bundle, "entry": [entry]})
        assert response.status_code >= 400
