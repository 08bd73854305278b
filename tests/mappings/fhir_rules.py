"""What R4 asks of a resource beyond the R4B models: codes, reference targets, strings, invariants.

`problems` yields a sentence for each rule that a resource breaks.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from fhir_facade.rules.json_text import to_json
from tests.mappings.fhir_codes import CODES, SYSTEMS

Resource = dict[str, Any]
PEOPLE = {"Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient"}
PEOPLE |= {"RelatedPerson", "Device", "HealthcareService"}
SUBJECTS = {"Patient", "Group"}
TARGETS: dict[str, set[str] | None] = {
    # https://hl7.org/fhir/R4/references.html; None is any type
    "Task.focus": None,
    "Task.for": None,
    "Task.owner": PEOPLE,
    "Flag.subject": SUBJECTS | {"Location", "Organization", "Practitioner", "PlanDefinition"},
    "Flag.author": {"Device", "Organization", "Patient", "Practitioner", "PractitionerRole"},
    "Goal.subject": SUBJECTS | {"Organization"},
    "Goal.addresses": set(),
    "Communication.subject": SUBJECTS,
    "Communication.about": None,
    "Communication.encounter": {"Encounter"},
    "Communication.recipient": PEOPLE | {"Group"},
    "Communication.sender": PEOPLE,
    "Communication.payload.contentReference": None,
    "DocumentReference.subject": SUBJECTS | {"Practitioner", "Device"},
    "DocumentReference.author": PEOPLE - {"CareTeam", "HealthcareService"},
    "DocumentReference.context.encounter": {"Encounter", "EpisodeOfCare"},
    "DocumentReference.context.related": None,
    "EpisodeOfCare.patient": {"Patient"},
    "EpisodeOfCare.diagnosis.condition": {"Condition"},
    "EpisodeOfCare.managingOrganization": {"Organization"},
    "EpisodeOfCare.careManager": {"Practitioner", "PractitionerRole"},
    "EpisodeOfCare.team": {"CareTeam"},
    "EpisodeOfCare.identifier.assigner": {"Organization"},
    "CareTeam.subject": SUBJECTS,
    "CareTeam.managingOrganization": {"Organization"},
    "CareTeam.participant.member": PEOPLE - {"Device", "HealthcareService"},
    "CareTeam.participant.onBehalfOf": {"Organization"},
    "CarePlan.subject": SUBJECTS,
    "CarePlan.careTeam": {"CareTeam"},
    "CarePlan.goal": {"Goal"},
    "CarePlan.activity.reference": {
        "Appointment",
        "CommunicationRequest",
        "DeviceRequest",
        "MedicationRequest",
        "NutritionOrder",
        "Task",
        "ServiceRequest",
        "VisionPrescription",
        "RequestGroup",
    },
    "CarePlan.activity.detail.performer": PEOPLE,
    "List.subject": SUBJECTS | {"Device", "Location"},
    "List.entry.item": None,
    "Provenance.target": None,
    "Provenance.agent.who": PEOPLE - {"CareTeam", "HealthcareService"},
    "Provenance.agent.onBehalfOf": PEOPLE - {"CareTeam", "HealthcareService"},
    "AuditEvent.agent.who": PEOPLE - {"CareTeam", "HealthcareService"},
    "AuditEvent.source.observer": PEOPLE - {"CareTeam", "HealthcareService"},
    "AuditEvent.entity.what": None,
    "Observation.subject": SUBJECTS | {"Device", "Location"},
    "Observation.focus": None,
}
NOTE_AUTHORS = {"Practitioner", "Patient", "RelatedPerson", "Organization"}
PERIODS = {"period", "executionPeriod", "scheduledPeriod"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CODE = re.compile(r"[^\s]+(\s[^\s]+)*")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DATETIME = re.compile(
    r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]"
    r"|3[0-1])(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
    r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?"
)
_INSTANT = re.compile(r".*T.*")
_DATES = {"start", "end", "authoredOn", "lastModified", "sent", "time", "effectiveDateTime"}
_DATES |= {"valueDateTime", "recorded", "lastUpdated", "date"}
_DAYS = {"startDate", "dueDate", "valueDate"}
_INSTANTS = {"recorded", "lastUpdated", "date"}


@cache
def _model(resource: str) -> Any:
    return getattr(importlib.import_module(f"fhir.resources.R4B.{resource.lower()}"), resource)


def problems(resource: Resource) -> Iterator[str]:
    """Yield what is wrong with a resource."""
    text = to_json(resource)
    try:
        _model(resource["resourceType"]).model_validate_json(text)
    except ValueError as error:
        yield f"model: {error}"
    written = json.loads(text, parse_float=Decimal)
    if _ID.fullmatch(written["id"]) is None:
        yield "id is not an id"
    yield from _walk(written, resource["resourceType"], "")
    yield from _invariants(written)


def _walk(value: Any, path: str, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _object(value, path, name)
    elif isinstance(value, list):
        if not value:
            yield f"{path}: empty list"
        for item in value:
            yield from _walk(item, path, name)
    elif isinstance(value, str):
        yield from _string(value, path, name)
    elif value is None:
        yield f"{path}: null"


def _object(value: dict[str, Any], path: str, name: str) -> Iterator[str]:
    if not value:
        yield f"{path}: empty object"
    if name == "extension":
        values = sum(key.startswith(("value", "_value")) for key in value)
        if "url" not in value or values + ("extension" in value) != 1:
            yield f"{path}: not exactly one of value and extension"
    if name in PERIODS | {"valuePeriod"} and not _in_order(value.get("start"), value.get("end")):
        yield f"{path}: per-1"
    if path in TARGETS or name in ("authorReference", "valueReference"):
        yield from _reference(value, path, name)
    known = SYSTEMS.get(value.get("system", ""))
    if known is not None and value.get("code", "") not in {"", *known}:
        yield f"{path}: {value['code']} is not of {value['system']}"
    for key, item in value.items():
        yield from _walk(item, f"{path}.{key}", key)


def _reference(value: dict[str, Any], path: str, name: str) -> Iterator[str]:
    allowed = {"authorReference": NOTE_AUTHORS}.get(name, TARGETS.get(path))
    found = {value["type"]} if "type" in value else set()
    if "reference" in value:
        current, slash, version = value["reference"].partition("/_history/")
        parts = current.rsplit("/", 2)[-2:]
        found.add(parts[0])
        keys = [*parts[1:], *([version] if slash else [])]
        if len(parts) != 2 or not all(map(_ID.fullmatch, keys)):
            yield f"{path}: {value['reference']} is not a reference"
    if len(found) > 1 or (allowed is not None and not found <= allowed):
        yield f"{path}: refers to {found}"
    if not {"reference", "identifier", "display", "extension"} & value.keys():
        yield f"{path}: a reference to nothing"


def _string(value: str, path: str, name: str) -> Iterator[str]:
    if not value or value.isspace():
        yield f"{path}: blank"
    if _CONTROL.search(value):
        yield f"{path}: control characters"
    if path in CODES and value not in CODES[path]:
        yield f"{path}: {value} is not in the value set"
    if name in ("code", "valueCode") and _CODE.fullmatch(value) is None:
        yield f"{path}: not a code"
    if name in ("system", "url") and re.search(r"\s", value):
        yield f"{path}: not a uri"
    in_document = path.startswith("DocumentReference.date")
    if name in _DATES | _DAYS and _DATETIME.fullmatch(value) is None:
        yield f"{path}: {value} is not a dateTime"
    if name in _DAYS and "T" in value:
        yield f"{path}: {value} is not a date"
    if (name in _INSTANTS and (name != "date" or in_document)) and _INSTANT.match(value) is None:
        yield f"{path}: {value} is not an instant"


def _in_order(start: str | None, end: str | None) -> bool:
    """FHIRPath's start <= end, where it can be said; dates of unequal precision that differ not
    in what both have leave it open, which breaks the invariant too."""
    if start is None or end is None or start == end:
        return True
    if "T" in start and "T" in end:
        return _moment(start) <= _moment(end)
    shared = min(len(start), len(end), len("YYYY-MM-DD"))
    return start[:shared] < end[:shared]


def _moment(text: str) -> tuple[datetime, float]:
    found = re.fullmatch(r"(.{19})(\.\d+)?(.+)", text)
    assert found is not None
    zone = "+00:00" if found[3] == "Z" else found[3]
    whole = datetime.fromisoformat(found[1] + zone)
    return whole, float(found[2] or 0)


def _quantities(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "value" in value and not isinstance(value["value"], str | dict):
            yield value
        for item in value.values():
            yield from _quantities(item)
    elif isinstance(value, list):
        for item in value:
            yield from _quantities(item)


def _invariants(resource: Resource) -> Iterator[str]:
    kind = resource["resourceType"]
    for quantity in _quantities(resource):
        if "code" in quantity and "system" not in quantity:
            yield "qty-3"
    if kind == "Task":
        authored, modified = resource.get("authoredOn"), resource.get("lastModified")
        if not _in_order(authored, modified):
            yield "inv-1"
    for target in resource.get("target", ()) if kind == "Goal" else ():
        if any(key.startswith("detail") for key in target) and "measure" not in target:
            yield "gol-1"
        ends = target.get("detailRange", {})
        if {"low", "high"} <= ends.keys() and ends["low"]["value"] > ends["high"]["value"]:
            yield "rng-2"
        for end in ends.values():
            if "comparator" in end:
                yield "a Range's end is a SimpleQuantity"
        if "detailRatio" in target and len(target["detailRatio"]) != 2:
            yield "rat-1"
    for entity in resource.get("entity", ()) if kind == "AuditEvent" else ():
        if "name" in entity and "query" in entity:
            yield "sev-1"
    if kind == "AuditEvent" and sum(each["requestor"] for each in resource["agent"]) != 1:
        yield "an event has one requestor"
    for participant in resource.get("participant", ()) if kind == "CareTeam" else ():
        if "onBehalfOf" in participant and participant["member"].get("type") != "Practitioner":
            yield "ctm-1"
    for activity in resource.get("activity", ()) if kind == "CarePlan" else ():
        if "detail" in activity and "reference" in activity:
            yield "cpl-3"
