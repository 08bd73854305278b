"""Changing documents and their index entries on one SQLite connection, inside a transaction."""

# ruff: noqa: S608 - only quoted names are put into SQL

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from fhir_facade.store.codec import DUPLICATE, Refused, decode, prepare
from fhir_facade.store.order import sort_bytes
from fhir_facade.store.sqlite_schema import Schema, add_entries, move_entries


def insert(
    connection: sqlite3.Connection,
    schema: Schema,
    name: str,
    documents: Sequence[Mapping[str, Any]],
) -> Refused:
    """Insert what can be inserted and return the positions and reasons of the rest."""
    good, refused = prepare(documents)
    if not good:
        return refused
    collection = schema.collection(connection, name)
    accepted: list[tuple[bytes, dict[str, Any]]] = []
    for position, data in good:
        document = decode(data)
        key = sort_bytes(document["_id"])
        try:
            connection.execute(f"INSERT INTO {collection.table} VALUES (?, ?)", (key, data))
        except sqlite3.IntegrityError:
            refused.append((position, DUPLICATE))
        else:
            accepted.append((key, document))
    add_entries(connection, collection.indexes, accepted)
    return sorted(refused)


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
