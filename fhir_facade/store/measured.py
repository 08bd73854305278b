"""A store whose calls are timed: for the phases of a request, for metrics and for traces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from time import perf_counter
from typing import Any, Protocol, TypeVar

from fhir_facade import phases
from fhir_facade.errors import StoreUnavailable
from fhir_facade.rules.index import Index
from fhir_facade.store.base import Filter, Sort, Store

T = TypeVar("T")

Span = Callable[[str, str], AbstractContextManager[Any]]
"""Opens the span of an operation on a collection."""


class Calls(Protocol):
    """Is told of every call of a store."""

    def store_call(self, operation: str, seconds: float) -> None:
        """Count a call that took some seconds, whatever came of it."""
        ...

    def store_failed(self, operation: str) -> None:
        """Count a call that the store did not answer."""
        ...


class Measured:
    """A store like the one below it; what else that one has (`transactions`) is there too."""

    def __init__(self, store: Store, calls: Calls | None = None, span: Span | None = None) -> None:
        self._below, self._calls, self._span = store, calls, span

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)

    async def get(self, collection: str, ids: Sequence[Any]) -> list[bytes]:
        """Return the documents of some ids; see `Store`."""
        return await self._timed("get", collection, self._below.get(collection, ids))

    async def find(
        self,
        collection: str,
        filter: Filter,
        *,
        sort: Sort = (("_id", 1),),
        limit: int,
        after: Sequence[Any] | None = None,
    ) -> list[bytes]:
        """Return a page; see `Store`."""
        call = self._below.find(collection, filter, sort=sort, limit=limit, after=after)
        return await self._timed("find", collection, call)

    async def count(self, collection: str, filter: Filter) -> int:
        """Return the number of matches; see `Store`."""
        return await self._timed("count", collection, self._below.count(collection, filter))

    async def tally(self, collection: str, filter: Filter, part: Filter) -> tuple[int, int]:
        """Return two numbers of matches; see `Store`."""
        return await self._timed("count", collection, self._below.tally(collection, filter, part))

    async def scan(
        self,
        collection: str,
        filter: Filter | None = None,
        *,
        batch: int = 1000,
        after: Sequence[Any] | None = None,
    ) -> AsyncIterator[list[bytes]]:
        """Yield every match in batches; see `Store`."""
        batches = aiter(self._below.scan(collection, filter, batch=batch, after=after))
        while True:
            try:
                found = await self._timed("scan", collection, anext(batches))
            except StopAsyncIteration:
                return
            yield found

    async def insert(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[tuple[int, str]]:
        """Insert documents; see `Store`."""
        return await self._timed("insert", collection, self._below.insert(collection, documents))

    async def replace(self, collection: str, old: bytes, new: Mapping[str, Any]) -> bool:
        """Replace an unchanged document; see `Store`."""
        return await self._timed("replace", collection, self._below.replace(collection, old, new))

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[None]:
        """All writes inside happen together or not at all; see `Store`."""
        operation, moment = "begin", perf_counter()
        try:
            async with self._below.unit_of_work():
                self._spent(operation, moment)
                operation = ""
                yield
                operation, moment = "commit", perf_counter()
        except StoreUnavailable:
            if operation:  # what failed inside has been counted
                self._failed(operation)
            raise
        self._spent(operation, moment)

    async def ensure_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Create missing indexes; see `Store`."""
        return await self._below.ensure_indexes(indexes)

    async def missing_indexes(self, indexes: Sequence[Index]) -> list[Index]:
        """Return missing indexes; see `Store`."""
        return await self._below.missing_indexes(indexes)

    async def ping(self) -> None:
        """Raise `StoreUnavailable` if the database does not answer."""
        await self._timed("ping", "", self._below.ping())

    async def close(self) -> None:
        """Release connections."""
        await self._below.close()

    async def _timed(self, operation: str, collection: str, call: Awaitable[T]) -> T:
        started = perf_counter()
        try:
            if self._span is None:
                return await call
            with self._span(operation, collection):
                return await call
        except StoreUnavailable:
            self._failed(operation)
            raise
        finally:
            self._spent(operation, started)

    def _spent(self, operation: str, started: float) -> None:
        seconds = perf_counter() - started
        phases.in_store(seconds)
        if self._calls is not None:
            self._calls.store_call(operation, seconds)

    def _failed(self, operation: str) -> None:
        if self._calls is not None:
            self._calls.store_failed(operation)
