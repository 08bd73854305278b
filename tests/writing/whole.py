"""One resource of each type in which no element is just what the stored fields hold."""

from __future__ import annotations

from typing import Any

from tests.writing.equality import CANONICAL, extension
from tests.writing.exact_json import Digits, Json

ALIEN: Json = {"url": "http://example.org/a", "valueDecimal": Digits("1.10")}
TWIN: Json = {"extension": [ALIEN]}
SNOMED: Json = {"system": "http://snomed.info/sct", "code": "73211009", "display": "Diabetes"}
_HL7 = "http://terminology.hl7.org/CodeSystem"


def local(name: str, code: str) -> Json:
    """A coding of a code system of this guide."""
    return {"system": f"{CANONICAL}/CodeSystem/{name}", "code": code}


def concept(system: str, code: str) -> Json:
    """A concept of which the stored fields hold one coding."""
    found = {"system": system, "code": code}
    return {"coding": [found if "/" in system else local(system, code), SNOMED], "text": "So"}


def link(to: str, key: str) -> Json:
    """A reference of which the stored fields hold the key and the name."""
    return {"reference": f"{to}/{key}", "display": f"Name of {key}", "_display": TWIN}


def mapped(to: str, sid: str, key: str, display: str | None = None) -> Json:
    """A reference as the stored fields alone give it."""
    found: Json = {
        "reference": f"{to}/{key}",
        "type": to,
        "identifier": {"system": f"{CANONICAL}/sid/{sid}", "value": key},
    }
    return found if display is None else {**found, "display": display}


def extended(name: str, type_: str, value: Any) -> Json:
    return {"url": extension(name), f"value{type_}": value}


def module(name: str, key: str) -> Json:
    parts = [{"url": "module", "valueString": name}, {"url": "id", "valueString": key}]
    return {"url": extension("linked-module"), "extension": parts}


NOTE: Json = {
    "authorString": "Ann",
    "time": "2026-01-02T03:04:05.123456-05:00",
    "text": "A *note*",
    "_text": TWIN,
}
TEXT: Json = {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">T</div>'}
IDENTIFIERS: list[Json] = [{"system": "http://example.org/mrn", "value": "7"}]
META: Json = {
    "profile": ["http://example.org/p"],
    "tag": [{"system": "http://example.org/t", "code": "x"}],
    "security": [{"system": "http://example.org/s", "code": "R"}],
    "source": "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0",
}
EMPLOYER = extended("employer", "Reference", link("Organization", "O1"))
CREATED_BY = extended("created-by", "Reference", link("Practitioner", "U3"))
UPDATED_BY = extended("updated-by", "Reference", link("Practitioner", "U4"))
CREATED = extended("created", "DateTime", "2026-01-01T00:00:00.5+02:00")
ASSIGNED = extended("assigned-to", "Reference", link("Practitioner", "U1"))
CASE = extended("case", "Reference", link("EpisodeOfCare", "E1"))
COMMON: Json = {"meta": META, "text": TEXT, "identifier": IDENTIFIERS}

TASK: Json = {
    "resourceType": "Task",
    **COMMON,
    "status": "ready",
    "_status": TWIN,
    "intent": "order",
    "_intent": TWIN,
    "priority": "urgent",
    "_priority": TWIN,
    "code": concept("task-category", "Claim"),
    "description": "What to do",
    "_description": TWIN,
    "focus": link("EpisodeOfCare", "E1"),
    "for": link("Patient", "M1"),
    "executionPeriod": {"start": "2026-01-01T10:00:00.123456-05:00", "end": "2026-02"},
    "authoredOn": "2026-01-01T00:00:00.1+02:00",
    "lastModified": "2026-01-05",
    "owner": link("Practitioner", "U1"),
    "note": [NOTE],
    "restriction": {"repetitions": Digits("2"), "period": {"end": "2026-03-01"}},
    "extension": [
        ALIEN,
        EMPLOYER,
        extended("case", "Reference", link("EpisodeOfCare", "E2")),
        module(" flag", "F1"),
        ALIEN,
        CREATED_BY,
        UPDATED_BY,
    ],
}
FLAG: Json = {
    "resourceType": "Flag",
    **COMMON,
    "status": "inactive",
    "_status": TWIN,
    "category": [concept("flag-category", "Clinical")],
    "code": concept("flag-name", "Fall Risk"),
    "subject": link("Patient", "M1"),
    "period": {"start": "2026-01", "end": "2026-02-03T10:00:00-05:00"},
    "author": link("Practitioner", "U3"),
    "extension": [
        EMPLOYER,
        ALIEN,
        ASSIGNED,
        CASE,
        CREATED,
        UPDATED_BY,
        module(" goal", "G1"),
        extended("note", "Annotation", NOTE),
    ],
}
GOAL: Json = {
    "resourceType": "Goal",
    **COMMON,
    "lifecycleStatus": "active",
    "_lifecycleStatus": TWIN,
    "achievementStatus": concept(f"{_HL7}/goal-achievement", "improving"),
    "category": [concept(f"{_HL7}/goal-category", "dietary")],
    "priority": concept(f"{_HL7}/goal-priority", "high-priority"),
    "description": {"coding": [SNOMED], "text": "Lower A1c"},
    "subject": link("Patient", "M1"),
    "startDate": "2026-01",
    "target": [
        {
            "measure": {"coding": [SNOMED]},
            "detailQuantity": {"value": Digits("7.10"), "unit": "%", "extension": [ALIEN]},
            "dueDate": "2026-06",
        },
        {"measure": {"text": "Second"}, "detailInteger": Digits("3")},
    ],
    "addresses": [{"display": "Diabetes", "reference": "Condition/7"}],
    "note": [NOTE],
    "outcomeCode": [{"coding": [SNOMED, SNOMED], "text": "Better"}],
    "extension": [
        extended("display-message", "String", "Go on") | {"id": "m1"},
        ALIEN,
        EMPLOYER,
        ASSIGNED,
        CASE,
        module(" flag", "F1"),
        CREATED,
        CREATED_BY,
        UPDATED_BY,
    ],
}
COMMUNICATION: Json = {
    "resourceType": "Communication",
    **COMMON,
    "status": "completed",
    "_status": TWIN,
    "statusReason": concept("other", "because"),
    "category": [concept("interaction-category", "Outreach")],
    "priority": "asap",
    "_priority": TWIN,
    "medium": [concept(f"{_HL7}/v3-ParticipationMode", "PHONE")],
    "subject": link("Patient", "M1"),
    "topic": {"coding": [SNOMED], "text": "Refill"},
    "about": [link("EpisodeOfCare", "E1"), {"reference": "Claim/9"}],
    "encounter": link("Encounter", "N1"),
    "sent": "2026-01-01T10:00:00.123456-05:00",
    "recipient": [link("Patient", "M1"), {"reference": "Group/9"}],
    "sender": link("Practitioner", "U1"),
    "payload": [
        {"contentString": "Hello", "_contentString": TWIN},
        {"contentAttachment": {"contentType": "text/plain", "data": "AQID"}},
    ],
    "note": [NOTE],
    "extension": [
        extended("description", "String", "All of it") | {"id": "d1"},
        extended("duration", "Duration", {"value": Digits("5.0"), "unit": "minutes"}),
        ALIEN,
        extended("recorded-by", "Reference", link("Practitioner", "U5")),
        extended("conducted-by", "Reference", link("Organization", "O5")),
        EMPLOYER,
        module(" flag", "F1"),
        CREATED,
        CREATED_BY,
        UPDATED_BY,
    ],
}
DOCUMENT: Json = {
    "resourceType": "DocumentReference",
    **COMMON,
    "status": "superseded",
    "docStatus": "final",
    "type": concept("document-type", "letter"),
    "category": [{"coding": [SNOMED]}],
    "date": "2026-01-01T10:00:00.123456-05:00",
    "author": [link("Practitioner", "U1"), {"reference": "Organization/9"}],
    "description": "A letter",
    "_description": TWIN,
    "content": [
        {
            "attachment": {
                "contentType": "text/plain",
                "url": "gs://bucket/a/b.pdf",
                "title": "Letter",
                "size": Digits("7"),
            }
        },
        {"attachment": {"contentType": "text/plain", "data": "AQID"}},
    ],
    "extension": [ALIEN],
}
RICH = {each["resourceType"]: each for each in (TASK, FLAG, GOAL, COMMUNICATION, DOCUMENT)}
