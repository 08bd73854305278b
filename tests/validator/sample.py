"""Resources to validate, as the runner in `tools/validator` reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.writing.exact_json import write

Json = dict[str, Any]


@dataclass(frozen=True)
class Expected:
    """The error that a broken resource must have: at which element, and words of its message."""

    at: str
    message: str


@dataclass(frozen=True)
class Sample:
    """A resource, where it comes from, and the group it is counted in."""

    name: str
    group: str
    resource: Json
    expected: Expected | None = None

    def line(self) -> str:
        found: Json = {"name": self.name, "group": self.group, "resource": self.resource}
        if self.expected is not None:
            found["expected"] = {"at": self.expected.at, "message": self.expected.message}
        return write(found)


def write_samples(path: Path, samples: Iterable[Sample]) -> int:
    """Write a file of samples; return how many."""
    lines = [each.line() for each in samples]
    path.write_text("".join(f"{each}\n" for each in lines), "utf-8")
    return len(lines)
