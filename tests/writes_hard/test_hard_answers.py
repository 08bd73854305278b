"""What a write answers with: status, headers, and the body that `Prefer: return` asks for.

https://hl7.org/fhir/R4/http.html#ops
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import BASE, serving
from tests.interactions.validity import problems
from tests.writes_hard.kit import (
    JSON_PATCH,
    Json,
    communication,
    contents,
    document,
    etag,
    flag,
    goal,
    made,
    refused,
    send,
    task,
    url_of,
)

OF_EACH_TYPE = [task(), flag(), goal(), communication()]
DONE = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "information", "code": "informational", "diagnostics": "Done."}],
}
NO_BODY = [
    *("return=minimal", 'return="minimal"', "RETURN=Minimal"),
    *("respond-async, return=minimal", "handling=strict; return=minimal"),
]
WHOLE = [
    *("return=representation", "return=presentation", "return=unknown", "return=", "return"),
    *("", ";;,=", "return=representation, handling=strict"),
]


def _dated(response: httpx.Response, resource: Json) -> None:
    """The headers say the version and the time that the resource has."""
    assert response.headers["etag"] == etag(resource)
    assert re.fullmatch(r'W/"[A-Za-z0-9\-.]{1,64}"', response.headers["etag"])
    told = parsedate_to_datetime(response.headers["last-modified"])
    assert told.strftime("%Y-%m-%dT%H:%M:%S") == resource["meta"]["lastUpdated"][:19]
    assert response.headers["cache-control"] == "no-store"


def _version_url(resource: Json) -> str:
    return f"{BASE}{url_of(resource)}/_history/{resource['meta']['versionId']}"


@pytest.mark.parametrize("resource", OF_EACH_TYPE, ids=lambda each: each["resourceType"])
async def test_a_create(client: httpx.AsyncClient, resource: Json) -> None:
    response = await send(client, "POST", f"/{resource['resourceType']}", resource)
    assert response.status_code == 201
    one = response.json()
    _dated(response, one)
    assert response.headers["location"] == _version_url(one)
    assert problems(one) == []
    read = await client.get(url_of(one))
    assert read.content == response.content
    assert read.headers["etag"] == response.headers["etag"]
    assert read.headers["last-modified"] == response.headers["last-modified"]


async def test_a_create_of_a_document(client: httpx.AsyncClient) -> None:
    parent = await made(client, communication())
    response = await send(client, "POST", "/DocumentReference", document(parent["id"]))
    assert response.status_code == 201
    assert response.headers["location"] == _version_url(response.json())
    assert (await client.get(url_of(response.json()))).content == response.content
    assert problems(response.json()) == []


async def test_an_update(client: httpx.AsyncClient) -> None:
    one = await made(client, task())
    response = await send(client, "PUT", url_of(one), {**one, "description": "Changed"})
    assert response.status_code == 200
    _dated(response, response.json())
    assert "location" not in response.headers
    assert response.headers["content-location"] == _version_url(response.json())
    assert response.json()["meta"]["lastUpdated"] > one["meta"]["lastUpdated"]
    assert (await client.get(url_of(one))).content == response.content


async def test_a_patch(client: httpx.AsyncClient) -> None:
    one = await made(client, task())
    change = [{"op": "add", "path": "/priority", "value": "stat"}]
    response = await send(client, "PATCH", url_of(one), change, kind=JSON_PATCH)
    assert response.status_code == 200
    _dated(response, response.json())
    assert response.headers["content-location"] == _version_url(response.json())
    assert response.json()["priority"] == "stat"


async def _each_write(client: httpx.AsyncClient, prefer: str) -> list[httpx.Response]:
    headers = {"Prefer": prefer}
    created = await send(client, "POST", "/Task", task(), headers)
    url = created.headers["location"].removeprefix(BASE).partition("/_history")[0]
    one = (await client.get(url)).json()
    updated = await send(client, "PUT", url, {**one, "description": "Changed"}, headers)
    change: Any = [{"op": "remove", "path": "/description"}]
    patched = await send(client, "PATCH", url, change, headers, JSON_PATCH)
    assert [each.status_code for each in (created, updated, patched)] == [201, 200, 200]
    for each in (created, updated, patched):
        assert "etag" in each.headers
        assert "last-modified" in each.headers
    return [created, updated, patched]


@pytest.mark.parametrize("prefer", NO_BODY)
async def test_return_minimal(client: httpx.AsyncClient, prefer: str) -> None:
    for each in await _each_write(client, prefer):
        assert each.content == b""
        assert each.headers.get("content-length") == "0"


@pytest.mark.parametrize("prefer", WHOLE)
async def test_return_representation_or_what_is_unknown(
    client: httpx.AsyncClient, prefer: str
) -> None:
    for each in await _each_write(client, prefer):
        assert each.json()["resourceType"] == "Task"
        assert each.headers["etag"] == etag(each.json())


@pytest.mark.parametrize("prefer", ["return=OperationOutcome", "return=operationoutcome"])
async def test_return_an_outcome(client: httpx.AsyncClient, prefer: str) -> None:
    for each in await _each_write(client, prefer):
        assert each.json() == DONE
        assert problems(each.json()) == []


async def test_an_outcome_of_a_delete(client: httpx.AsyncClient) -> None:
    one = await made(client, task())
    header = {"Prefer": "return=OperationOutcome"}
    response = await send(client, "DELETE", url_of(one), None, header)
    assert response.status_code == 200
    assert response.json() == DONE


async def test_the_body_may_be_pretty(client: httpx.AsyncClient) -> None:
    response = await send(client, "POST", "/Task?_pretty=true", task())
    assert response.status_code == 201
    assert response.text.startswith('{\n  "resourceType"')


async def test_delete_is_idempotent(client: httpx.AsyncClient, sqlite_store: Store) -> None:
    one = await made(client, task())
    first = await client.delete(url_of(one))
    assert (first.status_code, first.content) == (204, b"")
    assert "etag" in first.headers
    before = await contents(sqlite_store)
    for url in (url_of(one), url_of(one), "/Task/never"):
        again = await client.delete(url)
        assert (again.status_code, again.content) == (204, b"")
        assert "content-length" not in again.headers
    assert await contents(sqlite_store) == before
    refused(await client.get(url_of(one)), 410, "deleted", "This Task has been deleted.")
    refused(await client.get("/Task/never"), 404, "not-found")
    assert (await client.get("/Task?patient=M1")).json()["total"] == 0


async def test_a_put_brings_back_what_was_deleted(client: httpx.AsyncClient) -> None:
    one = await made(client, task())
    assert (await client.delete(url_of(one))).status_code == 204
    response = await send(client, "PUT", url_of(one), task(id=one["id"], description="Back"))
    assert response.status_code == 201
    assert response.headers["location"] == _version_url(response.json())
    assert response.json()["id"] == one["id"]
    assert response.json()["meta"]["versionId"] != one["meta"]["versionId"]
    assert (await client.get(url_of(one))).json()["description"] == "Back"


async def test_a_document_is_deleted_and_brought_back(client: httpx.AsyncClient) -> None:
    parent = await made(client, communication())
    one = await made(client, document(parent["id"]))
    other = await made(client, document(parent["id"]))
    for _ in range(2):
        assert (await client.delete(url_of(one))).status_code == 204
    refused(await client.get(url_of(one)), 410, "deleted")
    assert (await client.get(url_of(other))).status_code == 200
    assert (await client.get(url_of(parent))).status_code == 200
    back = await send(client, "PUT", url_of(one), document(parent["id"], id=one["id"]))
    assert back.status_code == 201
    assert (await client.get(url_of(one))).status_code == 200
    assert (await client.delete(url_of(parent))).status_code == 204
    assert (await client.get(url_of(one))).status_code in (404, 410)
    refused(
        await send(client, "PUT", url_of(one), document(parent["id"], id=one["id"])), 410, "deleted"
    )


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_what_is_deleted_is_neither_read_nor_patched(
    client: httpx.AsyncClient, method: str
) -> None:
    one = await made(client, task())
    assert (await client.delete(url_of(one))).status_code == 204
    body = None if method == "GET" else [{"op": "remove", "path": "/description"}]
    response = await send(client, method, url_of(one), body, kind=JSON_PATCH)
    refused(response, 410, "deleted", "This Task has been deleted.")


@pytest.mark.parametrize("resource", OF_EACH_TYPE, ids=lambda each: each["resourceType"])
async def test_what_the_stored_fields_hold_is_taken_where_nothing_is_kept(
    sqlite_store: Store, resource: Json
) -> None:
    """Reading adds a type, an identifier, milliseconds; nothing of what was sent is lost."""
    async with serving(sqlite_store, unmapped="refuse") as client:
        one = await made(client, resource)
        for name in ("subject", "for"):
            if name in resource:
                assert one[name]["reference"] == resource[name]["reference"]
