"""From stored documents to records, and from records to resources as bytes.

A record is what becomes one resource: a document, or an element of an array in it that sees its
document as `parent`.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_facade import phases
from fhir_facade.interactions.access import UNLIMITED, Access
from fhir_facade.rules import overlay
from fhir_facade.rules.filters import EVERYTHING, NOTHING, all_of, any_of
from fhir_facade.rules.findings import Finding, Findings
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.kinds.links import case_keys, cases_filter
from fhir_facade.rules.mapping import (
    LINKED,
    PARENT,
    POSITION,
    Compiled,
)
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.text import fhir_id, stored_ids
from fhir_facade.security.principal import SEARCH
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode, encode
from fhir_facade.store.matching import compile_filter
from fhir_facade.store.paths import Predicate

WORK_QUEUE = "work_queue"
_LINK_TYPES = {"goal": "Goal", "task": "Task"}
_BATCH = 1000


def version_of(raw: bytes, salt: bytes = b"") -> str:
    """Return the versionId of stored bytes: any change to them, by anyone, gives another one.

    The salt is the source's: other settings or another release may give other resources.
    """
    return hashlib.blake2b(raw, digest_size=8, key=salt).hexdigest()


@dataclass(slots=True)
class Record:
    """One record of a source."""

    source: Compiled
    document: dict[str, Any]
    version: str

    @property
    def place(self) -> tuple[Any, int]:
        """The `_id` of the stored document and, in an array, the position counted from 1."""
        if self.source.mapping.unwind is None:
            return self.document.get("_id"), 0
        return self.document[PARENT].get("_id"), self.document[POSITION]

    def resource(self, findings: Findings) -> dict[str, Any] | None:
        found = self.source.encode(self.document, self.version, findings)
        if found is not None and self.source.mapping.by_day:
            self.version = version_of(f"{self.version}{found['status']}".encode())
            found["meta"]["versionId"] = self.version
        return found


@dataclass(frozen=True, slots=True)
class Translation:
    """Everything an answer needs of one record; `body` is None where it is unservable."""

    belongs: bool
    deleted: bool
    id: str
    body: bytes | None
    version: str
    last_updated: str | None
    findings: tuple[Finding, ...]
    overruled: bool = False
    """Whether the platform has written over a part that is kept: searches may not find it so."""


LARGEST_KEPT = 64 * 1024
"""Bytes of a stored document above which its translation is not kept."""


Matchers = dict[int, Predicate]
"""Conditions on a record, by the identity of its source."""


@lru_cache(maxsize=8)
def _matchers(registry: Registry) -> tuple[Matchers, Matchers]:
    """Return what belongs to each source, and what of it is servable."""
    return (
        {id(each): compile_filter(each.mapping.where) for each in registry.sources},
        {id(each): compile_filter(each.servable) for each in registry.sources},
    )


class Records:
    """Reads records of every type from one store, as far as the caller's access goes."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        *,
        translations: int = 0,
        access: Access = UNLIMITED,
    ) -> None:
        self.store = store
        self.registry = registry
        self.access = access
        self._where, self._servable = _matchers(registry)
        # A translation depends on nothing but the stored bytes, so it never goes stale.
        self._kept = lru_cache(maxsize=translations)(self._translate) if translations else None

    def seen_by(self, access: Access) -> Records:
        """Return the same records as another caller sees them."""
        if access is self.access:
            return self
        seen = object.__new__(type(self))
        seen.__dict__ = {**self.__dict__, "access": access}
        return seen

    async def stored(self, source: Compiled, ids: Sequence[Any], interaction: str) -> list[bytes]:
        """Return the documents with one of some `_id`s that the caller's interaction may touch."""
        collection, limit = source.mapping.collection, self.access.limit(source, interaction)
        if not ids or limit == NOTHING:
            return []
        if limit == EVERYTHING:
            return await self.store.get(collection, ids)
        filter = all_of([{"_id": {"$in": list(ids)}}, limit])
        return await self.store.find(collection, filter, limit=len(ids))

    def translate(self, source: Compiled, raw: bytes) -> Translation:
        """Return the resource of a stored document, from memory if the very bytes were seen."""
        if self._kept is None or source.mapping.by_day or len(raw) > LARGEST_KEPT:
            return self._translate(source, raw)
        return self._kept(source, raw)

    def _translate(self, source: Compiled, raw: bytes) -> Translation:
        return self.translate_record(Record(source, decode(raw), version_of(raw, source.salt)))

    @phases.mapping
    def translate_record(self, record: Record) -> Translation:
        """Return the resource of a record."""
        findings: Findings = []
        source, document, version = record.source, record.document, record.version
        belongs, deleted = self.belongs(source, document), source.is_deleted(document)
        if deleted or not belongs:
            return Translation(belongs, deleted, "", None, version, None, ())
        resource = record.resource(findings)
        if resource is None:
            return Translation(True, False, "", None, version, None, tuple(findings))
        meta = resource["meta"]
        body, updated = to_json(resource), meta.get("lastUpdated")
        overruled = any(each.field == overlay.FIELD for each in findings)
        version = meta["versionId"]
        return Translation(True, False, resource["id"], body, version, updated, (), overruled)

    def belongs(self, source: Compiled, document: dict[str, Any]) -> bool:
        """Say whether a record is one that the mapping reads."""
        return self._where[id(source)](document)

    async def from_documents(self, source: Compiled, stored: Sequence[bytes]) -> list[list[Record]]:
        """Return the records in each stored document, linked work items included."""
        documents = [decode(raw) for raw in stored]
        if source.mapping.links:
            await self._add_links(documents)
        return [
            self.expand(source, document, version_of(raw, source.salt))
            for raw, document in zip(stored, documents, strict=True)
        ]

    def expand(self, source: Compiled, document: dict[str, Any], version: str) -> list[Record]:
        """Return the records in one document: itself, or the elements of the array it unwinds."""
        mapping = source.mapping
        if mapping.unwind is None:
            if mapping.links:
                version = version_of((version + repr(document.get(LINKED))).encode())
            return [Record(source, document, version)]
        elements = document.get(mapping.unwind)
        found = []
        for position, element in enumerate(elements if isinstance(elements, list) else (), 1):
            if isinstance(element, dict):
                record = source.record(element, document, position)
                if self.belongs(source, record):
                    found.append(Record(source, record, version_of(encode(element), source.salt)))
        return found

    async def _add_links(self, documents: list[dict[str, Any]]) -> None:
        """Give each case the `_id`s of its live goals and tasks."""
        cases = [fhir_id(document.get("_id")) for document in documents]
        found = await self.work_items(case for case in cases if case is not None)
        for case, document in zip(cases, documents, strict=True):
            document[LINKED] = self.linked_ids(found.get(case or "", []))

    def linked_ids(self, items: Iterable[Record]) -> dict[str, list[Any]]:
        """Return the `_id`s of a case's servable goals and tasks, as its mappings read them."""
        found: dict[str, list[Any]] = {name: [] for name in _LINK_TYPES.values()}
        for item in items:
            if item.source.resource in found and self._servable[id(item.source)](item.document):
                found[item.source.resource].append(item.document["_id"])
        return {name: found[resource] for name, resource in _LINK_TYPES.items()}

    async def work_items(self, cases: Iterable[str]) -> dict[str, list[Record]]:
        """Return the live work items linked to each case, by the case's FHIR id, in `_id` order."""
        found: dict[str, list[Record]] = {case: [] for case in cases}
        sources = [each for each in self.registry.sources if each.mapping.unwind is None]
        sources = [each for each in sources if each.mapping.collection == WORK_QUEUE]
        async for raw in self.linked(WORK_QUEUE, found):
            document = decode(raw)
            source = next((each for each in sources if self.belongs(each, document)), None)
            if source is None or source.is_deleted(document):
                continue
            if not self.access.admits(source, SEARCH, document):
                continue
            for case in case_keys(document.get("linkedModules")):
                if case in found:
                    found[case].append(Record(source, document, version_of(raw, source.salt)))
        return found

    async def linked(
        self, collection: str, cases: Iterable[str], interaction: str = SEARCH
    ) -> AsyncIterator[bytes]:
        """Yield every document of a collection that links to one of the cases, in `_id` order.

        What the caller's interaction may not touch is not among them.
        """
        keys = [key for case in cases for key in stored_ids(case)]
        whole = (each for each in self.registry.sources if each.mapping.unwind is None)
        sources = (each for each in whole if each.mapping.collection == collection)
        may = any_of(self.access.limit(each, interaction) for each in sources)
        if not keys or may == NOTHING:
            return
        filter = all_of([cases_filter("linkedModules", keys), may])
        after: list[Any] | None = None
        while True:
            page = await self.store.find(collection, filter, limit=_BATCH, after=after)
            for raw in page:
                yield raw
            if len(page) < _BATCH:
                return
            after = [decode(page[-1])["_id"]]
