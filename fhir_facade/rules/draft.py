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
    base_url: str
    """The URL of this server: references below it are its own."""
    now: datetime
    """The time of the write: UTC, without a zone, to the millisecond."""
    patched: bool = False
    """Whether the client sent a patch, which leaves what it does not name as it was."""
    issues: list[Issue] = field(default_factory=list)
    ruled: set[str] = field(default_factory=set)
    """The parts that a rule decides, whatever was sent."""

    @property
    def wanted(self) -> Resource:
        """The resource as it shall be, its references to this server relative."""
        return relative(self.put, self.base_url)

    @property
    def now_text(self) -> str:
        """The time of the write as a FHIR instant."""
        return f"{self.now.isoformat(timespec='milliseconds')}Z"

    def becomes(self, name: str, code: str) -> bool:
        """Say whether an element gets a code that it had not."""
        return self.put.get(name) == code != (self.previous or {}).get(name)

    def end_now(self, name: str, *, became: bool) -> None:
        """End a Period now, unless the client gives an end other than a patch found there."""
        period = self.put.get(name, {})
        found = self.patched and period == (self.previous or {}).get(name)
        if became and ("end" not in period or found):
            self.put[name] = {**period, "end": self.now_text}

    def refuse(self, expression: str, text: str, code: str = "business-rule") -> None:
        self.issues.append(Issue("error", code, text, expression))

    def warn(self, expression: str, text: str) -> None:
        self.issues.append(Issue("warning", "business-rule", text, expression))


def relative(resource: Resource, base_url: str) -> Resource:
    """Return a resource whose references to this server are relative."""
    found: Resource = _relative(resource, f"{base_url}/") if base_url else resource
    return found


def _relative(value: Any, base: str) -> Any:
    if isinstance(value, dict):
        found = {name: _relative(each, base) for name, each in value.items()}
        reference = found.get("reference")
        if isinstance(reference, str):
            found["reference"] = reference.removeprefix(base)
        return found
    return [_relative(each, base) for each in value] if isinstance(value, list) else value
