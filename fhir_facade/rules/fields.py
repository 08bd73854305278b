"""Which stored fields a part of a resource is read from, and whether they are what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions

from fhir_facade.rules.context import Context
from fhir_facade.rules.getting import WHOLE, getter
from fhir_facade.rules.kinds.base import Kind

_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)
_PASSED = "extension|"

Fields = Mapping[str, Sequence[Callable[[dict[str, Any]], Any]]]
"""Part → what reads its stored fields."""


class _Line(Protocol):
    @property
    def element(self) -> str: ...
    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def served(self) -> bool: ...


def fields_by_part(rules: Sequence[_Line], context: Context) -> Fields:
    """Return the fields of each part, but those that only show other records."""
    found: dict[str, list[Callable[[dict[str, Any]], Any]]] = {}
    for rule in rules:
        if not rule.served or rule.kind.shows_others:
            continue
        getters = found.setdefault(_part(rule.element, context), [])
        if rule.fields[0] == WHOLE:
            getters += [getter((path,)) for path in rule.kind.reads]
        else:
            getters.append(getter(rule.fields))
    return found


def _part(element: str, context: Context) -> str:
    first = element.split(".")[0]
    if first.startswith("extension:"):
        return _PASSED + context.extension(first.partition(":")[2])
    if first == "extension[]":
        return _PASSED
    if first == "meta":
        return f"meta.{element.split('.')[1].removesuffix('[]')}"
    return first.partition("[")[0].removesuffix("*")


def fields_digest(fields: Fields, part: str, document: dict[str, Any]) -> str:
    """Return a digest of the stored values that a part is read from."""
    known = fields.get(part)
    if known is None and part.startswith(_PASSED):
        known = fields.get(_PASSED)
    values = [get(document) for get in known or ()]
    data = bson.encode({"values": values}, codec_options=_CODEC)
    return hashlib.blake2b(data, digest_size=8).hexdigest()
