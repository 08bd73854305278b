"""The tables of the embedded store, and the index entries that each document has.

A collection is a table of (`key`, `bson`): the `_id` in BSON's order, and the document. An index is
a side table of (`k`, `id`), one row for each distinct combination of the values on its paths: `k`
is those values in BSON's order, `id` the document's key. So a range of an index is a range of rows,
and rows of equal values are in `_id` order.

A side table holds what MongoDB's multikey index holds (an array gives its elements, an empty one
"undefined", missing is null; two arrays give the cross product). Every document that can satisfy a
condition on a path has an entry in the condition's range; the converse does not hold, so whoever
reads an index checks the complete filter. The row (`''`, `''`) says that some document has several
entries.
"""

# ruff: noqa: S608 - only quoted names are put into SQL

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Several
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any, Final, TypeVar

from fhir_facade.rules.index import Index
from fhir_facade.store.codec import decode
from fhir_facade.store.order import invert, sort_bytes
from fhir_facade.store.paths import index_values

FORMAT: Final = 1
_MULTIKEY_ROW: Final = (b"", b"")
_CHUNK: Final = 5000

ALSO: Final = "/* also */"
"""Where a reading statement takes a further condition."""

Entry = tuple[bytes, bytes]
Row = TypeVar("Row", bound=tuple[Any, ...])
_ALL_CHUNKS: Final = (1024, 256, 64, 16, 4, 1)
_CHUNKS: Final = _ALL_CHUNKS if sqlite3.sqlite_version_info >= (3, 32) else _ALL_CHUNKS[1:]
"""Rows of one statement, of two variables each; an old SQLite takes 999 variables."""


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _count(table: str, key: str) -> str:
    return f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {key} >= ? AND {key} < ? LIMIT ?)"


@dataclass(frozen=True)
class Source:
    """The statements that read documents in the order of an index, or of the `_id` itself."""

    name: str
    keys: tuple[tuple[str, int], ...]
    """The index's keys without an ascending `_id` at the end, which the `id` column is."""
    count: str
    """(low, high, limit): entries of a range, counted up to a limit."""
    forward: str
    """(k, id, high): entries after (k, id)."""
    backward: str
    """(k, id, low): entries before (k, id), backwards."""
    next_group: str = ""
    """(low, high): the first `k` of a range."""
    previous_group: str = ""
    """(low, high): the last `k` of a range."""
    group_forward: str = ""
    """(k, id): the entries of one `k` after `id`."""
    group_backward: str = ""
    """(k, id): the entries of one `k` before `id`, backwards."""
    multikey: str = ""
    """Whether a document has, or had, several entries."""
    table: str = ""
    """The side table."""
    id: str = "key"
    """The column that holds a document's key."""

    @classmethod
    def of_documents(cls, table: str) -> Source:
        """Read a collection by `_id`."""
        columns = f"SELECT key, key, bson FROM {table}"
        return cls(
            name="_id_",
            keys=(("_id", 1),),
            count=_count(table, "key"),
            forward=f"{columns} WHERE key >= ?1 AND key < ?3 {ALSO} ORDER BY key",
            backward=f"{columns} WHERE key < ?1 AND key >= ?3 {ALSO} ORDER BY key DESC",
        )

    @classmethod
    def of_index(
        cls, name: str, keys: tuple[tuple[str, int], ...], table: str, documents: str
    ) -> Source:
        """Read a collection by a side table."""
        columns = f"SELECT s.k, s.id, bson FROM {table} AS s CROSS JOIN {documents} ON key = s.id"
        first = f"SELECT k FROM {table} WHERE k >= ? AND k < ? ORDER BY k"
        return cls(
            name=name,
            keys=keys,
            count=_count(table, "k"),
            forward=f"{columns} WHERE (s.k, s.id) > (?, ?) AND s.k < ? {ALSO} ORDER BY s.k, s.id",
            backward=f"{columns} WHERE (s.k, s.id) < (?, ?) AND s.k >= ? {ALSO} "
            "ORDER BY s.k DESC, s.id DESC",
            next_group=f"{first} LIMIT 1",
            previous_group=f"{first} DESC LIMIT 1",
            group_forward=f"{columns} WHERE s.k = ? AND s.id > ? {ALSO} ORDER BY s.id",
            group_backward=f"{columns} WHERE s.k = ? AND s.id < ? {ALSO} ORDER BY s.id DESC",
            multikey=f"SELECT 1 FROM {table} WHERE k = x'' AND id = x''",
            table=table,
            id="s.id",
        )

    def narrowed(self, statement: str, other: Source, points: int) -> str:
        """Return a reading statement for documents that have an entry in another index too.

        Its further parameters are the other index's `k`s, `points` of them.
        """
        marks = ", ".join("?" * points)
        exists = f"SELECT 1 FROM {other.table} AS o WHERE o.k IN ({marks}) AND o.id = {self.id}"
        return statement.replace(ALSO, f"AND EXISTS ({exists})")

    def is_multikey(self, connection: sqlite3.Connection) -> bool:
        """Say whether some document has, or once had, several entries."""
        return bool(self.multikey) and connection.execute(self.multikey).fetchone() is not None


Entries = Callable[[Mapping[str, Any]], Several[bytes]]
"""Returns the `k` of each row that a document has, each once."""


@dataclass(frozen=True)
class SideTable:
    """One index and the table that holds it."""

    index: Index
    table: str
    only: str | None
    """The field of an index that looks at no other, and at nothing inside of it."""
    entries: Entries
    source: Source

    @classmethod
    def of(cls, index: Index) -> SideTable:
        """Describe the side table of an index."""
        keys = index.keys[:-1] if index.keys[-1] == ("_id", 1) else index.keys
        plain = [path for path, direction in keys if direction > 0 and "." not in path]
        only = plain[0] if len(plain) == len(keys) == 1 else None
        table = quoted(f"index:{index.collection}:{index.name}")
        source = Source.of_index(index.name, keys, table, quoted(f"documents:{index.collection}"))
        return cls(index, table, only, _entries(keys), source)


def _entries(keys: Sequence[tuple[str, int]]) -> Entries:
    columns = [(index_values(path), direction < 0) for path, direction in keys]

    def of_several(document: Mapping[str, Any]) -> Several[bytes]:
        parts: list[list[bytes]] = []
        single = True
        for values, descending in columns:
            found = values(document)
            single = single and len(found) == 1
            parts.append([invert(value) for value in found] if descending else found)
        if single:
            return (b"".join([part[0] for part in parts]),)
        return {b"".join(combination) for combination in product(*parts)}

    if len(columns) != 1:
        return of_several
    (values, descending) = columns[0]

    def of_one(document: Mapping[str, Any]) -> Several[bytes]:
        found = values(document)
        if descending:
            found = [*map(invert, found)]
        return found if len(found) == 1 else set(found)

    return of_one


@dataclass
class Collection:
    """One collection's table and indexes."""

    name: str
    indexes: list[SideTable] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = quoted(f"documents:{self.name}")
        self.by_id = Source.of_documents(self.table)
        self.get = f"SELECT bson FROM {self.table} WHERE key = ?"

    @property
    def roots(self) -> frozenset[str]:
        """The fields of a document in which its keys and index entries are."""
        paths = (path for side in self.indexes for path, _ in side.index.keys)
        return frozenset(("_id", *(path.partition(".")[0] for path in paths)))

    @property
    def sources(self) -> list[Source]:
        """Every way to read the collection in some order."""
        return [self.by_id, *(side.source for side in self.indexes)]


class Schema:
    """What one connection knows of the tables; `refresh` looks whether another has changed them."""

    def __init__(self) -> None:
        self.version = -1
        self.collections: dict[str, Collection] = {}
        self.plans: dict[Any, Any] = {}
        """The plans made on this connection, as long as `plans_version` is what it was."""
        self.plans_version: tuple[int, int, int] | None = None

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read the catalogue again if the tables have changed since."""
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
        if version == self.version:
            return
        collections = {
            name: Collection(name) for (name,) in connection.execute("SELECT name FROM collections")
        }
        for name, keys in connection.execute("SELECT collection, keys FROM indexes ORDER BY rowid"):
            index = Index(name, tuple((path, direction) for path, direction in json.loads(keys)))
            collections[name].indexes.append(SideTable.of(index))
        self.collections, self.version = collections, version

    def collection(self, connection: sqlite3.Connection, name: str) -> Collection:
        """Return a collection, made if it does not exist."""
        if name not in self.collections:
            table = quoted(f"documents:{name}")
            connection.execute(f"CREATE TABLE {table} (key BLOB PRIMARY KEY, bson BLOB NOT NULL)")
            connection.execute("INSERT INTO collections VALUES (?)", (name,))
            self.refresh(connection)
        return self.collections[name]


def create_catalogue(connection: sqlite3.Connection) -> None:
    """Prepare a new file; refuse one that another version has written."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == FORMAT:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version != FORMAT and (version or tables):
            raise ValueError(
                "the SQLite file is not one that this version of the store has written"
            )
        if version != FORMAT:
            connection.execute("CREATE TABLE collections (name TEXT PRIMARY KEY)")
            connection.execute(
                "CREATE TABLE indexes (collection TEXT, keys TEXT, PRIMARY KEY (collection, keys))"
            )
            connection.execute(f"PRAGMA user_version = {FORMAT}")
    finally:
        connection.execute("COMMIT")


def missing(schema: Schema, indexes: Sequence[Index]) -> list[Index]:
    """Return the indexes that have no side table; every collection has the one on `_id`."""
    present = {
        side.index for collection in schema.collections.values() for side in collection.indexes
    }
    wanted = dict.fromkeys(index for index in indexes if index.keys != (("_id", 1),))
    return [index for index in wanted if index not in present]


def build(connection: sqlite3.Connection, schema: Schema, indexes: Sequence[Index]) -> None:
    """Create side tables and fill them from the documents that are there."""
    for name in dict.fromkeys(index.collection for index in indexes):
        collection = schema.collection(connection, name)
        sides = [SideTable.of(index) for index in indexes if index.collection == name]
        for side in sides:
            _create(connection, side)
        rows = connection.execute(f"SELECT key, bson FROM {collection.table}")
        while chunk := list(islice(rows, _CHUNK)):
            add_entries(connection, sides, [(key, decode(data)) for key, data in chunk])
    schema.refresh(connection)


def _create(connection: sqlite3.Connection, side: SideTable) -> None:
    connection.execute(
        f"CREATE TABLE {side.table} (k BLOB, id BLOB, PRIMARY KEY (k, id)) WITHOUT ROWID"
    )
    connection.execute(
        "INSERT INTO indexes VALUES (?, ?)", (side.index.collection, json.dumps(side.index.keys))
    )


def add_entries(
    connection: sqlite3.Connection,
    sides: Iterable[SideTable],
    documents: Sequence[tuple[bytes, Mapping[str, Any]]],
) -> None:
    """Index documents, given with their keys."""
    for side in sides:
        add_to_side(connection, side, rows_of(side, documents))


def add_to_side(connection: sqlite3.Connection, side: SideTable, rows: Iterable[Entry]) -> None:
    """Add rows to one side table, in their order, so that neighbours are written together."""
    for chunk in chunks(sorted(rows)):
        add_rows(connection, f"INSERT OR IGNORE INTO {side.table}", chunk)


def chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield rows in a few sizes, so that there are a few statements to be prepared."""
    start = 0
    for size in _CHUNKS:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def add_rows(connection: sqlite3.Connection, insert: str, rows: Sequence[Entry]) -> None:
    """Add rows by one statement: each lets other threads run, and waits for its turn again."""
    values = ", ".join(["(?, ?)"] * len(rows))
    # the driver asks of every `bytes` whether it has an adapter, which takes longer than a copy
    parameters = [bytearray(each) for row in rows for each in row]
    connection.execute(f"{insert} VALUES {values}", parameters)


def rows_of(side: SideTable, documents: Iterable[tuple[bytes, Mapping[str, Any]]]) -> list[Entry]:
    """Return the rows that documents, given with their keys, have in a side table."""
    rows: list[Entry] = []
    only = side.only
    for key, document in documents:
        if only is not None and (value := document.get(only)).__class__ is not list:
            rows.append((sort_bytes(value), key))
            continue
        entries = side.entries(document)
        if len(entries) > 1:
            rows.append(_MULTIKEY_ROW)
        for entry in entries:
            rows.append((entry, key))
    return rows


def move_entries(
    connection: sqlite3.Connection,
    sides: Iterable[SideTable],
    key: bytes,
    old: dict[str, Any],
    new: dict[str, Any],
) -> None:
    """Bring the entries of a replaced document up to date."""
    for side in sides:
        before, after = set(side.entries(old)), set(side.entries(new))
        connection.executemany(
            f"DELETE FROM {side.table} WHERE k = ? AND id = ?", [(k, key) for k in before - after]
        )
        added = [(k, key) for k in after - before]
        if len(after) > 1:
            added.append(_MULTIKEY_ROW)
        connection.executemany(f"INSERT OR IGNORE INTO {side.table} VALUES (?, ?)", added)
