"""What an event of the audit trail was about: patients, resources, the query, the request itself.

https://hl7.org/fhir/R4/auditevent-definitions.html#AuditEvent.entity
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.filters import NOTHING, Filter, scalar
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import Kind, Many, Site, Text
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.kinds.described import Given, Vocabulary, given
from fhir_facade.rules.text import clean, is_id
from fhir_facade.rules.text_match import KEY
from mappings.audit_kinds import operation_of
from mappings.common import PATIENT
from mappings.party_kinds import Json, Linking, coding

RECORDS = (
    *("AuditEvent", "CarePlan", "CareTeam", "Communication", "DocumentReference", "EpisodeOfCare"),
    *("Flag", "Goal", "List", "Observation", "Provenance", "Task"),
)
DEFINITIONS = (
    *("Bundle", "CapabilityStatement", "CodeSystem", "ConceptMap", "ImplementationGuide"),
    *("NamingSystem", "OperationDefinition", "SearchParameter", "StructureDefinition", "ValueSet"),
)
TYPES = (*RECORDS, *DEFINITIONS)
"""The types of the resources that can be asked for here; a Bundle is a whole case."""

_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_BALP = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
PERSON = coding(_TYPE, "1", "Person")
SYSTEM_OBJECT = coding(_TYPE, "2", "System Object")
REQUEST = coding(_BALP, "XrequestId", "X-Request-Id")
PATIENT_ROLE = coding(_ROLE, "1", "Patient")
DOMAIN_RESOURCE = coding(_ROLE, "4", "Domain Resource")
QUERY = coding(_ROLE, "24", "Query")

_NAMED = f"^({'|'.join(TYPES)})/[A-Za-z0-9\\-.]{{1,64}}$"

DETAILS = {
    "status": "http-status",
    "count": "shown",
    "total": "matches",
    "more": "ids-left-out",
    "version": "version",
}
"""Field of an entry → the name of the detail that shows it."""


@dataclass(frozen=True)
class AuditEntities(Kind):
    """Patients, resources, the query as it was asked, and the request with its details."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    @property
    def gives(self) -> tuple[Given, ...]:
        types = (PERSON, SYSTEM_OBJECT, REQUEST)
        roles = (PATIENT_ROLE, DOMAIN_RESOURCE, QUERY)
        return (
            given("what", "patient", PATIENT),
            given("what", "ids", Named()),
            given("what", "request", RequestId()),
            *(given("type", (), OneCoding(each["system"], each["code"])) for each in types),
            *(given("role", (), OneCoding(each["system"], each["code"])) for each in roles),
            given("query", "query", Text("base64Binary")),
            given("detail.type", (), Text()),
            given("detail.valueString", tuple(DETAILS), Text()),
        )

    def encoder(self, site: Site) -> Encode:
        encode_patient = Many(PATIENT).encoder(site.at("patient"))

        def encode(entry: Json, findings: Findings) -> list[Json] | None:
            patients = entry.get("patient")
            known = [] if patients is None else encode_patient(patients, findings)
            found = [
                {"what": each, "type": dict(PERSON), "role": dict(PATIENT_ROLE)}
                for each in known or ()
            ]
            found += [
                {"what": each, "type": dict(SYSTEM_OBJECT), "role": dict(DOMAIN_RESOURCE)}
                for each in _resources(entry.get("ids"), site, findings)
            ]
            found += [*_query(entry.get("query")), *_request(entry)]
            return found or None

        return encode

    def describe(self) -> str:
        return "the patients, the resources, the query and the request"


def _resources(ids: Any, site: Site, findings: Findings) -> Iterator[Json]:
    for each in ids if isinstance(ids, list) else [] if ids is None else [ids]:
        kind, _, key = (each if isinstance(each, str) else "").partition("/")
        if kind in TYPES and is_id(key):
            yield {"reference": f"{kind}/{key}", "type": kind}
        else:
            findings.append(site.at("ids").degraded("a link without a readable id"))


def _query(query: Any) -> Iterator[Json]:
    if isinstance(query, str) and query:
        encoded = base64.b64encode(query.encode("utf-8", "replace")).decode()
        yield {"type": dict(SYSTEM_OBJECT), "role": dict(QUERY), "query": encoded}


def _request(entry: Json) -> Iterator[Json]:
    """BALP names a request by its X-Request-Id; what else is known of it are its details."""
    request = entry.get("request")
    known = isinstance(request, str) and clean(request) == request
    what = {"what": {"identifier": {"value": request}}} if known else {}
    details = [{"type": name, "valueString": value} for name, value in _details(entry)]
    if what or details:
        yield {**what, "type": dict(REQUEST), **({"detail": details} if details else {})}


def _details(entry: Json) -> Iterator[tuple[str, str]]:
    operation = clean(operation_of(entry) or "")
    if operation is not None:
        yield "operation", operation
    for field, name in DETAILS.items():
        value = entry.get(field)
        text = clean(str(value)) if type(value) in (int, str) else None
        if text is not None:
            yield name, text
    agent = entry.get("agent")
    scopes = agent.get("scopes") if isinstance(agent, dict) else None
    text = clean(scopes) if isinstance(scopes, str) else None
    if text is not None:
        yield "scopes", text
    if entry.get("inner") is True:
        yield "entry-of", "batch or transaction"


@dataclass(frozen=True)
class Named(Linking):
    """The resources among what an event was about, stored as `Type/id`, for searches."""

    @property
    def targets(self) -> tuple[str, ...]:
        return TYPES

    def present(self, site: Site) -> Filter:
        return {site.field: {"$regex": _NAMED}}

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        named = [
            f"{kind}/{each.id}"
            for each in targets
            for kind in (TYPES if each.type is None else (each.type,))
            if kind in TYPES
        ]
        return {site.field: {"$in": named}} if named else NOTHING

    def describe(self) -> str:
        return "References to resources of this server"


@dataclass(frozen=True)
class RequestId(Linking):
    """The X-Request-Id, an identifier without a system, for searches."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        return ("identifier",)

    def present(self, site: Site) -> Filter:
        return scalar(site.field, {"$regex": KEY})

    def reference(self, site: Site, targets: Sequence[Target]) -> Filter:
        del site, targets
        return NOTHING

    def identifier(self, site: Site, system: str | None, value: str | None) -> Filter:
        if system or (value is not None and clean(value) != value):
            return NOTHING
        return self.present(site) if value is None else scalar(site.field, {"$in": [value]})

    def describe(self) -> str:
        return "the X-Request-Id as an identifier"


@dataclass(frozen=True)
class OneCoding(Kind):
    """One of the Codings that an element may have."""

    system: str
    code: str

    @property
    def fhir_type(self) -> str:
        return "Coding"

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        return (Vocabulary(self.system, {self.code: self.code}),)

    def describe(self) -> str:
        return f"{self.code} of {self.system.rpartition('/')[2]}"
