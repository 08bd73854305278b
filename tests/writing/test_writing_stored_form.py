"""What a plain resource is stored as: what other software expects to find."""

from __future__ import annotations

import datetime as dt

import pytest
from bson import Decimal128, ObjectId

from tests.writing.cases import created, parent
from tests.writing.exact_json import Digits, Json
from tests.writing.whole import CANONICAL, extended, local, mapped, module
from tests.writing.world import World

_HL7 = "http://terminology.hl7.org/CodeSystem"
MARKS = ("_id", "created", "updated", "fhir", "is_deleted", "is_archived", "is_acknowledged")
CASE = "689fac0527c68d4d36c4bd9d"


def at(*parts: int) -> dt.datetime:
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - as stores give them


def _user(key: str, name: str | None = None) -> Json:
    return mapped("Practitioner", "user", key, name)


def _coded(system: str, code: str, display: str | None = None) -> Json:
    coding = {"system": system, "code": code} if "//" in system else local(system, code)
    return {"coding": [coding if display is None else {**coding, "display": display}]}


MEMBER = mapped("Patient", "member", "M7", "Ann")
COMMON = [
    extended("employer", "Reference", mapped("Organization", "org", "ACME")),
    module("flag", "F1"),
]
LINKS = [{"type": "case", "id": ObjectId(CASE)}, {"type": "flag", "id": "F1"}]
CASE_LINK = mapped("EpisodeOfCare", "case", CASE)
NOTE = {"authorReference": _user("U3"), "time": "2026-01-02T03:04:05.678Z", "text": "A note"}
STORED_NOTE = {"text": "A note", "created": at(2026, 1, 2, 3, 4, 5, 678000), "created_by": "U3"}
SUBJECT = {"id": "M7", "name": "Ann"}

PLAIN: dict[str, tuple[Json, Json]] = {
    "Task": (
        {
            "status": "in-progress",
            "intent": "filler-order",
            "priority": "asap",
            "code": _coded("task-category", "Insurance", "Insurance"),
            "description": "Call back",
            "focus": CASE_LINK,
            "for": MEMBER,
            "executionPeriod": {
                "start": "2026-01-01T10:00:00.000Z",
                "end": "2026-01-02T10:00:00.000Z",
            },
            "authoredOn": "2026-01-01T00:00:00.000Z",
            "owner": _user("U1", "Bob"),
            "note": [NOTE],
            "restriction": {"period": {"end": "2026-03-01T12:30:00.000Z"}},
            "extension": COMMON,
        },
        {
            "type": "task",
            "status": "InProgress",
            "intent": "FillerOrder",
            "priority": "ASAP",
            "category": "Insurance",
            "message": "Call back",
            "linkedModules": LINKS,
            "subject": SUBJECT,
            "start_date": at(2026, 1, 1, 10),
            "completed_on": at(2026, 1, 2, 10),
            "owner": {"id": "U1", "name": "Bob"},
            "notes": [STORED_NOTE],
            "deadline": at(2026, 3, 1, 12, 30),
            "client": "ACME",
        },
    ),
    "Flag": (
        {
            "status": "active",
            "category": [_coded("flag-category", "Clinical")],
            "code": {**_coded("flag-name", "Fall Risk", "Fall Risk"), "text": "Fell in May"},
            "subject": MEMBER,
            "period": {"start": "2026-01-01", "end": "2036-01-01"},
            "author": _user("U3"),
            "extension": [*COMMON, extended("case", "Reference", CASE_LINK)],
        },
        {
            "type": "flag",
            "status": "Active",
            "category": "Clinical",
            "name": "Fall Risk",
            "message": "Fell in May",
            "subject": SUBJECT,
            "date_start": "2026-01-01",
            "date_end": "2036-01-01",
            "created_by": "U3",
            "client": "ACME",
            "linkedModules": LINKS,
        },
    ),
    "Goal": (
        {
            "lifecycleStatus": "on-hold",
            "achievementStatus": _coded(f"{_HL7}/goal-achievement", "no-change", "No Change"),
            "category": [_coded(f"{_HL7}/goal-category", "dietary", "Dietary")],
            "priority": _coded(f"{_HL7}/goal-priority", "medium-priority", "Medium Priority"),
            "description": {"text": "Lower A1c"},
            "subject": MEMBER,
            "startDate": "2026-01-01",
            "target": [
                {
                    "measure": {"text": "Lower A1c"},
                    "detailQuantity": {"value": Digits("7.10"), "unit": "%"},
                    "dueDate": "2026-06-30",
                }
            ],
            "addresses": [{"display": "Diabetes"}],
            "outcomeCode": [{"text": "Better"}],
            "extension": [
                extended("display-message", "String", "Go on"),
                *COMMON,
                extended("assigned-to", "Reference", _user("U1", "Bob")),
            ],
        },
        {
            "type": "goal",
            "life_cycle_status": "OnHold",
            "achievement_status": "NoChange",
            "category": ["Dietary"],
            "priority": "Medium",
            "name": "Lower A1c",
            "subject": SUBJECT,
            "date_start": "2026-01-01",
            "target_measure": {
                "type": "quantity",
                "value": {"value": Decimal128("7.10"), "unit": "%"},
            },
            "target_due_date": "2026-06-30",
            "addresses": "Diabetes",
            "outcome": ["Better"],
            "message": "Go on",
            "client": "ACME",
            "linkedModules": LINKS[1:],
            "owner": {"id": "U1", "name": "Bob"},
        },
    ),
    "Communication": (
        {
            "status": "preparation",
            "statusReason": {"text": "busy"},
            "category": [_coded("interaction-category", "Outreach")],
            "priority": "stat",
            "medium": [
                {
                    "coding": [
                        {
                            "system": f"{_HL7}/v3-ParticipationMode",
                            "code": "FACE",
                            "display": "face-to-face",
                        },
                        local("interaction-medium", "in-person"),
                    ]
                }
            ],
            "subject": MEMBER,
            "topic": {"text": "Refill"},
            "about": [CASE_LINK],
            "encounter": mapped("Encounter", "encounter", "N1"),
            "sent": "2026-01-01T10:00:00.250Z",
            "recipient": [MEMBER],
            "sender": _user("U1", "Bob"),
            "payload": [{"contentString": "Hello"}],
            "extension": [extended("description", "String", "All of it"), *COMMON],
        },
        {
            "type": "Interaction",
            "status": "Scheduled",
            "status_reason": "busy",
            "categories": ["Outreach"],
            "priority": "STAT",
            "medium": ["in-person"],
            "subject": SUBJECT,
            "topic": "Refill",
            "linkedModules": LINKS,
            "encounter_reference": "N1",
            "sent_on": at(2026, 1, 1, 10, 0, 0, 250000),
            "owner": {"id": "U1", "name": "Bob"},
            "message": "Hello",
            "description": "All of it",
            "client": "ACME",
        },
    ),
}


@pytest.mark.parametrize("type_", PLAIN)
def test_a_plain_resource_is_stored_as_the_platform_stores_it(world: World, type_: str) -> None:
    resource, expected = PLAIN[type_]
    with created(world, {"resourceType": type_, **resource}) as got:
        document = world.stored("work_queue", ObjectId(got["id"]))
    assert {name: each for name, each in document.items() if name not in MARKS} == expected
    assert isinstance(document["updated"], dt.datetime)
    assert isinstance(document["created"], dt.datetime)
    if "authoredOn" in resource:
        assert document["created"] == at(2026, 1, 1)


def test_a_plain_document_stands_in_its_interaction(world: World) -> None:
    key = parent(world)
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": _coded("document-type", "letter", "letter"),
        "author": [_user("U1")],
        "description": "A letter",
        "content": [{"attachment": {"url": "gs://bucket/a%20b/c.pdf", "title": "Letter"}}],
        "context": {"related": [{"reference": f"Communication/{key}"}]},
    }
    with created(world, resource) as got:
        interaction = world.stored("work_queue", ObjectId(key))
    (stored,) = interaction["documents"]
    assert isinstance(stored.pop("updated_on"), dt.datetime)
    for name in MARKS:
        stored.pop(name, None)
    assert stored == {
        "document_id": got["id"],
        "document_type": "letter",
        "updated_by": "U1",
        "description": "A letter",
        "document_title": "Letter",
        "bucket": "bucket",
        "path": "a b/c.pdf",
    }
    assert got["masterIdentifier"]["system"] == f"{CANONICAL}/sid/document"
    assert got["masterIdentifier"]["value"] == got["id"]


MEMBERS = {"Task": "for", "Flag": "subject", "Goal": "subject", "Communication": "subject"}


@pytest.mark.parametrize("type_", MEMBERS)
def test_a_member_without_a_name_is_stored_under_its_id(world: World, type_: str) -> None:
    resource = {**PLAIN[type_][0], MEMBERS[type_]: {"reference": "Patient/M8"}}
    with created(world, {"resourceType": type_, **resource}) as got:
        assert world.stored("work_queue", ObjectId(got["id"]))["subject"] == {"id": "M8"}


def test_a_day_in_a_datetime_field_is_its_midnight(world: World) -> None:
    resource = {
        "resourceType": "Task",
        "status": "ready",
        "intent": "order",
        "restriction": {"period": {"end": "2026-03-01"}},
        "lastModified": "2026-01-05",
    }
    with created(world, resource) as got:
        document = world.stored("work_queue", ObjectId(got["id"]))
    assert isinstance(document["updated"], dt.datetime)
    assert document["deadline"] == at(2026, 3, 1)
