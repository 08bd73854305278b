"""Items and participants of a case in great number: each keeps what is its own."""

from __future__ import annotations

from typing import Any

from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    originator,
    party,
    read_case,
    stored_case,
    the,
    written_case,
)

MANY = 1500


def item(number: int, **fields: Any) -> Json:
    return {"item_type": "claim", "item_id": f"k{number}", "own": number, **fields}


def test_many_items_the_other_way_round(world: World) -> None:
    items = [item(each) for each in range(MANY)]
    stored_case(world, items=items)
    bundle = read_case(world)
    the(bundle, "List")["entry"].reverse()
    answered = written_case(world, bundle)
    assert the(answered, "List")["entry"] == the(bundle, "List")["entry"]
    assert case_of(world)["items"] == items[::-1]


def test_many_participants_the_other_way_round(world: World) -> None:
    rows = [originator(), *(party("vendor", f"v{each}", own=each) for each in range(MANY))]
    stored_case(world, participants=rows)
    bundle = read_case(world)
    the(bundle, "CareTeam")["participant"].reverse()
    answered = written_case(world, bundle)
    assert the(answered, "CareTeam")["participant"] == the(bundle, "CareTeam")["participant"]
    assert case_of(world)["participants"] == rows[::-1]


def test_many_new_items_beside_others(world: World) -> None:
    others: list[Any] = [
        {"item_type": "member", "item_id": "p1", "own": True},
        {"item_type": "condition", "item_id": "d1", "own": True},
        None,
        "x",
    ]
    stored_case(world, items=[others[0], item(1), *others[1:]])
    bundle = read_case(world)
    entries = the(bundle, "List")["entry"]
    entries += [{"item": {"reference": f"Claim/n{each}"}} for each in range(MANY)]
    written_case(world, bundle)
    after = case_of(world)["items"]
    assert len(after) == len(others) + 1 + MANY
    for each in (*others, item(1)):
        assert each in after
    made = [each for each in after if isinstance(each, dict) and "own" not in each]
    assert made == [{"item_type": "claim", "item_id": f"n{each}"} for each in range(MANY)]


def test_an_item_is_removed_and_another_renamed(world: World) -> None:
    items = [item(each, description=f"of {each}") for each in range(4)]
    stored_case(world, items=items)
    bundle = read_case(world)
    entries = the(bundle, "List")["entry"]
    entries[2]["item"]["display"] = "renamed"
    del entries[0]
    written_case(world, bundle)
    assert case_of(world)["items"] == [items[1], {**items[2], "description": "renamed"}, items[3]]


def test_many_steps_one_completed(world: World) -> None:
    steps = [
        {
            "case_workflow_step_sequence": each,
            "case_workflow_step_name": f"S{each}",
            "case_workflow_step_status": "pending",
            "own": each,
        }
        for each in range(MANY)
    ]
    stored_case(world, workflow=steps)
    bundle = read_case(world)
    activity = the(bundle, "CarePlan")["activity"]
    activity[700]["detail"]["status"] = "in-progress"
    activity.insert(0, {"detail": {"code": {"text": "first"}, "status": "not-started"}})
    written_case(world, bundle)
    after = case_of(world)["workflow"]
    wanted = [dict(each) for each in steps]
    wanted[700]["case_workflow_step_status"] = "in_progress"
    assert sorted((e for e in after if "own" in e), key=lambda e: int(e["own"])) == wanted
    assert len(after) == MANY + 1
