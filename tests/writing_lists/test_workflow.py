"""Workflow steps and other lists of objects: one edited beside one added or removed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.writing.equality import extension
from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    put_case,
    read_case,
    step,
    stored_case,
    stored_item,
    the,
    written_case,
)

STEPS = [
    step(1, "A", "in_progress", step_id="s1", assigned_team="T", n=None),
    step(2, "B", step_id="s2"),
    step(3, "D", step_id="s3"),
]
NEW = {"detail": {"code": {"text": "C"}, "status": "not-started"}}
STATUS = "case_workflow_step_status"
DONE = "case_workflow_completed_date"


def workflow(world: World, change: Any, steps: list[Any] = STEPS) -> list[Json]:
    """The steps as they are stored after a change of the served ones."""
    stored_case(world, workflow=copy.deepcopy(steps))
    bundle = read_case(world)
    change(the(bundle, "CarePlan")["activity"])
    written_case(world, bundle)
    return list(case_of(world)["workflow"])


def completes_and_adds(place: int) -> Any:
    def change(activity: list[Json]) -> None:
        activity[0]["detail"]["status"] = "completed"
        activity.insert(place, NEW)

    return change


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_step_is_completed_and_another_added(world: World, place: int) -> None:
    after = workflow(world, completes_and_adds(place))
    by_name = {each["case_workflow_step_name"]: each for each in after}
    day = by_name["A"].pop(DONE)
    assert len(str(day)) == 10
    assert by_name["A"] == {**STEPS[0], STATUS: "completed"}
    assert by_name["B"] == STEPS[1]
    assert by_name["D"] == STEPS[2]
    assert by_name["C"][STATUS] == "pending"
    assert len(after) == 4


def test_a_step_is_completed_and_another_removed(world: World) -> None:
    def change(activity: list[Json]) -> None:
        activity[0]["detail"]["status"] = "completed"
        del activity[1]

    after = workflow(world, change)
    assert after[0].pop(DONE)
    assert after == [{**STEPS[0], STATUS: "completed"}, STEPS[2]]


def test_steps_without_a_number_are_known_by_their_name(world: World) -> None:
    steps = [step(None, name, own=name) for name in ("A", "B")]

    def change(activity: list[Json]) -> None:
        activity[1]["detail"]["status"] = "in-progress"
        activity.insert(0, NEW)

    after = workflow(world, change, steps)
    by_name = {each["case_workflow_step_name"]: each for each in after}
    assert by_name["A"] == steps[0]
    assert by_name["B"] == {**steps[1], STATUS: "in_progress"}


def test_what_is_no_step_stays(world: World) -> None:
    steps: list[Any] = [5, *STEPS, None, "x", step(9, "Z", is_deleted=True)]
    after = workflow(world, completes_and_adds(3), steps)
    for each in (5, None, "x", steps[-1], STEPS[1], STEPS[2]):
        assert each in after


def test_a_step_is_edited_beside_a_field_nobody_reads(world: World) -> None:
    odd = step(1, "A", "in_progress", case_workflow_due_date="soon", case_workflow_completed_date=5)

    def change(activity: list[Json]) -> None:
        activity[0]["detail"]["description"] = "more"

    (after,) = workflow(world, change, [odd])
    assert after == {**odd, "case_workflow_step_description": "more"}


def test_a_workflow_step_that_is_a_text_is_refused(world: World) -> None:
    before = stored_case(world, workflow=STEPS)
    bundle = read_case(world)
    odd = {"url": extension("workflow-step"), "valueString": "q"}
    the(bundle, "CarePlan").setdefault("activity", []).append({**NEW, "extension": [odd]})
    response = put_case(world, bundle)
    assert response.status_code == 422
    assert {each["code"] for each in response.json()["issue"]} == {"extension"}
    assert case_of(world) == before


def test_a_note_is_edited_and_another_added(world: World) -> None:
    notes = [
        {"text": "one", "created": "2026-01-01T10:00:00Z", "by": {"id": "u1"}, "z": 1},
        {"text": "two", "created": "2026-01-02T10:00:00Z", "by": {"id": "u1"}, "z": 2},
    ]
    stored_item(world, "t1", "task", status="Ready", intent="Order", notes=notes)
    task = world.read("Task", "t1")
    task["note"][1]["text"] = "two, edited"
    task["note"].insert(0, {"text": "zero"})
    world.update("t1", task)
    after = world.stored("work_queue", "t1")["notes"]
    assert [each["text"] for each in after] == ["zero", "one", "two, edited"]
    assert after[1] == notes[0]
    assert after[2] == {**notes[1], "text": "two, edited"}


def test_an_outcome_is_edited_and_another_added(world: World) -> None:
    outcomes = [{"code": "a", "display": "A", "who": 1}, {"code": "b", "display": "B", "who": 2}]
    fields = {"life_cycle_status": "Active", "name": "Walk", "outcome": outcomes}
    stored_item(world, "g1", "goal", **fields)
    goal = world.read("Goal", "g1")
    goal["outcomeCode"][0]["coding"][0]["display"] = "AA"
    goal["outcomeCode"].append({"coding": [{"code": "c"}]})
    world.update("g1", goal)
    after = world.stored("work_queue", "g1")["outcome"]
    assert after[0] == {**outcomes[0], "display": "AA"}
    assert after[1] == outcomes[1]
    assert after[2]["code"] == "c"


def test_a_reassignment_is_edited_and_the_owner_changes(world: World) -> None:
    entries = [{"date": "2026-01-01T10:00:00Z", "from": "u1", "to": "u2", "z": 1}]
    fields = {"status": "Completed", "owner": "u2", "interactionHistory": entries}
    stored_item(world, "i1", "Interaction", **fields)
    one = world.read("Communication", "i1")
    (entry,) = [e for e in one["extension"] if e["url"] == extension("reassignment")]
    (origin,) = [each for each in entry["extension"] if each["url"] == "from"]
    origin["valueReference"] = {"reference": "Practitioner/u9"}
    one["sender"] = {"reference": "Practitioner/u3"}
    world.update("i1", one)
    after = world.stored("work_queue", "i1")["interactionHistory"]
    assert after[0] == {**entries[0], "from": "u9"}
    assert (after[1]["from"], after[1]["to"]) == ("u2", "u3")
    assert len(after) == 2
