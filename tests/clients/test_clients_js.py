"""JavaScript's fhirclient and fhir-kit-client on Node: `js/*.test.js`, each file as one test.

https://nodejs.org/api/test.html
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.clients.conftest import Served

FOLDER = Path(__file__).with_name("js")
OLDEST = 18
INSTALL = [
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--prefer-offline",
    "--fetch-retry-mintimeout=1000",  # without a network, the answer is to come soon
    "--fetch-retry-maxtimeout=5000",
]


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node, with the clients installed beside the tests."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        _missing("there is no Node on the PATH (node and npm)")
    version = _run([found, "--version"], FOLDER).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST:
        _missing(f"Node {version} is older than {OLDEST}")
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes share the folder
        if not _installed():
            _install(npm)
    return found


def _installed() -> bool:
    stamp = FOLDER / "node_modules" / ".package-lock.json"
    return (
        stamp.exists() and stamp.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime
    )


def _install(npm: str) -> None:
    done = _run([npm, "ci", *INSTALL], FOLDER)
    if done.returncode != 0:
        _missing(f"npm could not install the clients: {done.stderr.partition(chr(10))[0]}")
    (FOLDER / "node_modules" / ".package-lock.json").touch()


def _missing(reason: str) -> None:
    """Skip by name; a run of continuous integration has to have it."""
    if os.environ.get("CI"):
        pytest.fail(f"CI is set, but {reason}", pytrace=False)
    pytest.skip(reason)


def _run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "version"),
    [("fhirclient", "2"), ("fhir-kit-client", "1"), ("fhir-kit-client", "2")],
)
def test_javascript(
    node: str, name: str, version: str, served: Served, changed_url: str, tmp_path: Path
) -> None:
    case = httpx.get(f"{served.url}/EpisodeOfCare/{served.case}").raise_for_status().json()
    given = {
        "readUrl": served.url,
        "writeUrl": changed_url,
        "ids": served.ids,
        "caseId": served.case,
        "linked": served.cases[served.case],
        "patient": case["patient"]["reference"],
    }
    file = tmp_path / "given.json"
    file.write_text(json.dumps(given))
    told = {"CLIENTS_GIVEN": str(file), "CLIENTS_KIT_VERSION": version}
    done = _run([node, "--test", f"{name}.test.js"], FOLDER, **told)
    assert done.returncode == 0, done.stdout + done.stderr
