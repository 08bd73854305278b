"""Files as `mongoexport` writes them: one document per line, in MongoDB Extended JSON."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from bson import CodecOptions, DatetimeConversion, json_util
from bson.binary import UuidRepresentation

from fhir_facade.demo.dice import Document
from fhir_facade.demo.generator import generate

COLLECTIONS = ("patient_case", "work_queue", "outcomes")

BSON_OPTIONS: CodecOptions[Document] = CodecOptions(
    tz_aware=True,
    uuid_representation=UuidRepresentation.STANDARD,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""How the documents become BSON and come back: UUIDs as such, far dates as milliseconds."""

JSON_OPTIONS = json_util.RELAXED_JSON_OPTIONS.with_options(
    tz_aware=True,
    uuid_representation=UuidRepresentation.STANDARD,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""Relaxed Extended JSON, in which dates, ids, UUIDs, integers and floats keep their types."""


def line(document: Document) -> str:
    """Return the document as one line of Extended JSON, without the line's end."""
    return json_util.dumps(document, json_options=JSON_OPTIONS, ensure_ascii=False)


def write(
    directory: Path | str, members: int = 500, seed: int = 1, dirty: float = 0.0
) -> dict[str, int]:
    """Write `<collection>.json` files into the directory and return the documents per file."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter(dict.fromkeys(COLLECTIONS, 0))
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(
                (folder / f"{name}.json").open("w", encoding="utf-8", newline="\n")
            )
            for name in COLLECTIONS
        }
        for collection, document in generate(members, seed, dirty):
            files[collection].write(f"{line(document)}\n")
            counts[collection] += 1
    return dict(counts)
