"""`serve --auth` refuses to stand where people could take it for a real one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.writes_hard.killing import PROGRAM, free_port


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "--demo alone"),
        (["--demo", "--host", "0.0.0.0"], "not for --host 0.0.0.0"),  # noqa: S104
        (["--demo", "--workers", "2"], "leave --workers out"),
        (["--demo", "--insecure"], "leave one of them out"),
    ],
)
def test_it_is_refused(tmp_path: Path, options: list[str], reason: str) -> None:
    port = free_port()
    done = subprocess.run(
        [PROGRAM, "serve", "--auth", "--port", str(port), *options],
        cwd=tmp_path,
        env={key: each for key, each in os.environ.items() if not key.startswith("FHIR_FACADE_")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert said.startswith("refused: --auth ")
    assert reason in said
    assert [*tmp_path.iterdir()] == []  # no data was made
