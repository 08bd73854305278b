"""Examines the audit trail: every chain from its registration to its last anchor.

Whoever can write into the database can also write chains of their own, hash by hash. What shows
this are the anchors that were kept elsewhere, in the file of anchors or in the logs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final

from fhir_facade.audit.anchored import Anchored, Claim, Filed, believed, claim_of, filed_anchors
from fhir_facade.audit.chain import FIRST_ANCHOR
from fhir_facade.audit.entry import ANCHORS, CHAINS, HASH, Document, Place, is_sound, place_of
from fhir_facade.audit.links import Links, Node
from fhir_facade.audit.report import Report
from fhir_facade.rules.registry import AUDIT
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

_LATE: Final = 1000
"""Entries that are looked for once more: a server may be writing them."""
_ENTRY: Final = "entry"
_ANCHOR: Final = "anchor"


async def verify(store: Store, *, chain: str | None = None, anchors: Path | None = None) -> Report:
    """Return what is to be said of the trail, or of one chain.

    Raises StoreUnavailable, and OSError where the file of anchors cannot be read.
    """
    return await _Examination(store, chain, anchors).run()


class _Examination:
    """One walk through the anchors first, then through the entries that they vouch for."""

    def __init__(self, store: Store, chain: str | None, anchors: Path | None) -> None:
        self._store, self._only = store, chain
        self._report = Report()
        self._filed: Filed = filed_anchors(anchors, chain, self._report) if anchors else {}
        self._anchored: dict[str, Anchored] = {}
        self._registered: dict[str, Document] = {}
        self._beyond: dict[str, list[int]] = {}

    async def run(self) -> Report:
        async for found in self._documents(CHAINS):
            self._register(found)
        await self._walk_anchors()
        walked = await self._walk_entries()
        empty = {*self._registered, *self._anchored} - walked
        for chain in sorted(empty):
            await self._end(await self._links(chain))
        self._report.chains = len(walked | empty)
        return self._report

    async def _documents(self, collection: str) -> AsyncIterator[Document]:
        chain, filter = self._only, None
        if chain is not None:
            own = {"_id": {"$gte": f"{chain}.", "$lt": f"{chain}/"}}
            filter = {"$or": [{"_id": chain}, own, {"chain": chain}]}
        async for batch in self._store.scan(collection, filter):
            for raw in batch:
                yield decode(raw)

    def _register(self, found: Document) -> None:
        chain = found["_id"]
        if not isinstance(chain, str):
            text = "There is a registration that no server has made."
            self._report.one("inserted", "chain", "", str(chain), text)
            return
        self._registered[chain] = found
        if not is_sound(found):
            self._registration_changed(chain)

    def _registration_changed(self, chain: str) -> None:
        text = f"The registration of chain {chain} was changed."
        self._report.one("changed", "chain", chain, chain, text)

    async def _walk_anchors(self) -> None:
        links: Links | None = None
        claims: dict[int, Claim] = {}
        async for found in self._documents(ANCHORS):
            place = self._place(_ANCHOR, found)
            if place is None:
                continue
            if links is None or links.chain != place.chain:
                self._end_anchors(links, claims)
                links, claims = self._anchor_links(place.chain), {}
            numbered = (found.get("chain"), found.get("number")) == place
            links.add(found, place.seq, is_sound=numbered and is_sound(found))
            claim = claim_of(found)
            if claim is not None:
                claims[place.seq] = claim
            self._report.anchors += 1
        self._end_anchors(links, claims)
        for chain in self._filed.keys() - self._anchored.keys():
            self._end_anchors(self._anchor_links(chain), {})

    def _anchor_links(self, chain: str) -> Links:
        heads = {number: each[HASH] for number, each in self._filed.get(chain, {}).items()}
        return Links(chain, Node(0, FIRST_ANCHOR, None, True), heads)

    def _end_anchors(self, links: Links | None, claims: dict[int, Claim]) -> None:
        if links is None:
            return
        links.end()
        chain, report = links.chain, self._report
        filed = self._filed.get(chain, {})
        cut = range(links.last + 1, max(filed, default=0) + 1)
        for places in (*links.missing, *([cut] if cut else ())):
            report.places("removed", _ANCHOR, chain, places, "{}: missing.")
        for place in links.changed:
            report.places("changed", _ANCHOR, chain, _one(place), "{}: changed.")
        for places in links.rewritten:
            text = "{}: not what the file of anchors has."
            report.places("rewritten", _ANCHOR, chain, places, text)
        self._anchored[chain] = believed(claims, links.changed, filed.values())

    def _place(self, what: str, found: Document) -> Place | None:
        """Return where a document stands; one that stands nowhere is a finding."""
        place = place_of(found["_id"])
        if place is not None and place.seq and self._only in (None, place.chain):
            return place
        chain = found.get("chain")
        named = chain if isinstance(chain, str) else ""
        text = f"There is an {what} that no server has made: its _id is no place in its chain."
        self._report.one("inserted", what, named, str(found["_id"]), text)
        return None

    async def _walk_entries(self) -> set[str]:
        """Examine the entries; return the chains that have some."""
        links: Links | None = None
        walked = set()
        async for found in self._documents(AUDIT):
            self._report.entries += 1
            place = self._place(_ENTRY, found)
            if place is None:
                continue
            if links is None or links.chain != place.chain:
                if links is not None:
                    await self._end(links)
                links = await self._links(place.chain)
                walked.add(place.chain)
            self._take(links, place, found)
        if links is not None:
            await self._end(links)
        return walked

    def _take(self, links: Links, place: Place, found: Document) -> None:
        closed = self._known(place.chain).closed
        if closed is not None and place.seq > closed:
            self._beyond.setdefault(place.chain, []).append(place.seq)
            return
        links.add(found, place.seq, is_sound=_is_at(found, place) and is_sound(found))

    def _known(self, chain: str) -> Anchored:
        return self._anchored.get(chain) or Anchored()

    async def _links(self, chain: str) -> Links:
        """Begin a chain; one that is not registered is a finding, and has no known beginning."""
        heads = self._known(chain).heads
        if chain not in self._registered:  # a server may have started meanwhile
            for raw in await self._store.get(CHAINS, [chain]):
                self._register(decode(raw))
        registered = self._registered.get(chain)
        if registered is None:
            had = "was removed" if chain in self._anchored else "is not there"
            text = f"The registration of chain {chain} {had}."
            self._report.one("unregistered", "chain", chain, chain, text)
            return Links(chain, None, heads)
        start = Node(0, registered.get(HASH), None, is_sound(registered))
        return Links(chain, start, heads)

    async def _end(self, links: Links) -> None:
        links.end()
        chain, report, known = links.chain, self._report, self._known(links.chain)
        moved = links.moved()
        for places in await self._removed(links, set(moved.values())):
            report.places("removed", _ENTRY, chain, places, "{}: missing.")
        for seq in links.changed:
            if not seq:
                self._registration_changed(chain)
            elif seq in moved:
                text = f"{{}}: entry {moved[seq]} of the chain stands there."
                report.places("reordered", _ENTRY, chain, _one(seq), text)
            else:
                report.places("changed", _ENTRY, chain, _one(seq), "{}: changed.")
        for places in links.rewritten:
            text = "{}: what they lead to is not what the anchor of the last of them says."
            report.places("rewritten", _ENTRY, chain, places, text)
        self._end_of_tail(links, known)

    def _end_of_tail(self, links: Links, known: Anchored) -> None:
        chain, report = links.chain, self._report
        for seq in self._beyond.get(chain, ()):
            text = "{}: added after the end of the chain."
            report.places("inserted", _ENTRY, chain, _one(seq), text)
        if known.last > links.last:
            cut = range(links.last + 1, known.last + 1)
            text = "{}: missing; the end of the chain was cut off."
            report.places("removed", _ENTRY, chain, cut, text)
        elif known.closed is None and links.last > known.last:
            report.note(
                f"Chain {chain} has no closing anchor: its server runs, or was killed. No anchor "
                f"vouches for its entries from {known.last + 1} to {links.last} yet."
            )
        elif not links.last and known.closed is None:
            report.note(f"Chain {chain} has no entries.")

    async def _removed(self, links: Links, found_elsewhere: set[int]) -> Iterable[range]:
        """Return the places that are empty; a server may have filled some of them meanwhile."""
        places = links.missing
        if 0 < sum(map(len, places)) <= _LATE:
            ids = [Place(links.chain, seq).id for each in places for seq in each]
            late = map(decode, await self._store.get(AUDIT, ids))
            there = {each["seq"] for each in late if is_sound(each)} | found_elsewhere
            return runs(seq for each in places for seq in each if seq not in there)
        return places


def runs(places: Iterable[int]) -> list[range]:
    """Return rising numbers as ranges."""
    found: list[range] = []
    for place in places:
        if found and found[-1].stop == place:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(_one(place))
    return found


def _one(place: int) -> range:
    return range(place, place + 1)


def _is_at(found: Document, place: Place) -> bool:
    return (found.get("chain"), found.get("seq")) == place
