"""A store that is down: 503 with Retry-After, and recovery without a restart."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fhir_facade.main import create_app
from fhir_facade.store import open_store
from tests import mongo_server
from tests.http.conftest import TASK
from tests.http.serving import HOST, serving, settings, started, the_issue

TARGETS = ("Task/t1", "Task", "Case/c1")


async def _all_say_503(client: httpx.AsyncClient) -> None:
    for target in TARGETS:
        response = await client.get(f"/{target}")
        assert response.status_code == 503, target
        assert int(response.headers["retry-after"]) > 0
        assert the_issue(response)["code"] == "transient"
    ready = await client.get(f"{HOST}/health/ready")
    assert ready.status_code == 503
    assert int(ready.headers["retry-after"]) > 0
    assert (await client.get(f"{HOST}/health/live")).status_code == 200
    assert (await client.get("/metadata")).status_code == 200


async def _until_it_answers(client: httpx.AsyncClient) -> httpx.Response:
    for _ in range(100):
        response = await client.get("/Task/t1")
        if response.status_code != 503:
            break
        await asyncio.sleep(0.1)
    return response


def _spoil_table(path: Path) -> Callable[[], None]:
    """Take the documents' table away, as a half-restored file would."""
    with sqlite3.connect(path) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            if "work_queue" in name
        ]
        for name in names:
            connection.execute(f'ALTER TABLE "{name}" RENAME TO "{name} away"')
    connection.close()

    def back() -> None:
        with sqlite3.connect(path) as connection:
            for name in names:
                connection.execute(f'ALTER TABLE "{name} away" RENAME TO "{name}"')
        connection.close()

    return back


async def test_a_sqlite_file_that_is_locked_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}")
    await store.insert("work_queue", [TASK])
    async with serving(store) as asking:
        assert (await asking.get("/Task/t1")).status_code == 200
        back = _spoil_table(path)
        response = await asking.get("/Task/t1")
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert the_issue(response)["code"] == "transient"
        assert str(path) not in response.text
        back()
        assert (await _until_it_answers(asking)).status_code == 200
        assert (await asking.get("/Task")).status_code == 200
    await store.close()


async def test_a_sqlite_file_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}")
    await store.insert("work_queue", [TASK])
    async with serving(store) as asking:
        assert (await asking.get(f"{HOST}/health/ready")).json() == {"status": "ready"}
        kept = tmp_path / "kept.db"
        os.rename(path, kept)
        ready = await asking.get(f"{HOST}/health/ready")
        assert ready.status_code == 503
        assert ready.json() == {"status": "store unavailable"}
        os.rename(kept, path)
        assert (await asking.get(f"{HOST}/health/ready")).status_code == 200
    await store.close()


async def test_a_store_that_was_closed() -> None:
    store = open_store("sqlite:///:memory:")
    async with serving(store) as asking:
        await store.close()
        await _all_say_503(asking)


@pytest.fixture
def program() -> Path:
    if not os.access(mongo_server.PROGRAM, os.X_OK):
        pytest.skip("tools/mongo/mongo is not built")
    return mongo_server.PROGRAM


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _start(program: Path, port: int, folder: Path) -> subprocess.Popen[bytes]:
    command = [str(program), "-port", str(port), "-dir", str(folder), "-watch-stdin"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"listening on ")
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.communicate(timeout=10)


async def test_a_mongodb_that_stops_and_comes_back(program: Path, tmp_path: Path) -> None:
    port = _free_port()
    folder = tmp_path / "data"
    folder.mkdir()
    url = f"mongodb://127.0.0.1:{port}/facade?serverSelectionTimeoutMS=200"
    process = _start(program, port, folder)
    try:
        store = open_store(url)
        assert not await store.insert("work_queue", [TASK])
        async with serving(store) as asking:
            assert (await asking.get("/Task/t1")).status_code == 200
            _stop(process)
            await _all_say_503(asking)
            process = _start(program, port, folder)
            assert (await _until_it_answers(asking)).status_code == 200
            assert (await asking.get("/Task")).json()["total"] == 1
        await store.close()
    finally:
        if process.poll() is None:
            _stop(process)
        shutil.rmtree(folder)


async def test_a_server_starts_while_its_store_is_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"mongodb://127.0.0.1:{_free_port()}/facade?serverSelectionTimeoutMS=100"
    app = create_app(settings(store=url))
    async with started(app) as asking:
        assert "the store does not answer yet" in caplog.text
        await _all_say_503(asking)
