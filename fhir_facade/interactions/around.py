"""The document around an embedded record, when the record in it is written.

https://hl7.org/fhir/R4/http.html#update
"""

from __future__ import annotations

from datetime import UTC, datetime

from fhir_facade.interactions.records import Records
from fhir_facade.interactions.versions import Version, last_updated
from fhir_facade.rules.compartment import whose
from fhir_facade.rules.draft import Document
from fhir_facade.rules.kinds.merging import as_list
from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.writing import Around, touch
from fhir_facade.store.codec import decode, encode


def with_element(source: Compiled, element: Document, around: Around) -> Document:
    """Return the document around a record with the record in its place."""
    name = source.mapping.unwind or ""
    whole = dict(around.parent)
    others = list(as_list(whole.get(name)))
    others[around.position - 1 : around.position] = [element]
    whole[name] = others
    touch(whole, now(), source.context.timezone)
    return whole


def versions_of_parent(
    records: Records, source: Compiled, raw: bytes, whole: Document
) -> list[Version]:
    """Return the versions of the resource that an embedded record stands in."""
    before = decode(raw)
    for each in records.registry.sources:
        mapping = each.mapping
        if mapping.collection != source.mapping.collection or mapping.unwind is not None:
            continue
        if mapping.writes and records.belongs(each, before):
            found = [records.translate(each, data) for data in (raw, encode(whole))]
            owner = whose(each, before)
            return [
                Version(each.resource, one.id, one.version, moment, method, one.body, *owner)
                for one, method in zip(found, (None, "PUT"), strict=True)
                if one.body is not None and (moment := last_updated(one)) is not None
            ]
    return []


def now() -> datetime:
    """Return the time as documents hold it: UTC, to the millisecond."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
