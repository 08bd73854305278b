"""Changing documents and their index entries on one SQLite connection, inside a transaction."""

# ruff: noqa: S608 - only quoted names are put into SQL

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from fhir_facade.store.codec import DUPLICATE, Refused, decode, prepare
from fhir_facade.store.order import sort_bytes
from fhir_facade.store.sqlite_schema import Schema, add_entries, add_rows, chunks, move_entries


class New(NamedTuple):
    """A document that is to be inserted."""

    key: bytes
    data: bytes
    position: int
    document: Mapping[str, Any]
    """As it will be stored, at least in what `roots` name."""
    roots: frozenset[str]


def readied(
    documents: Sequence[Mapping[str, Any]], roots: frozenset[str], first: int = 0
) -> tuple[list[New], Refused]:
    """Return the documents as they will be stored, and which cannot be; positions from `first`.

    No connection is needed, so that a thread which answers requests can do it between two of them:
    done in the writing thread it would compete with them for the interpreter all the time.
    """
    good, refused = prepare(documents)
    found = []
    for position, data in good:
        given = documents[position]
        document = given if _is_as_stored(given, roots) else decode(data)
        found.append(New(sort_bytes(document["_id"]), data, first + position, document, roots))
    return found, [(first + position, reason) for position, reason in refused]


def _is_as_stored(document: Mapping[str, Any], roots: frozenset[str]) -> bool:
    """Say whether fields are given as they would be read: most that BSON changes are no text."""
    for root in roots:
        value = document.get(root)
        if type(value) is str or value is None:
            continue
        if type(value) is not datetime or value.tzinfo is not None or value.microsecond % 1000:
            return False
    return "_id" in document


def insert(
    connection: sqlite3.Connection, schema: Schema, name: str, documents: Sequence[New]
) -> Refused:
    """Insert what can be inserted and return the positions and reasons of the rest."""
    if not documents:
        return []
    collection = schema.collection(connection, name)
    table = collection.table
    taken = {
        each.position for chunk in chunks(documents) for each in _taken(connection, table, chunk)
    }
    added = [
        (each.key, each.document if collection.roots <= each.roots else decode(each.data))
        for each in documents
        if each.position not in taken
    ]
    add_entries(connection, collection.indexes, added)
    return [(position, DUPLICATE) for position in sorted(taken)]


def _taken(connection: sqlite3.Connection, table: str, documents: Sequence[New]) -> list[New]:
    """Insert documents; return those whose keys others have."""
    try:
        rows = [(each.key, each.data) for each in documents]
        add_rows(connection, f"INSERT INTO {table}", rows)
    except sqlite3.IntegrityError:  # then none of them has been inserted
        if len(documents) == 1:
            return list(documents)
        return [found for each in documents for found in _taken(connection, table, [each])]
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
