"""The server itself: what it has answered is in the trail, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fhir_facade.audit.entry import ANCHORS
from fhir_facade.audit.report import Report
from fhir_facade.audit.verify import verify
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.audit.kit import Json, all_of
from tests.http.serving import serving
from tests.writes_hard.killing import PROGRAM, free_port, wait


@contextmanager
def process(folder: Path, mode: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a server whose store is in a folder."""
    port = free_port()
    given = {key: each for key, each in os.environ.items() if not key.startswith("FHIR_FACADE_")}
    given |= {"FHIR_FACADE_STORE": "sqlite:///store.db", "FHIR_FACADE_AUDIT": mode}
    log = folder / "log.txt"
    with (
        log.open("ab") as file,
        subprocess.Popen(
            [PROGRAM, "serve", "--port", str(port)], cwd=folder, env=given, stdout=file, stderr=file
        ) as server,
    ):
        try:
            wait(f"http://127.0.0.1:{port}/health/ready", server, log)
            yield f"http://127.0.0.1:{port}/fhir", server
        finally:
            server.kill()


async def ask(base: str, several: int, *, stop: subprocess.Popen[bytes] | None = None) -> set[str]:
    """Ask from 16 clients at once; return the ids of the requests that were answered."""
    answered: set[str] = set()

    async def client(number: int) -> None:
        for turn in range(several // 16):
            id = f"r{number}-{turn}"
            try:
                await session.get(f"{base}/Task/none", headers={"X-Request-Id": id})
            except httpx.TransportError:
                return
            answered.add(id)
            if stop is not None and len(answered) == several // 2:
                stop.kill()

    async with httpx.AsyncClient(verify=False) as session:  # noqa: S501 - there is no TLS
        await asyncio.gather(*map(client, range(16)))
    return answered


async def in_the_end(folder: Path) -> tuple[list[Json], Report]:
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    found = await all_of(store), await verify(store)
    await store.close()
    return found


async def test_a_server_that_is_stopped_has_recorded_everything(tmp_path: Path) -> None:
    with process(tmp_path, "record") as (base, server):
        answered = await ask(base, 320)
        server.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.wait, 20)
    entries, report = await in_the_end(tmp_path)
    assert len(answered) == 320
    assert {each["request"] for each in entries} == answered
    assert (report.findings, report.notes, report.entries) == ([], [], 320)


async def test_of_a_server_that_is_killed_every_answer_is_recorded_where_that_is_required(
    tmp_path: Path,
) -> None:
    with process(tmp_path, "require") as (base, server):
        answered = await ask(base, 640, stop=server)
        await asyncio.to_thread(server.wait, 20)
    entries, report = await in_the_end(tmp_path)
    assert len(answered) >= 320
    assert answered <= {each["request"] for each in entries}
    assert report.findings == []
    (note,) = report.notes
    assert "has no closing anchor" in note


@pytest.mark.parametrize("mode", ["off", "record", "require"])
async def test_the_setting_decides_what_is_recorded(own_store: Store, mode: str) -> None:
    async with serving(own_store, audit=mode) as client:
        for _ in range(3):
            assert (await client.get("Task/none")).status_code == 404
    assert len(await all_of(own_store)) == (0 if mode == "off" else 3)
    assert [each["closing"] for each in await all_of(own_store, ANCHORS)] == [True] * (
        mode != "off"
    )
