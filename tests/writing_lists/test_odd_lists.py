"""Lists that are stored as a lone object: an addition through FHIR leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    put_case,
    read_case,
    stored_case,
    stored_item,
    the,
)

STEP = {"detail": {"code": {"text": "C"}, "status": "not-started"}}
ITEM = {"item": {"reference": "Claim/k9"}}
LONE: list[tuple[str, Json, str, str, Json]] = [
    ("workflow", {"case_workflow_step_name": "A", "own": 1}, "CarePlan", "activity", STEP),
    ("workflow", {"own": 1}, "CarePlan", "activity", STEP),
    ("items", {"own": 1}, "List", "entry", ITEM),
    ("items", {"item_type": "claim", "item_id": "k1", "own": 1}, "List", "entry", ITEM),
]


@pytest.mark.parametrize(("field", "lone", "type_", "element", "new"), LONE, ids=range(len(LONE)))
def test_an_addition_to_a_lone_object(
    world: World, field: str, lone: Json, type_: str, element: str, new: Json
) -> None:
    stored_case(world, **{field: lone})
    bundle = read_case(world)
    part = the(bundle, type_)
    part[element] = [*part.get(element, []), new]
    response = put_case(world, bundle)
    assert response.status_code in (200, 422), response.text
    after = case_of(world)[field]
    if response.status_code == 200:
        assert lone in after
        assert len(after) == 2
    else:
        assert after == lone


NOTES: list[Any] = [{"text": "a", "own": 1}, "a", ["a", {"own": 1}, None]]


@pytest.mark.parametrize("stored", NOTES, ids=range(len(NOTES)))
def test_a_note_is_added_to_what_is_there(world: World, stored: Any) -> None:
    stored_item(world, "t1", "task", status="Ready", intent="Order", notes=stored)
    task = world.read("Task", "t1")
    world.update("t1", {**task, "note": [*task.get("note", []), {"text": "new"}]})
    after = world.stored("work_queue", "t1")["notes"]
    for each in stored if isinstance(stored, list) else [stored]:
        assert each in after
    assert {"text": "new"} in after
