"""load: MongoDB Extended JSON into a store."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bson import json_util
from bson.errors import BSONError

from fhir_facade.store.base import Store
from fhir_facade.store.codec import CODEC

_BATCH = 500
_OPTIONS = json_util.JSONOptions(
    tz_aware=True,
    uuid_representation=CODEC.uuid_representation,
    datetime_conversion=CODEC.datetime_conversion,
)

_UNREADABLE = (ValueError, TypeError, BSONError, ArithmeticError, RecursionError)
"""What json_util raises for text that is no Extended JSON, or holds a typed value that is none."""

Line = tuple[int, bytes]
Advance = Callable[[int], None]


@dataclass(slots=True)
class LoadReport:
    """What was loaded, and (line or place, reason) of what was not."""

    loaded: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


async def load(store: Store, collection: str, path: Path, advance: Advance) -> LoadReport:
    """Load a file, one document per line or one array of documents; `advance` is told the bytes."""
    report = LoadReport()
    batch: list[tuple[int, dict[str, Any]]] = []
    for number, text in _texts(path):
        advance(len(text))
        try:
            batch.append((number, _document(text)))
        except _UNREADABLE as error:
            report.refused.append((number, f"not Extended JSON: {_reason(error)}"))
        if len(batch) == _BATCH:
            await _flush(store, collection, batch, report)
    await _flush(store, collection, batch, report)
    return report


async def _flush(
    store: Store, collection: str, batch: list[tuple[int, dict[str, Any]]], report: LoadReport
) -> None:
    refused = await store.insert(collection, [document for _, document in batch])
    report.refused += [(batch[position][0], reason) for position, reason in refused]
    report.loaded += len(batch) - len(refused)
    batch.clear()


def _document(text: bytes) -> dict[str, Any]:
    found = json_util.loads(text.decode("utf-8"), json_options=_OPTIONS)
    if not isinstance(found, dict):
        raise TypeError("it is not a document")
    return found


def _reason(error: Exception) -> str:
    """Say what is wrong without quoting the text: it may be health data."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return "it is not a document" if isinstance(error, TypeError) else "a value has a wrong form"


def _texts(path: Path) -> Iterator[Line]:
    """Yield (line number, text) of each document; in an array, its place counted from 1."""
    with path.open("rb") as file:
        if file.read(len(BOM_UTF8)) != BOM_UTF8:
            file.seek(0)
        first = file.read(1)
        while first.isspace():
            first = file.read(1)
        if first == b"[":
            yield from _array(path)
            return
        file.seek(0)
        for number, line in enumerate(file, 1):
            text = line.removeprefix(BOM_UTF8) if number == 1 else line
            if text.strip():
                yield number, text


def _array(path: Path) -> Iterator[Line]:
    """Read an array element by element, so that a bad one is reported by its place."""
    text = path.read_text("utf-8", "replace")
    decoder = json.JSONDecoder()
    at, number = text.index("[") + 1, 0
    while True:
        at = _skip(text, at, " \t\r\n,")
        number += 1
        if text[at : at + 1] == "]":
            if rest := text[_skip(text, at + 1, " \t\r\n") :]:
                yield number, b"text after the array: " + rest.encode()
            return
        try:
            _, end = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            yield number, text[at:].encode() or b"the array does not end"
            return
        yield number, text[at:end].encode()
        at = end


def _skip(text: str, at: int, letters: str) -> int:
    while at < len(text) and text[at] in letters:
        at += 1
    return at


async def load_documents(
    store: Store, documents: Iterator[tuple[str, dict[str, Any]]]
) -> dict[str, int]:
    """Insert generated documents; return how many went into each collection."""
    batches: dict[str, list[dict[str, Any]]] = {}
    counts: dict[str, int] = {}
    async for collection, batch in _batched(documents, batches):
        refused = await store.insert(collection, batch)
        counts[collection] = counts.get(collection, 0) + len(batch) - len(refused)
    return counts


async def _batched(
    documents: Iterator[tuple[str, dict[str, Any]]], batches: dict[str, list[dict[str, Any]]]
) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    for collection, document in documents:
        batch = batches.setdefault(collection, [])
        batch.append(document)
        if len(batch) == 2 * _BATCH:
            yield collection, batch
            batches[collection] = []
    for collection, batch in batches.items():
        if batch:
            yield collection, batch
