"""What the anchors of a chain say of its entries: those in the store, and those in the file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from fhir_facade.audit.anchor_file import read_anchors
from fhir_facade.audit.entry import is_sound, moment, place_of
from fhir_facade.audit.report import Report


class Claim(NamedTuple):
    """What one anchor says: the head of its chain."""

    seq: int
    head: str
    closing: bool


def claim_of(anchor: Mapping[str, Any]) -> Claim | None:
    """Return what an anchor says; None for one that was spoiled."""
    seq, head = anchor.get("seq"), anchor.get("head")
    if type(seq) is int and seq >= 0 and isinstance(head, str):
        return Claim(seq, head, anchor.get("closing") is True)
    return None


@dataclass(slots=True)
class Anchored:
    """What is known of one chain's entries."""

    heads: dict[int, str] = field(default_factory=dict)
    last: int = 0
    closed: int | None = None
    """The entry with which the chain ended."""

    @classmethod
    def of(cls, claims: Iterable[Claim]) -> Anchored:
        found = cls()
        for claim in claims:
            found.last = max(found.last, claim.seq)
            if claim.seq:
                found.heads[claim.seq] = claim.head
            if claim.closing:
                found.closed = claim.seq
        return found


def believed(
    stored: Mapping[int, Claim], spoiled: Collection[int], filed: Iterable[Mapping[str, Any]]
) -> Anchored:
    """Return what the anchors of a chain say; those in the file count more than those stored."""
    sound = [claim for number, claim in stored.items() if number not in spoiled]
    return Anchored.of([*sound, *(each for each in map(claim_of, filed) if each is not None)])


Filed = dict[str, dict[int, dict[str, Any]]]
"""Anchors by their chain and number."""


def filed_anchors(path: Path, only: str | None, report: Report) -> Filed:
    """Return the anchors of a file, of all chains or of one; what is wrong with it is reported."""
    found: Filed = {}
    anchors, unreadable = read_anchors(path)
    for number in unreadable:
        text = f"Line {number} of the file of anchors holds no anchor."
        report.one("file", "line", "", str(number), text)
    for anchor in anchors:
        place = place_of(anchor["_id"])
        if place is None or not _is_as_written(anchor):
            chain = place.chain if place else ""
            text = f"The line of anchor {anchor['_id']} in the file of anchors was changed."
            report.one("file", "line", chain, anchor["_id"], text)
        elif only in (None, place.chain):
            found.setdefault(place.chain, {})[place.seq] = anchor
    return found


def _is_as_written(anchor: Mapping[str, Any]) -> bool:
    try:
        at = moment(datetime.fromisoformat(anchor["at"]))
    except (KeyError, TypeError, ValueError):
        return False
    return is_sound({**anchor, "at": at})
