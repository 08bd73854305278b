"""read: one resource by its id.

https://hl7.org/fhir/R4/http.html#read
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.errors import Gone, NotFound, Unservable
from fhir_facade.interactions.embedded import split_filter
from fhir_facade.interactions.records import Record, Records, to_json
from fhir_facade.rules.findings import Findings, Severity
from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.text import stored_ids
from fhir_facade.store.matching import compile_filter


@dataclass(slots=True)
class Served:
    """A resource as bytes, with what HTTP says of it."""

    body: bytes
    version: str
    last_updated: str | None


async def read(records: Records, resource: ResourceType, fhir: str) -> Served:
    """Read one resource; raise NotFound, Gone or Unservable."""
    record = await find_record(records, resource, fhir)
    encoded = encode_or_raise(record)
    return Served(to_json(encoded), record.version, encoded["meta"].get("lastUpdated"))


async def find_record(records: Records, resource: ResourceType, fhir: str) -> Record:
    """Find the record served under an id; raise NotFound, or Gone if it is marked deleted."""
    deleted = False
    for source in resource.sources:
        for record in await _candidates(records, source, fhir):
            if not source.is_deleted(record.document):
                return record
            deleted = True
    if deleted:
        raise Gone(f"This {resource.name} has been deleted.")
    raise NotFound(f"There is no {resource.name} with this id.")


async def _candidates(records: Records, source: Compiled, fhir: str) -> list[Record]:
    mapping = source.mapping
    if mapping.unwind is None:
        keys = stored_ids(fhir)
        stored = await records.store.get(mapping.collection, keys) if keys else []
        found = await records.from_documents(source, stored)
        return [each for group in found for each in group if records.belongs(source, each.document)]
    wanted = source.params["_id"].filter(lambda kind, site: kind.token(site, None, fhir))
    split = split_filter(wanted, mapping)
    if split is None:
        return []
    stored = await records.store.find(mapping.collection, split, limit=_SAME_ID)
    matches = compile_filter(wanted)
    found = await records.from_documents(source, stored)
    return [each for group in found for each in group if matches(each.document)]


_SAME_ID = 10
"""How many documents may hold an element of one id before the rest is not looked at."""


def encode_or_raise(record: Record) -> dict[str, Any]:
    """Return the resource of a record; raise Unservable, with the reasons, if it has none."""
    findings: Findings = []
    encoded = record.resource(findings)
    if encoded is None:
        reasons = [
            f"{each.element}: {each.reason}"
            for each in findings
            if each.severity is Severity.UNSERVABLE
        ]
        raise Unservable(
            f"The stored document cannot be expressed as {record.source.resource}: "
            f"{'; '.join(reasons)}.",
            expression=next(
                each.element for each in findings if each.severity is Severity.UNSERVABLE
            ),
        )
    return encoded
