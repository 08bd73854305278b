"""The document that a new embedded record is put into.

https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_facade.errors import Unprocessable
from fhir_facade.interactions.locate import locate
from fhir_facade.interactions.records import Records
from fhir_facade.rules.draft import Document, Resource
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.registry import ResourceType
from fhir_facade.security.principal import reach
from fhir_facade.store.codec import decode

_NEEDED = (
    "A document belongs to a case or to an interaction: name it by a reference to its "
    "EpisodeOfCare in context.encounter, or to its Communication in context.related."
)


@dataclass(frozen=True, slots=True)
class Parent:
    """A document that records stand in, and the mapping that reads them."""

    source: Compiled
    raw: bytes
    document: Document


async def find_parent(
    records: Records, resource: ResourceType, put: Resource, base_url: str
) -> Parent:
    """Return the document that a resource says it belongs to; raise Unprocessable for none."""
    for place, kind, fhir in _named(put, base_url):
        found = await locate(records, records.registry.types[kind], fhir, reach(resource.name))
        expression = f"{resource.name}.{place}"
        if found is None or found.is_deleted:
            raise Unprocessable(f"There is no {kind} that this refers to.", expression=expression)
        collection = found.source.mapping.collection
        for source in resource.sources:
            if source.mapping.collection == collection:
                return Parent(source, found.raw, decode(found.raw))
    raise Unprocessable(_NEEDED, expression=f"{resource.name}.context")


def _named(put: Resource, base_url: str) -> Iterator[tuple[str, str, str]]:
    """Yield (element, type, id) of the documents named, an interaction first."""
    context = put.get("context", {})
    for name, kind in (("related", "Communication"), ("encounter", "EpisodeOfCare")):
        for place, each in enumerate(context.get(name, ())):
            reference = str(each.get("reference", "")).removeprefix(f"{base_url}/")
            named, _, fhir = reference.partition("/")
            if named == kind and fhir and "/" not in fhir:
                yield f"context.{name}[{place}]", kind, fhir
