"""The chains that there are, and how far each has come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from fhir_facade.audit.entry import ANCHORS, CHAINS, Document, instant
from fhir_facade.rules.registry import AUDIT
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode


class ChainLine(NamedTuple):
    """One chain: who wrote it, and how far."""

    chain: str
    started: str
    host: str
    pid: int
    entries: int
    anchored: int
    """The last entry that an anchor vouches for."""
    closed: bool


async def chains(store: Store) -> AsyncIterator[ChainLine]:
    """Yield the registered chains, in the order of their ids; raise StoreUnavailable."""
    async for batch in store.scan(CHAINS):
        for raw in batch:
            yield await _line(store, decode(raw))


async def _line(store: Store, registered: Document) -> ChainLine:
    chain = str(registered["_id"])
    head = await _newest(store, AUDIT, chain)
    anchor = await _newest(store, ANCHORS, chain)
    started = registered.get("started")
    return ChainLine(
        chain,
        instant(started) if started is not None else "",
        str(registered.get("host", "")),
        registered.get("pid", 0),
        head.get("seq", 0),
        anchor.get("seq", 0),
        anchor.get("closing") is True,
    )


async def _newest(store: Store, collection: str, chain: str) -> dict[str, Any]:
    own = {"_id": {"$gte": f"{chain}.", "$lt": f"{chain}/"}}
    found = await store.find(collection, own, sort=[("_id", -1)], limit=1)
    return decode(found[0]) if found else {}
