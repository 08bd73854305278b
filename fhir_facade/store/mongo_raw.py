"""Documents as the raw bytes that a MongoDB server sends, and the filter that recognises one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bson.raw_bson import RawBSONDocument

from fhir_facade.store.codec import decode


def split(batch: bytes) -> Iterator[bytes]:
    """Cut a batch into documents, each of which begins with its length."""
    start = 0
    while start < len(batch):
        end = start + int.from_bytes(batch[start : start + 4], "little")
        yield batch[start:end]
        start = end


def unchanged(old: bytes) -> dict[str, Any]:
    """Return the filter that finds a document only if it still equals `old`, fields in their order.

    The server compares as BSON does, so it takes 1 for 1.0 and 0.0 for -0.0. Hence the size, which
    tells int from long and double; and whoever replaces a document compares its bytes just before,
    so that only a change of this kind in the moment between would be missed.
    """
    raw = RawBSONDocument(old)
    same = {"$eq": ["$$ROOT", {"$literal": raw}]}
    size = {"$eq": [{"$bsonSize": "$$ROOT"}, len(old)]}
    return {"_id": {"$eq": raw["_id"]}, "$expr": {"$and": [same, size]}}


def unchanged_fields(old: bytes) -> dict[str, Any]:
    """Return the same for a server without `$expr`: every field of `old` still is equal.

    A field added in the moment between comparing and replacing would be missed.
    """
    return {name: {"$eq": value} for name, value in decode(old).items()}


def indexes_of(plan: Any) -> Iterator[str]:
    """Yield the names of the indexes in the winning plan of an `explain`."""
    if isinstance(plan, Mapping):
        if "indexName" in plan:
            yield plan["indexName"]
        for part in plan.values():
            yield from indexes_of(part)
    elif isinstance(plan, list):
        for part in plan:
            yield from indexes_of(part)


def is_plain(index: Mapping[str, Any]) -> bool:
    """Say whether an index that the server lists has every document, in BSON's own order."""
    special = ("partialFilterExpression", "sparse", "collation", "hidden")
    return not any(index.get(option) for option in special)
