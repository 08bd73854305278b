"""Stored documents as a client sees them: through BSON, then through the mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from fhir_facade.rules.context import Context
from fhir_facade.rules.findings import Findings
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.registry import Registry
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.matching import compile_filter
from mappings import ALL
from mappings.people import PEOPLE

Document = dict[str, Any]
BASE = "https://fhir.wellnecity.com"


@cache
def registry(timezone: str = "UTC") -> Registry:
    """Return every mapping, compiled for a deployment in the time zone."""
    return registry_with(timezone=ZoneInfo(timezone))


def registry_with(**settings: Any) -> Registry:
    found = Registry(ALL, Context(**settings))
    found.name_people(PEOPLE)
    return found


def stored(document: Mapping[str, Any]) -> Document:
    """Return the document as it comes back from BSON."""
    return decode(encode(document))


def records(source: Compiled, document: Document) -> Iterator[Document]:
    """Yield the records a source reads in a stored document of its collection."""
    mapping = source.mapping
    belongs = compile_filter(mapping.where)
    if mapping.unwind is None:
        if belongs(document):
            yield document
        return
    elements = document.get(mapping.unwind)
    for position, element in enumerate(elements if isinstance(elements, list) else (), 1):
        if isinstance(element, dict):
            record = {**element, "parent": document, "position": position}
            if belongs(record):
                yield with_computed(source, record)


def with_computed(source: Compiled, record: Document) -> Document:
    """Return the record with the fields that are worked out from it."""
    computed = source.mapping.computed.items()
    return {**record, **{name: compute(record, source.context) for name, compute in computed}}


def read(
    resource: str, document: Mapping[str, Any], *, of: Registry | None = None, at: int = 0
) -> tuple[dict[str, Any] | None, Findings]:
    """Return what is served of a record, and the findings; `at` picks one of several sources."""
    findings: Findings = []
    source = (of or registry()).types[resource].sources[at]
    return source.encode(with_computed(source, stored(document)), "1", findings), findings


def serve(
    resource: str, document: Mapping[str, Any], *, of: Registry | None = None, at: int = 0
) -> dict[str, Any]:
    """Return the resource that is served of a record that can be served."""
    found, findings = read(resource, document, of=of, at=at)
    assert found is not None, findings
    return found


def identifier(sid: str, value: str, code: str = "FILL") -> dict[str, Any]:
    """Return an Identifier as this guide gives it: by us (FILL) or by another party (PLAC)."""
    display = {"FILL": "Filler Identifier", "PLAC": "Placer Identifier"}[code]
    system = "http://terminology.hl7.org/CodeSystem/v2-0203"
    kind = {"coding": [{"system": system, "code": code, "display": display}]}
    return {"type": kind, "system": f"{BASE}/sid/{sid}", "value": value}


def extension(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return this guide's extensions of a name."""
    url = f"{BASE}/StructureDefinition/{name}"
    return [each for each in holder.get("extension", ()) if each["url"] == url]
