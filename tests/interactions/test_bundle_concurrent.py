"""Many transactions at once, crashes within one, and other software's writes in between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.interactions import bundle as bundle_module
from fhir_facade.interactions.leases import LEASES, Needed, leases, no_waiting, slot
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.store import open_store
from fhir_facade.store.base import Overtaken, Store
from fhir_facade.store.codec import decode
from tests.http.bundles import (
    bundle,
    digest,
    done,
    entry,
    flag,
    named,
    post,
    statuses,
    stored,
    task,
)
from tests.http.serving import Json, serving

WRITERS = 24


def add(text: str) -> Json:
    """A FHIRPath Patch that adds a note."""
    parts: list[Json] = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Task"},
        {"name": "name", "valueString": "note"},
        {"name": "value", "valueAnnotation": {"text": text}},
    ]
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "operation", "part": parts}],
    }


async def test_no_change_of_many_transactions_is_lost(sqlite_store: Store) -> None:
    """Every one changes the same two tasks, in either order."""
    async with serving(sqlite_store) as client:
        tasks = [entry("POST", "Task", task()) for _ in range(2)]
        names = [
            "/".join(each["response"]["location"].split("/")[:2])
            for each in await done(client, bundle("transaction", *tasks))
        ]

        async def write(number: int) -> None:
            order = names if number % 2 else names[::-1]
            patches = [entry("PATCH", name, add(str(number))) for name in order]
            await done(client, bundle("transaction", *patches))

        await asyncio.gather(*map(write, range(WRITERS)))
        for name in names:
            notes = (await client.get(f"/{name}")).json()["note"]
            assert sorted(int(each["text"]) for each in notes) == list(range(WRITERS))
    assert await stored(sqlite_store, "fhir_history") == 2 * (WRITERS + 1)


async def test_one_thing_is_created_once(sqlite_store: Store) -> None:
    """Transactions, batches and single requests take turns at the same criteria."""
    async with serving(sqlite_store) as client:
        one = entry("POST", "Task", task(identifier=named("a")), ifNoneExist="identifier=a")

        async def write(number: int) -> str:
            if number % 3 == 0:
                headers = {"if-none-exist": "identifier=a"}
                alone = await client.post("/Task", json=one["resource"], headers=headers)
                return str(alone.json()["id"])
            type = "batch" if number % 3 == 1 else "transaction"
            (found,) = await done(client, bundle(type, one))
            return str(found["resource"]["id"])

        assert len(set(await asyncio.gather(*map(write, range(WRITERS))))) == 1
    assert await stored(sqlite_store) == 1


async def test_one_flag_is_active(sqlite_store: Store) -> None:
    """The clash is found whoever comes first, and nobody waits in a circle."""
    async with serving(sqlite_store) as client:
        pair = [entry("POST", "Flag", flag(name)) for name in ("asthma", "diabetes")]

        async def write(number: int) -> int:
            if number % 3 == 0:
                return (await client.post("/Flag", json=flag("diabetes"))).status_code
            order = pair if number % 2 else pair[::-1]
            return (await post(client, bundle("transaction", *order))).status_code

        answers = await asyncio.wait_for(asyncio.gather(*map(write, range(WRITERS))), 30)
        assert set(answers) <= {200, 201, 409}
        active = (await client.get("/Flag?status=active&_summary=count")).json()["total"]
    assert active == (2 if 200 in answers else 1)
    async for batch in sqlite_store.scan(LEASES):
        assert not any(decode(raw).get("holder") for raw in batch)


async def test_two_processes_on_one_file(tmp_path: Path) -> None:
    stores = [open_store(f"sqlite:///{tmp_path / 'store.db'}") for _ in range(2)]
    async with serving(stores[0]) as one, serving(stores[1]) as other:
        asked = entry("POST", "Task", task(identifier=named("a")), ifNoneExist="identifier=a")
        bodies = [bundle("transaction", asked, entry("POST", "Task", task())) for _ in range(16)]
        answers = await asyncio.gather(
            *(done(client, body) for client, body in zip([one, other] * 8, bodies, strict=True))
        )
        assert len({each[0]["resource"]["id"] for each in answers}) == 1
    assert await stored(stores[0]) == 17
    for store in stores:
        await store.close()


async def test_another_writer_is_first(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole is begun again, and the ids of the first attempt are given up with it."""
    tries = []
    make = Writes.make

    async def overtaken(self: Writes, prepared: Any) -> Any:
        result = await make(self, prepared)
        tries.append(result.id)
        if len(tries) in (2, 4):
            raise Overtaken
        return result

    monkeypatch.setattr(Writes, "make", overtaken)
    async with serving(sqlite_store) as client:
        tasks = [entry("POST", "Task", task()) for _ in range(2)]
        entries = await done(client, bundle("transaction", *tasks))
    assert statuses(entries) == ["201 Created"] * 2
    assert len(tries) == 6
    assert await stored(sqlite_store) == await stored(sqlite_store, "fhir_history") == 2


async def test_always_overtaken(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def overtaken(self: Writes, prepared: Any) -> Any:
        raise Overtaken

    monkeypatch.setattr(Writes, "make", overtaken)
    async with serving(sqlite_store) as client:
        response = await post(client, bundle("transaction", entry("POST", "Task", task())))
    assert response.status_code == 409


@pytest.mark.parametrize("place", range(6))
async def test_a_crash_leaves_nothing(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    async with serving(sqlite_store) as client:
        await client.post("/Task", json=task())
        before = await digest(sqlite_store)
        calls = []
        make = Writes.make

        async def crashing(self: Writes, prepared: Any) -> Any:
            calls.append(prepared)
            if len(calls) == place + 1:
                raise RuntimeError("of the test")
            return await make(self, prepared)

        async def last(self: Any) -> None:
            raise RuntimeError("of the test")

        monkeypatch.setattr(Writes, "make", crashing)
        if place == 5:
            monkeypatch.setattr(bundle_module._Attempt, "_refresh", last)
        tasks = [entry("POST", "Task", task()) for _ in range(5)]
        response = await post(client, bundle("transaction", *tasks))
        assert response.status_code == 500
        assert await digest(sqlite_store) == before
        monkeypatch.undo()
        await done(client, bundle("transaction", *tasks))


async def test_a_client_that_goes_away(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is cancelled within the unit of work leaves nothing, and no lease."""
    begun, make = asyncio.Event(), Writes.make

    async def slow(self: Writes, prepared: Any) -> Any:
        result = await make(self, prepared)
        begun.set()
        await asyncio.sleep(60)
        return result

    monkeypatch.setattr(Writes, "make", slow)
    async with serving(sqlite_store) as client:
        before = await digest(sqlite_store)
        one = entry("POST", "Task", task(identifier=named("a")), ifNoneExist="identifier=a")
        request = asyncio.create_task(post(client, bundle("transaction", one)))
        await begun.wait()
        request.cancel()
        assert (await request).status_code == 503
        assert await digest(sqlite_store) == before
        monkeypatch.undo()
        await asyncio.wait_for(done(client, bundle("transaction", one)), 10)


async def test_leases_within_leases(sqlite_store: Store) -> None:
    async with leases(sqlite_store, ["a"]):
        async with leases(sqlite_store, ["a"]):
            pass
        with no_waiting():
            async with leases(sqlite_store, ["a"]):
                pass
            with pytest.raises(Needed) as needed:
                async with leases(sqlite_store, ["a", "b"]):
                    pass
            assert needed.value.texts == ("a", "b")
        (held,) = await sqlite_store.get(LEASES, [slot("a")])
        assert decode(held)["holder"]
    (free,) = await sqlite_store.get(LEASES, [slot("a")])
    assert decode(free)["holder"] is None
