"""The issues of one validation, up to a limit.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

import re

from fhir_facade.errors import Issue

MOST_ISSUES = 1000
_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


class Full(Exception):
    """There are as many issues as anybody wants to read."""


class Report:
    """Gathers issues; raises Full at the limit."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def error(self, code: str, text: str, path: str) -> None:
        """Note what makes the resource unacceptable; `path` is FHIRPath."""
        self._add(Issue("error", code, f"{path}: {text}.", path))

    def warning(self, code: str, text: str, path: str) -> None:
        """Note what could not be checked."""
        self._add(Issue("warning", code, f"{path}: {text}.", path))

    def _add(self, issue: Issue) -> None:
        self.issues.append(issue)
        if len(self.issues) >= MOST_ISSUES:
            raise Full

    def unknown(self, key: object, path: str) -> None:
        """Note a property that FHIR does not have here; an odd name is not repeated."""
        if isinstance(key, str) and _NAME.fullmatch(key):
            named = f"{path}.{key.removeprefix('_')}"
            self._add(Issue("error", "structure", f"{path}: has no property {key} in R4.", named))
        else:
            text = "has a property whose name is no name of FHIR"
            self.error("structure", text, path)
