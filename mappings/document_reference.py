"""DocumentReference: a document of a case or of an interaction, embedded in its parent.

https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from fhir_facade.rules import dates
from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import NOTHING, Filter, all_of, any_of, scalar
from fhir_facade.rules.findings import Decode, Encode, Findings
from fhir_facade.rules.getting import (
    WHOLE,
)
from fhir_facade.rules.invariants import period_in_order
from fhir_facade.rules.kinds import (
    CaseLinks,
    Concept,
    DateTime,
    Identifier,
    Kind,
    RecordId,
    RecordTime,
    Site,
    Tags,
    Text,
    Unstored,
)
from fhir_facade.rules.kinds.base import data_absent
from fhir_facade.rules.kinds.described import Vocabulary
from fhir_facade.rules.kinds.quantities import number
from fhir_facade.rules.mapping import (
    PARENT,
    Mapping,
    Rule,
    finds,
    rule,
)
from fhir_facade.rules.text import clean
from fhir_facade.rules.text_match import texts
from mappings.common import MEMBER, ORGANIZATION, UPDATED, USER, WRITABLE, profiled
from mappings.communication import INTERACTION
from mappings.document_rules import same_member, same_parent
from mappings.fixed import FixedCode
from mappings.own import OwnReference
from mappings.us_core import US_CORE_DOCUMENT

US_CORE_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"
CLINICAL_NOTE = "clinical-note"
PARENT_UPDATED = tuple(f"parent.{path}" for path in UPDATED)


def _types_by_ending() -> dict[str, str]:
    """Return file ending → content type, as Python knows them: a machine's own table must not
    change what is served."""
    known = mimetypes.MimeTypes()
    found = {ending[1:].lower(): name for ending, name in known.types_map[1].items()}
    for ending, whole in known.suffix_map.items():
        found[ending[1:].lower()] = f"application/{known.encodings_map['.' + whole.split('.')[-1]]}"
    packed = {each[1:].lower(): f"application/{name}" for each, name in known.encodings_map.items()}
    return {**found, **packed}


TYPES = _types_by_ending()

MINUTES_A_YEAR = 525_600


def under_parent(where: Filter) -> Filter:
    """Say of the parent what `where` says of a document of its own."""
    return {f"parent.{path}": condition for path, condition in where.items()}


def _place(document: dict[str, Any]) -> tuple[str, str] | None:
    """Return the bucket and the path in it of a document, if both are stored."""
    bucket, path = _text(document, "bucket"), _text(document, "path")
    return None if bucket is None or path is None else (bucket, path)


def _placed() -> Filter:
    return all_of([texts("bucket"), texts("path")])


@dataclass(frozen=True)
class BucketUrl(Kind):
    """`bucket` and `path` as a url."""

    @property
    def fhir_type(self) -> str:
        return "url"

    @property
    def search_type(self) -> str:
        return "uri"

    @property
    def sortable(self) -> bool:
        return False

    def encoder(self, site: Site) -> Encode:
        site = site.at("path")

        def encode(document: Any, findings: Findings) -> str | None:
            place = _place(document)
            if place is None:
                findings.append(site.degraded("no bucket and path to give a url"))
                return None
            bucket, path = place
            return f"gs://{quote(bucket)}/{quote(path.lstrip('/'))}"

        return encode

    @property
    def reads(self) -> tuple[str, ...]:
        return ("bucket", "path")

    def decoder(self, site: Site) -> Decode:
        """Only a url of a bucket has a place in the document; another is kept beside it."""
        del site

        def decode(url: Any, document: Any) -> dict[str, Any]:
            place = url.removeprefix("gs://") if isinstance(url, str) else ""
            bucket, _, path = place.partition("/")
            if not bucket or not path or not url.startswith("gs://"):
                return {"bucket": None, "path": None}
            stored = document.get("path")
            begins = "/" if isinstance(stored, str) and stored.startswith("/") else ""
            return {"bucket": unquote(bucket), "path": begins + unquote(path)}

        return decode

    def present(self, site: Site) -> Filter:
        del site
        return _placed()

    def uri(self, site: Site, value: str, how: str | None) -> Filter:
        """An ancestor is a url that the value begins with, a descendant one that begins with it."""
        del site
        if how == "above":
            return _starting(value)
        if how == "below":
            return _beginning(value)
        return _exactly(value)

    def describe(self) -> str:
        return "gs:// url of bucket and path"


def _exactly(url: str) -> Filter:
    bucket, slash, path = url.removeprefix("gs://").partition("/")
    if not url.startswith("gs://") or not slash or not _is_quoted(bucket) or not _is_quoted(path):
        return NOTHING
    stored = {"$regex": f"^/*{re.escape(unquote(path))}$"}
    return all_of([scalar("bucket", unquote(bucket)), scalar("path", stored), _placed()])


def _starting(url: str) -> Filter:
    """Match the urls that a url begins with."""
    bucket, _, path = url.removeprefix("gs://").partition("/")
    if not url.startswith("gs://") or not _is_quoted(bucket):
        return NOTHING
    starts = (path[:length] for length in range(1, len(path) + 1))
    known = [unquote(each) for each in starts if _is_quoted(each)]
    stored = {"$in": [*known, *(f"/{each}" for each in known)]}
    return all_of([scalar("bucket", {"$in": [unquote(bucket)]}), scalar("path", stored)])


def _beginning(start: str) -> Filter:
    bucket, slash, path = start.removeprefix("gs://").partition("/")
    if not start.startswith("gs://"):
        return _placed() if "gs://".startswith(start) else NOTHING
    if not _is_quoted(bucket) or not _is_quoted(path):
        return NOTHING
    if not slash:
        named = scalar("bucket", {"$regex": f"^{re.escape(unquote(bucket))}"})
        return all_of([named, _placed()])
    stored = {"$regex": f"^/*{re.escape(unquote(path))}"}
    return all_of([scalar("bucket", unquote(bucket)), scalar("path", stored), _placed()])


def _is_quoted(text: str) -> bool:
    return quote(unquote(text)) == text


@dataclass(frozen=True)
class ContentType(Kind):
    """The content type that the ending of the path tells."""

    @property
    def fhir_type(self) -> str:
        return "code"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("below",)

    @property
    def sortable(self) -> bool:
        return False

    def encoder(self, site: Site) -> Encode:
        del site

        def encode(document: Any, findings: Findings) -> str | None:
            del findings
            place = _place(document)
            return None if place is None else TYPES.get(_ending(place[1]))

        return encode

    def present(self, site: Site) -> Filter:
        return self.token(site, None, None)

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        del site
        if system not in (None, MIME_TYPES):
            return NOTHING
        return _ending_in(each for each, name in TYPES.items() if code in (None, name))

    def uri(self, site: Site, value: str, how: str | None) -> Filter:
        """Find the types below `image`, or a type itself."""
        del site, how
        own = value.partition("|")[2] if value.startswith(f"{MIME_TYPES}|") else value
        return _ending_in(
            each for each, name in TYPES.items() if name == own or name.startswith(f"{own}/")
        )

    def describe(self) -> str:
        return "content type by the ending of the path"


MIME_TYPES = "urn:ietf:bcp:13"


def _ending(path: str) -> str:
    name = path.rpartition("/")[2].lstrip(".")
    return name.rpartition(".")[2].lower() if "." in name else ""


def _ending_in(endings: Iterable[str]) -> Filter:
    known = "|".join(map(re.escape, sorted(endings)))
    if not known:
        return NOTHING
    # from where a name begins: a long one is gone through once
    named = scalar("path", {"$regex": rf"(?:^|/)\.*[^/.][^/]*\.({known})$", "$options": "i"})
    return all_of([named, _placed()])


def some_attachment(
    resource: dict[str, Any], document: dict[str, Any], findings: Findings, context: Context
) -> None:
    """FHIR wants an attachment, even one that only says that nothing is known of it."""
    del document, findings, context
    content = resource.setdefault("content", [{}])
    content[0].setdefault("attachment", data_absent("unknown"))


def _text(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    return clean(value) if isinstance(value, str) else None


@dataclass(frozen=True)
class Category(Kind):
    """US Core's category where the document type is one, else where the document stands."""

    local: str

    @property
    def fhir_type(self) -> str:
        return "CodeableConcept"

    @property
    def total(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        local = {
            "coding": [
                {"system": site.context.code_system("document-category"), "code": self.local}
            ]
        }
        clinical = {
            "coding": [
                {"system": US_CORE_CATEGORY, "code": CLINICAL_NOTE, "display": "Clinical Note"}
            ]
        }

        def encode(value: Any, findings: Findings) -> Any:
            del findings
            return clinical if value == CLINICAL_NOTE else local

        return encode

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        local = Vocabulary("document-category", {self.local: ""})
        return local, Vocabulary(US_CORE_CATEGORY, {CLINICAL_NOTE: "Clinical Note"})

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def sortable(self) -> bool:
        return False

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        clinical = scalar(site.field, {"$in": [CLINICAL_NOTE]})
        found = []
        if system in (None, US_CORE_CATEGORY) and code in (None, CLINICAL_NOTE):
            found.append(clinical)
        local = site.context.code_system("document-category")
        if system in (None, local) and code in (None, self.local):
            found.append({"$nor": [clinical]})
        return any_of(found)


def interaction_end(record: dict[str, Any], context: Context) -> datetime | None:
    """Return when an interaction ended, in UTC: its start plus its minutes."""
    parent = record[PARENT]
    minutes = number(parent.get("duration"))
    moment = dates.read(parent.get("sent_on"), context.timezone)
    if minutes is None or not 0 <= minutes < MINUTES_A_YEAR:
        return None
    if isinstance(moment, str) or moment.instant is None:
        return None
    try:
        end = moment.instant + timedelta(minutes=float(minutes))
        return end.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None


# fmt: off
DOCUMENT: tuple[Rule, ...] = (
    # FHIR element           stored field                       kind                                               search
    rule("id",                 "document_id",                     RecordId(),                                        "_id"),
    rule("meta.lastUpdated",   ("updated_on", *PARENT_UPDATED),   RecordTime(),                                      "_lastUpdated"),
    rule("meta.tag[]",         WHOLE,                             Tags(embedded=True),                                            "_tag"),
    *profiled(US_CORE_DOCUMENT),
    rule("status",             WHOLE,                             FixedCode("http://hl7.org/fhir/document-reference-status", "current"), "status"),
    rule("masterIdentifier",   "document_id",                     Identifier("document", of_record=True),            "identifier"),
    finds("identifier",        WHOLE,                             Unstored("Identifier", "token"),                   "identifier"),
    rule("type",               "document_type",                   Concept("document-type", shows=True, says=True),              "type"),
    rule("subject",            "parent.subject",                  MEMBER,                                            "patient subject"),
    rule("date",               "updated_on",                      DateTime("instant"),                               "date"),
    rule("author[]",           "updated_by",                      USER,                                              "author"),
    rule("description",        "description",                     Text(),                                            "description"),
    rule("content[0].attachment.contentType", WHOLE,              ContentType(),                                     "contenttype"),
    rule("content[0].attachment.url",   WHOLE,                    BucketUrl(),                                       "location"),
    rule("content[0].attachment.title", "document_title",         Text()),
)

CASE_DOCUMENT = Mapping(
    "DocumentReference",
    collection="patient_case",
    unwind="documents",
    rules=(
        *DOCUMENT,
        rule("category[]",           "document_type",               Category("case-document"),                         "category"),
        rule("context.encounter[]",  "parent._id",                  OwnReference("EpisodeOfCare", "case"),             "encounter case"),
        rule("context.period.start", "parent.initiatedDate",        DateTime(),                                        "period.start"),
        rule("context.period.end",   "parent.closedDate",           DateTime(),                                        "period.end"),
        rule("extension:employer",   "parent.client",               ORGANIZATION,                                      "employer"),
    ),
    finish=(some_attachment, period_in_order("context", "period", field="parent.closedDate")),
    main_date="date",
    writes=WRITABLE,
    stamp="updated_on",
    follows=("date",),
    before=(same_member, same_parent("EpisodeOfCare", "encounter")),
)

INTERACTION_DOCUMENT = Mapping(
    "DocumentReference",
    collection="work_queue",
    where=under_parent(INTERACTION),
    unwind="documents",
    rules=(
        *DOCUMENT,
        rule("category[]",           "document_type",               Category("interaction-document"),                  "category"),
        rule("context.encounter[]",  "parent.linkedModules",        CaseLinks(),                                       "encounter case"),
        rule("context.related[]",    "parent._id",                  OwnReference("Communication", "work-item"),        "related"),
        rule("context.period.start", "parent.sent_on",              DateTime(),                                        "period.start"),
        rule("context.period.end",   "ended",                       DateTime(),                                        "period.end"),
        rule("extension:employer",   "parent.client",               ORGANIZATION,                                      "employer"),
    ),
    finish=(some_attachment,),
    computed={"ended": interaction_end},
    main_date="date",
    writes=WRITABLE,
    stamp="updated_on",
    follows=("date",),
    before=(same_member, same_parent("Communication", "related")),
)
# fmt: on
