"""A write in progress, as the business rules beside the mapping tables see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from fhir_facade.errors import Issue
from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import Filter

Document = dict[str, Any]
Resource = dict[str, Any]


class Clash(NamedTuple):
    """Another document that would rule a write out, if there is one."""

    key: str
    """What two writes that rule each other out have in common."""
    filter: Filter
    text: str
    expression: str


@dataclass
class Draft:
    """A write in progress, as business rules see it and complete it."""

    put: Resource
    """The resource as it shall be; rules may complete it."""
    previous: Resource | None
    """As it was served before; None for a create."""
    document: Document
    """The stored document as it will be."""
    old: Document | None
    context: Context
    parent: Document | None
    """The document that an embedded record stands in."""
    now: datetime
    """The time of the write: UTC, without a zone, to the millisecond."""
    issues: list[Issue] = field(default_factory=list)
    ruled: set[str] = field(default_factory=set)
    """The parts that a rule decides, whatever was sent."""

    @property
    def now_text(self) -> str:
        """The time of the write as a FHIR instant."""
        return f"{self.now.isoformat(timespec='milliseconds')}Z"

    def refuse(self, expression: str, text: str, code: str = "business-rule") -> None:
        self.issues.append(Issue("error", code, text, expression))

    def warn(self, expression: str, text: str) -> None:
        self.issues.append(Issue("warning", "business-rule", text, expression))
