"""Servers as a newcomer starts them, each a process of its own on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fhir_facade import demonstration
from tests.writes_hard.killing import PROGRAM, free_port

PATIENCE = 120.0
"""Seconds that a server may take to begin, on a machine that has much else to do."""

_FACTORY = """
import uvicorn
from fhir_facade.commands.serve import server_options
from fhir_facade.settings import Settings
uvicorn.run(
    "fhir_facade.demonstration:application", port={port}, **server_options(Settings())
)
"""


@contextmanager
def demo(folder: Path, *options: str, port: int = 0) -> Iterator[str]:
    """Run `serve --demo`, with `--auth` for example; yield its origin."""
    port = port or free_port()
    command = [PROGRAM, "serve", "--demo", *options, "--port", str(port)]
    with _process(command, port, folder) as origin:
        yield origin


@contextmanager
def with_store(folder: Path, store: Path, seconds: int, **more: str) -> Iterator[str]:
    """Run the same over a store that is there already, with tokens of its own length.

    `more`: settings, by the names of their variables.
    """
    port = free_port()
    settings = demonstration.environment(f"http://127.0.0.1:{port}", seconds) | more
    settings["FHIR_FACADE_STORE"] = f"sqlite:///{store}"
    command = [sys.executable, "-c", _FACTORY.format(port=port)]
    with _process(command, port, folder, settings) as origin:
        yield origin


@contextmanager
def without_tokens(folder: Path, store: Path) -> Iterator[str]:
    """Run `serve` as it is without an authorization server: requests of this machine only."""
    port = free_port()
    command = [PROGRAM, "serve", "--port", str(port)]
    with _process(command, port, folder, {"FHIR_FACADE_STORE": f"sqlite:///{store}"}) as origin:
        yield origin


@contextmanager
def _process(
    command: Sequence[str], port: int, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    given = {key: each for key, each in os.environ.items() if not key.startswith("FHIR_FACADE_")}
    origin, log = f"http://127.0.0.1:{port}", folder / "log.txt"
    with (
        log.open("ab") as file,
        subprocess.Popen(
            command, cwd=folder, env={**given, **(settings or {})}, stdout=file, stderr=file
        ) as process,
    ):
        try:
            _wait(f"{origin}/health/ready", process, log)
            yield origin
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text()}", pytrace=False)
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the server does not answer: {log.read_text()}", pytrace=False)
