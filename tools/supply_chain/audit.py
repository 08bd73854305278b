"""Look up every locked dependency among the known vulnerabilities.

    python -m tools.supply_chain.audit requirements-dev.lock [--require]

Exit status 1 where one is vulnerable. Where the advisory service does not answer, this is said and
the status is 0, or 1 with `--require`. A service that answers nothing looks like one that knows of
no vulnerability, so it is first asked about a release that is known to be vulnerable.
"""

# ruff: noqa: T201, S603

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KNOWN_VULNERABLE = "jinja2==2.10"
"""CVE-2019-10906, among others."""
_SECONDS = 120
_SECONDS_OF_ONE = 20
_LOUD = "!" * 78


class NoAnswerError(Exception):
    """The advisory service cannot be asked; the text says how that showed."""


@dataclass
class Verdict:
    """What came of looking up some releases."""

    vulnerable: dict[str, list[str]] = field(default_factory=dict)
    """Release → ids of advisories."""
    unknown: list[str] = field(default_factory=list)
    known: int = 0


def verdict(report: Mapping[str, Any]) -> Verdict:
    """Return what a report of pip-audit says; raise NoAnswerError where it knows no release."""
    found = Verdict()
    for each in report["dependencies"]:
        if "skip_reason" in each:
            found.unknown.append(each["name"])
            continue
        found.known += 1
        if each["vulns"]:
            release = f"{each['name']} {each['version']}"
            found.vulnerable[release] = [one["id"] for one in each["vulns"]]
    if found.unknown and not found.known:
        raise NoAnswerError("the advisory service knows none of the releases")
    return found


def look_up(requirements: Path, seconds: float = _SECONDS) -> Verdict:
    """Return what the service says of pinned requirements; raise NoAnswerError if nothing."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements)]
    command += ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"no answer within {seconds} seconds") from None
    try:
        return verdict(json.loads(done.stdout))
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2][:300]
        raise NoAnswerError(last or f"pip-audit ended with status {done.returncode}") from None


def prove() -> None:
    """Raise NoAnswerError where the service does not know of a known vulnerability."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text(KNOWN_VULNERABLE + "\n")
        if not look_up(file, _SECONDS_OF_ONE).vulnerable:
            raise NoAnswerError(f"the advisory service takes {KNOWN_VULNERABLE} for sound")


def audit(lock: Path, *, require: bool) -> int:
    """Print what is known of a lock's releases, and return the exit status."""
    try:
        prove()
        found = look_up(lock)
    except NoAnswerError as error:
        print(f"{_LOUD}\nDEPENDENCIES WERE NOT CHECKED for known vulnerabilities: {error}\n{_LOUD}")
        return 1 if require else 0
    for release, advisories in found.vulnerable.items():
        print(f"VULNERABLE: {release}: {', '.join(advisories)}")
    if found.unknown:
        print(f"not known to the advisory service: {', '.join(found.unknown)}")
    print(f"{found.known} releases looked up, {len(found.vulnerable)} vulnerable")
    return 1 if found.vulnerable else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(audit(Path(given[0]), require="--require" in given))
