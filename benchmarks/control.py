"""The control for mapping cost: one Task written by hand, with the same output as the table's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

C = "https://fhir.wellnecity.com"
STATUS = {"Completed": "completed", "InProgress": "in-progress", "Ready": "ready"}
INTENT = {"FillerOrder": "filler-order", "Order": "order", "Plan": "plan"}
PRIORITY = {"Routine": "routine", "Urgent": "urgent", "ASAP": "asap", "STAT": "stat"}

FILLER = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
            "code": "FILL",
            "display": "Filler Identifier",
        }
    ]
}


def _time(value: datetime) -> str:
    return f"{value.isoformat(timespec='milliseconds')}Z"


def _reference(to: str, sid: str, key: str, name: str | None = None) -> dict[str, Any]:
    found = {
        "reference": f"{to}/{key}",
        "type": to,
        "identifier": {"system": f"{C}/sid/{sid}", "value": key},
    }
    if name:
        found["display"] = name
    return found


def _party(to: str, sid: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return _reference(to, sid, str(value["id"]), value.get("name"))
    return _reference(to, sid, str(value))


def _note(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "authorReference": _party("Practitioner", "user", value["created_by"]),
        "time": _time(value["created"]),
        "text": value["text"],
    }


def task_to_fhir(document: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the Task of a clean document; what is dirty would make it fail."""
    identifier = str(document["_id"])
    cases = [each["id"] for each in document["linkedModules"] if each["type"] == "case"]
    return {
        "resourceType": "Task",
        "id": identifier,
        "meta": {
            "versionId": version,
            "lastUpdated": _time(document["updated"]),
            "profile": [f"{C}/StructureDefinition/facade-task"],
        },
        "identifier": [{"type": FILLER, "system": f"{C}/sid/work-item", "value": identifier}],
        "status": STATUS[document["status"]],
        "intent": INTENT[document["intent"]],
        "priority": PRIORITY[document["priority"]],
        "code": {
            "coding": [
                {
                    "system": f"{C}/CodeSystem/task-category",
                    "code": document["category"],
                    "display": document["category"],
                }
            ]
        },
        "description": document["message"],
        "focus": _reference("EpisodeOfCare", "case", str(cases[0])),
        "for": _party("Patient", "member", document["subject"]),
        "executionPeriod": {
            "start": _time(document["start_date"]),
            "end": _time(document["completed_on"]),
        },
        "authoredOn": _time(document["created"]),
        "lastModified": _time(document["updated"]),
        "owner": _party("Practitioner", "user", document["owner"]),
        "note": [_note(each) for each in document["notes"]],
        "restriction": {"period": {"end": _time(document["deadline"])}},
        "extension": [
            {
                "url": f"{C}/StructureDefinition/employer",
                "valueReference": _party("Organization", "org", document["client"]),
            },
            {
                "url": f"{C}/StructureDefinition/created-by",
                "valueReference": _party("Practitioner", "user", document["created_by"]),
            },
            {
                "url": f"{C}/StructureDefinition/updated-by",
                "valueReference": _party("Practitioner", "user", document["updated_by"]),
            },
        ],
    }
