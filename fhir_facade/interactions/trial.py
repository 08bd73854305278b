"""A store on which writes can be tried: it reads from another, and keeps what is written to itself.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fhir_facade.rules.index import Index
from fhir_facade.store.base import Filter, Sort, Store, TransactionsUnsupported
from fhir_facade.store.codec import DUPLICATE, decode, encode, encode_checked, prepare
from fhir_facade.store.matching import compile_filter

_BY_ID: Sort = (("_id", 1),)


class TrialStore:
    """`Store` for one write that is tried; what lies below is never written to."""

    def __init__(self, below: Store) -> None:
        self._below = below
        self._written: dict[str, dict[bytes, bytes]] = {}
        """The documents written, by collection and the BSON of their `_id`."""

    def _of(self, collection: str) -> dict[bytes, bytes]:
        return self._written.setdefault(collection, {})

    async def get(self, collection: str, ids: Sequence[Any]) -> list[bytes]:
        """Return the documents whose `_id` is one of `ids`."""
        written = self._of(collection)
        stored = await self._below.get(collection, ids)
        kept = [each for each in stored if _key(each) not in written]
        keys = dict.fromkeys(encode({"_id": each}) for each in ids)
        return [*(written[key] for key in keys if key in written), *kept]

    async def find(
        self,
        collection: str,
        filter: Filter,
        *,
        sort: Sort = _BY_ID,
        limit: int,
        after: Sequence[Any] | None = None,
    ) -> list[bytes]:
        """Return matches in `sort` order, but those that were written before all others."""
        written = self._of(collection)
        stored = await self._below.find(
            collection, filter, sort=sort, limit=limit + len(written), after=after
        )
        matches = compile_filter(filter)
        first = written.values() if after is None else ()
        found = [each for each in first if matches(decode(each))]
        return [*found, *(each for each in stored if _key(each) not in written)][:limit]

    async def count(self, collection: str, filter: Filter) -> int:
        """Return the number of matches below: no write asks for it."""
        return await self._below.count(collection, filter)

    async def tally(self, collection: str, filter: Filter, part: Filter) -> tuple[int, int]:
        """Return the numbers of matches below: no write asks for them."""
        return await self._below.tally(collection, filter, part)

    def scan(
        self,
        collection: str,
        filter: Filter | None = None,
        *,
        batch: int = 1000,
        after: Sequence[Any] | None = None,
    ) -> AsyncIterator[list[bytes]]:
        """Yield what lies below: no write asks for it."""
        return self._below.scan(collection, filter, batch=batch, after=after)

    async def insert(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[tuple[int, str]]:
        """Keep documents for the trial; return (position, reason) for each that is refused."""
        good, refused = prepare(documents)
        for position, data in good:
            if await self.get(collection, [decode(data)["_id"]]):
                refused.append((position, DUPLICATE))
            else:
                self._of(collection)[_key(data)] = data
        return refused

    async def replace(self, collection: str, old: bytes, new: Mapping[str, Any]) -> bool:
        """Keep a document for the trial if the one it replaces still is `old`."""
        data = encode_checked(new)
        if old not in await self.get(collection, [decode(old)["_id"]]):
            return False
        self._of(collection)[_key(data)] = data
        return True

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[None]:
        """Nothing is written, so nothing needs to be undone; refused where it could not be."""
        if getattr(self._below, "transactions", True) is None:
            await self._below.ping()
        if getattr(self._below, "transactions", True) is False:
            raise TransactionsUnsupported("this store has no transactions")
        yield

    async def ensure_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Create none."""
        del indexes
        return []

    async def missing_indexes(self, indexes: Sequence[Index]) -> list[Index]:
        """Return those that are missing below."""
        return await self._below.missing_indexes(indexes)

    async def ping(self) -> None:
        """Raise `StoreUnavailable` if the database does not answer."""
        await self._below.ping()

    async def close(self) -> None:
        """Leave the store below open: it is not this one's."""


def _key(data: bytes) -> bytes:
    return encode({"_id": decode(data)["_id"]})
