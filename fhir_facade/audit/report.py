"""What an examination of the audit trail has found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from fhir_facade.audit.entry import Place

Kind = Literal["changed", "removed", "inserted", "reordered", "rewritten", "unregistered", "file"]

_ENTRY: Final = "entry"


@dataclass(frozen=True, slots=True)
class Finding:
    """One tampering."""

    kind: Kind
    what: str
    """`entry`, `anchor`, `chain`, or `line` of the file of anchors."""
    chain: str
    id: str
    """The `_id` of the document; of several the first."""
    text: str
    first: int | None = None
    last: int | None = None


@dataclass(slots=True)
class Report:
    """What was examined, and what was found."""

    chains: int = 0
    entries: int = 0
    anchors: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is no tampering, and worth knowing."""

    @property
    def is_sound(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {"sound": self.is_sound, **asdict(self)}

    def note(self, text: str) -> None:
        self.notes.append(text)

    def one(self, kind: Kind, what: str, chain: str, id: str, text: str) -> None:
        """Add a finding that is not about a place in a chain."""
        self.findings.append(Finding(kind, what, chain, id, text))

    def places(self, kind: Kind, what: str, chain: str, places: range, text: str) -> None:
        """Add a finding about some places; the text is about `{}`, the place or places."""
        first, last = places[0], places[-1]
        several = f"{first}" if first == last else f"{first} to {last} ({len(places)})"
        named = f"{what if first == last else _plural(what)} {several} of chain {chain}"
        id = Place(chain, first).id
        self.findings.append(Finding(kind, what, chain, id, text.format(named), first, last))


def _plural(what: str) -> str:
    return "entries" if what == _ENTRY else f"{what}s"
