"""What is too much of anything: each limit's status and sentence."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from fhir_facade.http import bodies
from fhir_facade.main import create_app
from fhir_facade.rules.json_text import MAX_DEPTH
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.hardening.conftest import NEW_TASK
from tests.http.serving import error, serving, settings, started, the_issue


@pytest.fixture
async def client(small_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    limits = {"max_headers": 1024, "max_url": 256, "max_body": 1024, "max_entries": 2}
    async with serving(small_store, **limits) as asking:
        yield asking


@pytest.mark.parametrize(
    "headers",
    [{"X-Long": "x" * 1024}, {f"X-{number}": "y" * 10 for number in range(60)}],
)
@pytest.mark.parametrize("target", ["Task/t1", "metadata", "nothing/at/all"])
async def test_headers(client: httpx.AsyncClient, headers: dict[str, str], target: str) -> None:
    response = await client.get(f"/{target}", headers=headers)
    assert response.status_code == 431
    assert response.json() == error(
        "too-long", "The headers of the request are longer than 1024 bytes."
    )


async def test_headers_up_to_the_limit(client: httpx.AsyncClient) -> None:
    response = await client.get("/Task/t1")
    sent = sum(len(name) + len(value) + 4 for name, value in response.request.headers.raw)
    room = 1024 - sent - len("x-long") - 4
    for size, status in ((room, 200), (room + 1, 431)):
        asked = await client.get("/Task/t1", headers={"X-Long": "x" * size})
        assert asked.status_code == status


async def test_url(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/Task?status={'x' * 256}")
    assert response.status_code == 414
    assert response.json() == error(
        "too-long", "The URL is longer than 256 bytes; POST the search to _search instead."
    )


async def _in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(
    ("method", "target", "kind"),
    [
        ("POST", "Task", "application/fhir+json"),
        ("PUT", "Task/t1", "application/fhir+json"),
        ("PATCH", "Task/t1", "application/json-patch+json"),
        ("POST", "", "application/fhir+json"),
        ("POST", "Task/_search", "application/x-www-form-urlencoded"),
        ("POST", "Task/$validate", "application/fhir+json"),
    ],
)
async def test_body(
    client: httpx.AsyncClient, method: str, target: str, kind: str, is_chunked: bool
) -> None:
    content = _in_pieces(1100) if is_chunked else b"x" * 1100
    headers = {"Content-Type": kind}
    response = await client.request(method, f"/{target}", content=content, headers=headers)
    assert ("transfer-encoding" in response.request.headers) == is_chunked
    assert response.status_code == 413
    assert response.json() == error("too-long", "The request body is longer than 1024 bytes.")


async def test_an_endless_body_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 100
            yield b"x" * 100

    body = endless()
    request = client.build_request("POST", "/Task", content=body)
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/fhir/Task",
        "raw_path": b"/fhir/Task",
        "query_string": b"",
        "headers": request.headers.raw,
        "client": ("127.0.0.1", 5),
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": await anext(body), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    app: Any = client._transport.app  # type: ignore[attr-defined]
    await app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert taken == 1100


@pytest.mark.parametrize("target", ["Task", "", "Task/$validate"])
async def test_depth(small_store: Store, target: str) -> None:
    body = b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1)
    async with serving(small_store) as client:
        response = await client.post(f"/{target}", content=body)
        deeper = await client.post(f"/{target}", content=b"[" * 500_000)
    assert (response.status_code, deeper.status_code) == (400, 400)
    assert the_issue(response) == {
        "severity": "fatal",
        "code": "structure",
        "diagnostics": "The body has too many levels.",
    }
    assert "levels" in the_issue(deeper)["diagnostics"]


async def test_entries(client: httpx.AsyncClient) -> None:
    entry = {"request": {"method": "GET", "url": "Task/t1"}}
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry] * 3}
    response = await client.post("", json=bundle)
    assert response.status_code == 413
    assert the_issue(response)["code"] == "too-long"
    bundle["entry"] = [entry] * 2
    assert (await client.post("", json=bundle)).status_code == 200


@pytest.mark.parametrize("name", ["_include", "_revinclude", "_include:iterate"])
async def test_includes(small_store: Store, name: str) -> None:
    async with serving(small_store) as client:
        values = [f"Task:focus:{'X' * number}" for number in range(1, 22)]
        response = await client.get("/Task", params=[(name, value) for value in values])
        assert response.status_code == 400
        assert response.json() == error("invalid", "A search takes up to 20 includes.")


async def test_chains(small_store: Store) -> None:
    step = "_has:Task:focus:focus."
    async with serving(small_store) as client:
        assert (await client.get(f"/EpisodeOfCare?{step * 2}status=active")).status_code == 200
        response = await client.get(f"/EpisodeOfCare?{step * 3}status=active")
    assert response.status_code == 400
    assert response.json() == error("invalid", "A chain has up to 4 steps.")


async def _for_ever() -> None:
    """Stay until cancelled, with the time that the event loop sees put on by more than a minute."""
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + 61  # type: ignore[method-assign]
    await asyncio.Event().wait()


class Slow:
    """A store that never gets done with what one of its methods was asked."""

    def __init__(self, store: Store, slow: str) -> None:
        self._store, self._slow = store, slow
        self.cancelled = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def get(self, collection: str, ids: Sequence[Any]) -> list[bytes]:
        found = await self._store.get(collection, ids)
        await self._stay("get")
        return found

    async def insert(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[tuple[int, str]]:
        found = await self._store.insert(collection, documents)
        await self._stay(collection)
        return found

    async def replace(self, collection: str, old: bytes, new: Mapping[str, Any]) -> bool:
        found = await self._store.replace(collection, old, new)
        await self._stay("replace")
        return found

    async def _stay(self, name: str) -> None:
        if name == self._slow:
            try:
                await _for_ever()
            finally:
                self.cancelled += 1


@asynccontextmanager
async def _slowly(store: Store, slow: str) -> AsyncIterator[tuple[httpx.AsyncClient, Slow]]:
    slowed = Slow(store, slow)
    app = create_app(settings(), slowed)  # type: ignore[arg-type]
    async with started(app) as client:
        yield client, slowed


async def _everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    names = ("work_queue", "patient_case", "fhir_history", "fhir_provenance")
    return {
        name: [decode(data) async for batch in store.scan(name) for data in batch] for name in names
    }


LATE = error("timeout", "The request took longer than 60.0 seconds; ask for less at once.")


async def test_time(small_store: Store) -> None:
    async with _slowly(small_store, "get") as (client, slowed):
        response = await client.get("/Task/t1")
        assert response.status_code == 503
        assert response.json() == LATE
        assert slowed.cancelled == 1
        assert (await client.get("/metadata")).status_code == 200


@pytest.mark.parametrize(
    ("kind", "slow"),
    [
        *(("create", "work_queue"), ("create", "fhir_history")),
        *(("update", "replace"), ("update", "fhir_history")),
        *(("transaction", "work_queue"), ("transaction", "replace")),
        ("transaction", "fhir_history"),
    ],
)
async def test_a_write_that_takes_too_long_is_not_made(
    small_store: Store, kind: str, slow: str
) -> None:
    before = await _everything(small_store)
    changed = {**NEW_TASK, "id": "t1"}
    entries = [
        {"resource": NEW_TASK, "request": {"method": "POST", "url": "Task"}},
        {"resource": changed, "request": {"method": "PUT", "url": "Task/t1"}},
    ]
    async with _slowly(small_store, slow) as (client, slowed):
        if kind == "create":
            response = await client.post("/Task", json=NEW_TASK)
        elif kind == "update":
            response = await client.put("/Task/t1", json=changed)
        else:
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            response = await client.post("", json=bundle)
    assert slowed.cancelled == 1
    assert response.status_code == 503
    assert response.json() == LATE
    assert await _everything(small_store) == before


async def test_a_batch_gives_way_at_each_entry(small_store: Store) -> None:
    """Reading from the embedded store gives way nowhere: the deadline would not be looked at."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    entries = [{"request": {"method": "GET", "url": "Task?description:contains=a"}}] * 100
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    async with serving(small_store) as client:
        counting = asyncio.create_task(count())
        assert len((await client.post("", json=bundle)).json()["entry"]) == 100
        counting.cancel()
    assert turns >= len(entries) - 1


async def test_a_body_that_does_not_come_is_not_waited_for(small_store: Store) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await _for_ever()

    async with serving(small_store) as client:
        response = await client.post("/Task", content=stuck())
    assert response.status_code == 503
    assert response.json() == LATE


@pytest.mark.parametrize(("method", "target"), [("POST", "Task"), ("PATCH", "Task/t1")])
async def test_others_are_answered_while_a_large_body_is_read(
    small_store: Store, monkeypatch: pytest.MonkeyPatch, method: str, target: str
) -> None:
    begun, answered = threading.Event(), threading.Event()
    reads = bodies.read_json

    def read_after_that(body: bytes) -> Any:
        begun.set()
        assert answered.wait(10), "nobody was answered meanwhile"
        return reads(body)

    monkeypatch.setattr(bodies, "read_json", read_after_that)
    async with serving(small_store) as client:
        large = asyncio.create_task(client.request(method, f"/{target}", content=b" " * 300_000))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        assert (await client.get("/Task/t1")).status_code == 200
        answered.set()
        response = await large
    assert response.status_code == 400
    assert the_issue(response)["code"] == "structure"
