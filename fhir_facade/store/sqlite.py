"""The embedded store: one SQLite file, BSON documents, indexes in BSON's order.

Reads of one document and of short pages run on the event loop, because they cost less than handing
them to a thread; what would examine many documents is redone in a thread. Writers take turns: those
of this process by a lock, those of others by SQLite's. A writer that is cancelled keeps the lock
until its thread is done, so that nothing of it is left to whoever writes next.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from fhir_facade.errors import StoreUnavailable
from fhir_facade.rules.index import Index
from fhir_facade.store import sqlite_query, sqlite_schema, sqlite_write
from fhir_facade.store.base import Filter, Sort
from fhir_facade.store.codec import decode, encode_checked
from fhir_facade.store.finish import finished
from fhir_facade.store.sqlite_connection import Connection
from fhir_facade.store.sqlite_query import Budget, OverBudget, Query
from fhir_facade.store.sqlite_schema import Schema

INLINE_BUDGET: Final = 500
"""Documents that a read may examine on the event loop."""
_READERS: Final = 4
_READIED: Final = 200
"""Documents that are made ready on the event loop before requests have their turn."""
_BUSY_SECONDS: Final = 5.0
_RETRY: Final = {"Retry-After": "1"}
_BY_ID: Final[Sort] = (("_id", 1),)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class _Unit:
    """A unit of work in progress; tasks started inside it may outlive it."""

    store: SqliteStore
    open: bool = True


_UNIT: ContextVar[_Unit | None] = ContextVar("sqlite_unit_of_work", default=None)


class SqliteStore:
    """`Store` over one SQLite file; `:memory:` is a temporary file that goes with the store."""

    transactions = True

    def __init__(self, path: str, temporary: tempfile.TemporaryDirectory[str] | None) -> None:
        self._path = path
        self._temporary = temporary
        self._closed = False
        self._lock = asyncio.Lock()
        self._local = threading.local()
        self._connections: list[Connection] = []
        with _translated():
            self._writer = self._connect(_BUSY_SECONDS)
            self._writer.prepare(durable=temporary is None)
            self._inode = os.stat(path).st_ino
            self._reader = self._connect(0.0)
            self._reader.schema.refresh(self._reader.raw)
        self._write_pool = ThreadPoolExecutor(1, "sqlite-writer")
        self._read_pool = ThreadPoolExecutor(_READERS, "sqlite-reader")

    @classmethod
    def open(cls, path: str | Path) -> SqliteStore:
        """Open a file, made if it does not exist; raises `StoreUnavailable` if it cannot be."""
        if str(path) != ":memory:":
            return cls(str(path), None)
        temporary = tempfile.TemporaryDirectory(prefix="fhir-facade-")
        return cls(os.path.join(temporary.name, "store.db"), temporary)

    def connections(self) -> dict[str, int]:
        """Return how many connections there are."""
        return {"open": len(self._connections)}

    async def get(self, collection: str, ids: Sequence[Any]) -> list[bytes]:
        """Return the documents whose `_id` is one of `ids`, in the order of `ids`."""
        if self._in_unit():
            return await self._write(_get, collection, ids)
        try:
            return _get(self._inline(), collection, ids)
        except sqlite3.Error as error:
            if not _is_busy(error):
                raise _unavailable(error) from error
        return await self._in_thread(_get, collection, ids)

    async def find(
        self,
        collection: str,
        filter: Filter,
        *,
        sort: Sort = _BY_ID,
        limit: int,
        after: Sequence[Any] | None = None,
    ) -> list[bytes]:
        """Return a page; see `Store`."""
        query = Query.of(collection, filter, sort, limit, after)
        return await self._read(sqlite_query.find, query)

    async def count(self, collection: str, filter: Filter) -> int:
        """Return the exact number of matches."""
        return await self._read(sqlite_query.count, Query.of(collection, filter))

    async def tally(self, collection: str, filter: Filter, part: Filter) -> tuple[int, int]:
        """Return the exact number of matches, and of those among them that match `part` too."""
        narrower = Query.of(collection, {"$and": [filter, part]})
        run = partial(sqlite_query.tally, part=narrower)
        return await self._read(run, Query.of(collection, filter))

    async def scan(
        self,
        collection: str,
        filter: Filter | None = None,
        *,
        batch: int = 1000,
        after: Sequence[Any] | None = None,
    ) -> AsyncIterator[list[bytes]]:
        """Yield every matching document in batches, in `_id` order."""
        while True:
            query = Query.of(collection, filter or {}, limit=batch, after=after)
            found = await self._read(sqlite_query.find, query)
            if found:
                yield found
            if len(found) < batch:
                return
            after = [decode(found[-1])["_id"]]

    async def insert(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[tuple[int, str]]:
        """Insert what can be inserted; return (position, reason) for the rest."""
        ready = sqlite_write.Ready(self._writer.schema.collections.get(collection))
        for first in range(0, len(documents), _READIED):
            if first:
                await asyncio.sleep(0)
            ready.add(documents[first : first + _READIED])
        return sorted([*ready.refused, *await self._write(_insert, collection, ready)])

    async def replace(self, collection: str, old: bytes, new: Mapping[str, Any]) -> bool:
        """Replace the document if it still is `old`, byte for byte; say whether it was."""
        return await self._write(_replace, collection, old, encode_checked(new))

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[None]:
        """All writes inside happen together or not at all; an inner one joins the outer.

        Whoever is cancelled at its very end cannot tell whether they happened.
        """
        if self._in_unit():
            yield
            return
        async with self._lock:
            try:
                await self._on_writer(Connection.begin)
                with self._joined():
                    yield
                await self._on_writer(Connection.commit)
            except BaseException:
                with suppress(StoreUnavailable):  # whoever begins next rolls it back
                    await self._on_writer(Connection.rollback)
                raise

    @contextmanager
    def _joined(self) -> Iterator[None]:
        """Inside, what this task and those it starts read and write belongs to the unit."""
        unit = _Unit(self)
        token = _UNIT.set(unit)
        try:
            yield
        finally:
            unit.open = False
            _UNIT.reset(token)

    async def ensure_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Create those of `indexes` that are missing and return their names."""
        return await self._write(_ensure_indexes, indexes)

    async def missing_indexes(self, indexes: Sequence[Index]) -> list[Index]:
        """Return those of `indexes` that the store does not have."""
        return await self._in_thread(_missing_indexes, indexes)

    async def explain(
        self, collection: str, filter: Filter, sort: Sort = _BY_ID, limit: int = 50
    ) -> dict[str, Any]:
        """Say which plan and indexes a search would use."""
        query = Query.of(collection, filter, sort, limit)
        return await self._in_thread(_explain, query)

    async def ping(self) -> None:
        """Raise `StoreUnavailable` if the file is gone, replaced or unreadable."""
        await self._in_thread(_ping, self._path, self._inode)

    async def close(self) -> None:
        """Wait for what is running and close the connections."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._shut_down)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed", headers=dict(_RETRY))

    def _shut_down(self) -> None:
        self._write_pool.shutdown()
        self._read_pool.shutdown()
        for connection in self._connections:
            connection.raw.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _connect(self, busy_seconds: float) -> Connection:
        connection = Connection(self._path, busy_seconds)
        self._connections.append(connection)
        return connection

    def _in_unit(self) -> bool:
        unit = _UNIT.get()
        return unit is not None and unit.store is self and unit.open

    def _inline(self) -> Connection:
        """Return the event loop's connection, which must not be used while a thread closes it."""
        self._check_open()
        return self._reader

    async def _read(
        self, run: Callable[[sqlite3.Connection, Schema, Query, Budget], T], query: Query
    ) -> T:
        """Run a read on the event loop; in a thread if it is long or has to wait."""
        if self._in_unit():
            return await self._write(_ask, run, query, None)
        try:
            return _run_query(self._inline(), run, query, INLINE_BUDGET)
        except OverBudget:
            pass  # the thread has no budget
        except sqlite3.Error as error:
            if not _is_busy(error):
                raise _unavailable(error) from error
        return await self._in_thread(_run_query, run, query, None)

    async def _in_thread(
        self, run: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a read on a connection of one of the reading threads."""

        def work() -> T:
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._connect(_BUSY_SECONDS)
            return run(connection, *args, **kwargs)

        with _translated():
            return await self._submit(self._read_pool, work)

    async def _write(
        self, run: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a write, or any call inside a unit of work, on the writing thread."""
        joins = self._in_unit()

        def work(connection: Connection) -> T:
            with connection.joined() if joins else connection.transaction("IMMEDIATE"):
                return run(connection, *args, **kwargs)

        async with nullcontext() if joins else self._lock:
            return await self._on_writer(work)

    async def _on_writer(self, work: Callable[[Connection], T]) -> T:
        """Run work to its end: the lock is not released before the thread is done."""
        with _translated():
            return await finished(self._submit(self._write_pool, partial(work, self._writer)))

    def _submit(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> asyncio.Future[T]:
        self._check_open()
        return asyncio.get_running_loop().run_in_executor(pool, work)


def _get(connection: Connection, collection: str, ids: Sequence[Any]) -> list[bytes]:
    return sqlite_query.get(connection.raw, connection.schema, collection, ids)


def _run_query(
    connection: Connection,
    run: Callable[[sqlite3.Connection, Schema, Query, Budget], T],
    query: Query,
    limit: int | None,
) -> T:
    with connection.transaction("DEFERRED"):
        return _ask(connection, run, query, limit)


def _ask(
    connection: Connection,
    run: Callable[[sqlite3.Connection, Schema, Query, Budget], T],
    query: Query,
    limit: int | None,
) -> T:
    return run(connection.raw, connection.schema, query, Budget(limit))


def _insert(
    connection: Connection, collection: str, ready: sqlite_write.Ready
) -> list[tuple[int, str]]:
    return sqlite_write.insert(connection.raw, connection.schema, collection, ready)


def _replace(connection: Connection, collection: str, old: bytes, new: bytes) -> bool:
    return sqlite_write.replace(connection.raw, connection.schema, collection, old, new)


def _ensure_indexes(connection: Connection, indexes: Sequence[Index]) -> list[str]:
    wanted = sqlite_schema.missing(connection.schema, indexes)
    sqlite_schema.build(connection.raw, connection.schema, wanted)
    return [index.name for index in wanted]


def _missing_indexes(connection: Connection, indexes: Sequence[Index]) -> list[Index]:
    with connection.transaction("DEFERRED"):
        return sqlite_schema.missing(connection.schema, indexes)


def _explain(connection: Connection, query: Query) -> dict[str, Any]:
    with connection.transaction("DEFERRED"):
        return sqlite_query.explain(connection.raw, connection.schema, query)


def _ping(connection: Connection, path: str, inode: int) -> None:
    try:
        same = os.stat(path).st_ino == inode
    except OSError:
        same = False
    if not same:
        raise sqlite3.OperationalError("the file is gone")
    connection.raw.execute("SELECT count(*) FROM collections").fetchone()


def _is_busy(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _unavailable(error) from error


def _unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """Name what SQLite says by its code: its message could quote a value."""
    name = getattr(error, "sqlite_errorname", None) or str(error)
    return StoreUnavailable(f"the embedded store is unavailable ({name})", headers=dict(_RETRY))
