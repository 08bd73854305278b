"""Inside objects too: what is not edited, or was never served, stays as it is stored."""

from __future__ import annotations

import pytest

from tests.writing.equality import extension
from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    read_case,
    stored_case,
    stored_item,
    the,
    written_case,
)


def part_of(resource: Json, name: str, url: str) -> Json:
    """One part of a complex extension."""
    (found,) = [each for each in resource["extension"] if each["url"] == extension(name)]
    (part,) = [each for each in found["extension"] if each["url"] == url]
    found_part: Json = part
    return found_part


SAVINGS = {
    "identifiedSavingsTotal": "abc",
    "realizedSavingsTotal": 5,
    "lastRealizedDate": "soon",
    "n": None,
    "x": 1,
}


def test_savings_that_nobody_can_read_stay(world: World) -> None:
    stored_case(world, savingStats=SAVINGS)
    episode = world.read("EpisodeOfCare", "c1")
    part_of(episode, "savings", "realized")["valueMoney"]["value"] = 6
    world.update("c1", episode)
    assert case_of(world)["savingStats"] == {**SAVINGS, "realizedSavingsTotal": 6}


@pytest.mark.parametrize("kind", ["campaign", "campaignHealthPlan", "performanceLever"])
def test_an_id_that_nobody_can_read_stays(world: World, kind: str) -> None:
    stored_case(world, **{f"{kind}Id": {"q": 1}, f"{kind}Name": "C"})
    episode = world.read("EpisodeOfCare", "c1")
    name = {"campaignHealthPlan": "campaign-health-plan", "performanceLever": "performance-lever"}
    part_of(episode, name.get(kind, kind), "name")["valueString"] = "C2"
    world.update("c1", episode)
    assert case_of(world)[f"{kind}Id"] == {"q": 1}
    assert case_of(world)[f"{kind}Name"] == "C2"


def test_a_party_case_that_nobody_can_read_stays(world: World) -> None:
    row = {
        "case_participant_role": "originator",
        "case_participant_org_id": "o1",
        "case_participant_is_primary": True,
        "case_participant_case_id": {"q": 1},
        "case_participant_case_name": "N",
        "case_participant_case_status": [5],
    }
    stored_case(world, participants=[row])
    bundle = read_case(world)
    member = the(bundle, "CareTeam")["participant"][0]
    part_of(member, "party-case", "name")["valueString"] = "N2"
    written_case(world, bundle)
    (after,) = case_of(world)["participants"]
    assert after == {**row, "case_participant_case_name": "N2"}


NOTES: list[tuple[Json, Json]] = [
    (
        {"text": "a", "created": "garbage", "by": {"id": "u1", "name": "One", "z": 1}},
        {"text": "b", "created": "garbage", "by": {"id": "u1", "name": "One", "z": 1}},
    ),
    ({"note": "a", "own": 1}, {"note": "b", "own": 1}),
    ({"text": "a", "created_by": [5], "n": None}, {"text": "b", "created_by": [5], "n": None}),
]


@pytest.mark.parametrize(("stored", "wanted"), NOTES, ids=range(len(NOTES)))
def test_a_note_whose_text_is_edited(world: World, stored: Json, wanted: Json) -> None:
    stored_item(world, "t1", "task", status="Ready", intent="Order", notes=[stored])
    task = world.read("Task", "t1")
    task["note"][0]["text"] = "b"
    world.update("t1", task)
    assert world.stored("work_queue", "t1")["notes"] == [wanted]


def test_a_reassignment_keeps_what_nobody_can_read(world: World) -> None:
    entry = {"date": "garbage", "from": "u1", "to": {"q": 1}, "by": "u3", "z": 1}
    stored_item(world, "i1", "Interaction", status="Completed", interactionHistory=[entry])
    one = world.read("Communication", "i1")
    part_of(one, "reassignment", "from")["valueReference"] = {"reference": "Practitioner/u9"}
    world.update("i1", one)
    assert world.stored("work_queue", "i1")["interactionHistory"] == [{**entry, "from": "u9"}]
