"""serve: a process of its own that answers, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from fhir_facade.commands import serve
from tests.commands.conftest import Run

PROGRAM = str(Path(sys.executable).with_name("fhir-facade"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def _served(folder: Path, *arguments: str, **environment: str) -> Iterator[tuple[str, Path]]:
    """Run the server; yield its FHIR base and the file it writes to, and end it by SIGTERM."""
    port = _free_port()
    log = folder / "log.txt"
    command = [PROGRAM, "serve", "--port", str(port), *arguments]
    given = {key: value for key, value in os.environ.items() if not key.startswith("FHIR_FACADE_")}
    given |= {"PYTHONUNBUFFERED": "1", "COLUMNS": "200", **environment}
    with (
        log.open("wb") as file,
        subprocess.Popen(command, cwd=folder, env=given, stdout=file, stderr=file) as process,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/health/ready", process, log)
            yield f"http://127.0.0.1:{port}/fhir", log
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                status = process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert status in (0, -signal.SIGTERM, 128 + signal.SIGTERM), log.read_text()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            pytest.fail(f"it ended: {log.read_text()}", pytrace=False)
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"it does not answer: {log.read_text()}", pytrace=False)


def test_the_demo(tmp_path: Path) -> None:
    with _served(tmp_path, "--demo") as (base, log):
        shown = [line.split("'")[1] for line in log.read_text().splitlines() if "curl '" in line]
        assert len(shown) >= 4
        for url in shown:
            assert url.startswith(f"{base}/")
            response = httpx.get(url)
            assert response.status_code == 200
            assert response.text.startswith("{\n")
            body = response.json()
            assert body["resourceType"] == "CapabilityStatement" or body["entry"]
        case = httpx.get(f"{base}/Case?patient=M100001").json()
        found = httpx.get(case["entry"][0]["fullUrl"])
        assert found.json() == case["entry"][0]["resource"]
        assert "server" not in found.headers
        following = [each["url"] for each in httpx.get(f"{base}/Task").json()["link"]][-1]
        assert httpx.get(following).status_code == 200
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log.txt"]
    assert "Traceback" not in log.read_text()


def test_what_it_hands_to_the_http_server(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: given.update(options))
    monkeypatch.setattr(serve, "DEMO_MEMBERS", 150)
    monkeypatch.setenv("FHIR_FACADE_CURSOR_SECRET", "given")
    # what the command says to its workers goes into the environment, and out of it again here
    monkeypatch.setenv("FHIR_FACADE_INSECURE", "false")
    everywhere = ("--insecure", "--host", "0.0.0.0")  # noqa: S104
    result = run("serve", "--demo", "--port", "8123", *everywhere, "--workers", "3")
    assert result.exit_code == 0
    assert "demo data: " in result.output
    assert "http://0.0.0.0:8123/fhir/Task?" in result.output
    assert {key: given[key] for key in ("host", "port", "workers")} == {
        "host": "0.0.0.0",  # noqa: S104
        "port": 8123,
        "workers": 3,
    }
    assert os.environ["FHIR_FACADE_CURSOR_SECRET"] == "given"
    demo = os.environ["FHIR_FACADE_STORE"].removeprefix("sqlite:///")
    assert not Path(demo).exists()
    assert not (folder / "store.db").exists()
    monkeypatch.setenv("FHIR_FACADE_STORE", "sqlite:///store.db")
    assert "Case?patient=M100001" not in run("serve").output


def test_workers_follow_each_others_links(tmp_path: Path, clean_file: Path) -> None:
    store = f"sqlite:///{clean_file}"
    with _served(tmp_path, "--workers", "2", FHIR_FACADE_STORE=store) as (base, _):
        url = next(
            each["url"]
            for each in httpx.get(f"{base}/Task?_count=2").json()["link"]
            if each["relation"] == "next"
        )
        bodies = {httpx.get(url).content for _ in range(12)}
    assert len(bodies) == 1


def test_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    command = [PROGRAM, "serve"]
    environment = {**os.environ, "FHIR_FACADE_TIMEZONE": "Mars/Base"}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert "FHIR_FACADE_TIMEZONE" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    command = [PROGRAM, "serve", "--port", str(_free_port())]
    environment = {**os.environ, "FHIR_FACADE_STORE": "sqlite:///nowhere/store.db"}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode != 0
    assert "SQLITE_CANTOPEN" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_as_a_module(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "fhir_facade", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0
    assert "demo-data" in ended.stdout
