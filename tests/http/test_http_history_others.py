"""The history of a resource that other software made, changed, marked or removed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import httpx
import pytest

from fhir_facade.interactions.versions import Version
from fhir_facade.rules.registry import HISTORY
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.histories import STORED, TASK, change, create, entry, history, put, shown
from tests.http.serving import Json, serving


@pytest.fixture
async def client(empty_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(empty_store, update_create=True) as client:
        yield client


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


async def test_what_was_removed_outright_keeps_its_history(
    client: httpx.AsyncClient, empty_store: Store
) -> None:
    kept = Version("Task", "away", "v1", datetime(2026, 1, 16), "POST", b"{}")  # noqa: DTZ001
    body = json.dumps({**TASK, "id": "away", "meta": {"versionId": "v1"}}).encode()
    await empty_store.insert(HISTORY, [replace(kept, body=body).document()])
    assert (await client.get("/Task/away")).status_code == 404
    assert shown(await history(client, "/Task/away/_history")) == [("POST", "201", "one")]
    assert (await client.get("/Task/away/_history/v1")).json() == json.loads(body)
