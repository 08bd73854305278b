"""Changing documents and their index entries on one SQLite connection, inside a transaction."""

# ruff: noqa: S608 - only quoted names are put into SQL

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from fhir_facade.store.codec import DUPLICATE, Refused, Unstorable, decode, encode_new
from fhir_facade.store.order import sort_bytes
from fhir_facade.store.sqlite_schema import (
    Collection,
    Entry,
    Schema,
    SideTable,
    add_entries,
    add_rows,
    add_to_side,
    chunks,
    move_entries,
    rows_of,
)

_PLAIN: Final = frozenset({str, datetime, type(None)})

Keyed = tuple[bytes, Mapping[str, Any]]
"""A document as it will be stored, with its key."""


class Ready:
    """Documents that are to be inserted, and the entries they will have in the known indexes.

    No connection is needed to make them ready, so that a thread which answers requests can do it
    between two of them: done in the writing thread it would compete with them for the interpreter
    all the time, and fetch every document from another processor. Entries that may be many, as of
    arrays, are left to the writing thread.
    """

    def __init__(self, collection: Collection | None) -> None:
        self.sides = [] if collection is None else [*collection.indexes]
        self._roots = frozenset() if collection is None else collection.roots
        self._given = 0
        self.documents: list[Entry] = []
        """The key and the bytes of each."""
        self.positions: list[int] = []
        """Where each was given."""
        self.refused: Refused = []
        self._rows: list[list[Entry]] = [[] for _ in self.sides]
        self._without: list[Keyed] = []
        """The documents whose rows are not made yet."""

    def add(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Add documents as they will be stored; those that cannot be are refused."""
        plain: list[Keyed] = []
        for position, given in enumerate(documents, self._given):
            try:
                data = encode_new(given)
            except Unstorable as error:
                self.refused.append((position, str(error)))
                continue
            is_plain = _is_plain(given, self._roots)
            document = given if is_plain else decode(data)
            key = sort_bytes(document["_id"])
            self.documents.append((key, data))
            self.positions.append(position)
            (plain if is_plain else self._without).append((key, document))
        for side, rows in zip(self.sides, self._rows, strict=True):
            rows += rows_of(side, plain)
        self._given += len(documents)

    def rows(self) -> Iterator[tuple[SideTable, list[Entry]]]:
        """Yield the rows that the documents have in each side table."""
        for side, rows in zip(self.sides, self._rows, strict=True):
            yield side, rows + rows_of(side, self._without)


def _is_plain(document: Mapping[str, Any], roots: frozenset[str]) -> bool:
    """Say whether the fields that indexes look at have one entry each, now as when it is stored.

    Texts and moments do: a moment's zone and microseconds, which BSON lacks, are in no entry.
    """
    for root in roots:
        if document.get(root).__class__ not in _PLAIN:
            return False
    return "_id" in document


def insert(connection: sqlite3.Connection, schema: Schema, name: str, ready: Ready) -> Refused:
    """Insert what can be inserted and return the positions and reasons of the rest."""
    if not ready.documents:
        return []
    collection = schema.collection(connection, name)
    taken: list[int] = []
    done = 0
    for chunk in chunks(ready.documents):
        taken += [done + place for place in _taken(connection, collection.table, chunk)]
        done += len(chunk)
    if taken or ready.sides != collection.indexes:
        without = set(taken)
        added = [each for place, each in enumerate(ready.documents) if place not in without]
        decoded = [(key, decode(data)) for key, data in added]
        add_entries(connection, collection.indexes, decoded)
    else:
        for side, rows in ready.rows():
            add_to_side(connection, side, rows)
    return [(ready.positions[place], DUPLICATE) for place in taken]


def _taken(connection: sqlite3.Connection, table: str, documents: Sequence[Entry]) -> list[int]:
    """Insert documents; return the places of those whose keys others have."""
    try:
        add_rows(connection, f"INSERT INTO {table}", documents)
    except sqlite3.IntegrityError:  # then none of them has been inserted
        if len(documents) == 1:
            return [0]
        places = range(len(documents))
        return [place for place in places if _taken(connection, table, [documents[place]])]
    return []


def replace(
    connection: sqlite3.Connection, schema: Schema, name: str, old: bytes, new: bytes
) -> bool:
    """Replace a document if its bytes are still `old`."""
    collection = schema.collections.get(name)
    if collection is None:
        return False
    before, after = decode(old), decode(new)
    key = sort_bytes(before["_id"])
    row = connection.execute(collection.get, (key,)).fetchone()
    if row is None or row[0] != old:
        return False
    connection.execute(f"UPDATE {collection.table} SET bson = ? WHERE key = ?", (new, key))
    move_entries(connection, collection.indexes, key, before, after)
    return True
