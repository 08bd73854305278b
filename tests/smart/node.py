"""Programs for Node, with the libraries of tests/clients/js."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

FOLDER = Path(__file__).parent.parent / "clients" / "js"
SECONDS = 120


@contextmanager
def running(
    node: str, file: str, environment: Mapping[str, str] | None = None, folder: Path = FOLDER
) -> Iterator[subprocess.Popen[str]]:
    """Run a program, and end it; its errors are in what it prints."""
    process = subprocess.Popen(
        [node, file],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    line = _pipe(process.stdout).readline().strip()
    assert line, f"it ended: {process.wait(SECONDS)}"
    return line


def tell(process: subprocess.Popen[str], text: str) -> None:
    """Answer what it asks."""
    pipe = _pipe(process.stdin)
    pipe.write(f"{text}\n")
    pipe.flush()


def _pipe(found: Any) -> IO[str]:
    assert found is not None
    pipe: IO[str] = found
    return pipe
