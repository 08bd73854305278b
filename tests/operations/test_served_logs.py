"""A real server at its most talkative setting: what it writes is JSON, and holds no data."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.log_watch import leaks

_UVICORN = ("-m", "uvicorn", "--factory", "fhir_facade.main:application", "--no-access-log")
_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJGaWN0aXZpbyJ9.c2lnbmF0dXJl"


@contextmanager
def _running(store: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    environment = {
        **os.environ,
        "FHIR_FACADE_STORE": f"sqlite:///{store}",
        "FHIR_FACADE_LOG_FORMAT": "json",
        "FHIR_FACADE_LOG_LEVEL": "debug",
        "FHIR_FACADE_AUDIT": "record",
    }
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as written:
        port, number = listener.getsockname()[1], str(listener.fileno())
        process = subprocess.Popen(
            [sys.executable, *_UVICORN, "--fd", number, "--log-level", "debug"],
            pass_fds=[listener.fileno()],
            stderr=written,
            stdout=written,
            env=environment,
        )
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            try:
                yield process, client
            finally:
                process.kill()
                process.wait()


def _until_ready(process: subprocess.Popen[bytes], client: httpx.Client) -> None:
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        if client.get("/health/ready").status_code == 200:
            return
        time.sleep(0.05)
    raise AssertionError("the server is not ready")


def test_a_server_writes_no_data(clean_file: Path, tmp_path: Path) -> None:
    store, log = tmp_path / "store.db", tmp_path / "log"
    shutil.copy(clean_file, store)
    with _running(store, log) as (process, client):
        _until_ready(process, client)
        tasks = client.get("/fhir/Task?_count=50").json()["entry"]
        name = "Amara Sampleton"
        for entry in tasks[:10]:
            assert client.get(entry["fullUrl"]).status_code == 200
        for target in (
            f"/fhir/Task?status={name}",
            f"/fhir/Task/{name}",
            f"/fhir/{name}",
            f"/{name}",
            "/fhir/Communication?_elements=payload",
            "/fhir/Task?_include=*",
        ):
            client.get(target, headers={"Authorization": f"Bearer {_TOKEN}"})
        task = {**tasks[0]["resource"], "description": name, "status": name}
        assert client.put(tasks[0]["fullUrl"], json=task).status_code == 422
        assert client.post("/fhir/Task", content=name.encode()).status_code in (400, 415)
        text = client.get("/metrics").text
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    written = log.read_text()
    lines = [json.loads(line) for line in written.splitlines()]
    assert len(lines) > 15
    known = {"timestamp", "level", "logger", "message", "request", "exception"}
    assert all(set(line) <= known for line in lines)
    requests = [line for line in lines if line["message"].startswith("request ")]
    assert requests
    assert all(line["message"].split(" ")[1].rstrip(":") == line["request"] for line in requests)
    assert leaks(written) == []
    assert name not in written
    assert _TOKEN not in written
    assert leaks(text) == []
