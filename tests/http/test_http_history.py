"""The history of a resource that this server wrote, and what has none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.histories import STORED, TASK, create, entry, history, put, shown
from tests.http.serving import BASE, error, serving


@pytest.fixture
async def client(empty_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(empty_store, update_create=True) as client:
        yield client


async def test_the_bundle_of_a_resource_is_exact(client: httpx.AsyncClient) -> None:
    first = await create(client, TASK)
    url = f"/Task/{first['id']}"
    second = (await put(client, first, description="two")).json()
    third = (await client.patch(url, json={"description": "three"})).json()
    gone = await client.delete(url)
    assert gone.status_code == 204
    bundle = await history(client, f"{url}/_history")
    deletion = bundle["entry"][0]
    when = deletion["response"].pop("lastModified")
    assert when > third["meta"]["lastUpdated"]
    assert bundle == {
        "resourceType": "Bundle",
        "type": "history",
        "total": 4,
        "link": [{"relation": "self", "url": f"{BASE}{url}/_history"}],
        "entry": [
            {
                "fullUrl": f"{BASE}{url}",
                "request": {"method": "DELETE", "url": url[1:]},
                "response": {"status": "204 No Content", "etag": gone.headers["etag"]},
            },
            entry(third, "PATCH", "200 OK"),
            entry(second, "PUT", "200 OK"),
            entry(first, "POST", "201 Created"),
        ],
    }


async def test_a_resource_that_is_put_again_was_created_again(client: httpx.AsyncClient) -> None:
    made = await put(client, TASK, id="mine")
    assert made.status_code == 201
    await client.delete("/Task/mine")
    assert (await put(client, TASK, id="mine", description="again")).status_code == 201
    await put(client, TASK, id="mine", description="more")
    wanted = [
        ("PUT", "200", "more"),
        ("PUT", "201", "again"),
        ("DELETE", "204", None),
        ("PUT", "201", "one"),
    ]
    for url in ("/Task/mine/_history", "/Task/_history", "/_history"):
        assert shown(await history(client, url)) == wanted
        pages = []
        following: str | None = f"{url}?_count=1"
        while following:
            page = await history(client, following)
            pages += shown(page)
            following = {each["relation"]: each["url"] for each in page["link"]}.get("next")
        assert pages == wanted


async def test_what_was_never_there_has_no_history(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task/nothing/_history")
    assert response.status_code == 404
    assert response.json() == error("not-found", "There is no Task with this id.")
    assert (await client.get("/Task/not*an*id/_history")).status_code == 404


async def test_a_document_reference_has_its_own_history(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    case = {"_id": "c1", "subject": {"id": "M1"}, "status": {"state": "active"}}
    await empty_store.insert("patient_case", [case])
    first = await create(
        client,
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "content": [{"attachment": {"url": "gs://b/p.pdf", "title": "a"}}],
            "context": {"encounter": [{"reference": "EpisodeOfCare/c1"}]},
            "description": "one",
        },
    )
    url = f"/DocumentReference/{first['id']}"
    await put(client, first, description="two")
    await client.delete(url)
    wanted = [("DELETE", "204", None), ("PUT", "200", "two"), ("POST", "201", "one")]
    assert shown(await history(client, f"{url}/_history")) == wanted
    got = await client.get(f"{url}/_history/{first['meta']['versionId']}")
    assert got.json() == first


async def test_a_document_goes_with_what_it_belongs_to(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    contact = {**STORED, "type": "Interaction", "status": "Completed"}
    await empty_store.insert("work_queue", [contact])
    made = await create(
        client,
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "content": [{"attachment": {"url": "gs://b/p.pdf"}}],
            "context": {"related": [{"reference": "Communication/t1"}]},
            "description": "one",
        },
    )
    url = f"/DocumentReference/{made['id']}"
    assert (await client.delete("/Communication/t1")).status_code == 204
    bundle = await history(client, f"{url}/_history")
    assert shown(bundle) == [("DELETE", "204", None), ("POST", "201", "one")]
    when = (await history(client, "/Communication/t1/_history"))["entry"][0]["response"]
    assert bundle["entry"][0]["response"]["lastModified"] == when["lastModified"]
    kept = await client.get(f"{url}/_history/{made['meta']['versionId']}")
    assert kept.json() == made


async def test_a_case_has_a_history_as_an_episode(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    case = {"_id": "c1", "subject": {"id": "M1"}, "status": {"state": "active"}}
    await empty_store.insert("patient_case", [case])
    bundle = await history(client, "/EpisodeOfCare/c1/_history")
    assert [each["request"]["method"] for each in bundle["entry"]] == ["PUT"]
    assert "lastModified" not in bundle["entry"][0]["response"]


@pytest.mark.parametrize("name", ["Case", "Bundle"])
@pytest.mark.parametrize("path", ["_history", "c1/_history", "c1/_history/v1"])
async def test_a_whole_case_has_none(client: httpx.AsyncClient, name: str, path: str) -> None:
    response = await client.get(f"/{name}/{path}")
    text = (
        f"A {name} has no history of its own: it is put together from resources that have one "
        "each, the case itself at EpisodeOfCare/[id]/_history."
    )
    assert (response.status_code, response.json()) == (404, error("not-supported", text))


@pytest.mark.parametrize("path", ["_history", "c1/_history", "c1/_history/v1"])
async def test_a_type_that_is_not_written_has_none(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(f"/CarePlan/{path}")
    text = (
        "This server keeps no versions of CarePlan: it is written as a part of a case, if at all. "
        "/metadata names the types that have a history."
    )
    assert (response.status_code, response.json()) == (404, error("not-supported", text))
    response = await client.get(f"/Patient/{path}")
    assert response.status_code == 404
    assert response.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize(
    "path", ["_history", "Task/_history", "Task/t1/_history", "Task/t1/_history/v1"]
)
async def test_a_history_is_only_read(client: httpx.AsyncClient, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = await client.request(method, f"/{path}")
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"
