"""What FHIR says of the stored document as a record: its id and its tags.

https://hl7.org/fhir/R4/resource.html#Meta
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.date_search import Comparison, object_id_filter
from fhir_facade.rules.filters import NOTHING, Filter, any_of
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds.base import Kind, Site
from fhir_facade.rules.kinds.described import Vocabulary
from fhir_facade.rules.kinds.primitives import DateTime
from fhir_facade.rules.text import TRUE_VALUES, fhir_id, is_set, stored_ids


@dataclass(frozen=True)
class RecordId(Kind):
    """The document's `_id` as FHIR id; one that cannot be written as an id is unservable."""

    @property
    def fhir_type(self) -> str:
        return "id"

    @property
    def search_type(self) -> str | None:
        return "token"

    @property
    def kept_apart(self) -> bool:
        return False

    @property
    def total(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> str | None:
            found = fhir_id(value)
            if found is None:
                absent = value is None or value == ""
                reason = "nothing stored" if absent else "an id that FHIR cannot write"
                findings.append(site.unservable(reason))
            return found

        return encode

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        if system is not None or code is None:
            return NOTHING
        keys = stored_ids(code)
        return {site.field: {"$in": keys}} if keys else NOTHING


MARKS: dict[str, tuple[str, ...]] = {
    "archived": ("is_archived", "isArchived"),
    "acknowledged": ("is_acknowledged", "isAcknowledged"),
    "hidden": ("is_hidden", "isHidden"),
}
"""Tag of the code system `record-state` → the stored marks that set it."""

RECORD_STATE = "record-state"


@dataclass(frozen=True)
class Tags(Kind):
    """`meta.tag` from the marks of the whole document; what stands in a hidden one is hidden."""

    embedded: bool = False

    @property
    def fhir_type(self) -> str:
        return "Coding"

    @property
    def search_type(self) -> str | None:
        return "token"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        system = site.context.code_system(RECORD_STATE)
        marks = [
            (name, {"system": system, "code": tag, "display": tag.capitalize()})
            for tag, fields in MARKS.items()
            for name in fields
        ]
        embedded, hidden = self.embedded, marks[-1][1]

        def encode(value: Any, findings: Findings) -> Any:
            del findings
            found = [tag for name, tag in marks if value.get(name) and is_set(value[name])]
            if embedded:
                parent = value["parent"]
                found += [hidden for name in MARKS["hidden"] if is_set(parent.get(name))]
            if len(found) > 1:  # both spellings of one mark give one tag
                found = [tag for place, tag in enumerate(found) if tag not in found[:place]]
            return found or None

        return encode

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        return (Vocabulary(RECORD_STATE, {tag: tag.capitalize() for tag in MARKS}),)

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        if system not in (None, site.context.code_system(RECORD_STATE)):
            return NOTHING
        names = [name for tag, fields in MARKS.items() if code in (None, tag) for name in fields]
        if self.embedded and code in (None, "hidden"):
            names += [f"parent.{name}" for name in MARKS["hidden"]]
        return any_of({name: {"$in": list(TRUE_VALUES)}} for name in names)

    def present(self, site: Site) -> Filter:
        return self.token(site, None, None)


@dataclass(frozen=True)
class Unstored(Kind):
    """An element that no document has, which a search may ask for all the same."""

    as_type: str
    searched_as: str

    @property
    def fhir_type(self) -> str:
        return self.as_type

    @property
    def search_type(self) -> str | None:
        return self.searched_as

    @property
    def sortable(self) -> bool:
        return False

    @property
    def kept_apart(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        del site
        return lambda value, findings: None

    def present(self, site: Site) -> Filter:
        del site
        return NOTHING

    def describe(self) -> str:
        return "nothing is stored for it"


_LEGAL = r"^[A-Za-z0-9\-.]{1,64}$"
_ENCODED_TOO_LONG = "^x-([0-9a-f]{2}){15,}$"
_SHORT = r"^[\s\S]{1,7}$"
_SHORT_ASCII = "^[\x01-\x7f]{1,31}$"


def plain_id_filter(path: str) -> Filter:
    """Match each servable `_id` but text beyond ASCII, whose bytes no filter can count."""
    return {
        "$or": [
            {path: {"$type": ["objectId", "binData"]}},
            {path: {"$regex": _LEGAL}, "$nor": [{path: {"$regex": _ENCODED_TOO_LONG}}]},
            {path: {"$regex": _SHORT_ASCII}},
        ]
    }


def servable_id_filter(path: str) -> Filter:
    """Match each `_id` that is served, but longer texts beyond ASCII."""
    short = {path: {"$regex": _SHORT}}
    return {"$or": [*plain_id_filter(path)["$or"], short]}


def odd_id_filter(path: str) -> Filter:
    """Match each `_id` that holds text beyond ASCII; the bound lets an index skip all others."""
    return {path: {"$gte": "", "$regex": "[^\x01-\x7f]"}}


@dataclass(frozen=True)
class RecordTime(DateTime):
    """`meta.lastUpdated`; the time an ObjectId `_id` holds stands in for a missing one."""

    as_type: str = "instant"

    def present(self, site: Site) -> Filter:
        if site.field.rsplit(".", 1)[-1] == "_id":
            return {site.field: {"$type": "objectId"}}
        return super().present(site)

    def date(self, site: Site, comparison: Comparison) -> Filter:
        if site.field.rsplit(".", 1)[-1] == "_id":
            return object_id_filter(site.field, comparison)
        return super().date(site, comparison)
