"""The MongoDB store: replica sets, sharded clusters, Atlas, and what speaks the same protocol.

Documents come as raw BSON and are not decoded here. The driver reconnects by itself, so a server
that comes back is used again without a restart. A write that is cancelled is waited for, or the
server would make it at any time after.

https://pymongo.readthedocs.io/en/stable/api/pymongo/asynchronous/index.html
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from bson import Regex
from bson.raw_bson import RawBSONDocument
from pymongo import IndexModel
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from fhir_facade.rules.index import Index
from fhir_facade.store.base import (
    Filter,
    Sort,
    TransactionsUnsupported,
)
from fhir_facade.store.codec import CODEC, DUPLICATE, decode, encode_checked, prepare
from fhir_facade.store.finish import GRACE, finished, tidied
from fhir_facade.store.keyset import ALL_TYPES, FERRETDB_TYPES, Types, continued
from fhir_facade.store.matching import compile_filter
from fhir_facade.store.mongo_driver import client_class, settled, translated
from fhir_facade.store.mongo_pool import Pool
from fhir_facade.store.mongo_raw import (
    indexes_of,
    is_plain,
    split,
    unchanged,
    unchanged_fields,
)
from fhir_facade.store.order import sort_bytes
from fhir_facade.store.widened import value_at, widened

DEFAULT_DATABASE: Final = "fhir_facade"
_CHECKED_MORE: Final = 50
_SELECTION_MS: Final = 2000
_BY_ID: Final[Sort] = (("_id", 1),)

_SNAPSHOT: Final = ReadConcern("snapshot")
_MAJORITY: Final = WriteConcern("majority")
_COMMITS: Final = 3
"""How often a commit is sent at most."""

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_DUPLICATE_KEY: Final = 11000
_WRITE_CONFLICT: Final = 112
_NO_COLLECTION: Final = 26

T = TypeVar("T")


@dataclass
class _Unit:
    """A unit of work in progress; tasks started inside it may outlive it."""

    store: MongoStore
    session: Any
    open: bool = True


_UNIT: ContextVar[_Unit | None] = ContextVar("mongo_unit_of_work", default=None)


class MongoStore:
    """`Store` over a MongoDB database; `client` is PyMongo's asynchronous client, or Motor's."""

    def __init__(self, client: Any, pool: Pool | None = None) -> None:
        self._client = client
        self._pool = pool or Pool()
        self._database = client.get_default_database(DEFAULT_DATABASE, codec_options=CODEC)
        self._types: Types = ALL_TYPES
        self.transactions: bool | None = None
        """Whether the server has transactions; None until it has been asked."""

    @classmethod
    def open(cls, url: str, driver: str = "pymongo") -> MongoStore:
        """Make a store for a URL, whose path names the database; nothing is connected yet."""
        pool = Pool()
        options: dict[str, Any] = {"appname": "fhir-facade", "event_listeners": [pool]}
        if "serverselectiontimeoutms" not in url.lower():
            options["serverSelectionTimeoutMS"] = _SELECTION_MS
        try:
            return cls(client_class(driver)(url, **options), pool)
        except ConfigurationError as error:
            raise ValueError(f"the URL of the MongoDB store is not valid: {error}") from None

    def connections(self) -> dict[str, int]:
        """Return how many connections there are, and how many are in use."""
        return {"open": self._pool.open, "in_use": self._pool.in_use}

    async def get(self, collection: str, ids: Sequence[Any]) -> list[bytes]:
        """Return the documents whose `_id` is one of `ids`, in the order of `ids`."""
        wanted = [id for id in ids if not isinstance(id, Regex | re.Pattern | list | tuple)]
        if not wanted:
            return []
        if len(wanted) == 1:
            return await self._documents(collection, {"_id": {"$eq": wanted[0]}}, None, limit=1)
        found = await self._documents(
            collection, {"_id": {"$in": wanted}}, None, limit=len(wanted), batch_size=len(wanted)
        )
        by_id = {sort_bytes(decode(data)["_id"]): data for data in found}
        keys = [sort_bytes(id) for id in wanted]
        return [by_id[key] for key in keys if key in by_id]

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
        if limit <= 0:
            return []
        await self._learn()
        if self._types is FERRETDB_TYPES:
            return await self._find_checked(collection, filter, sort, limit, after)
        complete = continued(filter, sort, after, self._types)
        return await self._documents(collection, complete, sort, limit=limit, batch_size=limit)

    async def _find_checked(
        self,
        collection: str,
        filter: Filter,
        sort: Sort,
        limit: int,
        after: Sequence[Any] | None,
    ) -> list[bytes]:
        """Find on a server whose `$elemMatch` is not MongoDB's: ask for more, check each."""
        wide, matches = widened(filter), compile_filter(filter)
        size = limit if wide == filter else 2 * limit + _CHECKED_MORE
        found: list[bytes] = []
        while True:
            complete = continued(wide, sort, after, self._types)
            page = await self._documents(collection, complete, sort, limit=size, batch_size=size)
            found += [data for data in page if matches(decode(data))]
            if len(found) >= limit or len(page) < size:
                return found[:limit]
            last = decode(page[-1])
            after = [value_at(last, path) for path, _ in sort]

    async def count(self, collection: str, filter: Filter) -> int:
        """Return the exact number of matches."""
        await self._learn()
        if self._types is FERRETDB_TYPES and filter:
            return sum([len(batch) async for batch in self.scan(collection, filter)])
        with translated():
            session = self._session()
            counting = self._database[collection].count_documents(filter, session=session)
            number: int = await self._answered(counting)
            return number

    async def tally(self, collection: str, filter: Filter, part: Filter) -> tuple[int, int]:
        """Return the exact number of matches, and of those among them that match `part` too."""
        matches = await self.count(collection, filter)
        return matches, await self.count(collection, {"$and": [filter, part]}) if matches else 0

    async def scan(
        self,
        collection: str,
        filter: Filter | None = None,
        *,
        batch: int = 1000,
        after: Sequence[Any] | None = None,
    ) -> AsyncIterator[list[bytes]]:
        """Yield every matching document in batches, in `_id` order."""
        await self._learn()
        asked, matches = filter or {}, None
        if self._types is FERRETDB_TYPES and filter:
            asked, matches = widened(filter), compile_filter(filter)
        asked = continued(asked, _BY_ID, after, self._types)
        with translated():
            cursor = self._cursor(collection, asked, _BY_ID, batch_size=batch)
            try:
                async for data in cursor:
                    found = list(split(data))
                    if matches is not None:
                        found = [each for each in found if matches(decode(each))]
                    if found:
                        yield found
            finally:
                await cursor.close()

    async def insert(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[tuple[int, str]]:
        """Insert what can be inserted; return (position, reason) for the rest.

        Inside a unit of work a server gives up all of it when it refuses a document.
        """
        good, refused = prepare(documents)
        if not good:
            return refused
        raw = [RawBSONDocument(data) for _, data in good]
        with translated():
            try:
                inserting = self._database[collection].insert_many(
                    raw, ordered=False, session=self._session()
                )
                await finished(inserting, GRACE)
            except BulkWriteError as error:
                errors = error.details["writeErrors"]
                if not errors:
                    raise
                refused += [(good[found["index"]][0], _reason(found)) for found in errors]
        return sorted(refused)

    async def replace(self, collection: str, old: bytes, new: Mapping[str, Any]) -> bool:
        """Replace the document if it still is `old`, byte for byte; say whether it was."""
        await self._learn()
        data = encode_checked(new)
        current = await self.get(collection, [decode(old)["_id"]])
        if current != [old]:
            return False
        same = unchanged_fields(old) if self._types is FERRETDB_TYPES else unchanged(old)
        with translated():
            try:
                replacing = self._database[collection].replace_one(
                    same, RawBSONDocument(data), session=self._session()
                )
                result = await finished(replacing, GRACE)
            except OperationFailure as error:
                if error.code == _WRITE_CONFLICT:  # another transaction was first
                    return False
                raise
        return bool(result.matched_count)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[None]:
        """All writes inside happen together or not at all; an inner one joins the outer.

        Whoever is cancelled at its very end cannot tell whether they happened.
        """
        if self._session() is not None:
            yield
            return
        await self._learn()
        if not self.transactions:
            raise TransactionsUnsupported("this MongoDB server has no transactions")
        with translated():
            session = await settled(self._client.start_session())
        try:
            await settled(session.start_transaction(_SNAPSHOT, _MAJORITY))
            async with self._joined(session):
                yield
            await self._commit(session)
        finally:  # ending a session gives up a transaction that was not committed
            await tidied(session.end_session(), GRACE)

    async def _commit(self, session: Any) -> None:
        """Commit, and again where the answer got lost: a transaction is committed once."""
        with translated():
            for _ in range(_COMMITS - 1):
                try:
                    return await finished(session.commit_transaction(), GRACE)
                except PyMongoError as error:
                    if not error.has_error_label("UnknownTransactionCommitResult"):
                        raise
            return await finished(session.commit_transaction(), GRACE)

    @asynccontextmanager
    async def _joined(self, session: Any) -> AsyncIterator[None]:
        unit = _Unit(self, session)
        token = _UNIT.set(unit)
        try:
            yield
        finally:
            unit.open = False
            _UNIT.reset(token)

    async def ensure_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Create those of `indexes` that are missing and return their names."""
        wanted = await self.missing_indexes(indexes)
        by_collection: dict[str, list[IndexModel]] = {}
        for index in wanted:
            by_collection.setdefault(index.collection, []).append(IndexModel(list(index.keys)))
        with translated():
            for collection, models in by_collection.items():
                await self._database[collection].create_indexes(models)
        return [index.name for index in wanted]

    async def missing_indexes(self, indexes: Sequence[Index]) -> list[Index]:
        """Return those of `indexes` that no index of the server has the keys of."""
        present: dict[str, set[tuple[tuple[str, int], ...]]] = {}
        for index in indexes:
            if index.collection not in present:
                present[index.collection] = await self._index_keys(index.collection)
        return [
            index for index in dict.fromkeys(indexes) if index.keys not in present[index.collection]
        ]

    async def explain(
        self, collection: str, filter: Filter, sort: Sort = _BY_ID, limit: int = 50
    ) -> dict[str, Any]:
        """Say which indexes the server would use for a search."""
        find = {"find": collection, "filter": filter, "sort": dict(sort), "limit": limit}
        with translated():
            reply = await self._database.command(
                {"explain": find, "verbosity": "queryPlanner"}, session=self._session()
            )
        plan = reply.get("queryPlanner", {}).get("winningPlan", {})
        return {
            "plan": plan.get("stage", "unknown"),
            "indexes": list(dict.fromkeys(indexes_of(plan))),
        }

    async def ping(self) -> None:
        """Raise `StoreUnavailable` if the server does not answer."""
        with translated():
            await self._client.admin.command("ping")
        await self._learn()

    async def close(self) -> None:
        """Release the connections."""
        await settled(self._client.close())

    async def _learn(self) -> None:
        """Ask the server, once, what it is."""
        if self.transactions is not None:
            return
        with translated():
            hello = await self._client.admin.command("hello")
            build = await self._client.admin.command("buildInfo")
        if "ferretdb" in build or "ferretdbVersion" in build:
            self._types = FERRETDB_TYPES
        self.transactions = "setName" in hello or hello.get("msg") == "isdbgrid"

    def _session(self) -> Any:
        unit = _UNIT.get()
        return unit.session if unit is not None and unit.store is self and unit.open else None

    async def _answered(self, call: Awaitable[T]) -> T:
        """Await a reading call, one of a unit of work to its end: its transaction ends after it."""
        return await (call if self._session() is None else finished(call, GRACE))

    def _cursor(self, collection: str, filter: Filter, sort: Sort | None, **options: int) -> Any:
        order = list(sort) if sort else None
        return self._database[collection].find_raw_batches(
            filter, sort=order, session=self._session(), **options
        )

    async def _documents(
        self, collection: str, filter: Filter, sort: Sort | None, **options: int
    ) -> list[bytes]:
        async def collected() -> list[bytes]:
            batches = self._cursor(collection, filter, sort, **options)
            return [document async for batch in batches for document in split(batch)]

        with translated():
            return await self._answered(collected())

    async def _index_keys(self, collection: str) -> set[tuple[tuple[str, int], ...]]:
        """Return the keys of the server's indexes that serve every search."""
        found: set[tuple[tuple[str, int], ...]] = {(("_id", 1),)}
        with translated():
            try:
                async for index in await settled(self._database[collection].list_indexes()):
                    if is_plain(index):
                        found.add(tuple(index["key"].items()))
            except OperationFailure as error:
                if error.code != _NO_COLLECTION:
                    raise
        return found


def _reason(error: Mapping[str, Any]) -> str:
    """Word a write error by its code: the server's own message quotes the value."""
    if error.get("code") != _DUPLICATE_KEY:
        return f"the server refuses it (code {error.get('code')})"
    if error.get("keyPattern", {"_id": 1}) == {"_id": 1}:
        return DUPLICATE
    return "a unique index has its values already"
