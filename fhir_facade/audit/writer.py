"""Writes entries and anchors into the store, in order, again and again until it takes them."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fhir_facade.audit.anchor_file import AnchorFile
from fhir_facade.audit.chain import Chain, Now
from fhir_facade.audit.entry import ANCHORS, CHAINS, HASH, Document
from fhir_facade.rules.registry import AUDIT
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

logger = logging.getLogger("fhir_facade")

Fields = Mapping[str, Any]
Make = Callable[[], Fields]
"""Makes the fields of an entry: what may take time is done then."""

INCOMPLETE: Final = {
    "interaction": "unknown",
    "action": "E",
    "outcome": "8",
    "status": 500,
    "reason": "The server could not say what was asked.",
    "agent": {},
}
_SLICE: Final = 0.002
"""Seconds of work on entries before requests have their turn."""


def _unknown() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept, and how long is waited."""

    entries: int = 100_000
    """Entries that may wait in memory."""
    held: int = 64 * 1024 * 1024
    """Bytes of answers that wait to be looked at; beyond them they are looked at at once."""
    batch: int = 2000
    linger: float = 0.2
    """Seconds in which entries gather to be written together."""
    wait: float = 5.0
    """Seconds for which an answer waits for its entry, where it must."""
    patience: float = 1.0
    """Seconds of a failing store after which nothing waits for it any more."""
    anchor_entries: int = 1000
    anchor_seconds: float = 60.0
    slowest: float = 2.0
    """The longest pause, in seconds, between two tries to write."""
    stop: float = 10.0
    """Seconds that the end of the process waits for what is not written."""


class Writer:
    """Writes one chain after the other: a new one only where the last cannot go on."""

    def __init__(self, store: Store, anchors: Path | None, now: Now, limits: Limits) -> None:
        self._store = store
        self._file = AnchorFile(anchors)
        self._now = now
        self._limits = limits
        self._chain: Chain | None = None
        self._anchored_at = time.monotonic()
        self.failing_since: float | None = None
        """Since when the store has refused to write, on the monotonic clock."""

    async def write(self, makes: Iterable[Make]) -> int:
        """Write entries; return how many of them the store will never take."""
        chain = self._chain or await self._begin()
        documents = []
        began = time.perf_counter()
        for make in makes:
            documents.append(self._next(chain, make))
            if time.perf_counter() - began > _SLICE:
                await asyncio.sleep(0)
                began = time.perf_counter()
        refused = await self._persist(AUDIT, documents)
        if not refused:
            return 0
        logger.error(
            "audit chain %s: %d places are taken by other entries; a new chain begins",
            chain.id,
            len(refused),
        )
        await self.anchor(closing=True)
        chain = await self._begin()
        return len(await self._persist(AUDIT, [chain.append(each) for each in refused]))

    def _next(self, chain: Chain, make: Make) -> Document:
        """Return the next entry; one that cannot be made is not left out, but says so."""
        try:
            return chain.append(make())
        except Exception as error:
            logger.error("an entry of the audit trail cannot be made: %s", type(error).__name__)
            return chain.append({**INCOMPLETE, "at": self._now(), "request": _unknown()})

    async def _begin(self) -> Chain:
        chain = Chain(self._now)
        await self._persist(CHAINS, [chain.registration])
        self._anchored_at = time.monotonic()
        self._chain = chain
        logger.info("audit chain %s begins: %s", chain.id, chain.registration[HASH])
        return chain

    def abandon(self) -> None:
        """Leave the chain as it is: the next entry begins a new one."""
        self._chain = None

    @property
    def due(self) -> float | None:
        """The seconds until the next anchor; None where there is nothing new to anchor."""
        chain = self._chain
        if chain is None or chain.head == chain.anchored:
            return None
        if chain.head.seq - chain.anchored.seq >= self._limits.anchor_entries:
            return 0
        return max(0, self._anchored_at + self._limits.anchor_seconds - time.monotonic())

    async def anchor(self, *, closing: bool = False) -> None:
        """Write down what the head of the chain is; with `closing` the chain ends."""
        chain = self._chain
        if chain is None:
            return
        anchor = chain.anchor(closing=closing)
        await self._persist(ANCHORS, [anchor])
        await self._file.append(anchor)
        self._anchored_at = time.monotonic()
        logger.info("audit chain %s: entry %d is %s", chain.id, anchor["seq"], anchor["head"])
        if closing:
            self._chain = None

    async def _persist(self, collection: str, documents: Sequence[Document]) -> list[Document]:
        """Store documents, however long it takes; return those whose places others have."""
        pause = self._limits.linger
        while True:
            try:
                refused = await self._foreign(collection, documents)
            except Exception as error:
                self._failed(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._limits.slowest)
            else:
                self._succeeded()
                return refused

    async def _foreign(self, collection: str, documents: Sequence[Document]) -> list[Document]:
        """Insert documents; those that an earlier try has stored are refused, and are no news."""
        refused = await self._store.insert(collection, documents)
        if not refused:
            return []
        ours = [documents[position] for position, _ in refused]
        stored = await self._store.get(collection, [each["_id"] for each in ours])
        known = {found["_id"]: found.get(HASH) for found in map(decode, stored)}
        return [each for each in ours if known.get(each["_id"]) != each[HASH]]

    def _failed(self, error: Exception) -> None:
        if self.failing_since is None:
            self.failing_since = time.monotonic()
            logger.error("the audit trail cannot be written: %s", type(error).__name__)

    def _succeeded(self) -> None:
        if self.failing_since is not None:
            self.failing_since = None
            logger.warning("the audit trail is written again")
