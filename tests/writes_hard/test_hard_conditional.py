"""Conditional create, update, patch and delete, with every number of matches.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import BASE
from tests.writes_hard.kit import (
    ABSENT,
    JSON_PATCH,
    SEVERAL,
    STALE,
    contents,
    etag,
    made,
    refused,
    send,
    task,
    url_of,
)

CHANGE = [{"op": "replace", "path": "/description", "value": "Changed"}]
IDENTIFIER = {"system": "urn:sys", "value": "1"}


async def _asked(client: httpx.AsyncClient, method: str, query: str, **given: Any) -> Any:
    """Send a conditional request of a method; POST says its query in If-None-Exist."""
    headers = given.pop("headers", {})
    if method == "POST":
        return await send(client, "POST", "/Task", task(**given), {"If-None-Exist": query})
    if method == "PUT":
        return await send(client, "PUT", f"/Task?{query}", task(**given), headers)
    if method == "PATCH":
        return await send(client, "PATCH", f"/Task?{query}", CHANGE, headers, JSON_PATCH)
    return await send(client, "DELETE", f"/Task?{query}", None, headers)


METHODS = pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])


@METHODS
async def test_several_match(client: httpx.AsyncClient, sqlite_store: Store, method: str) -> None:
    await made(client, task())
    await made(client, task())
    before = await contents(sqlite_store)
    refused(await _asked(client, method, "patient=M1"), 412, "multiple-matches", SEVERAL)
    assert await contents(sqlite_store) == before


@METHODS
@pytest.mark.parametrize("query", ["patiend=M1", "status:nope=ready", "for=M1", "_has:a:b:c=1"])
async def test_criteria_that_are_unknown(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, query: str
) -> None:
    await made(client, task())
    before = await contents(sqlite_store)
    response = await _asked(client, method, query)
    assert response.status_code == 400, response.text
    refused(response, 400, response.json()["issue"][0]["code"])
    assert await contents(sqlite_store) == before


@METHODS
@pytest.mark.parametrize(
    "query",
    [
        *("_foo=1", "patient=M1&_foo=1", "patient=M1&_summary=count", "patient=M1&_elements=id"),
        *("patient=M1&_sort=due", "patient=M1&_total=accurate", "patient=M1&_include=*"),
    ],
)
async def test_what_is_no_criterion(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, query: str
) -> None:
    """A clause that is dropped would write more than was asked for."""
    await made(client, task())
    before = await contents(sqlite_store)
    issue = refused(await _asked(client, method, query), 400, "not-supported")
    assert "authored-on, case, code, description, due" in issue["diagnostics"]
    assert await contents(sqlite_store) == before


@METHODS
@pytest.mark.parametrize("query", ["patient=", "status=", "_id=", "patient=M1&status="])
async def test_criteria_without_value(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, query: str
) -> None:
    await made(client, task())
    before = await contents(sqlite_store)
    refused(await _asked(client, method, query), 400, "invalid")
    assert await contents(sqlite_store) == before


@METHODS
@pytest.mark.parametrize(
    ("query", "code"),
    [
        *(("", "invalid"), ("_format=json", "invalid"), ("_pretty=true", "invalid")),
        *(("_count=1", "not-supported"), ("_sort=due", "not-supported")),
    ],
)
async def test_no_criteria(
    client: httpx.AsyncClient, sqlite_store: Store, method: str, query: str, code: str
) -> None:
    await made(client, task())
    before = await contents(sqlite_store)
    refused(await _asked(client, method, query), 400, code)
    assert await contents(sqlite_store) == before


@METHODS
async def test_what_is_deleted_does_not_match(client: httpx.AsyncClient, method: str) -> None:
    one = await made(client, task())
    assert (await client.delete(url_of(one))).status_code == 204
    expected = {"POST": 201, "PUT": 201, "PATCH": 404, "DELETE": 204}
    assert (await _asked(client, method, "patient=M1")).status_code == expected[method]


class TestCreate:
    @pytest.mark.parametrize("query", ["identifier=urn:sys|1", "?identifier=urn%3Asys%7C1"])
    async def test_none(self, client: httpx.AsyncClient, query: str) -> None:
        response = await _asked(client, "POST", query, identifier=[IDENTIFIER])
        assert response.status_code == 201
        again = await _asked(client, "POST", query, identifier=[IDENTIFIER])
        assert again.status_code == 200
        assert again.json() == response.json()

    @pytest.mark.parametrize(
        "query", ["patient=M1", "?patient=M1", "Task?patient=M1", f"{BASE}/Task?patient=M1"]
    )
    async def test_one(self, client: httpx.AsyncClient, sqlite_store: Store, query: str) -> None:
        one = await made(client, task())
        before = await contents(sqlite_store)
        response = await _asked(client, "POST", query, description="Another")
        assert response.status_code == 200
        assert response.json() == one
        assert response.headers["etag"] == etag(one)
        where = response.headers.get("content-location") or response.headers.get("location")
        assert where == f"{BASE}{url_of(one)}/_history/{one['meta']['versionId']}"
        assert await contents(sqlite_store) == before

    async def test_the_body_is_checked_before_anything_matches(
        self, client: httpx.AsyncClient
    ) -> None:
        await made(client, task())
        response = await _asked(client, "POST", "patient=M1", status="nope")
        assert response.status_code in (400, 422)

    async def test_an_id_in_the_body_is_not_used(self, client: httpx.AsyncClient) -> None:
        response = await _asked(client, "POST", "patient=M1", id="mine")
        assert response.status_code == 201
        assert response.json()["id"] != "mine"


class TestUpdate:
    @pytest.mark.parametrize("query", ["patient=M7", "identifier=urn:sys|1&status=ready"])
    async def test_none_without_id(self, client: httpx.AsyncClient, query: str) -> None:
        response = await _asked(client, "PUT", query)
        assert response.status_code == 201
        one = response.json()
        assert response.headers["location"] == (
            f"{BASE}{url_of(one)}/_history/{one['meta']['versionId']}"
        )

    async def test_none_with_id(self, client: httpx.AsyncClient, sqlite_store: Store) -> None:
        issue = refused(await _asked(client, "PUT", "patient=M7", id="t7"), 405, "not-supported")
        assert "POST it" in issue["diagnostics"]
        assert not (await contents(sqlite_store))["work_queue"]

    async def test_none_with_id_and_update_create(self, creating_client: httpx.AsyncClient) -> None:
        response = await _asked(creating_client, "PUT", "patient=M7", id="t7")
        assert response.status_code == 201
        assert response.json()["id"] == "t7"

    async def test_none_with_the_id_of_another_that_is_there(
        self, client: httpx.AsyncClient
    ) -> None:
        """R4 leaves it open: an update of that one, or a refusal; never a second one."""
        one = await made(client, task())
        response = await _asked(client, "PUT", "patient=M7", id=one["id"])
        assert response.status_code in (200, 400, 409, 412)

    @pytest.mark.parametrize("tag", ["*", 'W/"a"'])
    async def test_none_with_if_match(
        self, client: httpx.AsyncClient, sqlite_store: Store, tag: str
    ) -> None:
        response = await _asked(client, "PUT", "patient=M7", headers={"If-Match": tag})
        refused(response, 412, "conflict", ABSENT)
        assert not (await contents(sqlite_store))["work_queue"]

    @pytest.mark.parametrize("has_id", [True, False])
    async def test_one(self, client: httpx.AsyncClient, has_id: bool) -> None:
        one = await made(client, task())
        given = {"id": one["id"]} if has_id else {}
        response = await _asked(client, "PUT", "patient=M1", description="Changed", **given)
        assert response.status_code == 200
        assert response.json()["id"] == one["id"]
        assert response.json()["description"] == "Changed"
        read = await client.get(url_of(one))
        assert read.json() == response.json()
        assert read.headers["etag"] == response.headers["etag"]

    async def test_one_with_another_id(
        self, client: httpx.AsyncClient, sqlite_store: Store
    ) -> None:
        await made(client, task())
        before = await contents(sqlite_store)
        issue = refused(await _asked(client, "PUT", "patient=M1", id="other"), 400, "invalid")
        assert issue["expression"] == ["Task.id"]
        assert await contents(sqlite_store) == before

    async def test_one_with_if_match(self, client: httpx.AsyncClient) -> None:
        one = await made(client, task())
        header = {"If-Match": 'W/"other"'}
        response = await _asked(client, "PUT", "patient=M1", headers=header)
        refused(response, 412, "conflict", STALE)
        header = {"If-Match": etag(one)}
        response = await _asked(client, "PUT", "patient=M1", headers=header)
        assert response.status_code == 200


class TestPatch:
    async def test_none(self, client: httpx.AsyncClient) -> None:
        response = await _asked(client, "PATCH", "patient=M7")
        refused(response, 404, "not-found", "No Task matches the criteria.")

    async def test_one(self, client: httpx.AsyncClient) -> None:
        one = await made(client, task())
        response = await _asked(client, "PATCH", "patient=M1", headers={"If-Match": etag(one)})
        assert response.status_code == 200
        assert (response.json()["id"], response.json()["description"]) == (one["id"], "Changed")
        response = await _asked(client, "PATCH", "patient=M1", headers={"If-Match": etag(one)})
        refused(response, 412, "conflict", STALE)


class TestDelete:
    async def test_none(self, client: httpx.AsyncClient) -> None:
        response = await _asked(client, "DELETE", "patient=M7")
        assert (response.status_code, response.content) == (204, b"")

    async def test_none_with_if_match(self, client: httpx.AsyncClient) -> None:
        """As a DELETE of an id that is not there."""
        header = {"If-Match": 'W/"a"'}
        response = await _asked(client, "DELETE", "patient=M7", headers=header)
        refused(response, 412, "conflict", ABSENT)

    async def test_one(self, client: httpx.AsyncClient) -> None:
        one = await made(client, task())
        other = await made(client, task(**{"for": {"reference": "Patient/M2"}}))
        header = {"If-Match": 'W/"other"'}
        response = await _asked(client, "DELETE", "patient=M1", headers=header)
        refused(response, 412, "conflict", STALE)
        assert (await _asked(client, "DELETE", "patient=M1")).status_code == 204
        assert (await client.get(url_of(one))).status_code == 410
        assert (await client.get(url_of(other))).status_code == 200
        assert (await _asked(client, "DELETE", "patient=M1")).status_code == 204


async def test_a_create_with_its_criteria_in_the_url(client: httpx.AsyncClient) -> None:
    """Some clients send them there."""
    url = "/Task?identifier=urn:sys%7C1"
    first = await client.post(url, json=task(identifier=[IDENTIFIER]))
    again = await client.post(url, json=task())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert (await client.post("/Task?_pretty=true", json=task())).status_code == 201
