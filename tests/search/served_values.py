"""What a served resource holds for each token and reference parameter, by R4's definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.mappings.serving import extension

Resource = dict[str, Any]
Token = tuple[str | None, str]
"""(system, code)"""
Link = tuple[str, str]
"""(type, id)"""

_CODE_SYSTEMS = {
    ("AuditEvent", "action"): "http://hl7.org/fhir/audit-event-action",
    ("AuditEvent", "outcome"): "http://hl7.org/fhir/audit-event-outcome",
    ("List", "status"): "http://hl7.org/fhir/list-status",
    ("Observation", "status"): "http://hl7.org/fhir/observation-status",
    ("CarePlan", "intent"): "http://hl7.org/fhir/request-intent",
    ("Task", "status"): "http://hl7.org/fhir/task-status",
    ("Task", "intent"): "http://hl7.org/fhir/request-intent",
    ("Task", "priority"): "http://hl7.org/fhir/request-priority",
    ("Flag", "status"): "http://hl7.org/fhir/flag-status",
    ("Goal", "lifecycleStatus"): "http://hl7.org/fhir/goal-status",
    ("Communication", "status"): "http://hl7.org/fhir/event-status",
    ("EpisodeOfCare", "status"): "http://hl7.org/fhir/episode-of-care-status",
    ("CareTeam", "status"): "http://hl7.org/fhir/care-team-status",
    ("CarePlan", "status"): "http://hl7.org/fhir/request-status",
}

_UNKNOWN = ("intent", "unknown")
"""The one code of the value set task-intent that is not of request-intent."""


def elements(resource: Resource, path: str) -> Iterator[Any]:
    """Yield what stands at a dotted path, each element of a list on its own."""
    found = [resource]
    for name in path.split("."):
        values = (each.get(name) for each in found if isinstance(each, dict))
        found = [
            item
            for value in values
            if value is not None
            for item in (value if isinstance(value, list) else [value])
        ]
    yield from found


def _concepts(path: str) -> Callable[[Resource], Iterator[Token]]:
    def tokens(resource: Resource) -> Iterator[Token]:
        for coding in elements(resource, f"{path}.coding"):
            yield coding.get("system"), coding["code"]

    return tokens


def _codes(path: str) -> Callable[[Resource], Iterator[Token]]:
    def tokens(resource: Resource) -> Iterator[Token]:
        system = _CODE_SYSTEMS[resource["resourceType"], path]
        for code in elements(resource, path):
            yield "http://hl7.org/fhir/task-intent" if (path, code) == _UNKNOWN else system, code

    return tokens


def _codings(path: str) -> Callable[[Resource], Iterator[Token]]:
    def tokens(resource: Resource) -> Iterator[Token]:
        for coding in elements(resource, path):
            yield coding["system"], coding["code"]

    return tokens


def _identifiers(path: str) -> Callable[[Resource], Iterator[Token]]:
    def tokens(resource: Resource) -> Iterator[Token]:
        for each in elements(resource, path):
            yield each.get("system"), each["value"]

    return tokens


def _tags(resource: Resource) -> Iterator[Token]:
    for coding in elements(resource, "meta.tag"):
        yield coding["system"], coding["code"]


def _ids(resource: Resource) -> Iterator[Token]:
    yield None, resource["id"]


def _keys(name: str, part: str | None = None) -> Callable[[Resource], Iterator[Token]]:
    def tokens(resource: Resource) -> Iterator[Token]:
        for each in extension(resource, name):
            found = [each] if part is None else each["extension"]
            yield from ((None, one["valueString"]) for one in found if part in (None, one["url"]))

    return tokens


def _origins(resource: Resource) -> Iterator[Token]:
    for each in extension(resource, "case-origin"):
        yield None, each["valueCode"]


def _links(*paths: str, to_only: str | None = None) -> Callable[[Resource], Iterator[Link]]:
    def links(resource: Resource) -> Iterator[Link]:
        for path in paths:
            if path.startswith("extension:"):
                name = path.partition(":")[2]
                found = [each["valueReference"] for each in extension(resource, name)]
            else:
                found = list(elements(resource, path))
            for each in found:
                if "reference" in each:
                    to, _, key = each["reference"].partition("/")
                    if to_only in (None, to):
                        yield to, key

    return links


_ANY: dict[str, Callable[[Resource], Iterator[Token]]] = {
    "_id": _ids,
    "_tag": _tags,
    "_security": _concepts("meta.security"),
    "identifier": _identifiers("identifier"),
}
TOKENS: dict[str, dict[str, Callable[[Resource], Iterator[Token]]]] = {
    "Task": {
        **_ANY,
        "status": _codes("status"),
        "intent": _codes("intent"),
        "priority": _codes("priority"),
        "code": _concepts("code"),
    },
    "Flag": {
        **_ANY,
        "status": _codes("status"),
        "category": _concepts("category"),
        "code": _concepts("code"),
    },
    "Goal": {
        **_ANY,
        "lifecycle-status": _codes("lifecycleStatus"),
        "achievement-status": _concepts("achievementStatus"),
        "category": _concepts("category"),
        "description": _concepts("description"),
    },
    "Communication": {
        **_ANY,
        "status": _codes("status"),
        "category": _concepts("category"),
        "medium": _concepts("medium"),
        "topic": _concepts("topic"),
    },
    "EpisodeOfCare": {
        **_ANY,
        "status": _codes("status"),
        "type": _concepts("type"),
        "origin": _origins,
        "campaign": _keys("campaign", "id"),
        "program-key": _keys("program-key"),
    },
    "CareTeam": {"role": _concepts("participant.role"), **_ANY, "status": _codes("status")},
    "CarePlan": {
        **_ANY,
        "status": _codes("status"),
        "intent": _codes("intent"),
        "category": _concepts("category"),
        "activity-code": _concepts("activity.detail.code"),
    },
    "List": {**_ANY, "status": _codes("status")},
    "Observation": {
        **_ANY,
        "status": _codes("status"),
        "code": _concepts("code"),
        "combo-code": _concepts("code"),
        "value-concept": _concepts("valueCodeableConcept"),
        "combo-value-concept": _concepts("valueCodeableConcept"),
    },
    "AuditEvent": {
        **{name: each for name, each in _ANY.items() if name != "identifier"},
        "type": _codings("type"),
        "subtype": _codings("subtype"),
        "action": _codes("action"),
        "outcome": _codes("outcome"),
    },
}
WORDS_ONLY = {"_security", "description", "topic", "activity-code"}
"""What no coding is ever served for."""

_CASE_PARTS = {
    "patient": _links("subject"),
    "subject": _links("subject"),
    "case": _links("extension:case"),
}
REFERENCES: dict[str, dict[str, Callable[[Resource], Iterator[Link]]]] = {
    "Task": {
        "patient": _links("for"),
        "subject": _links("for"),
        "owner": _links("owner"),
        "employer": _links("extension:employer"),
        "focus": _links("focus", "extension:case"),
        "case": _links("focus", "extension:case"),
    },
    "Flag": {
        **_CASE_PARTS,
        "author": _links("author"),
        "employer": _links("extension:employer"),
        "assigned-to": _links("extension:assigned-to"),
    },
    "Goal": {
        **_CASE_PARTS,
        "employer": _links("extension:employer"),
        "assigned-to": _links("extension:assigned-to"),
    },
    "Communication": {
        "patient": _links("subject"),
        "subject": _links("subject"),
        "recipient": _links("recipient"),
        "sender": _links("sender"),
        "encounter": _links("encounter"),
        "case": _links("about"),
        "employer": _links("extension:employer"),
    },
    "EpisodeOfCare": {
        "patient": _links("patient"),
        "organization": _links("managingOrganization"),
        "condition": _links("diagnosis.condition"),
        "care-manager": _links("careManager"),
        "employer": _links("extension:employer"),
    },
    "CareTeam": {**_CASE_PARTS, "participant": _links("participant.member")},
    "CarePlan": {
        **_CASE_PARTS,
        "care-team": _links("careTeam"),
        "performer": _links("activity.detail.performer"),
    },
    "List": {**_CASE_PARTS, "item": _links("entry.item")},
    "Observation": {
        "patient": _links("subject"),
        "subject": _links("subject"),
        "case": _links("focus"),
        "focus": _links("focus"),
        "employer": _links("extension:employer"),
    },
    "AuditEvent": {
        "agent": _links("agent.who"),
        "patient": _links("agent.who", "entity.what", to_only="Patient"),
        "entity": _links("entity.what"),
        "source": _links("source.observer"),
        "employer": _links("extension:of-employer"),
    },
}
IDENTIFIERS_ONLY = {("AuditEvent", "source")}
"""What refers to no resource of any server."""
