"""Stored documents: what differs between two, and which resources one is served as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions

from tests.writing.exact_json import Json

TYPES = {"task": "Task", "flag": "Flag", "goal": "Goal"}
BY_SERVER = ("updated", "updatedAt", "updated_at", "updated_on", "updated_by", "updatedBy", "fhir")
"""What every write may set."""
_OPTIONS: CodecOptions[Json] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """The paths at which two stored values differ, in value or in BSON type."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        return [
            each
            for name in names
            for each in (
                differences(before[name], after[name], f"{path}.{name}".lstrip("."))
                if name in before and name in after
                else [f"{path}.{name}".lstrip(".")]
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [each for at, (a, b) in pairs for each in differences(a, b, f"{path}.{at}")]
    first, second = (bson.encode({"": each}, codec_options=_OPTIONS) for each in (before, after))
    return [] if first == second else [path]


def other_than_marks(paths: list[str]) -> list[str]:
    """The paths but those that every write may set, here or in an embedded document."""
    found = []
    for path in paths:
        first, *rest = path.split(".")
        last = rest[1] if first == "documents" and len(rest) > 1 else first
        if last not in BY_SERVER:
            found.append(path)
    return found


def served_as(collection: str, document: Json) -> Iterator[tuple[str, str]]:
    """The type and id of each resource that a write may change."""
    key, documents = str(document["_id"]), document.get("documents")
    if collection == "patient_case":
        yield "EpisodeOfCare", key
    elif collection == "work_queue":
        kind = document.get("type")
        lower = kind.lower() if isinstance(kind, str) else ""
        yield TYPES.get(lower, "Communication"), key
    for each in documents if isinstance(documents, list) else ():
        if isinstance(each, dict) and isinstance(each.get("document_id"), str):
            yield "DocumentReference", each["document_id"]
