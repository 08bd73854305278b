"""PUT to an id that nothing has, and the id and type of the body against those of the URL.

https://hl7.org/fhir/R4/http.html#upsert
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from bson import ObjectId

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.writes_hard.kit import (
    communication,
    contents,
    document,
    flag,
    goal,
    made,
    refused,
    send,
    task,
    url_of,
)

UNKNOWN = (
    "There is no resource with this id, and this server gives new ones their ids itself: POST it."
)
IDS = [
    ("507f1f77bcf86cd799439011", ObjectId("507f1f77bcf86cd799439011")),
    ("507F1F77BCF86CD799439011", "507F1F77BCF86CD799439011"),
    ("507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901"),
    ("0e4d8c5a-1111-4222-8333-444455556666", UUID("0e4d8c5a-1111-4222-8333-444455556666")),
    ("0E4D8C5A-1111-4222-8333-444455556666", "0E4D8C5A-1111-4222-8333-444455556666"),
    ("t1", "t1"),
    ("A.b-9", "A.b-9"),
    ("7", "7"),
    ("x-612062", "a b"),
    ("a" * 64, "a" * 64),
]


@pytest.mark.parametrize(("fhir", "stored"), IDS, ids=[each for each, _ in IDS])
async def test_the_id_is_stored_as_what_it_looks_like(
    creating_client: httpx.AsyncClient, sqlite_store: Store, fhir: str, stored: Any
) -> None:
    response = await send(creating_client, "PUT", f"/Task/{fhir}", task(id=fhir))
    assert response.status_code == 201
    assert response.json()["id"] == fhir
    assert f"/Task/{fhir}/_history/" in response.headers["location"]
    ((raw,),) = [batch async for batch in sqlite_store.scan("work_queue")]
    found = decode(raw)["_id"]
    assert (type(found), found) == (type(stored), stored)
    again = await send(creating_client, "PUT", f"/Task/{fhir}", task(id=fhir))
    assert again.status_code == 200
    assert (await creating_client.get(f"/Task/{fhir}")).content == again.content
    assert len((await contents(sqlite_store))["work_queue"]) == 1


@pytest.mark.parametrize("fhir", [each for each, _ in IDS])
async def test_the_id_of_a_document_is_kept(creating_client: httpx.AsyncClient, fhir: str) -> None:
    parent = await made(creating_client, communication())
    url = f"/DocumentReference/{fhir}"
    response = await send(creating_client, "PUT", url, document(parent["id"], id=fhir))
    assert response.status_code == 201
    assert response.json()["id"] == fhir
    again = await send(creating_client, "PUT", url, document(parent["id"], id=fhir))
    assert again.status_code == 200
    assert (await creating_client.get(url)).content == again.content


@pytest.mark.parametrize("fhir", ["x-6869", "x-74", "x-" + "61" * 31])
async def test_an_id_that_would_be_served_as_another(
    creating_client: httpx.AsyncClient, sqlite_store: Store, fhir: str
) -> None:
    response = await send(creating_client, "PUT", f"/Task/{fhir}", task(id=fhir))
    refused(response, 400, "invalid", "The id in the URL is not one that can be stored.")
    assert not any((await contents(sqlite_store)).values())


@pytest.mark.parametrize("fhir", ["a" * 65, "a_b", "a%20b", "%C3%A9", "a%00b"])
async def test_an_id_that_is_none(
    creating_client: httpx.AsyncClient, sqlite_store: Store, fhir: str
) -> None:
    for id in (fhir, "t1"):
        response = await send(creating_client, "PUT", f"/Task/{fhir}", task(id=id))
        assert response.status_code in (400, 404)
        assert response.json()["resourceType"] == "OperationOutcome"
    assert not any((await contents(sqlite_store)).values())


async def test_the_id_of_a_resource_of_another_type(
    creating_client: httpx.AsyncClient, sqlite_store: Store
) -> None:
    assert (await send(creating_client, "PUT", "/Task/t1", task(id="t1"))).status_code == 201
    before = await contents(sqlite_store)
    response = await send(creating_client, "PUT", "/Goal/t1", goal(id="t1"))
    refused(response, 409, "conflict", "Another resource has this id.")
    assert await contents(sqlite_store) == before


@pytest.mark.parametrize(
    "resource", [task(), goal(), flag()], ids=lambda each: each["resourceType"]
)
async def test_without_the_setting(
    client: httpx.AsyncClient, sqlite_store: Store, resource: dict[str, Any]
) -> None:
    url = f"/{resource['resourceType']}/n1"
    response = await send(client, "PUT", url, {**resource, "id": "n1"})
    refused(response, 405, "not-supported", UNKNOWN)
    assert "GET" in response.headers["allow"]
    assert not any((await contents(sqlite_store)).values())


@pytest.mark.parametrize("id", [None, "other", "", 7, ["t1"], {"a": 1}, "T1"])
async def test_the_body_has_another_id(client: httpx.AsyncClient, id: Any) -> None:
    one = await made(client, task())
    response = await send(client, "PUT", url_of(one), task(id=id))
    assert response.status_code == 400
    assert {each["expression"][0] for each in response.json()["issue"]} == {"Task.id"}
    if id in (None, "other", "T1"):
        refused(response, 400, "invalid", "The resource must have the id of the URL.")
    assert (await client.get(url_of(one))).json() == one


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("type_", ["Goal", "Patient", "task", "", None, 7, ["Task"], {"Task": 1}])
async def test_the_body_is_of_another_type(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, type_: Any
) -> None:
    one = await made(client, task())
    before = await contents(sqlite_store)
    url = "/Task" if method == "POST" else url_of(one)
    response = await send(client, method, url, task(id=one["id"], resourceType=type_))
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"
    assert await contents(sqlite_store) == before


@pytest.mark.parametrize("type_", ["Encounter", "Nonsense", "task", "Encounter%20"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_type_that_is_not_served(
    client: httpx.AsyncClient, method: str, type_: str
) -> None:
    url = f"/{type_}" if method == "POST" else f"/{type_}/1"
    body = None if method == "DELETE" else {"resourceType": type_, "id": "1"}
    refused(await send(client, method, url, body), 404, "not-supported")
