"""Writers at once, in one process and on two applications over one store: nothing is lost.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from fhir_facade.store.codec import decode
from tests import mongo_server
from tests.http.serving import matches, serving
from tests.interactions.validity import problems
from tests.writes_hard.crowd import Crowd, all_at_once, crowd, statuses, until_done
from tests.writes_hard.kit import (
    JSON_PATCH,
    MERGE_PATCH,
    Json,
    communication,
    counted,
    counting,
    document,
    etag,
    flag,
    made,
    send,
    task,
    url_of,
)
from tests.writes_hard.one_at_a_time import one_at_a_time


@pytest.fixture(params=["sqlite", "mongo"])
async def writers(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Crowd]:
    """Two applications on one store of each kind."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'store.db'}"
        if request.param == "mongo":
            url = request.getfixturevalue("mongo_database")
            if mongo_server.is_ferretdb(request.getfixturevalue("mongo_url")):
                url = stack.enter_context(one_at_a_time(url))
        async with crowd(url) as found:
            yield found


async def _increment(client: httpx.AsyncClient, url: str) -> None:
    async def write() -> httpx.Response:
        read = await client.get(url)
        one = read.json()
        one["extension"] = counting(counted(one) + 1)
        return await send(client, "PUT", url, one, {"If-Match": read.headers["etag"]})

    await until_done(write)


@pytest.mark.parametrize("clients", [1, 2], ids=["one app", "two apps"])
async def test_a_counter_is_exact(writers: Crowd, clients: int) -> None:
    one = await made(writers.first, task(extension=counting(0)))
    await all_at_once(
        writers.many, lambda number: _increment(writers.of(number % clients), url_of(one))
    )
    assert counted((await writers.first.get(url_of(one))).json()) == writers.many
    history = [
        decode(each)
        async for batch in writers.beside.scan("fhir_history", {"id": {"$eq": one["id"]}})
        for each in batch
    ]
    assert len(history) == writers.many + 1
    assert len({each["version"] for each in history}) == writers.many + 1
    assert len({each["at"] for each in history}) == writers.many + 1


async def test_a_counter_in_a_stored_field(writers: Crowd) -> None:
    one = await made(writers.first, task(description="0"))

    async def increment(number: int) -> None:
        client = writers.of(number)

        async def write() -> httpx.Response:
            read = await client.get(url_of(one))
            change = {"description": str(int(read.json()["description"]) + 1)}
            header = {"If-Match": read.headers["etag"]}
            return await send(client, "PATCH", url_of(one), change, header, MERGE_PATCH)

        await until_done(write)

    await all_at_once(32, increment)
    assert (await writers.first.get(url_of(one))).json()["description"] == "32"


async def test_patches_of_different_elements_are_all_there(writers: Crowd) -> None:
    one = await made(writers.first, task(note=[{"text": f"{each}"} for each in range(32)]))

    async def patch(number: int) -> httpx.Response:
        change = [{"op": "replace", "path": f"/note/{number}/text", "value": f"by {number}"}]
        client = writers.of(number)
        return await until_done(lambda: send(client, "PATCH", url_of(one), change, kind=JSON_PATCH))

    assert statuses(await all_at_once(32, patch)) == {200: 32}
    found = (await writers.first.get(url_of(one))).json()
    assert [each["text"] for each in found["note"]] == [f"by {each}" for each in range(32)]


async def test_puts_without_precondition_leave_one_of_them_whole(writers: Crowd) -> None:
    one = await made(writers.first, task())

    async def put(number: int) -> httpx.Response:
        body = task(id=one["id"], description=f"{number}", extension=counting(number))
        return await until_done(lambda: send(writers.of(number), "PUT", url_of(one), body))

    responses = await all_at_once(32, put)
    found = (await writers.first.get(url_of(one))).json()
    assert found["description"] == str(counted(found))
    tags = [each.headers["etag"] for each in responses]
    assert len(set(tags)) == 32
    assert etag(found) in tags


@pytest.mark.parametrize("query", ["identifier=urn:sys|1", "patient=M9&status=ready"])
async def test_one_of_many_conditional_creates(writers: Crowd, query: str) -> None:
    body = task(
        identifier=[{"system": "urn:sys", "value": "1"}], **{"for": {"reference": "Patient/M9"}}
    )

    async def create(number: int) -> httpx.Response:
        header = {"If-None-Exist": query}
        return await send(writers.of(number), "POST", "/Task", body, header)

    responses = await all_at_once(24, create)
    assert statuses(responses) == {200: 23, 201: 1}
    assert len({each.content for each in responses}) == 1
    assert await writers.beside.count("work_queue", {}) == 1


async def test_one_of_many_conditional_updates_creates(writers: Crowd) -> None:
    async def update(number: int) -> httpx.Response:
        body = task(description=f"{number}")
        return await until_done(lambda: send(writers.of(number), "PUT", "/Task?patient=M1", body))

    responses = await all_at_once(16, update)
    assert statuses(responses) == {200: 15, 201: 1}
    assert len({each.json()["id"] for each in responses}) == 1


async def test_one_of_many_active_flags(writers: Crowd) -> None:
    async def create(number: int) -> httpx.Response:
        return await send(writers.of(number), "POST", "/Flag", flag())

    responses = await all_at_once(24, create)
    assert statuses(responses) == {201: 1, 409: 23}
    for each in responses:
        if each.status_code == 409:
            issue = each.json()["issue"][0]
            assert (issue["code"], issue["expression"]) == ("duplicate", ["Flag.code"])
            assert problems(each.json()) == []
    assert await writers.beside.count("work_queue", {}) == 1


async def test_flags_of_others_are_not_held_up(writers: Crowd) -> None:
    async def create(number: int) -> httpx.Response:
        body = flag(f"flag {number % 4}", f"M{number // 4}")
        return await send(writers.of(number), "POST", "/Flag", body)

    assert statuses(await all_at_once(24, create)) == {201: 24}


async def test_flags_made_active_at_once(writers: Crowd) -> None:
    flags = [await made(writers.first, flag(status="inactive")) for _ in range(8)]

    async def activate(number: int) -> httpx.Response:
        url = url_of(flags[number])
        change = {"status": "active"}
        return await send(writers.of(number), "PATCH", url, change, kind=MERGE_PATCH)

    assert statuses(await all_at_once(8, activate)) == {200: 1, 409: 7}
    active = matches((await writers.first.get("/Flag?patient=M1&status=active")).json())
    assert len(active) == 1


async def test_deletes_and_puts_at_once(writers: Crowd) -> None:
    one = await made(writers.first, task())

    async def write(number: int) -> httpx.Response:
        client = writers.of(number)
        if number % 2:
            return await until_done(lambda: client.delete(url_of(one)))
        body = task(id=one["id"], description=f"{number}")
        return await until_done(lambda: send(client, "PUT", url_of(one), body))

    found = statuses(await all_at_once(20, write))
    assert sum(found.values()) == 20
    assert set(found) <= {200, 201, 204}
    last = await writers.first.get(url_of(one))
    assert last.status_code in (200, 410)
    history = [
        decode(each)
        async for batch in writers.beside.scan("fhir_history", {"id": {"$eq": one["id"]}})
        for each in batch
    ]
    newest = max(history, key=lambda each: each["at"])
    assert ("body" in newest) == (last.status_code == 200)


async def test_one_of_many_puts_creates(writers: Crowd) -> None:
    async with serving(writers.beside, update_create=True) as client:

        async def put(number: int) -> httpx.Response:
            return await send(client, "PUT", "/Task/t1", task(id="t1", description=f"{number}"))

        found = statuses(await all_at_once(16, put))
    assert found[201] == 1
    assert set(found) <= {200, 201, 409}


async def test_documents_of_one_parent_are_all_there(writers: Crowd) -> None:
    parent = await made(writers.first, communication())

    async def create(number: int) -> Json:
        body = document(parent["id"], description=f"{number}")
        client = writers.of(number)
        response = await until_done(lambda: send(client, "POST", "/DocumentReference", body))
        assert response.status_code == 201
        return dict(response.json())

    created = await all_at_once(16, create)
    assert len({each["id"] for each in created}) == 16
    page = (await writers.first.get("/DocumentReference?patient=M1&_count=100")).json()
    assert sorted(each["id"] for each in matches(page)) == sorted(each["id"] for each in created)
    for each in created:
        assert (await writers.first.get(url_of(each))).json()["description"] == each["description"]
    payload = (await writers.first.get(url_of(parent))).json()["payload"]
    assert len(payload) == 16


async def test_a_write_that_is_given_up_leaves_the_next_alone(writers: Crowd) -> None:
    """Clients that go away in the middle hold nothing up and leave nothing half done."""
    one = await made(writers.first, task(extension=counting(0)))
    waiting = [
        asyncio.ensure_future(_increment(writers.of(each), url_of(one))) for each in range(16)
    ]
    await asyncio.sleep(0.05)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(10):
        await _increment(writers.first, url_of(one))
    found = await writers.first.get(url_of(one))
    versions = [
        decode(each)
        async for batch in writers.beside.scan("fhir_history", {"id": {"$eq": one["id"]}})
        for each in batch
    ]
    assert max(versions, key=lambda each: each["at"])["body"] == found.text
    assert len(versions) == counted(found.json()) + 1
