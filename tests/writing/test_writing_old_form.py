"""An update keeps the form of what is stored: names, types, spellings.

Only what the client changed is written anew.
"""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from tests.writing.exact_json import Json
from tests.writing.test_writing_stored_form import CASE, at
from tests.writing.whole import extended, local
from tests.writing.world import JSON_PATCH, World

OLD: dict[str, tuple[Json, Json, Json]] = {
    "old names of a flag": (
        {
            "type": "FLAG",
            "name": "Risk",
            "STATUS": "ACTIVE",
            "VALUE": "old",
            "CATEGORY": "A",
            "STARTDATE": "2026-01-01",
            "ENDDATE": "",
        },
        {
            "status": "inactive",
            "code": {"coding": [local("flag-name", "Risk")], "text": "new"},
            "category": [{"coding": [local("flag-category", "B")]}],
            "period": {"start": "2026-01-02", "end": "2026-01-03"},
        },
        {
            "STATUS": "Inactive",
            "VALUE": "new",
            "CATEGORY": "B",
            "STARTDATE": "2026-01-02",
            "date_end": "2026-01-03",
        },
    ),
    "the spelling of an unchanged code": (
        {"type": "task", "status": "in_progress", "intent": "ORDER", "priority": "asap"},
        {"status": "in-progress", "intent": "plan", "priority": "asap"},
        {"status": "in_progress", "intent": "Plan", "priority": "asap"},
    ),
    "an alias of an unchanged code": (
        {"type": "contact", "status": "NoShow", "medium": ["telephone", "mail"]},
        {"status": "not-done", "priority": "stat"},
        {"status": "NoShow", "priority": "STAT"},
    ),
    "the type of a date": (
        {
            "type": "task",
            "status": "Ready",
            "intent": "Order",
            "deadline": "2026-01-16T09:30:00",
            "start_date": at(2026, 1, 1),
        },
        {
            "restriction": {"period": {"end": "2026-01-17T10:00:00Z"}},
            "executionPeriod": {"start": "2026-01-02T00:00:00Z"},
        },
        {"start_date": at(2026, 1, 2)},
    ),
    "the type of a day": (
        {"type": "flag", "name": "A", "status": "Inactive", "date_start": at(2026, 1, 1)},
        {"period": {"start": "2026-01-02"}},
        {"date_start": at(2026, 1, 2)},
    ),
    "the form of a reference": (
        {
            "type": "task",
            "status": "Ready",
            "intent": "Order",
            "subject": "M1",
            "owner": {"id": ObjectId(CASE), "display": "Bob", "team": "x"},
            "client": 7,
        },
        {
            "for": {"reference": "Patient/M2"},
            "owner": {"reference": f"Practitioner/{CASE[::-1]}", "display": "Eve"},
            "extension": [
                extended("employer", "Reference", {"reference": "Organization/8"}),
            ],
        },
        {
            "subject": "M2",
            "owner": {"id": ObjectId(CASE[::-1]), "display": "Eve", "team": "x"},
            "client": 8,
        },
    ),
    "the names in a note": (
        {
            "type": "task",
            "status": "Ready",
            "intent": "Order",
            "notes": [
                "plain",
                {"message": "old", "date": "2026-01-01", "by": {"id": "U1"}, "n": 1},
            ],
        },
        {
            "note": [
                {"text": "plain 2"},
                {
                    "authorReference": {"reference": "Practitioner/U2"},
                    "time": "2026-01-01",
                    "text": "new",
                },
            ]
        },
        {
            "notes": [
                {"text": "plain 2"},
                {"message": "new", "date": "2026-01-01", "by": {"id": "U2"}, "n": 1},
            ]
        },
    ),
}
_TYPES = {"FLAG": "Flag", "flag": "Flag", "task": "Task", "contact": "Communication"}


@pytest.mark.parametrize("how", ["put", "patch"])
@pytest.mark.parametrize("name", OLD)
def test_an_update_keeps(world: World, name: str, how: str) -> None:
    stored, changed, expected = OLD[name]
    key, type_ = ObjectId(), _TYPES[stored["type"]]
    world.insert("work_queue", {"_id": key, "subject": {"id": "M1"}, **stored})
    before = world.read(type_, str(key))
    if how == "put":
        world.update(str(key), {**before, **changed})
    else:
        patch = [{"op": "add", "path": f"/{n}", "value": each} for n, each in changed.items()]
        world.patch(type_, str(key), patch, JSON_PATCH)
    after = world.stored("work_queue", key)
    assert {each: after.get(each) for each in expected} == expected
    added = after.keys() - stored.keys() - {"_id", "subject", "updated", "fhir", *expected}
    assert not added
    if name == "the type of a date":
        assert isinstance(after["deadline"], str)
        assert after["deadline"].startswith("2026-01-17T10:00:00")


def test_a_sloppy_measure_that_stays_is_not_touched(world: World) -> None:
    key = ObjectId()
    measure: Any = {"type": "Quantity", "value": "7.0 %", "other": 1}
    world.insert(
        "work_queue",
        {
            "_id": key,
            "type": "goal",
            "name": "A",
            "life_cycle_status": "active",
            "subject": {"id": "M1"},
            "target_measure": measure,
        },
    )
    before = world.read("Goal", str(key))
    world.update(str(key), {**before, "description": {"text": "B"}})
    assert world.stored("work_queue", key)["target_measure"] == measure
