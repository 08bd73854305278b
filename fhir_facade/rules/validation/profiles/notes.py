"""The issues of a check against profiles: each once, of every severity.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

from fhir_facade.errors import Issue
from fhir_facade.rules.validation.report import Report


class Notes(Report):
    """Gathers issues, those that two profiles share only once; raises Full at the limit."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[Issue] = set()
        self._said: set[str] = set()

    def information(self, code: str, text: str, path: str) -> None:
        """Note what could not be checked, and need not trouble anybody."""
        self._add(Issue("information", code, f"{path}: {text}.", path))

    def once(self, code: str, text: str, path: str) -> None:
        """Note what could not be checked, at the first place alone."""
        if text not in self._said:
            self._said.add(text)
            self.information(code, text, path)

    def _add(self, issue: Issue) -> None:
        if issue not in self._seen:
            self._seen.add(issue)
            super()._add(issue)

    @property
    def failed(self) -> bool:
        return any(each.severity == "error" for each in self.issues)
