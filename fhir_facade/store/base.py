"""The store protocol: documents in and out, nothing about FHIR.

A document leaves a store as the bytes of its BSON encoding (`_id` first), because the same bytes on
every store give the same resource, the same order and the same version.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from fhir_facade.rules.index import Index

Filter = Mapping[str, Any]
"""A MongoDB filter document limited to the operators that search emits:
`$and $or $nor $eq $ne $in $nin $gt $gte $lt $lte $exists $regex $elemMatch $type $all`."""

Sort = Sequence[tuple[str, int]]
"""(dotted path, 1 | -1) pairs; the last path is always `_id`, so the order is total."""


class UnsupportedFilter(ValueError):
    """A filter holds an operator outside the subset: an error in this program, never a guess."""


class TransactionsUnsupported(RuntimeError):
    """The server cannot make several writes happen together or not at all."""


class Overtaken(RuntimeError):
    """Another writer was first: nothing of the unit of work was written, and it may be retried."""


class Store(Protocol):
    """What the facade needs of a database; every method may raise `StoreUnavailable`."""

    async def get(self, collection: str, ids: Sequence[Any]) -> list[bytes]:
        """Return the documents whose `_id` is one of `ids`, in the order of `ids`."""
        ...

    async def find(
        self,
        collection: str,
        filter: Filter,
        *,
        sort: Sort = (("_id", 1),),
        limit: int,
        after: Sequence[Any] | None = None,
    ) -> list[bytes]:
        """Return at most `limit` matches in `sort` order, strictly after the sort values `after`.

        The order is BSON's; a missing path sorts as null. `after` holds one value per sort path.
        """
        ...

    async def count(self, collection: str, filter: Filter) -> int:
        """Return the exact number of matches."""
        ...

    async def tally(self, collection: str, filter: Filter, part: Filter) -> tuple[int, int]:
        """Return the exact number of matches, and of those among them that match `part` too."""
        ...

    def scan(
        self,
        collection: str,
        filter: Filter | None = None,
        *,
        batch: int = 1000,
        after: Sequence[Any] | None = None,
    ) -> AsyncIterator[list[bytes]]:
        """Yield every matching document in batches, in `_id` order, `after` one `_id`."""
        ...

    async def insert(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[tuple[int, str]]:
        """Insert what can be inserted; return (position, reason) for each document that could not.

        A duplicate `_id` is such a reason; a reason never quotes a stored value.
        """
        ...

    async def replace(self, collection: str, old: bytes, new: Mapping[str, Any]) -> bool:
        """Replace the document if it still is `old`, byte for byte; say whether it was."""
        ...

    def unit_of_work(self) -> AbstractAsyncContextManager[None]:
        """All writes inside happen together or not at all.

        Raises `TransactionsUnsupported` where the server has no transactions.
        """
        ...

    async def ensure_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Create those of `indexes` that are missing and return their names."""
        ...

    async def missing_indexes(self, indexes: Sequence[Index]) -> list[Index]:
        """Return those of `indexes` that the store does not have."""
        ...

    async def ping(self) -> None:
        """Raise `StoreUnavailable` if the database does not answer."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
