"""vread and the history of a resource: what this server wrote, and what others made of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from fhir_facade.interactions.records import version_of
from fhir_facade.interactions.versions import Version
from fhir_facade.main import build_registry
from fhir_facade.rules.registry import HISTORY
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import BASE, Json, error, serving, settings
from tests.interactions.validity import problems

TASK: Json = {
    "resourceType": "Task",
    "status": "ready",
    "intent": "order",
    "for": {"reference": "Patient/M1"},
    "description": "one",
}
STORED: dict[str, Any] = {
    "_id": "t1",
    "type": "task",
    "status": "Ready",
    "intent": "Order",
    "message": "stored",
    "subject": {"id": "M1"},
    "updated": datetime(2026, 1, 16, 9, 30, 0, 678000),  # noqa: DTZ001
}
UNKNOWN = (
    "There is no such version of this Task here: only the current version, and those that this "
    "server wrote or saw when it wrote, are known."
)


@pytest.fixture
async def client(empty_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(empty_store, update_create=True) as client:
        yield client


async def create(client: httpx.AsyncClient, resource: Json) -> Json:
    response = await client.post(f"/{resource['resourceType']}", json=resource)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def put(client: httpx.AsyncClient, resource: Json, **changes: Any) -> httpx.Response:
    sent = {**resource, **changes}
    response = await client.put(f"/{sent['resourceType']}/{sent['id']}", json=sent)
    assert response.status_code in (200, 201), response.text
    return response


async def change(store: Store, key: Any, fields: Json, *removed: str) -> None:
    """Change a document as other software does: beside this server."""
    (raw,) = await store.get("work_queue", [key])
    document = {name: each for name, each in decode(raw).items() if name not in removed}
    assert await store.replace("work_queue", raw, {**document, **fields})


async def history(client: httpx.AsyncClient, url: str) -> Json:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    bundle = dict(response.json())
    assert_valid(bundle)
    return bundle


def assert_valid(bundle: Json) -> None:
    """The model's structure, and the invariants of R4 that it does not know."""
    assert problems({**bundle, "type": "searchset"}) == []
    assert bundle["type"] == "history"
    for each in bundle.get("entry", ()):
        assert each["request"]["method"] in ("POST", "PUT", "PATCH", "DELETE")  # bdl-3
        assert each["response"]["status"]  # bdl-4
        assert ("resource" in each) == (each["request"]["method"] != "DELETE")  # bdl-5
        assert "/_history/" not in each["fullUrl"]  # bdl-8
        assert "search" not in each  # bdl-2


def shown(bundle: Json) -> list[tuple[str, str, str | None]]:
    """Of each entry the method, the status, and the description of the resource."""
    return [
        (
            each["request"]["method"],
            each["response"]["status"][:3],
            each.get("resource", {}).get("description"),
        )
        for each in bundle.get("entry", ())
    ]


def entry(resource: Json, method: str, status: str) -> Json:
    url = f"Task/{resource['id']}"
    return {
        "fullUrl": f"{BASE}/{url}",
        "resource": resource,
        "request": {"method": method, "url": "Task" if method == "POST" else url},
        "response": {
            "status": status,
            "etag": f'W/"{resource["meta"]["versionId"]}"',
            "lastModified": resource["meta"]["lastUpdated"],
        },
    }


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


async def test_a_document_of_other_software_is_its_own_one_version(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [STORED])
    read = await client.get("/Task/t1")
    bundle = await history(client, "/Task/t1/_history")
    assert bundle["total"] == 1
    assert bundle["entry"] == [entry(read.json(), "PUT", "200 OK")]
    version = read.json()["meta"]["versionId"]
    assert (await client.get(f"/Task/t1/_history/{version}")).json() == read.json()
    assert (await history(client, "/Task/_history"))["total"] == 0
    assert "entry" not in await history(client, "/_history")


async def test_a_write_over_it_keeps_what_it_found(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [STORED])
    before = (await client.get("/Task/t1")).json()
    await put(client, before, description="ours")
    wanted = [("PUT", "200", "ours"), ("PUT", "200", "stored")]
    for url in ("/Task/t1/_history", "/Task/_history", "/_history"):
        assert shown(await history(client, url)) == wanted
    got = await client.get(f"/Task/t1/_history/{before['meta']['versionId']}")
    assert got.json() == before
    assert got.headers["last-modified"] == "Fri, 16 Jan 2026 09:30:00 GMT"


async def test_a_change_by_other_software_comes_first_as_the_current_version(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [STORED])
    before = (await client.get("/Task/t1")).json()
    ours = (await put(client, before, description="ours")).json()
    await change(empty_store, "t1", {"message": "theirs"})
    wanted = [("PUT", "200", "theirs"), ("PUT", "200", "ours"), ("PUT", "200", "stored")]
    bundle = await history(client, "/Task/t1/_history")
    assert bundle["total"] == 3
    assert shown(bundle) == wanted
    assert bundle["entry"][0] == entry((await client.get("/Task/t1")).json(), "PUT", "200 OK")
    assert bundle["entry"][1] == entry(ours, "PUT", "200 OK")
    assert shown(await history(client, "/Task/_history")) == wanted[1:]
    one = await history(client, "/Task/t1/_history?_count=1")
    assert (shown(one), one["total"]) == (wanted[:1], 3)


async def test_other_software_may_go_back_to_an_earlier_state(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    first = await create(client, TASK)
    key = (await empty_store.find("work_queue", {}, limit=1))[0]
    second = (await put(client, first, description="two")).json()
    (now,) = await empty_store.find("work_queue", {}, limit=1)
    assert await empty_store.replace("work_queue", now, decode(key))
    bundle = await history(client, f"/Task/{first['id']}/_history")
    assert [each["resource"] for each in bundle["entry"]] == [first, second, first]
    assert shown(bundle)[0][:2] == ("PUT", "200")
    assert bundle["total"] == 3


@pytest.mark.parametrize(
    ("fields", "removed", "when"),
    [
        ({"updated": "2027-03-01T10:00:00Z"}, (), "2027-03-01T10:00:00.000Z"),
        ({"updatedAt": "2027-03-02"}, ("updated",), None),
        ({}, ("updated", "created"), None),
    ],
)
async def test_a_mark_by_other_software_is_a_deletion(
    client: httpx.AsyncClient,
    empty_store: Store,
    fields: Json,
    removed: tuple[str, ...],
    when: str | None,
) -> None:
    await put(client, TASK, id="mine")
    await change(empty_store, "mine", {"is_deleted": True, **fields}, *removed)
    bundle = await history(client, "/Task/mine/_history")
    assert shown(bundle) == [("DELETE", "204", None), ("PUT", "201", "one")]
    assert bundle["total"] == 2
    response = bundle["entry"][0]["response"]
    assert response.get("lastModified") == when
    version = response["etag"][3:-1]
    assert (await client.get(f"/Task/mine/_history/{version}")).status_code == 410
    again = await put(client, TASK, id="mine", description="again")
    assert again.status_code == 201
    wanted = [("PUT", "201", "again"), ("DELETE", "204", None), ("PUT", "201", "one")]
    for url in ("/Task/mine/_history", "/Task/_history"):
        assert shown(await history(client, url)) == wanted


async def test_a_deletion_that_other_software_touches_is_still_one(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await put(client, TASK, id="mine")
    await client.delete("/Task/mine")
    await change(empty_store, "mine", {"is_archived": True})
    wanted = [("DELETE", "204", None), ("PUT", "201", "one")]
    assert shown(await history(client, "/Task/mine/_history")) == wanted


async def test_a_document_deleted_by_others_and_never_written_here(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [{**STORED, "is_deleted": True}])
    bundle = await history(client, "/Task/t1/_history")
    assert bundle["total"] == 1
    (only,) = bundle["entry"]
    assert only["request"] == {"method": "DELETE", "url": "Task/t1"}
    assert only["response"]["lastModified"] == "2026-01-16T09:30:00.678Z"
    assert "resource" not in only


async def test_an_unservable_document_is_refused_as_a_read_refuses_it(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [{**STORED, "status": "Parked"}])
    read = await client.get("/Task/t1")
    assert read.status_code == 404
    got = await client.get("/Task/t1/_history")
    assert (got.status_code, got.json()) == (404, read.json())


async def test_what_became_unservable_keeps_its_history(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    made = (await put(client, TASK, id="mine")).json()
    await change(empty_store, "mine", {"status": "Parked"})
    assert (await client.get("/Task/mine")).status_code == 404
    assert shown(await history(client, "/Task/mine/_history")) == [("PUT", "201", "one")]
    version = made["meta"]["versionId"]
    assert (await client.get(f"/Task/mine/_history/{version}")).json() == made


async def test_a_document_without_its_entry_appears_once(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    """A crash between the two writes, on a server without transactions."""
    await empty_store.insert("work_queue", [STORED])
    first = (await put(client, TASK, id="t1", description="two")).json()
    await change(empty_store, "t1", {"message": "three", "updated": datetime.now()})  # noqa: DTZ005
    bundle = await history(client, "/Task/t1/_history")
    assert [each[2] for each in shown(bundle)] == ["three", "two", "stored"]
    await put(client, first, description="four")
    bundle = await history(client, "/Task/t1/_history")
    assert sorted(each[2] or "" for each in shown(bundle)) == ["four", "stored", "three", "two"]


async def test_an_unservable_version_is_refused_as_a_read_refuses_it(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [{**STORED, "status": "Parked"}])
    registry = build_registry(settings())
    (task,) = registry.type("Task").sources
    (raw,) = await empty_store.get("work_queue", ["t1"])
    got = await client.get(f"/Task/t1/_history/{version_of(raw, task.salt)}")
    assert (got.status_code, got.json()) == (404, (await client.get("/Task/t1")).json())


async def test_what_was_removed_outright_keeps_its_history(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    kept = Version("Task", "away", "v1", datetime(2026, 1, 16), "POST", b"{}")  # noqa: DTZ001
    body = json.dumps({**TASK, "id": "away", "meta": {"versionId": "v1"}}).encode()
    await empty_store.insert(HISTORY, [replace(kept, body=body).document()])
    assert (await client.get("/Task/away")).status_code == 404
    assert shown(await history(client, "/Task/away/_history")) == [("POST", "201", "one")]
    assert (await client.get("/Task/away/_history/v1")).json() == json.loads(body)


async def test_a_hidden_task_is_read_by_version_too(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    await empty_store.insert("work_queue", [{**STORED, "is_hidden": True}])
    read = (await client.get("/Task/t1")).json()
    got = await client.get(f"/Task/t1/_history/{read['meta']['versionId']}")
    assert got.json() == read


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
