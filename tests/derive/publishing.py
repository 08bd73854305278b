"""What is published, and the resources that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bson import ObjectId

from fhir_facade.derive.published import published
from tests.mappings.serving import BASE, records, registry, stored

Json = dict[str, Any]

LINKED = {"goal": [ObjectId("64b000000000000000000001")], "task": ["a", "b"]}
URLS = f"{BASE}/StructureDefinition/"


def of_type(name: str) -> dict[str, Json]:
    """Return the published resources of a type by id."""
    return {each["id"]: each for each in published(registry()) if each["resourceType"] == name}


def definition(id: str) -> Json:
    return of_type("StructureDefinition")[id]


def elements(structure: Json) -> dict[str, Json]:
    """Return the elements of a differential by id."""
    return {each["id"]: each for each in structure["differential"]["element"]}


def served(documents: Iterable[tuple[str, Json]]) -> Iterator[Json]:
    """Yield every resource that is served of some stored documents."""
    for collection, document in documents:
        for source in registry().sources:
            if source.mapping.collection != collection:
                continue
            seen = {**stored(document), "linked": LINKED} if source.mapping.links else document
            for record in records(source, stored(seen)):
                resource = source.encode(record, "1", [])
                if resource is not None:
                    yield resource


def objects(value: Any, path: str) -> Iterator[tuple[str, Json]]:
    """Yield each object in a resource with the path of its element, `CareTeam.participant`."""
    if isinstance(value, list):
        for each in value:
            yield from objects(each, path)
    elif isinstance(value, dict):
        yield path, value
        for name, each in value.items():
            yield from objects(each, f"{path}.{name}")
