"""check: map and validate every stored document, and say what could not be expressed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from fhir_facade.commands.check_links import Ids, Links, ids_in
from fhir_facade.commands.check_report import (
    DELETED,
    INVALID,
    NO_RESOURCE,
    NO_TYPE,
    SERVED,
    UNREAD,
    Cause,
    CheckReport,
)
from fhir_facade.commands.check_since import Since
from fhir_facade.commands.check_valid import Validator, by_rules
from fhir_facade.interactions.records import Record, Records
from fhir_facade.rules.findings import Findings, Severity
from fhir_facade.rules.kinds.base import type_name
from fhir_facade.rules.kinds.record import MARKS
from fhir_facade.rules.mapping import LINKED, PARENT, Compiled
from fhir_facade.rules.text import is_set
from fhir_facade.store.codec import decode

BATCH: Final = 400
"""Documents that are read at once: the embedded store hands them out without a thread."""
_LONGEST_ID: Final = 80
_TYPES_KEPT: Final = 1000
_VERSION: Final = "0" * 16
"""Of the form of a versionId: which one it is makes no difference here."""


@dataclass(frozen=True)
class Extent:
    """Which documents a check looks at."""

    types: frozenset[str] | None = None
    since: Since | None = None
    limit: int | None = None
    """How many documents of each collection, the first ones."""


@dataclass
class Place:
    """How far a check has come: the collections that are done, and the last `_id` of the next."""

    done: int = 0
    after: list[Any] | None = None
    seen: int = 0
    """Documents of the collection that have been looked at or passed over."""


class Checker:
    """Maps and validates the records of a store, batch by batch."""

    def __init__(
        self,
        records: Records,
        extent: Extent | None = None,
        validators: Sequence[Validator] = (by_rules,),
    ) -> None:
        self._records = records
        self._extent = extent or Extent()
        self._validators = validators
        self._collections = [
            _Collection(records, name, self._extent.types) for name in records.registry.collections
        ]
        self._links = Links(records)
        self.report = CheckReport()
        self.place = Place()
        self.settled = True
        """Whether `report` and `place` belong together: not so within a batch."""

    @property
    def collections(self) -> list[str]:
        """The collections that are read."""
        return [each.name for each in self._collections if each.sources]

    async def run(self) -> AsyncGenerator[int, None]:
        """Check batch by batch; yield how many documents each had.

        Between two batches `report` and `place` belong together, and a check that begins with both
        ends as one that was never interrupted.
        """
        gc.freeze()  # what is loaded by now stays, and need not be looked at again and again
        try:
            for collection in self._collections[self.place.done :]:
                if collection.sources:
                    async with aclosing(self._run_collection(collection)) as counts:
                        async for count in counts:
                            yield count
                self.place = Place(self.place.done + 1)
        finally:
            gc.unfreeze()

    async def _run_collection(self, collection: _Collection) -> AsyncGenerator[int, None]:
        self._links.begin(collection.name, all_of_it=self._reads_all())
        scan = self._records.store.scan(collection.name, batch=BATCH, after=self.place.after)
        async for stored in scan:
            batch = self._within_limit(stored)
            if not batch:
                break
            linked = await self._links.of(batch) if collection.links else None
            self._batch(collection, batch, linked)
            yield len(batch)
            await asyncio.sleep(0)  # the embedded store never waits, so nobody could interrupt
        self._links.end()

    def _batch(
        self, collection: _Collection, batch: list[bytes], linked: dict[str, Ids] | None
    ) -> None:
        document: dict[str, Any] = {}
        self.settled = False
        for raw in batch:
            document = decode(raw)
            self._document(collection, document, linked)
        self.place.after = [document["_id"]]
        self.place.seen += len(batch)
        self.settled = True

    def _reads_all(self) -> bool:
        """Say whether every document of the collection at hand is mapped in this very run."""
        return self._extent == Extent() and self.place.after is None

    def _within_limit(self, batch: list[bytes]) -> list[bytes]:
        limit = self._extent.limit
        return batch if limit is None else batch[: max(0, limit - self.place.seen)]

    def _document(
        self,
        collection: _Collection,
        document: dict[str, Any],
        linked: dict[str, Ids] | None,
    ) -> None:
        if not self._wanted(collection, document):
            return
        outcomes = []
        readers = collection.readers(document)
        for source in readers:
            if linked is not None and source.mapping.links:
                document[LINKED] = ids_in(linked, document)
            outcome = self._record(Record(source, document, _VERSION))
            outcomes.append(outcome)
            if outcome in SERVED or outcome == INVALID:
                self._links.add(source.resource, document)
        for source in collection.embedded:
            outcomes += map(self._record, self._embedded(source, document))
        if not readers and self._extent.types is None:
            outcomes.append(UNREAD)
            cause = Cause(NO_RESOURCE, UNREAD, collection.name, "type", "-", NO_TYPE)
            self.report.add([cause], _shown(document.get("_id")))
        self.report.document(collection.name, outcomes)

    def _embedded(self, source: Compiled, document: dict[str, Any]) -> Iterator[Record]:
        """Yield the records in the array that a source unwinds."""
        elements = document.get(source.mapping.unwind or "")
        for position, element in enumerate(elements if isinstance(elements, list) else (), 1):
            if isinstance(element, dict):
                record = source.record(element, document, position)
                if self._records.belongs(source, record):
                    yield Record(source, record, _VERSION)

    def _wanted(self, collection: _Collection, document: dict[str, Any]) -> bool:
        since = self._extent.since
        if since is None:
            return True
        changed = since.changed(document, collection.embedded)
        if changed is False:
            self.report.documents[collection.name]["older"] += 1
            return False
        if changed is None:
            self.report.documents[collection.name]["undated"] += 1
        return True

    def _record(self, record: Record) -> str:
        """Count one record and return its outcome."""
        source, document = record.source, record.document
        name, collection = source.resource, source.mapping.collection
        counts = self.report.records[collection, name]
        if source.is_deleted(document):
            counts[DELETED] += 1
            return DELETED
        if _is_hidden(source, document):
            counts["hidden"] += 1
        findings: Findings = []
        resource = record.resource(findings)
        causes = [
            Cause(
                name,
                each.severity.value,
                collection,
                _stored_field(source, each.field),
                each.element,
                each.reason,
            )
            for each in findings
        ]
        outcome = _worst(findings) if findings else "clean"
        if resource is not None:
            for validate in self._validators:
                for element, reason in validate(name, resource):
                    outcome = INVALID
                    causes.append(Cause(name, INVALID, collection, "-", element, reason))
        counts[outcome] += 1
        if causes:
            self.report.add(causes, _example(record))
        return outcome


class _Collection:
    """The sources that read the documents of one collection."""

    def __init__(self, records: Records, name: str, types: frozenset[str] | None) -> None:
        self.name = name
        self._records = records
        self.sources = [
            source
            for source in records.registry.sources
            if source.mapping.collection == name and (types is None or source.resource in types)
        ]
        whole = [source for source in self.sources if source.mapping.unwind is None]
        # what is linked is put into the document, so those that look for it come last
        self._whole = sorted(whole, key=lambda source: bool(source.mapping.links))
        self.embedded = [source for source in self.sources if source.mapping.unwind is not None]
        self.links = any(source.mapping.links for source in whole)
        self._by_type = all(set(source.mapping.where) <= {"type"} for source in whole)
        self._kept: dict[str, list[Compiled]] = {}

    def readers(self, document: dict[str, Any]) -> list[Compiled]:
        """Return the sources that read a document as a whole."""
        kind = document.get("type")
        if not self._by_type or type(kind) is not str:
            return self._readers(document)
        found = self._kept.get(kind)
        if found is None:
            if len(self._kept) >= _TYPES_KEPT:
                self._kept.clear()
            found = self._kept[kind] = self._readers(document)
        return found

    def _readers(self, document: dict[str, Any]) -> list[Compiled]:
        return [source for source in self._whole if self._records.belongs(source, document)]


def _is_hidden(source: Compiled, document: dict[str, Any]) -> bool:
    for name in MARKS["hidden"]:
        if document.get(name) and is_set(document[name]):
            return True
    return source.mapping.unwind is not None and any(
        is_set(document[PARENT].get(name)) for name in MARKS["hidden"]
    )


def _stored_field(source: Compiled, field: str) -> str:
    """Return the path from the document's root: `documents[].path`."""
    unwind = source.mapping.unwind
    if unwind is None or field == "*":
        return field
    inner = field.removeprefix(f"{PARENT}.")
    return inner if inner != field else f"{unwind}[].{field}"


def _worst(findings: Findings) -> str:
    found = {each.severity for each in findings}
    order = (Severity.UNSERVABLE, Severity.DEGRADED, Severity.NOTED)
    return next(each.value for each in order if each in found)


def _example(record: Record) -> str:
    identifier, position = record.place
    text = _shown(identifier)
    return f"{text}[{position}]" if position else text


def _shown(identifier: Any) -> str:
    """Return the stored `_id`, which is what the data's owner looks for; objects are not told."""
    if isinstance(identifier, dict | list | bytes):
        return f"({type_name(identifier)})"
    text = str(identifier)
    return text if len(text) <= _LONGEST_ID else f"{text[:_LONGEST_ID]}…"
