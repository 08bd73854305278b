"""The elements that each search parameter of R4 looks at, and the values that stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

Resource = dict[str, Any]
Token = tuple[str | None, str | None]
"""(system, code)"""
Codes = frozenset[Token]
"""The codes of a value set; (system, None) is every code of the system."""

CANONICAL = "https://fhir.wellnecity.com"


class Param(NamedTuple):
    """A search parameter: its type and the elements it looks at."""

    type: str
    paths: tuple[str, ...]


TYPES = ("Task", "Flag", "Goal", "Communication", "DocumentReference", "EpisodeOfCare", "CareTeam",
         "CarePlan", "List", "Observation", "Provenance", "AuditEvent")  # fmt: skip
_TABLE = """
every: token _id=id _security=meta.security _tag=meta.tag identifier
every: uri _profile=meta.profile; date _lastUpdated=meta.lastUpdated
Task: token business-status=businessStatus code intent priority status; string description
Task: date authored-on=authoredOn due=restriction.period.end modified=lastModified
Task: date period=executionPeriod; reference owner patient=for[Patient] subject=for +employer
Task: reference case=focus,extension(case).value focus=focus,extension(case).value
Flag Goal: reference +assigned-to +case +employer patient=subject[Patient] subject
Flag: token category code status; date date=period; reference author
Goal: token category achievement-status=achievementStatus description
Goal: token lifecycle-status=lifecycleStatus; date start-date=startDate target-date=target.dueDate
Communication: token category medium status topic; date sent; reference case=about +employer
Communication: reference encounter recipient sender patient=subject[Patient] subject
DocumentReference: token category contenttype=content.attachment.contentType status type
DocumentReference: token identifier=masterIdentifier,identifier; string description
DocumentReference: date date period=context.period; uri location=content.attachment.url
DocumentReference: reference author case=context.encounter +employer encounter=context.encounter
DocumentReference: reference patient=subject[Patient] related=context.related subject
EpisodeOfCare: token campaign=extension(campaign).extension(id).value status type +program-key
EpisodeOfCare: token origin=extension(case-origin).value
EpisodeOfCare: date date=period due=extension(due-date).value; reference +employer patient
EpisodeOfCare: reference care-manager=careManager[Practitioner] condition=diagnosis.condition
EpisodeOfCare: reference organization=managingOrganization
CareTeam CarePlan List: reference +case patient=subject[Patient] subject
CareTeam: token category status role=participant.role; date date=period
CareTeam: reference participant=participant.member
CarePlan: token activity-code=activity.detail.code category intent status; date date=period
CarePlan: date activity-date=activity.detail.scheduledPeriod; reference care-team=careTeam goal
CarePlan: reference activity-reference=activity.reference performer=activity.detail.performer
List: token code status; string notes=note.text title; date date; reference item=entry.item
Observation: token category code combo-code=code combo-value-concept=valueCodeableConcept status
Observation: token value-concept=valueCodeableConcept; date date=effectiveDateTime
Observation: composite code-value-concept=code,valueCodeableConcept
Observation: composite combo-code-value-concept=code,valueCodeableConcept
Observation: reference case=focus +employer focus patient=subject[Patient] subject
Provenance: date recorded
Provenance: reference agent=agent.who case=target[EpisodeOfCare]
Provenance: reference patient=extension(patient).value target +employer
AuditEvent: token action outcome subtype type; date date=recorded
AuditEvent: string address=agent.network.address agent-name=agent.name
AuditEvent: reference agent=agent.who entity=entity.what source=source.observer
AuditEvent: reference employer=extension(of-employer).value
AuditEvent: reference patient=agent.who[Patient],entity.what[Patient]
"""


def _table() -> dict[str, dict[str, Param]]:
    found: dict[str, dict[str, Param]] = {type_: {} for type_ in TYPES}
    for types, _, parts in (line.partition(":") for line in _TABLE.strip().splitlines()):
        for kind, *names in (part.split() for part in parts.split(";")):
            for name, _, paths in (each.lstrip("+").partition("=") for each in names):
                own = f"extension({name}).value" if f"+{name}" in names else name
                for type_ in TYPES if types == "every" else types.split():
                    found[type_][name] = Param(kind, tuple((paths or own).split(",")))
    return found


PARAMS = _table()
_HL7 = "http://hl7.org/fhir/"
_BINDINGS = """
Task.status=task-status Task.intent=request-intent Task.priority=request-priority
Flag.status=flag-status Goal.lifecycleStatus=goal-status Communication.status=event-status
DocumentReference.status=document-reference-status EpisodeOfCare.status=episode-of-care-status
CareTeam.status=care-team-status CarePlan.status=request-status CarePlan.intent=request-intent
List.status=list-status Observation.status=observation-status
AuditEvent.action=audit-event-action AuditEvent.outcome=audit-event-outcome
"""
_CODE_SYSTEMS = {at: _HL7 + name for at, name in (row.split("=") for row in _BINDINGS.split())}
_CODE_SYSTEMS["DocumentReference.content.attachment.contentType"] = "urn:ietf:bcp:13"


def _children(of: Any, step: str) -> Iterator[Any]:
    if step.startswith("extension("):
        urls = (step[10:-1], f"{CANONICAL}/StructureDefinition/{step[10:-1]}")
        yield from (each for each in of.get("extension", ()) if each["url"] in urls)
    elif step == "value":
        yield from (value for key, value in of.items() if key.startswith("value"))
    else:
        found = of.get(step, [])
        yield from found if isinstance(found, list) else [found]


def elements(resource: Resource, path: str) -> list[Any]:
    """What stands at a path, each element of a list on its own; `[Patient]` keeps only those."""
    path, _, only = path.rstrip("]").partition("[")
    found: list[Any] = [resource]
    for step in re.findall(r"extension\([^)]*\)|[^.]+", path):
        found = [child for each in found for child in _children(each, step)]
    return [each for each in found if not only or target_type(each) == only]


def current(reference: str) -> str:
    """A reference without the version that it names."""
    return reference.partition("/_history/")[0]


def target_type(reference: Resource) -> str | None:
    to = current(reference.get("reference", "")).split("/")
    return to[-2] if len(to) > 1 else reference.get("type")


def _is_value(element: Any) -> bool:
    return not isinstance(element, dict) or not element.keys() <= {"id", "extension", "type"}


def code_of(type_: str, path: str, code: str) -> Token:
    """A code or string with the system that its binding implies."""
    if (type_, path, code) == ("Task", "intent", "unknown"):
        return _HL7 + "task-intent", code
    return _CODE_SYSTEMS.get(f"{type_}.{path}"), code


def tokens(type_: str, path: str, element: Any) -> list[Token]:
    """The tokens of a code, Coding, CodeableConcept, Identifier or string."""
    if isinstance(element, str):
        return [code_of(type_, path, element)]
    if "coding" in element:
        return [(each.get("system"), each.get("code")) for each in element["coding"]]
    return [(element.get("system"), element.get("code", element.get("value")))]


def texts(element: Any) -> list[str]:
    """A string, or the text and displays of a Coding or CodeableConcept."""
    if isinstance(element, str):
        return [element]
    shown = [each.get("display") for each in (*element.get("coding", ()), element)]
    return [each for each in (element.get("text"), *shown) if each is not None]


def values(resource: Resource, param: Param) -> list[tuple[str, Any]]:
    """(path, element) of each value a parameter looks at."""
    return [(at, each) for at in param.paths for each in elements(resource, at) if _is_value(each)]
