"""Changing documents and their index entries on one SQLite connection, inside a transaction."""

# ruff: noqa: S608 - only quoted names are put into SQL

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bson import ObjectId, Regex
from bson.errors import BSONError

from fhir_facade.store.codec import decode, encode
from fhir_facade.store.order import sort_bytes
from fhir_facade.store.sqlite_schema import Schema, add_entries, move_entries

LARGEST: Final = 16 * 1024 * 1024
"""The size in bytes above which MongoDB refuses a document."""

Refused = list[tuple[int, str]]


def prepare(documents: Sequence[Mapping[str, Any]]) -> tuple[list[tuple[int, bytes]], Refused]:
    """Encode documents as they will be stored, each with its position; say which cannot be."""
    good: list[tuple[int, bytes]] = []
    refused: Refused = []
    for position, document in enumerate(documents):
        with_id = document if "_id" in document else {"_id": ObjectId(), **document}
        try:
            data = encode(with_id)
        except (BSONError, OverflowError, UnicodeEncodeError) as error:
            refused.append((position, f"BSON cannot hold it: {type(error).__name__}"))
            continue
        if len(data) > LARGEST:
            refused.append((position, "larger than 16 MiB"))
        elif isinstance(with_id["_id"], list | tuple | Regex):
            refused.append((position, "an _id must not be an array or a regular expression"))
        else:
            good.append((position, data))
    return good, refused


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
            refused.append((position, "a document with this _id exists"))
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
