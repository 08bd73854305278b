"""read: one resource by its id.

https://hl7.org/fhir/R4/http.html#read
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_facade.errors import Gone, NotFound, Unservable
from fhir_facade.interactions.access import require
from fhir_facade.interactions.embedded import split_filter
from fhir_facade.interactions.records import Record, Records, Translation
from fhir_facade.rules.filters import all_of
from fhir_facade.rules.findings import Finding, Severity
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.text import stored_ids
from fhir_facade.security.principal import READ
from fhir_facade.store.matching import compile_filter

_SAME_ID = 10
"""How many documents may hold an element of one id before the rest is not looked at."""


@dataclass(slots=True)
class Served:
    """A resource as bytes, with what HTTP says of it."""

    body: bytes
    version: str
    last_updated: str | None


async def read(records: Records, resource: ResourceType, fhir: str) -> Served:
    """Read one resource; raise NotFound, Gone or Unservable."""
    require(records.access, resource.name, READ)
    deleted = False
    for source in resource.sources:
        for found in await _translations(records, source, fhir):
            if not found.belongs:
                continue
            if found.deleted:
                deleted = True
                continue
            if found.body is None:
                raise unservable(resource.name, found.findings)
            return Served(found.body, found.version, found.last_updated)
    raise _missing(resource.name, deleted=deleted)


async def _translations(records: Records, source: Compiled, fhir: str) -> list[Translation]:
    if source.mapping.unwind is None and not source.mapping.links:
        stored = await records.stored(source, stored_ids(fhir), READ)
        return [records.translate(source, raw) for raw in stored]
    return [records.translate_record(each) for each in await _candidates(records, source, fhir)]


async def find_record(records: Records, resource: ResourceType, fhir: str, *, label: str) -> Record:
    """Find the record served under an id; raise NotFound, or Gone if it is marked deleted."""
    require(records.access, resource.name, READ)
    deleted = False
    for source in resource.sources:
        for record in await _candidates(records, source, fhir):
            if not source.is_deleted(record.document):
                return record
            deleted = True
    if fhir.startswith("$"):
        raise NotFound(f"{resource.name} has no such operation here; /metadata lists what it has.")
    raise _missing(label, deleted=deleted)


async def _candidates(records: Records, source: Compiled, fhir: str) -> list[Record]:
    """Return the records that an id names: usually one, none if it is nowhere."""
    mapping = source.mapping
    wanted = source.params["_id"].filter(lambda kind, site: kind.token(site, None, fhir))
    if mapping.unwind is None:
        stored = await records.stored(source, stored_ids(fhir), READ)
    else:
        wanted = all_of([wanted, records.access.limit(source, READ)])
        split = split_filter(wanted, mapping)
        if split is None:
            return []
        stored = await records.store.find(mapping.collection, split, limit=_SAME_ID)
    matches = compile_filter(wanted)
    found = [each for group in await records.from_documents(source, stored) for each in group]
    return [
        each for each in found if matches(each.document) and records.belongs(source, each.document)
    ]


def _missing(label: str, *, deleted: bool) -> NotFound | Gone:
    if deleted:
        return Gone(f"This {label} has been deleted.")
    return NotFound(f"There is no {label} with this id.")


def unservable(resource: str, findings: Iterable[Finding]) -> Unservable:
    """Return the error that says why a stored document has no honest form in FHIR."""
    causes = [each for each in findings if each.severity is Severity.UNSERVABLE]
    reasons = "; ".join(f"{each.element}: {each.reason}" for each in causes)
    return Unservable(
        f"The stored document cannot be expressed as {resource}: {reasons}.",
        expression=causes[0].element,
    )
