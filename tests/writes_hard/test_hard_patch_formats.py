"""A patch is told by its content type; a plain JSON type by its shape.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.writes_hard.kit import contents, made, refused, send, task, url_of

ARRAY = [{"op": "replace", "path": "/description", "value": "Changed"}]
OBJECT = {"description": "Changed"}
PARAMETERS = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "Task.description"},
                {"name": "value", "valueString": "Changed"},
            ],
        }
    ],
}
TAKEN = [
    ("application/json-patch+json", ARRAY),
    ("application/json-patch+json; charset=UTF-8", ARRAY),
    ("Application/JSON-Patch+JSON;charset=utf-8", ARRAY),
    ("application/merge-patch+json", OBJECT),
    ("application/merge-patch+json; charset=utf-8", OBJECT),
    ("application/json", ARRAY),
    ("application/json", OBJECT),
    ("application/json; charset=utf-8", OBJECT),
    ("application/json", PARAMETERS),
    ("application/fhir+json", PARAMETERS),
    ("application/fhir+json; fhirVersion=4.0; charset=utf-8", PARAMETERS),
]
OTHER_TYPES = ["text/plain", "application/xml", "application/fhir+xml", "text/html", "nonsense"]
OTHER_TYPES += ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
OTHER_SHAPES = [
    ("application/json-patch+json", OBJECT),
    ("application/json-patch+json", PARAMETERS),
    ("application/json-patch+json", "text"),
    ("application/json-patch+json", None),
    ("application/merge-patch+json", ARRAY),
    ("application/merge-patch+json", 7),
    ("application/merge-patch+json", PARAMETERS),
    ("application/fhir+json", OBJECT),
    ("application/fhir+json", 7),
    ("application/json", 7),
    ("application/json", "text"),
]


def _ids(cases: list[tuple[str, Any]]) -> list[str]:
    return [f"{number} {kind}" for number, (kind, _) in enumerate(cases)]


@pytest.mark.parametrize(("kind", "body"), TAKEN, ids=_ids(TAKEN))
async def test_taken(client: httpx.AsyncClient, kind: str, body: Any) -> None:
    one = await made(client, task())
    response = await send(client, "PATCH", url_of(one), body, kind=kind)
    assert response.status_code == 200, response.text
    assert response.json()["description"] == "Changed"
    unchanged = ("id", "status", "intent", "for", "identifier")
    assert {name: response.json()[name] for name in unchanged} == {
        name: one[name] for name in unchanged
    }
    assert (await client.get(url_of(one))).json() == response.json()


@pytest.mark.parametrize("kind", OTHER_TYPES)
@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT"])
async def test_other_types(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, kind: str
) -> None:
    one = await made(client, task())
    before = await contents(sqlite_store)
    body = ARRAY if method == "PATCH" else task(id=one["id"])
    url = "/Task" if method == "POST" else url_of(one)
    refused(await send(client, method, url, body, kind=kind), 415, "not-supported")
    assert await contents(sqlite_store) == before


@pytest.mark.parametrize("kind", ["application/json-patch+json", "application/merge-patch+json"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_patch_is_no_resource(client: httpx.AsyncClient, method: str, kind: str) -> None:
    one = await made(client, task())
    url = "/Task" if method == "POST" else url_of(one)
    body = task(id=one["id"])
    refused(await send(client, method, url, body, kind=kind), 415, "not-supported")


@pytest.mark.parametrize(("kind", "body"), OTHER_SHAPES, ids=_ids(OTHER_SHAPES))
async def test_a_shape_that_the_type_does_not_have(
    client: httpx.AsyncClient, sqlite_store: Store, kind: str, body: Any
) -> None:
    one = await made(client, task())
    before = await contents(sqlite_store)
    content = b"null" if body is None else body
    response = await send(client, "PATCH", url_of(one), content, kind=kind)
    assert response.status_code in (400, 422), response.text
    assert response.json()["resourceType"] == "OperationOutcome"
    assert await contents(sqlite_store) == before


@pytest.mark.parametrize(
    "patch",
    [
        *({"id": "other"}, {"id": None}, {"resourceType": "Goal"}, {"resourceType": None}),
        *({"status": None}, {"status": "nope"}, {"nope": 1}, {"intent": 7}, {"note": {}}),
    ],
    ids=str,
)
async def test_a_patch_that_leaves_no_valid_resource(
    client: httpx.AsyncClient, sqlite_store: Store, patch: Any
) -> None:
    one = await made(client, task())
    before = await contents(sqlite_store)
    response = await send(client, "PATCH", url_of(one), patch, kind="application/merge-patch+json")
    assert response.status_code in (400, 422)
    assert response.json()["resourceType"] == "OperationOutcome"
    assert await contents(sqlite_store) == before


@pytest.mark.parametrize("body", [b"", b" ", b"[", b"{}x", b"\xff"])
async def test_a_patch_that_is_no_json(client: httpx.AsyncClient, body: bytes) -> None:
    one = await made(client, task())
    response = await send(client, "PATCH", url_of(one), body, kind="application/json")
    assert response.status_code == 400
    assert (await client.get(url_of(one))).json() == one


async def test_a_patch_of_nothing(client: httpx.AsyncClient) -> None:
    response = await send(client, "PATCH", "/Task/nobody", OBJECT, kind="application/json")
    refused(response, 404, "not-found", "There is no Task with this id.")
