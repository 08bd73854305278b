"""A trail of two chains, and every way in which somebody may tamper with it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from fhir_facade.audit.anchor_file import as_line
from fhir_facade.audit.chain import Chain
from fhir_facade.audit.entry import ANCHORS, CHAINS, Place, sealed
from fhir_facade.audit.report import Report
from fhir_facade.rules.registry import AUDIT
from fhir_facade.store.base import Store

Json = dict[str, Any]
Found = tuple[str, str, int | None, int | None]
"""Kind, of what, first and last place."""

LENGTH, EVERY = 25, 10
BEGIN = datetime(2026, 3, 4, tzinfo=UTC)


@dataclass
class Trail:
    """The documents of a trail, by their ids, and the lines of its file of anchors."""

    documents: dict[str, dict[str, Json]] = field(
        default_factory=lambda: {AUDIT: {}, CHAINS: {}, ANCHORS: {}}
    )
    lines: list[Json] = field(default_factory=list)
    chain: str = ""
    """The chain that is tampered with."""

    def add(self, collection: str, document: Json) -> None:
        self.documents[collection][document["_id"]] = document
        if collection == ANCHORS:
            self.lines.append(orjson.loads(as_line(document)))

    def entry(self, seq: int) -> Json:
        return self.documents[AUDIT][Place(self.chain, seq).id]

    def anchor(self, number: int) -> Json:
        return self.documents[ANCHORS][Place(self.chain, number).id]

    def pop(self, seq: int) -> Json:
        return self.documents[AUDIT].pop(Place(self.chain, seq).id)

    async def store(self, store: Store) -> None:
        for collection, documents in self.documents.items():
            assert await store.insert(collection, list(documents.values())) == []

    def file(self, path: Path) -> Path:
        path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in self.lines))
        return path


def trail() -> Trail:
    """A closed chain of 25 entries with three anchors, between a shorter one and an open one."""
    found = Trail()
    chains = sorted((Chain(lambda: BEGIN) for _ in range(3)), key=lambda chain: chain.id)
    found.chain = chains[1].id
    for chain, length in zip(chains, (3, LENGTH, 4), strict=True):
        found.add(CHAINS, chain.registration)
        for number in range(1, length + 1):
            found.add(AUDIT, chain.append(_fields(number)))
            if number % EVERY == 0:
                found.add(ANCHORS, chain.anchor())
        if chain is not chains[2]:
            found.add(ANCHORS, chain.anchor(closing=True))
    return copy.deepcopy(found)


def _fields(number: int) -> Json:
    return {
        "at": BEGIN + timedelta(seconds=number),
        "interaction": "read",
        "action": "R",
        "outcome": "0",
        "status": 200,
        "ids": [f"Task/{number}"],
        "patient": f"M{number}",
        "agent": {"user": f"Practitioner/{number % 3}"},
        "request": f"request-{number}",
    }


Tamper = Callable[[Trail], None]


def changed(seq: int, /, *, again: bool = False, **given: Any) -> Tamper:
    """Change an entry; hash it `again` as somebody does who knows how."""

    def tamper(trail: Trail) -> None:
        document = trail.entry(seq)
        document |= given or {"patient": "M999"}
        if again:
            sealed(document)

    return tamper


def removed(*seqs: int) -> Tamper:
    def tamper(trail: Trail) -> None:
        for seq in seqs:
            trail.pop(seq)

    return tamper


def inserted(id: str, like: int = 5, **given: Any) -> Tamper:
    """Insert a copy of an entry under another id; `{}` in the id is the chain."""

    def tamper(trail: Trail) -> None:
        document = {**trail.entry(like), "_id": id.format(trail.chain), **given}
        trail.add(AUDIT, sealed(document))

    return tamper


def swapped(first: int, second: int, *, numbers: bool) -> Tamper:
    """Let two entries change places; their `numbers` may be changed too."""

    def tamper(trail: Trail) -> None:
        one, two = trail.pop(first), trail.pop(second)
        for document, seq in ((one, second), (two, first)):
            document["_id"] = Place(trail.chain, seq).id
            if numbers:
                document["seq"] = seq
            trail.add(AUDIT, document)

    return tamper


def moved(trail: Trail) -> None:
    """Put an entry at the end of its chain."""
    document = trail.pop(7)
    trail.add(AUDIT, {**document, "_id": Place(trail.chain, LENGTH).id, "seq": LENGTH})


def rewritten(first: int, *, anchors: bool = False) -> Tamper:
    """Change an entry, and hash everything after it again; perhaps the anchors too."""

    def tamper(trail: Trail) -> None:
        trail.entry(first)["patient"] = "M999"
        for seq in range(first, LENGTH + 1):
            document = trail.entry(seq)
            if seq > first:
                document["prev"] = trail.entry(seq - 1)["hash"]
            sealed(document)
        before = ""
        for number in (1, 2, 3) if anchors else ():
            anchor = trail.anchor(number)
            anchor |= {"head": trail.entry(anchor["seq"])["hash"], "prev": before}
            before = sealed(anchor)["hash"]

    return tamper


def registration(*, again: bool) -> Tamper:
    def tamper(trail: Trail) -> None:
        document = trail.documents[CHAINS][trail.chain]
        document["host"] = "elsewhere"
        if again:
            sealed(document)

    return tamper


def unregistered(trail: Trail) -> None:
    del trail.documents[CHAINS][trail.chain]


def forged(trail: Trail) -> None:
    """Insert a chain of one's own, without a registration."""
    chain = Chain(lambda: BEGIN)
    chain.id = "ffffffffffff"
    trail.add(AUDIT, chain.append(_fields(1)))


def anchor_changed(number: int, *, again: bool = False) -> Tamper:
    def tamper(trail: Trail) -> None:
        anchor = trail.anchor(number)
        anchor["head"] = "ab" * 32
        if again:
            sealed(anchor)

    return tamper


def anchor_removed(*numbers: int) -> Tamper:
    def tamper(trail: Trail) -> None:
        for number in numbers:
            del trail.documents[ANCHORS][Place(trail.chain, number).id]

    return tamper


def cut(trail: Trail) -> None:
    """Remove the end of a chain with the anchors that tell of it."""
    removed(21, 22, 23, 24, 25)(trail)
    anchor_removed(3)(trail)


def erased(trail: Trail) -> None:
    """Remove a chain with everything that tells of it."""
    unregistered(trail)
    removed(*range(1, LENGTH + 1))(trail)
    anchor_removed(1, 2, 3)(trail)


def found_in(report: Report) -> list[Found]:
    """What a report says, without its words."""
    return [(each.kind, each.what, each.first, each.last) for each in report.findings]


def one(kind: str, seq: int, what: str = "entry") -> list[Found]:
    return [(kind, what, seq, seq)]
