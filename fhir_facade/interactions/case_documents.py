"""The documents of a case that comes in: put into the case or the interaction they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from fhir_facade.errors import Issue, Unprocessable
from fhir_facade.interactions.access import require, require_state
from fhir_facade.interactions.around import now
from fhir_facade.interactions.case import urns_of
from fhir_facade.interactions.case_bundle import DOCUMENT, Part, at_entry
from fhir_facade.interactions.prepared import Prepared
from fhir_facade.interactions.records import version_of
from fhir_facade.interactions.versions import Version
from fhir_facade.interactions.write import Writes
from fhir_facade.rules.compartment import whose
from fhir_facade.rules.draft import Document, relative
from fhir_facade.rules.json_text import comparable, to_json
from fhir_facade.rules.kinds.merging import as_list
from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.text import fhir_id, is_set
from fhir_facade.rules.writing import Around
from fhir_facade.security.principal import CREATE, UPDATE
from fhir_facade.store.codec import encode

DOCUMENTS: Final = "documents"
DELETED: Final = ("is_deleted", "isDeleted")
_STAND_IN: Final = "none"
_NO_DOCUMENT_ID: Final = "A document without an id of its own can only be sent as it was read."


class CaseDocuments:
    """Writes documents into the documents they stand in, in memory."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    def put_into(
        self, source: Compiled, document: Document, parts: Sequence[Part], base_url: str
    ) -> Holder | None:
        """Return a document with the parts that stand in it; None where they stay as they are."""
        mapping = next(
            each
            for each in self._writes.records.registry.types[DOCUMENT].sources
            if each.mapping.collection == source.mapping.collection
        )
        holder = Holder(mapping, {**document, DOCUMENTS: list(as_list(document.get(DOCUMENTS)))})
        for part in parts:
            with at_entry(part):
                self._put(holder, part, base_url)
        return holder if holder.versions else None

    def _put(self, holder: Holder, part: Part, base_url: str) -> None:
        source, elements = holder.source, holder.document[DOCUMENTS]
        at = holder.place_of(part)
        position = len(elements) + 1 if at is None else at
        old = None if at is None else elements[at - 1]
        if old is not None and self._stays(holder, part, position, base_url):
            return
        if at is not None and not part.id:
            raise Unprocessable(_NO_DOCUMENT_ID, expression=part.type)
        written = self._writes.writer(source).write(
            part.resource,
            old,
            now(),
            begin={"document_id": part.id},
            around=Around(holder.document, position),
            base_url=base_url,
            is_gone=old is not None and source.is_deleted(old),
        )
        for name in DELETED:
            if is_set(written.document.get(name)):
                written.document[name] = False
        self._require(holder, old, written.document, position)
        elements[position - 1 : position] = [written.document]
        method = "POST" if old is None else "PUT"
        holder.versions.append((position, written.at, method, written.issues))

    def _require(self, holder: Holder, old: Document | None, new: Document, position: int) -> None:
        """Raise Forbidden where the caller may not write a document, as it is or as it will be."""
        access, interaction = self._writes.records.access, CREATE if old is None else UPDATE
        require(access, DOCUMENT, interaction)
        for each in (old, new):
            if each is not None:
                record = holder.source.record(each, holder.document, position)
                require_state(access, holder.source, record, interaction)

    def _stays(self, holder: Holder, part: Part, position: int, base_url: str) -> bool:
        """Say whether a document is sent as it is served."""
        source, parent = holder.source, holder.document
        record = source.record(parent[DOCUMENTS][position - 1], parent, position)
        if source.is_deleted(record):
            return False
        stand_in = record if part.id else {**record, "document_id": _STAND_IN}
        served = source.encode(stand_in, "", [])
        if served is None:
            return False
        sent = relative(part.resource, base_url)
        one, other = (source.parts(each, record) for each in (served, sent))
        return comparable(one) == comparable(other)


@dataclass
class Holder:
    """A document and the records that are being put into it."""

    source: Compiled
    document: Document
    versions: list[tuple[int, datetime, str, tuple[Issue, ...]]] = field(default_factory=list)
    """Position, time, method and warnings of each record that was written."""

    def place_of(self, part: Part) -> int | None:
        """Return the position of a record that is there already, by its id or its fullUrl."""
        for at, each in enumerate(self.document[DOCUMENTS], 1):
            if not isinstance(each, dict):
                continue
            stored = each.get("document_id")
            if part.id and fhir_id(stored) == part.id:
                return at
            if stored in (None, "") and part.full_url in urns_of(self.document, each, at):
                return at
        return None


def with_versions(prepared: Prepared, holder: Holder | None) -> Prepared:
    """Return a write with the versions of the records that were put into the document."""
    if holder is None:
        return prepared
    found: list[Version] = []
    issues = list(prepared.result.issues)
    whole = {**holder.document, **prepared.document}
    for position, at, method, warned in holder.versions:
        element = whole[DOCUMENTS][position - 1]
        version = version_of(encode(element), holder.source.salt)
        record = holder.source.record(element, whole, position)
        resource = holder.source.encode(record, version, [])
        if resource is not None:
            body = to_json(resource)
            owner = whose(holder.source, record)
            found.append(Version(DOCUMENT, resource["id"], version, at, method, body, *owner))
        issues += warned
    result = replace(prepared.result, issues=tuple(issues))
    return replace(prepared, versions=(*prepared.versions, *found), result=result)
