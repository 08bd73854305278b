"""What a check found: counts by collection and type, findings by cause; no stored value."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

EXAMPLES: Final = 3
INVALID: Final = "invalid"
UNREAD: Final = "unread"
NO_RESOURCE: Final = "-"
"""Stands for the type of a document that no type reads."""
DELETED: Final = "deleted"
OTHER: Final = "other"
"""Of a document: it holds no record of the types that were asked for."""
NO_TYPE: Final = "no served type reads a document of this type"
OUTCOMES: Final = ("clean", "noted", "degraded", "unservable", INVALID, DELETED)
"""What may become of a record, the better first."""
SERVED: Final = ("clean", "noted", "degraded")
_WORSE: Final = (DELETED, "clean", "noted", "degraded", UNREAD, "unservable", INVALID)
DOCUMENT_OUTCOMES: Final = (*OUTCOMES, UNREAD, OTHER)


class Cause(NamedTuple):
    """What findings are counted by."""

    type: str
    severity: str
    collection: str
    field: str
    element: str
    reason: str


@dataclass
class Tally:
    """How often a cause was met, in how many records, and in which for example."""

    count: int = 0
    records: int = 0
    examples: list[str] = field(default_factory=list)


def _counters() -> defaultdict[Any, Counter[str]]:
    return defaultdict(Counter)


@dataclass
class CheckReport:
    """Everything that is counted; it can be put aside and taken up again."""

    documents: defaultdict[str, Counter[str]] = field(default_factory=_counters)
    """Collection → outcomes of its documents; `older` and `undated` are what a moment decided."""
    records: defaultdict[tuple[str, str], Counter[str]] = field(default_factory=_counters)
    """Collection and type → outcomes of the records, and `hidden`, which any of them may be."""
    causes: dict[Cause, Tally] = field(default_factory=dict)

    def document(self, collection: str, outcomes: list[str]) -> None:
        """Count a document by the worst outcome of its records."""
        if len(outcomes) > 1:
            outcomes = [max(outcomes, key=_WORSE.index)]
        self.documents[collection][outcomes[0] if outcomes else OTHER] += 1

    def add(self, causes: Iterable[Cause], identifier: str) -> None:
        """Count what was found in one record."""
        for cause, count in Counter(causes).items():
            tally = self.causes.setdefault(cause, Tally())
            tally.count += count
            tally.records += 1
            if len(tally.examples) < EXAMPLES and identifier not in tally.examples:
                tally.examples.append(identifier)

    def sorted_causes(self) -> list[tuple[Cause, Tally]]:
        """Return the causes, the worst first, and of those that of the most records."""

        def rank(each: tuple[Cause, Tally]) -> tuple[int, int, Cause]:
            return -_WORSE.index(each[0].severity), -each[1].records, each[0]

        return sorted(self.causes.items(), key=rank)

    def share(self, cause: Cause, tally: Tally) -> float:
        """Return which part of the records (or documents) that are not deleted has a cause."""
        if cause.type == NO_RESOURCE:
            counts = self.documents[cause.collection]
            looked_at = sum(counts[each] for each in DOCUMENT_OUTCOMES if each != DELETED)
        else:
            counts = self.records[cause.collection, cause.type]
            looked_at = sum(counts[each] for each in OUTCOMES if each != DELETED)
        return tally.records / looked_at

    def total(self, *outcomes: str) -> int:
        """Return how many documents had one of these outcomes."""
        return sum(counts[each] for counts in self.documents.values() for each in outcomes)

    @property
    def invalid(self) -> int:
        return sum(counts[INVALID] for counts in self.records.values())

    @property
    def unservable(self) -> int:
        """How many records, and documents that no type reads, are not served at all."""
        return sum(each["unservable"] for each in self.records.values()) + self.total(UNREAD)

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON, to be taken up again by `load`."""
        return {
            "documents": self.documents,
            "records": [[*key, counts] for key, counts in self.records.items()],
            "causes": [[list(cause), asdict(tally)] for cause, tally in self.causes.items()],
        }

    @classmethod
    def load(cls, stored: dict[str, Any]) -> CheckReport:
        """Take up what `dump` put aside."""
        found = cls()
        for name, counts in stored["documents"].items():
            found.documents[name].update(counts)
        for collection, type, counts in stored["records"]:
            found.records[collection, type].update(counts)
        for cause, tally in stored["causes"]:
            found.causes[Cause(*cause)] = Tally(**tally)
        return found
