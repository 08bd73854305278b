"""Other software writes to the same documents, and writers that died hold nobody up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson import ObjectId

from fhir_facade.interactions.conditional import Criteria
from fhir_facade.interactions.leases import CLASH, LEASES, slot
from fhir_facade.main import build_registry
from fhir_facade.search.options import SearchOptions
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests import mongo_server
from tests.http.serving import matches, settings
from tests.writes_hard.crowd import Crowd, all_at_once, crowd, statuses, until_done
from tests.writes_hard.kit import (
    MERGE_PATCH,
    communication,
    document,
    flag,
    made,
    send,
    task,
    url_of,
)
from tests.writes_hard.one_at_a_time import one_at_a_time


@pytest.fixture(params=["sqlite", "mongo"])
async def shared(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Crowd]:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'store.db'}"
        if request.param == "mongo":
            url = request.getfixturevalue("mongo_database")
            if mongo_server.is_ferretdb(request.getfixturevalue("mongo_url")):
                url = stack.enter_context(one_at_a_time(url))
        async with crowd(url) as found:
            yield found


async def _add(store: Store, id: Any, name: str) -> None:
    """Count in a field as other software does: in one step that nobody gets between."""
    while True:
        (raw,) = await store.get("work_queue", [id])
        found = decode(raw)
        if await store.replace("work_queue", raw, {**found, name: found[name] + 1}):
            return
        await asyncio.sleep(0.002)


async def test_their_fields_and_ours_are_both_kept(shared: Crowd) -> None:
    one = await made(shared.first, task(note=[{"text": f"{each}"} for each in range(12)]))
    id = ObjectId(one["id"])
    (raw,) = await shared.beside.get("work_queue", [id])
    assert await shared.beside.replace("work_queue", raw, {**decode(raw), "theirs": 0, "deep": {}})

    async def write(number: int) -> httpx.Response | None:
        if number % 2:
            for _ in range(3):
                await _add(shared.beside, id, "theirs")
            return None
        change = [{"op": "replace", "path": f"/note/{number // 2}/text", "value": "ours"}]
        client = shared.of(number // 2)
        return await until_done(
            lambda: send(client, "PATCH", url_of(one), change, kind="application/json")
        )

    await all_at_once(24, write)
    (raw,) = await shared.beside.get("work_queue", [id])
    assert (decode(raw)["theirs"], decode(raw)["deep"]) == (36, {})
    found = (await shared.first.get(url_of(one))).json()
    assert [each["text"] for each in found["note"]] == ["ours"] * 12


async def test_other_software_changes_the_parent_of_documents(shared: Crowd) -> None:
    parent = await made(shared.first, communication())
    id = ObjectId(parent["id"])
    (raw,) = await shared.beside.get("work_queue", [id])
    assert await shared.beside.replace("work_queue", raw, {**decode(raw), "theirs": 0})

    async def write(number: int) -> httpx.Response | None:
        if number % 2:
            for _ in range(3):
                await _add(shared.beside, id, "theirs")
            return None
        body = document(parent["id"], description=f"{number}")
        client = shared.of(number // 2)
        return await until_done(lambda: send(client, "POST", "/DocumentReference", body))

    await all_at_once(20, write)
    (raw,) = await shared.beside.get("work_queue", [id])
    assert decode(raw)["theirs"] == 30
    described = sorted(each["description"] for each in decode(raw)["documents"])
    assert described == sorted(f"{each}" for each in range(0, 20, 2))


async def test_their_change_beats_a_stale_put(shared: Crowd) -> None:
    one = await made(shared.first, task())
    id = ObjectId(one["id"])
    tag = (await shared.of(1).get(url_of(one))).headers["etag"]
    (raw,) = await shared.beside.get("work_queue", [id])
    assert await shared.beside.replace("work_queue", raw, {**decode(raw), "message": "Theirs"})
    response = await send(shared.of(1), "PUT", url_of(one), one, {"If-Match": tag})
    assert response.status_code == 412
    response = await send(
        shared.first, "PATCH", url_of(one), {"priority": "asap"}, kind=MERGE_PATCH
    )
    assert (response.status_code, response.json()["description"]) == (200, "Theirs")
    versions = [
        decode(each)
        async for batch in shared.beside.scan("fhir_history", {"id": {"$eq": one["id"]}})
        for each in batch
    ]
    methods = [each.get("method") for each in sorted(versions, key=lambda each: each["at"])]
    assert methods == ["POST", None, "PATCH"]


async def _hold(store: Store, text: str, seconds: float) -> None:
    """Leave the lease of a text as a process leaves it that died with it."""
    until = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
    lease = {"_id": slot(text), "holder": "nobody", "until": until}
    assert not await store.insert(LEASES, [lease])


async def test_the_lease_of_a_process_that_died_ends(shared: Crowd) -> None:
    started = time.monotonic()
    await _hold(shared.beside, f"{CLASH}flag M1 fall-risk", 0.5)
    responses = await all_at_once(
        4, lambda number: send(shared.of(number), "POST", "/Flag", flag()), seconds=10
    )
    assert statuses(responses) == {201: 1, 409: 3}
    assert time.monotonic() - started > 0.4


async def test_a_writer_that_is_cancelled_gives_its_lease_back(shared: Crowd) -> None:
    """As at the end of a server: whoever comes next does not wait for the lease to end."""
    for moment in range(40):
        names = [f"flag {moment}"] * 6
        writing = [
            asyncio.ensure_future(send(shared.of(number), "POST", "/Flag", flag(name)))
            for number, name in enumerate(names)
        ]
        await asyncio.sleep(0.001 * (moment % 20))
        for each in writing:
            each.cancel()
        await asyncio.gather(*writing, return_exceptions=True)
    await asyncio.sleep(0.2)
    leases = [decode(each) async for batch in shared.beside.scan(LEASES) for each in batch]
    assert [each for each in leases if each.get("holder")] == []


async def test_a_lease_is_of_nobody_else(shared: Crowd) -> None:
    await _hold(shared.beside, f"{CLASH}flag M1 fall-risk", 60)
    async with asyncio.timeout(5):
        assert (await send(shared.first, "POST", "/Flag", flag("other"))).status_code == 201
        inactive = flag(status="inactive")
        assert (await send(shared.first, "POST", "/Flag", inactive)).status_code == 201


def _criteria_in(wanted: str) -> str:
    """Criteria of flags whose lease has the number of the lease of a text."""
    registry = build_registry(settings())
    options = SearchOptions(registry, "http://fhir.test/fhir")
    number_of_it = slot(wanted).rpartition("-")[2]
    for number in range(1_000_000):
        asked = Criteria(registry.types["Flag"], [("patient", f"Q{number}")], options)
        if slot(asked.key).rpartition("-")[2] == number_of_it:
            return f"patient=Q{number}"
    raise AssertionError("no criteria share that lease")


async def test_two_leases_of_one_number(shared: Crowd) -> None:
    """A conditional create of a flag holds a lease for its criteria and one for its name."""
    header = {"If-None-Exist": _criteria_in(f"{CLASH}flag M1 fall-risk")}
    async with asyncio.timeout(5):
        response = await send(shared.first, "POST", "/Flag", flag(), header)
    assert response.status_code == 201


async def test_leases_that_two_want_in_the_other_order(shared: Crowd) -> None:
    names = ["fall-risk", "diabetes"]
    asked = [_criteria_in(f"{CLASH}flag M1 {name}") for name in reversed(names)]

    async def create(number: int) -> httpx.Response:
        header = {"If-None-Exist": asked[number]}
        return await send(shared.of(number), "POST", "/Flag", flag(names[number]), header)

    for _ in range(5):
        assert statuses(await all_at_once(2, create, seconds=5)) == {201: 2}
        for one in matches((await shared.first.get("/Flag?patient=M1")).json()):
            assert (await shared.first.delete(url_of(one))).status_code == 204
