"""A conditional write acts on a resource only while it matches."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import Json, serving
from tests.writes_hard.kit import MERGE_PATCH, made, send, task, url_of

ROUNDS = 5


def claim(client: httpx.AsyncClient, name: str) -> Awaitable[httpx.Response]:
    change = {"status": "in-progress", "owner": {"reference": f"Practitioner/{name}"}}
    return send(client, "PATCH", "/Task?status=ready&patient=M1", change, None, MERGE_PATCH)


def claim_by_put(client: httpx.AsyncClient, name: str) -> Awaitable[httpx.Response]:
    body = task(status="in-progress", owner={"reference": f"Practitioner/{name}"})
    return send(client, "PUT", "/Task?status=ready&patient=M1", body)


async def test_one_of_several_claims_is_granted(sqlite_store: Store) -> None:
    async with serving(sqlite_store) as client:
        for _ in range(ROUNDS):
            one = await made(client, task())
            answers = await asyncio.gather(*(claim(client, f"u{each}") for each in range(4)))
            counted = Counter(each.status_code for each in answers)
            assert counted[200] == 1, counted
            assert set(counted) <= {200, 404, 409, 412}
            (won,) = [each.json()["owner"] for each in answers if each.status_code == 200]
            assert (await client.get(url_of(one))).json()["owner"] == won


async def test_one_of_several_conditional_updates_finds_it(sqlite_store: Store) -> None:
    async with serving(sqlite_store) as client:
        for _ in range(ROUNDS):
            one = await made(client, task())
            answers = await asyncio.gather(*(claim_by_put(client, f"u{n}") for n in range(3)))
            updated = [each.json() for each in answers if each.status_code == 200]
            assert [each["id"] for each in updated] == [one["id"]]
            assert (await client.get(url_of(one))).json()["owner"] == updated[0]["owner"]


async def test_a_conditional_delete_beside_a_change(sqlite_store: Store) -> None:
    async with serving(sqlite_store) as client:
        for _ in range(ROUNDS):
            one = await made(client, task(status="draft"))
            change = {"status": "ready"}
            deleted, patched = await asyncio.gather(
                client.delete("/Task?status=draft&patient=M1"),
                send(client, "PATCH", url_of(one), change, None, MERGE_PATCH),
            )
            after = await client.get(url_of(one))
            if patched.status_code == 200:
                assert after.status_code == 200, deleted.status_code
                assert after.json()["status"] == "ready"
            else:
                assert after.status_code == 410
            await client.delete(url_of(one))


class Overtaking:
    """A store in which other software changes each task just before a write of this server."""

    def __init__(self, store: Store, change: Callable[[Json], Json]) -> None:
        self._store, self._change, self.left = store, change, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[None]:
        if self.left:
            self.left -= 1
            async for batch in self._store.scan("work_queue"):
                for raw in batch:
                    changed = self._change(decode(raw))
                    assert await self._store.replace("work_queue", raw, changed)
        async with self._store.unit_of_work():
            yield


WRITES = ["PATCH", "DELETE", "PUT"]


@pytest.mark.parametrize("method", WRITES)
async def test_other_software_is_first(sqlite_store: Store, method: str) -> None:
    store = Overtaking(sqlite_store, lambda each: {**each, "status": "Cancelled"})
    async with serving(store) as client:  # type: ignore[arg-type]
        one = await made(client, task())
        store.left = 1
        if method == "PATCH":
            answer = await claim(client, "u1")
        elif method == "PUT":
            answer = await claim_by_put(client, "u1")
        else:
            answer = await client.delete("/Task?status=ready&patient=M1")
        assert store.left == 0
        assert answer.status_code == {"PATCH": 404, "DELETE": 204, "PUT": 201}[method]
        after = await client.get(url_of(one))
        assert after.status_code == 200
        assert after.json()["status"] == "cancelled"
        assert "owner" not in after.json()


async def test_other_software_changes_something_else(sqlite_store: Store) -> None:
    store = Overtaking(sqlite_store, lambda each: {**each, "message": "theirs"})
    async with serving(store) as client:  # type: ignore[arg-type]
        await made(client, task())
        store.left = 2
        answer = await claim(client, "u1")
        assert answer.status_code == 200, answer.text
        assert answer.json()["description"] == "theirs"
        assert answer.json()["status"] == "in-progress"
