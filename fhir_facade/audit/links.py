"""Which document of a chain was changed: told from what each says of itself and its neighbours.

Every document is held twice, by its own hash and by the next one's `prev`, so that a document which
was changed and hashed again is still told from its neighbours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from fhir_facade.audit.entry import HASH, PREV, Document, Place, digest

_MOST: Final = 200
"""Documents, and places, among which those that changed places are looked for."""


@dataclass(slots=True)
class Node:
    """What a document says of itself."""

    seq: int
    hash: Any
    prev: Any
    is_sound: bool
    """Whether its own hash is right, and it stands where it says."""
    is_blamed: bool = False


@dataclass(slots=True)
class Links:
    """Goes along one chain; `heads` are hashes that are known from elsewhere."""

    chain: str
    start: Node | None
    """What stands before the first document; None where that is not known."""
    heads: Mapping[int, str] = field(default_factory=dict)
    changed: dict[int, None] = field(default_factory=dict)
    """The places of the documents that were changed, in order."""
    missing: list[range] = field(default_factory=list)
    last: int = 0
    agreeing: int = 0
    """The last place at which a known hash was met."""
    rewritten: list[range] = field(default_factory=list)
    """Places that were replaced with sound links: what they lead to is not what is known."""
    _near: deque[Node] = field(default_factory=deque)
    _odd: dict[int, Document] = field(default_factory=dict)
    _agrees: bool = True

    def __post_init__(self) -> None:
        if self.start is not None:
            self._near.append(self.start)

    def add(self, document: Document, seq: int, *, is_sound: bool) -> None:
        """Look at the next document."""
        if seq > self.last + 1:
            self.missing.append(range(self.last + 1, seq))
        self.last = seq
        node = Node(seq, document.get(HASH), document.get(PREV), is_sound)
        if not is_sound:
            self._blame(node)
            if len(self._odd) < _MOST:
                self._odd[seq] = document
        self._near.append(node)
        if len(self._near) > 2:
            self._decide(*self._near)
            self._leave()

    def end(self) -> None:
        """Look at the last documents, which have no more after them."""
        while self._near:
            if len(self._near) > 1:
                self._decide(self._near[0], self._near[1], None)
            self._leave()

    def _decide(self, first: Node, second: Node, third: Node | None) -> None:
        """Blame one of two neighbours where the second does not follow on the first."""
        if _follows(first, second) or not (first.is_sound and second.is_sound) or first.is_blamed:
            return
        self._blame(second if self._is_alone(second, third) else first)

    def _is_alone(self, node: Node, following: Node | None) -> bool:
        """Say whether what comes after a document disowns it too."""
        if following is not None and following.is_sound and not _follows(node, following):
            return True
        return bool(self.heads.get(node.seq, node.hash) != node.hash)

    def _blame(self, node: Node) -> None:
        node.is_blamed = True
        self.changed[node.seq] = None

    def _leave(self) -> None:
        """Compare a document, about which all is decided, with what is known of its place."""
        node = self._near.popleft()
        known = self.heads.get(node.seq)
        if known is None:
            return
        if known == node.hash:
            self.agreeing, self._agrees = node.seq, True
        elif self._agrees:
            self._agrees = False
            places = range(self.agreeing + 1, node.seq + 1)
            if not any(place in places for place in self.changed):
                self.rewritten.append(places)

    def moved(self) -> dict[int, int]:
        """Return by place the true places of entries that stand at others' unchanged."""
        wanted = list(self.changed)[:_MOST]
        for places in self.missing:
            wanted += places[:_MOST]
        found = {}
        for seq, document in self._odd.items():
            for true in wanted[: 2 * _MOST]:
                place = Place(self.chain, true)
                if true != seq and _is_of(document, place):
                    found[seq] = true
        return found


def _follows(first: Node, second: Node) -> bool:
    """Say whether a document follows on another; what is missing between them is told apart."""
    return second.seq != first.seq + 1 or bool(second.prev == first.hash)


def _is_of(document: Document, place: Place) -> bool:
    numbered = {**document, "_id": place.id, "seq": place.seq}
    try:
        return bool(digest(numbered) == document.get(HASH))
    except orjson.JSONEncodeError:
        return False
