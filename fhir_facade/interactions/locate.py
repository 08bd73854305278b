"""Where the record of a resource is stored, for a write that replaces it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.interactions.embedded import split_filter
from fhir_facade.interactions.records import Record, Records, Translation
from fhir_facade.rules.compartment import Whose, whose
from fhir_facade.rules.filters import all_of
from fhir_facade.rules.mapping import (
    PARENT,
    Compiled,
)
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.text import stored_ids
from fhir_facade.security.principal import READ
from fhir_facade.store.codec import decode
from fhir_facade.store.matching import compile_filter

_SAME_ID = 10


@dataclass(frozen=True, slots=True)
class Located:
    """A record, the stored bytes of the document it stands in, and how it is served now."""

    id: str
    source: Compiled
    raw: bytes
    element: dict[str, Any]
    """The document, or the element of the array that is the record."""
    position: int
    """The place in the array, counted from 1; 0 for a document."""
    translation: Translation

    @property
    def is_deleted(self) -> bool:
        return self.translation.deleted

    @property
    def whose(self) -> Whose:
        """Whose the record is now."""
        return whose(self.source, self.record)

    @property
    def record(self) -> dict[str, Any]:
        """The record as filters see it."""
        if not self.position:
            return self.element
        return self.source.record(self.element, decode(self.raw), self.position)


async def locate(
    records: Records, resource: ResourceType, fhir: str, interaction: str = READ
) -> Located | None:
    """Return the record served under an id: a live one, else a deleted one, else None.

    One that the caller's interaction may not touch is not there.
    """
    deleted: Located | None = None
    for source in resource.sources:
        embedded = source.mapping.unwind is not None
        for found in await (_elements if embedded else _documents)(
            records, source, fhir, interaction
        ):
            if not found.translation.belongs:
                continue
            if not found.is_deleted:
                return found
            deleted = deleted or found
    return deleted


async def _documents(
    records: Records, source: Compiled, fhir: str, interaction: str
) -> list[Located]:
    stored = await records.stored(source, stored_ids(fhir), interaction)
    return [
        Located(fhir, source, raw, decode(raw), 0, records.translate(source, raw)) for raw in stored
    ]


async def _elements(
    records: Records, source: Compiled, fhir: str, interaction: str
) -> list[Located]:
    named = source.params["_id"].filter(lambda kind, site: kind.token(site, None, fhir))
    wanted = all_of([named, records.access.limit(source, interaction)])
    split = split_filter(wanted, source.mapping)
    if split is None:
        return []
    stored = await records.store.find(source.mapping.collection, split, limit=_SAME_ID)
    matches = compile_filter(wanted)
    found = []
    for raw, group in zip(stored, await records.from_documents(source, stored), strict=True):
        found += [
            Located(fhir, source, raw, *element_of(record), records.translate_record(record))
            for record in group
            if matches(record.document)
        ]
    return found


def element_of(record: Record) -> tuple[dict[str, Any], int]:
    """Return the stored element of an embedded record, and its position."""
    mapping = record.source.mapping
    position = record.place[1]
    element: dict[str, Any] = record.document[PARENT][mapping.unwind][position - 1]
    return element, position
