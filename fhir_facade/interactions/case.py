"""The Case bundle: a case and everything that belongs to it, as one collection.

Served at `EpisodeOfCare/{id}/$case`, `Case/{id}` and, under FHIR's own name, `Bundle/{id}`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_facade.interactions.read import Served, find_record, unservable
from fhir_facade.interactions.records import (
    Record,
    Records,
    version_of,
)
from fhir_facade.rules.findings import Findings
from fhir_facade.rules.invariants import in_order
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.kinds.links import case_keys
from fhir_facade.rules.mapping import (
    LINKED,
    PARENT,
)
from fhir_facade.rules.profiles import CASE_BUNDLE
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.text import fhir_id
from fhir_facade.security.principal import SEARCH
from fhir_facade.store.codec import decode

CASE_TYPE = "EpisodeOfCare"
OUTCOMES = "outcomes"
ITEM_ORDER = ("Task", "Goal", "Flag", "Communication")
_DOCUMENTS = uuid.UUID("6f2c6f0e-2a3c-5b0e-9d0c-6f1f4f6f7a55")


@dataclass(slots=True)
class _Parts:
    """The entries of a bundle so far, and what they say of the whole."""

    base_url: str
    entries: list[bytes] = field(default_factory=list)
    urls: set[str] = field(default_factory=set)
    versions: list[str] = field(default_factory=list)
    updated: str | None = None

    def add(self, resource: dict[str, Any], version: str, full_url: str | None = None) -> None:
        """Add an entry, unless the same resource is there already."""
        url = full_url or f"{self.base_url}/{resource['resourceType']}/{resource['id']}"
        if url in self.urls:
            return
        self.urls.add(url)
        self.entries.append(b'{"fullUrl":%b,"resource":%b}' % (to_json(url), to_json(resource)))
        self.versions.append(version)
        updated = resource["meta"].get("lastUpdated")
        if updated is not None and (self.updated is None or in_order(self.updated, updated)):
            self.updated = updated


async def read_case(records: Records, case: ResourceType, fhir: str, base_url: str) -> Served:
    """Return the bundle of one case; raise what a read of its EpisodeOfCare raises."""
    record = await find_record(records, case, fhir, label="case")
    findings: Findings = []
    if record.resource(findings) is None:
        raise unservable(CASE_TYPE, findings)
    (bundle,) = await case_bundles(records, [record], base_url)
    return bundle


async def case_bundles(records: Records, cases: Sequence[Record], base_url: str) -> list[Served]:
    """Return the bundles of servable cases; their work items and outcomes are fetched together."""
    ids = [fhir_id(case.document["_id"]) or "" for case in cases]
    items = await records.work_items(ids)
    outcomes = await _outcomes(records, ids)
    return [
        _bundle(records, case, each, items[each], outcomes.get(each, []), base_url)
        for case, each in zip(cases, ids, strict=True)
    ]


async def _outcomes(records: Records, ids: Sequence[str]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {each: [] for each in ids}
    sources = [each for each in records.registry.sources if each.mapping.collection == OUTCOMES]
    if not sources:
        return found
    async for raw in records.linked(OUTCOMES, ids):
        document = decode(raw)
        seen = records.access.admits(sources[0], SEARCH, document)
        if not seen or sources[0].is_deleted(document):
            continue
        for case in case_keys(document.get("linkedModules")):
            if case in found:
                version = version_of(raw, sources[0].salt)
                found[case].append(Record(sources[0], document, version))
    return found


def _bundle(
    records: Records,
    case: Record,
    identifier: str,
    items: Sequence[Record],
    outcomes: Sequence[Record],
    base_url: str,
) -> Served:
    case.document[LINKED] = records.linked_ids(items)
    parts = _Parts(base_url)
    for record in _in_order(records, case, items, outcomes):
        _add(parts, record)
    version = version_of("".join(parts.versions).encode())
    meta: dict[str, Any] = {"versionId": version}
    context = records.registry.context
    if parts.updated is not None:  # else it has no timestamp, which the profile wants
        meta |= {"lastUpdated": parts.updated, "profile": [context.extension(CASE_BUNDLE)]}
    system = context.identifier_system("case")
    head = {
        "resourceType": "Bundle",
        "id": identifier,
        "meta": meta,
        "identifier": {"system": system, "value": identifier},
        "type": "collection",
        **({"timestamp": parts.updated} if parts.updated is not None else {}),
    }
    body = to_json(head)[:-1] + b',"entry":[' + b",".join(parts.entries) + b"]}"
    return Served(body, version, parts.updated)


def _in_order(
    records: Records, case: Record, items: Sequence[Record], outcomes: Sequence[Record]
) -> Iterator[Record]:
    """Yield the parts in the order the bundle has them."""
    sources = records.registry.sources

    def of(resource: str, record: Record) -> Iterator[Record]:
        for source in sources:
            if source.resource == resource and source.mapping.collection == _collection(record):
                for each in records.expand(source, record.document, record.version):
                    seen = records.access.admits(source, SEARCH, each.document)
                    if seen and not source.is_deleted(each.document):
                        yield each

    for resource in (CASE_TYPE, "CareTeam", "CarePlan", "List"):
        yield from of(resource, case)
    for resource in ITEM_ORDER:
        yield from (item for item in items if item.source.resource == resource)
    yield from of("DocumentReference", case)
    for item in items:
        yield from of("DocumentReference", item)
    yield from of("Provenance", case)
    yield from outcomes


def _collection(record: Record) -> str:
    return record.source.mapping.collection


def _add(parts: _Parts, record: Record) -> None:
    findings: Findings = []
    resource = record.resource(findings)
    if resource is not None:
        parts.add(resource, resource["meta"]["versionId"])
    elif record.source.resource == "DocumentReference" and _no_id(record):
        _add_without_id(parts, record)


def _no_id(record: Record) -> bool:
    return record.document.get("document_id") in (None, "")


def urns_of(parent: dict[str, Any], element: dict[str, Any], position: int) -> tuple[str, str]:
    """Return the fullUrls of a document without an id: by its place, and by its number too."""
    names = (fhir_id(parent.get("_id")), element.get("bucket"), element.get("path"))
    made = uuid.uuid5(_DOCUMENTS, "\0".join(map(str, names)))
    return made.urn, uuid.uuid5(made, str(position)).urn


def _add_without_id(parts: _Parts, record: Record) -> None:
    """A document without an id of its own is served inside the bundle only."""
    first, second = urns_of(record.document[PARENT], record.document, record.place[1])
    urn = second if first in parts.urls else first
    made = urn.removeprefix("urn:uuid:")
    stand_in = Record(record.source, {**record.document, "document_id": made}, record.version)
    resource = stand_in.resource([])
    if resource is not None:
        del resource["id"], resource["masterIdentifier"]
        _make_absolute(resource, parts.base_url)
        parts.add(resource, record.version, urn)


def _make_absolute(value: Any, base_url: str) -> None:
    """An entry whose fullUrl is a urn has no base that its references could be relative to."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and "://" not in reference:
            value["reference"] = f"{base_url}/{reference}"
        for each in value.values():
            _make_absolute(each, base_url)
    elif isinstance(value, list):
        for each in value:
            _make_absolute(each, base_url)
