"""The servers that are compared, each a process of its own on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    app: str, check: str, *, python: str = sys.executable, factory: bool = False, **environment: str
) -> Iterator[int]:
    """Run a uvicorn server until the block ends; yield its port once `check` answers."""
    port = _free_port()
    command = [python, "-m", "uvicorn", app, "--port", str(port), "--no-access-log"]
    command += ["--log-level", "error", *(["--factory"] if factory else [])]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        for _ in range(200):
            if process.poll() is not None:
                raise RuntimeError(f"{app} did not start")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{check}", timeout=5):
                    break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)
