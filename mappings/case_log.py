"""Provenance: one per entry of a case's log, read-only, id `{case}.log.{n}`.

https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.getting import (
    WHOLE,
)
from fhir_facade.rules.kinds import Concept, DateTime, Kind, RecordTime, Reference, Site, Tags, Text
from fhir_facade.rules.kinds.base import Target, data_absent, wrong_type
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.references import label
from fhir_facade.rules.mapping import (
    Mapping,
    rule,
)
from fhir_facade.rules.text import clean, fhir_id, is_id, key_text, stored_ids
from mappings.case_kinds import LOG_DATE_NAMES, LOG_TYPE_NAMES
from mappings.codes import LOG_TYPE
from mappings.common import MEMBER, UPDATED, USER, first_text, profiled
from mappings.own import OwnReference

SEPARATOR = ".log."
_PLACE = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class LogEntryId(Kind):
    """The case's id and the entry's place in the log, counted from 1."""

    @property
    def fhir_type(self) -> str:
        return "id"

    @property
    def search_type(self) -> str:
        return "token"

    @property
    def total(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        def encode(document: Any, findings: Findings) -> str | None:
            case = fhir_id(document["parent"].get("_id"))
            found = f"{case}{SEPARATOR}{document['position']}"
            if case is None or not is_id(found):
                findings.append(site.unservable("a case _id that leaves no room for the entry's"))
                return None
            return found

        return encode

    def token(self, site: Site, system: str | None, code: str | None) -> Filter:
        del site
        case, _, place = (code or "").rpartition(SEPARATOR)
        keys = stored_ids(case)
        if system is not None or not keys or not _PLACE.fullmatch(place):
            return NOTHING
        return {"$and": [{"parent._id": {"$in": keys}}, {"position": int(place)}]}

    def paths(self, path: str) -> tuple[str, ...]:
        del path
        return ("parent._id",)

    def describe(self) -> str:
        return "id of the case and place in its log"


@dataclass(frozen=True)
class Recorded(DateTime):
    """`recorded` must be there: without a readable date it says that it is unknown."""

    as_type: str = "instant"

    @property
    def total(self) -> bool:
        return True

    @property
    def gives(self) -> tuple[Given, ...]:
        return (given("recorded", "", DateTime("instant")),)

    def encoder(self, site: Site) -> Encode:
        encode_time = super().encoder(site)

        def encode(value: Any, findings: Findings) -> dict[str, Any]:
            if value is None:
                findings.append(site.degraded("nothing stored"))
                return {"_recorded": data_absent("unknown")}
            written = encode_time(value, findings)
            if written is None:
                return {"_recorded": data_absent("unsupported")}
            return {"recorded": written}

        return encode


@dataclass(frozen=True)
class Agent(Kind):
    """Who made the entry; FHIR wants to be told even that nobody knows."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def total(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        encode_who = Reference(USER.to, USER.sid, required=True).encoder(site)
        return lambda value, findings: {"who": encode_who(value, findings)}

    @property
    def search_type(self) -> str:
        return "reference"

    @property
    def modifiers(self) -> tuple[str, ...]:
        return USER.modifiers

    @property
    def targets(self) -> tuple[str, ...]:
        return USER.targets

    @property
    def sortable(self) -> bool:
        return USER.sortable

    @property
    def searched_part(self) -> str:
        return "who"

    @property
    def gives(self) -> tuple[Given, ...]:
        return (given("who", "", USER),)

    def present(self, site: Site) -> Filter:
        return USER.present(site)

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        return USER.reference(site, targets)

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        return USER.identifier(site, system, value)

    def paths(self, path: str) -> tuple[str, ...]:
        return USER.paths(path)


@dataclass(frozen=True)
class LogValue(Kind):
    """A value before or after a change: text, a key, or an object with a name and a key."""

    @property
    def fhir_type(self) -> str:
        return "string"

    def encoder(self, site: Site) -> Encode:
        def encode(value: Any, findings: Findings) -> str | None:
            pair = value if isinstance(value, dict) else {"id": value}
            stored = first_text(pair, "value", "id")
            text = clean(stored) if isinstance(stored, str) else key_text(stored)
            if text is None and (text := label(pair)) is None and stored not in (None, ""):
                findings.append(site.degraded(wrong_type(value, "a value")))
            return text

        return encode


# fmt: off
PROVENANCE = Mapping(
    "Provenance",
    collection="patient_case",
    unwind="log",
    rules=(
        # FHIR element               stored field                           kind                                   search
        rule("id",                     WHOLE,                                 LogEntryId(),                          "_id"),
        rule("meta.lastUpdated",       (*LOG_DATE_NAMES, *(f"parent.{path}" for path in UPDATED)), RecordTime(), "_lastUpdated"),
        rule("meta.tag[]",             WHOLE,                                 Tags(embedded=True), "_tag"),
        *profiled(),
        rule("target[]",               "parent._id",                          OwnReference("EpisodeOfCare", "case"), "target case"),
        rule("target[]",               "parent._id",                          OwnReference("CareTeam", "case"),      "target"),
        rule("target[]",               "parent._id",                          OwnReference("CarePlan", "case"),      "target"),
        rule("recorded*",              LOG_DATE_NAMES,                        Recorded(),                            "recorded"),
        rule("activity",               LOG_TYPE_NAMES,                        Concept("log-type", codes=(LOG_TYPE,))),
        rule("agent[]",                ("log_item_owner", "owner"),           Agent(),                               "agent"),
        rule("extension:patient",      "parent.subject",                      MEMBER,                                "patient"),
        rule("extension:description",  "description",                         Text()),
        rule("extension:previous-value", ("previous_value", "previousValue"), LogValue()),
        rule("extension:new-value",    ("new_value", "newValue"),             LogValue()),
    ),
    main_date="recorded",
)
# fmt: on
