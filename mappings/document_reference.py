"""DocumentReference: a document of a case or of an interaction, embedded in its parent.

https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from fhir_facade.rules import dates
from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import Filter
from fhir_facade.rules.findings import Encode, Finding, Findings, Severity
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
)
from fhir_facade.rules.kinds.base import data_absent
from fhir_facade.rules.kinds.quantities import number
from fhir_facade.rules.mapping import WHOLE, Mapping, Rule, rule
from fhir_facade.rules.text import clean
from mappings.common import MEMBER, ORGANIZATION, UPDATED, USER
from mappings.communication import INTERACTION
from mappings.fixed import FixedCode
from mappings.own import OwnReference

US_CORE_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"
PARENT_UPDATED = tuple(f"parent.{path}" for path in UPDATED)


_TYPES = mimetypes.MimeTypes()
"""The types Python knows itself: a machine's own table must not change what is served."""

MINUTES_A_YEAR = 525_600


def under_parent(where: Filter) -> Filter:
    """Say of the parent what `where` says of a document of its own."""
    return {f"parent.{path}": condition for path, condition in where.items()}


@dataclass(frozen=True)
class Location(Kind):
    """`bucket` and `path` as url, with the content type the path's ending tells."""

    @property
    def fhir_type(self) -> str:
        return "Attachment"

    @property
    def total(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        site = site.at("path")

        def encode(document: Any, findings: Findings) -> Any:
            bucket, path, title = (
                _text(document, name) for name in ("bucket", "path", "document_title")
            )
            attachment: dict[str, Any] = {}
            if bucket is not None and path is not None:
                content_type, compression = _TYPES.guess_type(path)
                if compression is not None:
                    content_type = f"application/{compression}"
                if content_type is not None:
                    attachment["contentType"] = content_type
                attachment["url"] = f"gs://{quote(bucket)}/{quote(path.lstrip('/'))}"
            else:
                findings.append(site.degraded("no bucket and path to give a url"))
            if title is not None:
                attachment["title"] = title
            return {"attachment": attachment or data_absent("unknown")}

        return encode

    def describe(self) -> str:
        return "gs:// url, content type and title"


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
                {"system": US_CORE_CATEGORY, "code": "clinical-note", "display": "Clinical Note"}
            ]
        }

        def encode(value: Any, findings: Findings) -> Any:
            del findings
            return clinical if value == "clinical-note" else local

        return encode


def interaction_period(
    resource: dict[str, Any], document: dict[str, Any], findings: Findings, context: Context
) -> None:
    """Set the end of `context.period` to the interaction's start plus its minutes."""
    period = resource.get("context", {}).get("period")
    minutes = number(document.get("parent", {}).get("duration"))
    if not period or minutes is None or not 0 <= minutes < MINUTES_A_YEAR:
        return
    moment = dates.read(period["start"], context.timezone)
    if isinstance(moment, str) or moment.instant is None:
        return
    try:
        period["end"] = dates.datetime_text(moment.instant + timedelta(minutes=float(minutes)))
    except OverflowError:
        element = "DocumentReference.context.period.end"
        findings.append(Finding(Severity.DEGRADED, "duration", element, dates.OUT_OF_RANGE))


# fmt: off
DOCUMENT: tuple[Rule, ...] = (
    # FHIR element           stored field                       kind                                               search
    rule("id",                 "document_id",                     RecordId(),                                        "_id"),
    rule("meta.lastUpdated",   ("updated_on", *PARENT_UPDATED),   RecordTime(),                                      "_lastUpdated"),
    rule("meta.tag[]",         WHOLE,                             Tags(embedded=True),                                            "_tag"),
    rule("status",             WHOLE,                             FixedCode("http://hl7.org/fhir/document-reference-status", "current"), "status"),
    rule("masterIdentifier",   "document_id",                     Identifier("document", of_record=True),            "identifier"),
    rule("type",               "document_type",                   Concept("document-type", shows=True, says=True),              "type"),
    rule("subject",            "parent.subject",                  MEMBER,                                            "patient subject"),
    rule("date",               "updated_on",                      DateTime("instant"),                               "date"),
    rule("author[]",           "updated_by",                      USER,                                              "author"),
    rule("description",        "description",                     Text()),
    rule("content[]",          WHOLE,                             Location()),
)

CASE_DOCUMENT = Mapping(
    "DocumentReference",
    collection="patient_case",
    unwind="documents",
    rules=(
        *DOCUMENT,
        rule("category[]",           "document_type",               Category("case-document")),
        rule("context.encounter[]",  "parent._id",                  OwnReference("EpisodeOfCare", "case"),             "encounter case"),
        rule("context.period.start", "parent.initiatedDate",        DateTime()),
        rule("context.period.end",   "parent.closedDate",           DateTime()),
        rule("extension:employer",   "parent.client",               ORGANIZATION,                                      "employer"),
    ),
    finish=(period_in_order("context", "period", field="parent.closedDate"),),
    main_date="date",
)

INTERACTION_DOCUMENT = Mapping(
    "DocumentReference",
    collection="work_queue",
    where=under_parent(INTERACTION),
    unwind="documents",
    rules=(
        *DOCUMENT,
        rule("category[]",           "document_type",               Category("interaction-document")),
        rule("context.encounter[]",  "parent.linkedModules",        CaseLinks(),                                       "encounter case"),
        rule("context.related[]",    "parent._id",                  OwnReference("Communication", "work-item"),        "related"),
        rule("context.period.start", "parent.sent_on",              DateTime()),
        rule("extension:employer",   "parent.client",               ORGANIZATION,                                      "employer"),
    ),
    finish=(interaction_period,),
    main_date="date",
)
# fmt: on
