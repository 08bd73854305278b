"""Other software changes a field between two reads: its element is new, all the others stay."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from bson import ObjectId

from tests.writing.cases import created, parent, under
from tests.writing.equality import content, expected_after, extension, without_time_of_change
from tests.writing.exact_json import Digits, Json
from tests.writing.whole import (
    CANONICAL,
    NOTE,
    RICH,
    extended,
    local,
    mapped,
    module,
)
from tests.writing.world import JSON_PATCH, World

MOMENT = dt.datetime(2026, 12, 3, 4, 5, 6, 789000, tzinfo=dt.UTC)
TIME = "2026-12-03T04:05:06.789Z"
LATER = dt.datetime(2029, 1, 1, tzinfo=dt.UTC)
GONE: Any = None
Row = tuple[str, str, Any, Json]
USER = mapped("Practitioner", "user", "U9")
NAMED = mapped("Practitioner", "user", "U9", "Nine")
_O9 = mapped("Organization", "org", "O9")
E9 = mapped("EpisodeOfCare", "case", "E9")
PLAIN = {"text": "New"}


def _ext(name: str, type_: str, value: Any) -> Json:
    return {f"extension {name}": [extended(name, type_, value)]}


def _own(*rows: tuple[str, Any, Json]) -> list[tuple[str, Any, Json]]:
    """The fields that all work items share."""
    by = _ext("updated-by", "Reference", USER)
    return [*rows, ("client", "O9", _ext("employer", "Reference", _O9)), ("updated_by", "U9", by)]


def _shown(system: str, code: str) -> Json:
    return {**local(system, code), "display": code}


def _targeted(value: str, due: str) -> Json:
    """The target as the stored fields alone give it."""
    quantity = {"value": Digits(value), "unit": "%"}
    measure = {"text": "Lower A1c"}
    return {"target": [{"measure": measure, "detailQuantity": quantity, "dueDate": due}]}


_ASSIGNED = ("owner", {"id": "U9", "name": "Nine"}, _ext("assigned-to", "Reference", NAMED))
_NOTE_ADDED = [{"text": "New", "created": MOMENT, "created_by": "U9"}]
_NOTE = {"authorReference": USER, "time": TIME, "text": "New"}
_CREATED = ("created", MOMENT, _ext("created", "DateTime", TIME))
_CREATED_BY = ("created_by", "U9", _ext("created-by", "Reference", USER))
_CASE_E9 = _ext("case", "Reference", E9)
_NO_MODULE = {"extension linked-module": GONE}
_ONLY_E9 = [{"type": "case", "id": "E9"}]
_MEMBER = mapped("Patient", "member", "M9")

_TARGET_8 = _targeted("8.0", "2026-06")
_LASTS = {
    "value": Digits("9"),
    "unit": "min",
    "system": "http://unitsofmeasure.org",
    "code": "min",
}

ROWS: dict[str, list[tuple[str, Any, Json]]] = {
    "Task": _own(
        ("status", "OnHold", {"status": "on-hold"}),
        ("intent", "Plan", {"intent": "plan"}),
        ("priority", "STAT", {"priority": "stat"}),
        ("priority", GONE, {"priority": GONE}),
        ("category", "Member", {"code": {"coding": [_shown("task-category", "Member")]}}),
        ("category", "Odd words", {"code": {"text": "Odd words"}}),
        ("message", "New", {"description": "New"}),
        ("message", GONE, {"description": GONE}),
        ("subject", {"id": "M9"}, {"for": _MEMBER}),
        ("linkedModules", _ONLY_E9, {"focus": E9, "extension case": GONE, **_NO_MODULE}),
        ("owner", {"id": "U9", "name": "Nine"}, {"owner": NAMED}),
        ("owner.name", "Nine", {"owner": mapped("Practitioner", "user", "U1", "Nine")}),
        ("notes", _NOTE_ADDED, {"note": [_NOTE]}),
        ("deadline", MOMENT, {"restriction": {"period": {"end": TIME}}}),
        ("deadline", GONE, {"restriction": GONE}),
        ("completed_on", MOMENT, {"executionPeriod": {"start": "2026-01-01T15:00:00.123Z"}}),
        ("created", MOMENT, {"authoredOn": TIME}),
        _CREATED_BY,
    ),
    "Flag": _own(
        ("status", "Active", {"status": "active"}),
        ("category", "New", {"category": [{"coding": [local("flag-category", "New")]}]}),
        ("name", "New", {"code": {"coding": [_shown("flag-name", "New")], "text": "So"}}),
        ("message", "N", {"code": {"coding": [_shown("flag-name", "Fall Risk")], "text": "N"}}),
        ("subject", "M9", {"subject": _MEMBER}),
        ("date_end", "2026-12-03", {"period": {"start": "2026-01", "end": "2026-12-03"}}),
        ("date_start", GONE, {"period": {"end": "2026-02-03"}}),
        ("created_by", {"id": "U9", "name": "Nine"}, {"author": NAMED}),
        ("linkedModules", _ONLY_E9, {**_CASE_E9, **_NO_MODULE}),
        ("notes", ["New"], _ext("note", "Annotation", PLAIN)),
        _ASSIGNED,
        _CREATED,
    ),
    "Goal": _own(
        ("life_cycle_status", "on hold", {"lifecycleStatus": "on-hold"}),
        ("category", ["New"], {"category": [{"coding": [local("goal-category-local", "New")]}]}),
        ("priority", "whenever", {"priority": {"text": "whenever"}}),
        ("name", "New", {"description": PLAIN}),
        ("subject.id", "M9", {"subject": mapped("Patient", "member", "M9", "Name of M1")}),
        ("date_start", "2026-12-03", {"startDate": "2026-12-03"}),
        ("achievement_status", "odd", {"achievementStatus": {"text": "odd"}}),
        ("target_due_date", "2026-12-03", _targeted("7.10", "2026-12-03")),
        ("target_measure", {"type": "quantity", "value": "8.0 %"}, _TARGET_8),
        ("addresses", "New", {"addresses": [{"display": "New"}]}),
        ("notes", GONE, {"note": GONE}),
        ("outcome", ["New"], {"outcomeCode": [PLAIN]}),
        ("message", "New", _ext("display-message", "String", "New")),
        ("linkedModules", _ONLY_E9, {**_CASE_E9, **_NO_MODULE}),
        _ASSIGNED,
        _CREATED,
        _CREATED_BY,
    ),
    "Communication": _own(
        ("status", "NoShow", {"status": "not-done"}),
        ("status_reason", "New", {"statusReason": PLAIN}),
        ("priority", "Routine", {"priority": "routine"}),
        ("categories", ["N"], {"category": [{"coding": [local("interaction-category", "N")]}]}),
        ("subject", {"id": "M9"}, {"subject": _MEMBER, "recipient": [_MEMBER]}),
        ("topic", "New", {"topic": PLAIN}),
        ("linkedModules", _ONLY_E9, {"about": [E9], **_NO_MODULE}),
        ("encounter_reference", "N9", {"encounter": mapped("Encounter", "encounter", "N9")}),
        ("sent_on", MOMENT, {"sent": TIME}),
        ("owner", "U9", {"sender": USER}),
        ("message", "New", {"payload": [{"contentString": "New"}]}),
        ("notes", ["New"], {"note": [PLAIN]}),
        ("description", "New", _ext("description", "String", "New")),
        ("medium", ["New"], {"medium": [{"coding": [local("interaction-medium", "New")]}]}),
        ("duration", 9, _ext("duration", "Duration", _LASTS)),
        ("partner", "O9", _ext("conducted-by", "Reference", _O9)),
        ("recorded_by", "U9", _ext("recorded-by", "Reference", USER)),
        _CREATED,
        _CREATED_BY,
    ),
}
EXPECTED_LATER = {"executionPeriod": {"start": "2026-01-01T15:00:00.123Z", "end": TIME}}
CASES: list[Row] = [
    (type_, field, value, changed) for type_, rows in ROWS.items() for field, value, changed in rows
]
_IDS = [f"{row[0]}.{row[1]}-{'gone' if row[2] is GONE else at}" for at, row in enumerate(CASES)]


def assign(document: Json, path: str, value: Any) -> None:
    """Set a dotted path of a stored document, or take it away."""
    *outer, last = path.split(".")
    for name in outer:
        document = document[name]
    if value is GONE:
        del document[last]
    else:
        document[last] = value


def _apply(wanted: Json, changed: Json) -> None:
    """Give some elements other values."""
    for name, value in changed.items():
        word, _, short = name.partition(" ")
        if word == "extension":
            others = [e for e in wanted["extension"] if e["url"] != extension(short)]
            wanted["extension"] = [*others, *(value or [])]
            continue
        wanted.pop(f"_{name}", None)
        if value is GONE:
            del wanted[name]
        else:
            wanted[name] = value


def _unordered(resource: Json) -> Json:
    found = copy.deepcopy(resource)
    found["extension"] = sorted(found.get("extension", []), key=repr)
    return found


@pytest.mark.parametrize(("type_", "field", "value", "changed"), CASES, ids=_IDS)
def test_a_change_of_one_field_changes_its_element_alone(
    world: World, type_: str, field: str, value: Any, changed: Json
) -> None:
    with created(world, RICH[type_]) as before:
        tag = world.etag(type_, before["id"])
        document = world.stored("work_queue", ObjectId(before["id"]))
        assign(document, field, value)
        world.overwrite("work_queue", {**document, "updated": LATER})
        after = world.read(type_, before["id"])
        assert world.etag(type_, before["id"]) != tag
    wanted = content(before)
    _apply(wanted, EXPECTED_LATER if field == "completed_on" else changed)
    if type_ == "Task":
        wanted["lastModified"] = "2029-01-01T00:00:00.000Z"
    del wanted["text"]  # it told of the element that was changed
    assert _unordered(content(after)) == _unordered(wanted)


def test_the_rich_resources_are_kept_whole(world: World) -> None:
    """Else the tests here would test nothing."""
    for type_, resource in RICH.items():
        with created(world, under(resource, parent(world))) as got:
            wanted, given = expected_after(under(resource, "x"), got)
            for each in (wanted, given):
                each.pop("context", None)
            assert wanted == given, type_


DOCUMENTS: list[tuple[str, Any, Json]] = [
    ("description", "New", {"description": "New"}),
    ("document_type", "memo", {"type": {"coding": [local("document-type", "memo")]}}),
    ("updated_by", "U9", {"author": [USER]}),
    ("updated_on", MOMENT, {"date": TIME}),
]


@pytest.mark.parametrize(("field", "value", "changed"), DOCUMENTS, ids=lambda each: str(each)[:12])
def test_a_change_within_a_document_changes_its_element_alone(
    world: World, field: str, value: Any, changed: Json
) -> None:
    key = parent(world)
    with created(world, under(RICH["DocumentReference"], key)) as before:
        tag = world.etag("DocumentReference", before["id"])
        document = world.stored("work_queue", ObjectId(key))
        assign(document["documents"][0], field, value)
        world.overwrite("work_queue", document)
        after = world.read("DocumentReference", before["id"])
        assert world.etag("DocumentReference", before["id"]) != tag
    wanted = content(before)
    _apply(wanted, changed)
    del wanted["text"]
    given = content(after)
    if "type" in changed:
        given["type"]["coding"] = [
            {n: v for n, v in e.items() if n != "display"} for e in given["type"]["coding"]
        ]
        given["type"].pop("text", None)
    assert _unordered(given) == _unordered(wanted)


def test_a_narrative_is_served_again_when_the_fields_are_what_they_were(world: World) -> None:
    """It told of them all, so a change of any of them silences it."""
    with created(world, RICH["Goal"]) as before:
        document = world.stored("work_queue", ObjectId(before["id"]))
        world.overwrite("work_queue", {**document, "priority": "Low"})
        assert "text" not in world.read("Goal", before["id"])
        world.overwrite("work_queue", {**document, "unmapped": 1})
        assert world.read("Goal", before["id"])["text"] == before["text"]


def test_a_new_name_of_a_goal_leaves_its_target(world: World) -> None:
    with created(world, RICH["Goal"]) as before:
        document = world.stored("work_queue", ObjectId(before["id"]))
        world.overwrite("work_queue", {**document, "name": "New"})
        after = world.read("Goal", before["id"])
    assert after["target"] == before["target"]


def test_a_new_link_to_another_module_leaves_the_cases(world: World) -> None:
    with created(world, RICH["Task"]) as before:
        document = world.stored("work_queue", ObjectId(before["id"]))
        links = [*document["linkedModules"], {"type": "goal", "id": "G9"}]
        world.overwrite("work_queue", {**document, "linkedModules": links})
        after = world.read("Task", before["id"])
    assert after["focus"] == before["focus"]
    cases = [e for e in after["extension"] if e["url"] == extension("case")]
    assert cases == [e for e in before["extension"] if e["url"] == extension("case")]
    assert module("goal", "G9") in after["extension"]


def test_what_is_kept_comes_back_with_the_field_it_belongs_to(world: World) -> None:
    with created(world, RICH["Task"]) as before:
        document = world.stored("work_queue", ObjectId(before["id"]))
        world.overwrite("work_queue", {**document, "message": "New"})
        assert world.read("Task", before["id"])["description"] == "New"
        world.overwrite("work_queue", document)
        assert world.read("Task", before["id"]) == before


def test_the_next_put_takes_over_what_other_software_did(world: World) -> None:
    with created(world, RICH["Task"]) as before:
        document = world.stored("work_queue", ObjectId(before["id"]))
        world.overwrite("work_queue", {**document, "notes": ["New"], "priority": "STAT"})
        changed = world.read("Task", before["id"])
        got = world.update(before["id"], {**changed, "note": [NOTE, *changed["note"]]})
        assert content(got) == {**content(changed), "note": [NOTE, {"text": "New"}]}
        assert f"{CANONICAL}/sid/work-item" == got["identifier"][0]["system"]


@pytest.mark.parametrize("type_", ["Task", "Flag", "Goal", "Communication"])
def test_a_patch_of_another_element_brings_nothing_back(world: World, type_: str) -> None:
    """What other software has overruled stays so, and what it has not is still kept."""
    field, element, value = {
        "Task": ("message", "description", "New"),
        "Flag": ("category", "category", "New"),
        "Goal": ("addresses", "addresses", "New"),
        "Communication": ("topic", "topic", "New"),
    }[type_]
    with created(world, RICH[type_]) as before:
        document = world.stored("work_queue", ObjectId(before["id"]))
        world.overwrite("work_queue", {**document, field: value})
        changed = world.read(type_, before["id"])
        assert changed[element] != before[element]
        patch = [{"op": "add", "path": "/language", "value": "en"}]
        after = world.patch(type_, before["id"], patch, JSON_PATCH)
        wanted, given = {**content(changed), "language": "en"}, content(after)
        without_time_of_change(wanted, given)
        assert given == wanted
        stored = world.stored("work_queue", ObjectId(before["id"]))
        assert stored[field] == value
