"""The progress of a check in a file, so that an interrupted one goes on where it stopped."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir_facade.commands.check import Checker, Place
from fhir_facade.commands.check_report import CheckReport
from fhir_facade.store.codec import decode, encode


class StateError(ValueError):
    """The file holds no progress of this very check, or cannot be read or written."""


@dataclass
class State:
    """A file of progress, and what tells this check from others."""

    path: Path
    fingerprint: str

    def restore(self, checker: Checker) -> float:
        """Take up what the file holds, if it is there; return the seconds spent on it so far."""
        if not self.path.exists():
            return 0.0
        try:
            stored = json.loads(self.path.read_bytes())
            same = stored["fingerprint"] == self.fingerprint
            place, report = _place(stored["place"]), CheckReport.load(stored["report"])
            seconds = float(stored["seconds"])
        except OSError as error:
            raise StateError(f"{self.path} cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StateError(f"{self.path} holds no progress of a check") from None
        if not same:
            raise StateError(
                f"{self.path} holds the progress of another check (store, settings, release or "
                "options differ): name another file, or remove this one"
            )
        checker.place, checker.report = place, report
        return seconds

    def save(self, checker: Checker, seconds: float) -> None:
        """Write the progress; whoever is killed meanwhile leaves the file as it was."""
        place = checker.place
        after = None if place.after is None else encode({"_id": place.after[0]})
        stored: dict[str, Any] = {
            "fingerprint": self.fingerprint,
            "place": {
                "done": place.done,
                "after": None if after is None else base64.b64encode(after).decode(),
                "seen": place.seen,
            },
            "report": checker.report.dump(),
            "seconds": seconds,
        }
        beside = self.path.with_name(f"{self.path.name}.new")
        try:
            beside.write_text(json.dumps(stored), "utf-8")
            os.replace(beside, self.path)
        except OSError as error:
            raise StateError(f"{self.path} cannot be written: {error.strerror}") from None

    def remove(self) -> None:
        """Remove the file of a check that has come to its end."""
        self.path.unlink(missing_ok=True)


def fingerprint(*parts: object) -> str:
    """Return a short text that tells one check from another, and from which nothing can be read."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _place(stored: dict[str, Any]) -> Place:
    after = stored["after"]
    last = None if after is None else [decode(base64.b64decode(after))["_id"]]
    return Place(int(stored["done"]), last, int(stored["seen"]))
