"""The servers that are compared, each a process of its own on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
METADATA = "/fhir/metadata"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    app: str, check: str, *, python: str = sys.executable, **environment: str
) -> Iterator[int]:
    """Run an application by uvicorn until the block ends; yield its port once `check` answers."""
    command = [python, "-m", "uvicorn", app, "--no-access-log", "--log-level", "error"]
    with _process(command, check, environment) as port:
        yield port


@contextmanager
def serving(**environment: str) -> Iterator[int]:
    """Serve as `fhir-facade serve` does until the block ends; yield the port once it answers."""
    quiet = {"FHIR_FACADE_LOG_LEVEL": "error", **environment}
    with _process([sys.executable, "-m", "fhir_facade", "serve"], METADATA, quiet) as port:
        yield port


@contextmanager
def _process(command: list[str], check: str, environment: Mapping[str, str]) -> Iterator[int]:
    port = _free_port()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=said,
            stderr=said,
        )
        try:
            for _ in range(200):
                if process.poll() is not None:
                    said.seek(0)
                    raise RuntimeError(f"{' '.join(command)} did not start: {said.read()}")
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}{check}", timeout=5):
                        break
                except OSError:
                    time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait(10)
