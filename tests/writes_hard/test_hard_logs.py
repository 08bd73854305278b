"""What clients send is health data: it is in no log line, at any level, and in no diagnostics."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import serving
from tests.writes_hard.fuzz import MARKER, Fuzzer
from tests.writes_hard.judged import ask, quoted
from tests.writes_hard.killing import PROGRAM, free_port, wait
from tests.writes_hard.kit import (
    JSON_PATCH,
    MERGE_PATCH,
    communication,
    flag,
    goal,
    made,
    send,
    task,
    url_of,
)
from tests.writes_hard.samples import documents, rich

BROKEN: list[Any] = [
    f'{{"resourceType":"Task","description":"{MARKER}'.encode(),
    f'{{"{MARKER}":1,"{MARKER}":2}}'.encode(),
    f'{{"resourceType":"Task","description":"{MARKER}\x01"}}'.encode(),
    b'{"resourceType":"Task","description":"' + MARKER.encode() + b'\xff"}',
    f'{{"resourceType":"Task","description":{MARKER}}}'.encode(),
    f'"{MARKER}"'.encode(),
    task(status=MARKER),
    task(intent=MARKER, priority=MARKER),
    task(description={"text": MARKER}),
    task(description=[MARKER]),
    task(authoredOn=MARKER),
    task(id=f"{MARKER}/{MARKER}"),
    task(resourceType=MARKER),
    task(**{"for": MARKER}),
    task(owner={"reference": f"Claim/{MARKER}"}),
    task(**{f"{MARKER} with a space": 1}),
    task(extension=[{"url": MARKER}]),
    task(extension=[{"url": MARKER, "valueString": MARKER, "valueInteger": 1}]),
    task(text={"status": "generated", "div": f"<div>{MARKER}<script>{MARKER}</script></div>"}),
    task(contained=[{"resourceType": "Patient", "id": MARKER, "name": MARKER}]),
    task(executionPeriod={"start": "2026-02-01", "end": "2026-01-01", "id": MARKER}),
]


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All log lines of all loggers."""
    caplog.set_level(logging.DEBUG)
    for name in ("fhir_facade", "uvicorn", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def _told(everything: pytest.LogCaptureFixture) -> list[str]:
    """The lines that quote a client, but what the database drivers say at this level."""
    drivers = ("pymongo", "motor", "httpx", "httpcore")
    return quoted([each for each in everything.records if not each.name.startswith(drivers)])


@pytest.mark.parametrize("number", range(len(BROKEN)))
async def test_a_refusal_does_not_quote(
    client: httpx.AsyncClient, everything: pytest.LogCaptureFixture, number: int
) -> None:
    body = BROKEN[number]
    one = await made(client, task())
    for method, url in (("POST", "/Task"), ("PUT", url_of(one))):
        response = await send(client, method, url, body)
        assert response.status_code in (400, 422)
        assert MARKER not in response.text
    assert not _told(everything)


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        (JSON_PATCH, [{"op": "test", "path": "/description", "value": MARKER}]),
        (JSON_PATCH, [{"op": "replace", "path": "/status", "value": MARKER}]),
        (JSON_PATCH, [{"op": MARKER, "path": "/status"}]),
        (JSON_PATCH, [{"op": "add", "path": f"/note/{MARKER} and more", "value": 1}]),
        (JSON_PATCH, MARKER),
        (MERGE_PATCH, {"status": MARKER}),
        (MERGE_PATCH, {"resourceType": MARKER}),
        (MERGE_PATCH, [MARKER]),
        ("application/fhir+json", {"resourceType": "Parameters", "parameter": [{"name": MARKER}]}),
        ("application/fhir+json", {"resourceType": MARKER}),
    ],
    ids=range(10),
)
async def test_a_refused_patch_does_not_quote(
    client: httpx.AsyncClient, everything: pytest.LogCaptureFixture, kind: str, patch: Any
) -> None:
    one = await made(client, task(description=f"{MARKER} before"))
    response = await send(client, "PATCH", url_of(one), patch, kind=kind)
    assert response.status_code in (400, 422)
    assert MARKER not in response.text
    assert not _told(everything)


async def test_what_is_accepted_is_not_logged(
    client: httpx.AsyncClient, everything: pytest.LogCaptureFixture
) -> None:
    one = await made(client, task(description=MARKER, note=[{"text": MARKER}]))
    await made(client, flag(MARKER, MARKER))
    duplicate = await send(client, "POST", "/Flag", flag(MARKER, MARKER))
    assert duplicate.status_code == 409
    assert MARKER not in duplicate.text
    await made(client, communication(payload=[{"contentString": MARKER}]))
    final = await made(client, goal(lifecycleStatus="rejected", description={"text": MARKER}))
    moved = await send(client, "PUT", url_of(final), {**final, "lifecycleStatus": "active"})
    assert moved.status_code == 422
    assert MARKER not in moved.text
    await send(client, "PUT", url_of(one), one, {"If-Match": f'W/"{MARKER}"'})
    await send(client, "POST", "/Task", one, {"If-None-Exist": f"patient={MARKER}"})
    await send(client, "DELETE", f"/Task?patient={MARKER}&identifier={MARKER}|{MARKER}")
    assert (await client.delete(url_of(one))).status_code == 204
    assert not _told(everything)


class _BrokenStore:
    """A store whose every write fails with an error that quotes the document."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def insert(self, collection: str, documents: Any) -> Any:
        raise RuntimeError(f"cannot store {documents!r}")

    async def replace(self, collection: str, old: bytes, new: Any) -> bool:
        raise RuntimeError(f"cannot store {new!r}")


async def test_a_crash_does_not_quote(
    sqlite_store: Store, everything: pytest.LogCaptureFixture
) -> None:
    document = {"_id": "t1", "type": "task", "status": "Ready", "intent": "Order"}
    assert not await sqlite_store.insert("work_queue", [document])
    async with serving(_BrokenStore(sqlite_store)) as client:  # type: ignore[arg-type]
        for method, url in (("POST", "/Task"), ("PUT", "/Task/t1")):
            body = task(id="t1", description=MARKER)
            response = await send(client, method, url, body)
            assert response.status_code == 500
            assert MARKER not in response.text
            assert "RuntimeError" not in response.text
    assert any(each.levelno == logging.ERROR for each in everything.records)
    assert not _told(everything)


@pytest.mark.parametrize("seed", [101, 102])
async def test_fuzzed_requests_are_not_logged(
    client: httpx.AsyncClient, everything: pytest.LogCaptureFixture, seed: int
) -> None:
    parent = await made(client, communication())
    samples = rich() + documents(parent["id"])
    there = [await made(client, each) for each in samples]
    fuzzer = Fuzzer(seed, samples, there)
    for _ in range(150):
        await ask(client, fuzzer.request())
    assert not _told(everything)


@pytest.mark.parametrize("kind", ["sqlite", "mongo"])
def test_a_server_that_logs_all_it_can(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """The database driver has log lines of its own, with whole documents."""
    store = f"sqlite:///{tmp_path / 'store.db'}"
    if kind == "mongo":
        store = request.getfixturevalue("mongo_database")
    port, log = free_port(), tmp_path / "log.txt"
    given = {key: each for key, each in os.environ.items() if not key.startswith("FHIR_FACADE_")}
    given |= {"FHIR_FACADE_STORE": store, "FHIR_FACADE_LOG_LEVEL": "debug"}
    command = [PROGRAM, "serve", "--port", str(port)]
    with (
        log.open("wb") as file,
        subprocess.Popen(command, cwd=tmp_path, env=given, stdout=file, stderr=file) as process,
    ):
        try:
            wait(f"http://127.0.0.1:{port}/health/ready", process, log)
            base = f"http://127.0.0.1:{port}/fhir"
            body = task(description=MARKER)
            headers = {"If-None-Exist": f"identifier=urn:x|{MARKER}"}
            created = httpx.post(f"{base}/Task", json=body, headers=headers)
            assert created.status_code == 201
            url = created.headers["location"].partition("/_history")[0]
            assert httpx.put(url, json=created.json()).status_code == 200
            assert httpx.put(url, json=task(status=MARKER)).status_code in (400, 422)
            assert httpx.get(f"{base}/Task?description={MARKER}").status_code == 200
            assert httpx.delete(f"{base}/Task?description={MARKER}").status_code == 204
            time.sleep(0.1)
        finally:
            process.terminate()
            process.wait(15)
    lines = [line[:200] for line in log.read_text().splitlines() if MARKER in line]
    assert not lines
