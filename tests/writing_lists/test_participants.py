"""Participants: a change of one touches its row alone, and no row is lost."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.writing.equality import CANONICAL, extension
from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    in_role,
    new_party,
    originator,
    party,
    put_case,
    read_case,
    row,
    stored_case,
    the,
    untouched,
    written_case,
)

NUMBER = "case_participant_case_id"
UNREADABLE = [
    originator(_case_name=None, x=1),
    party("vendor", _owner_person_id="u9", _case_id="77", secret="s"),
    party("tpa", {"weird": 1}, secret="t"),
]


def numbers(world: World) -> list[Any]:
    return [each.get(NUMBER) for each in case_of(world)["participants"]]


def test_rows_without_a_readable_organization_stay(world: World) -> None:
    before = stored_case(world, participants=UNREADABLE)
    bundle = read_case(world)
    the(bundle, "CareTeam")["participant"][0] = in_role(row(bundle, 0), "carrier")
    written_case(world, bundle)
    changed = {**UNREADABLE[0], "case_participant_role": "carrier"}
    untouched(world, before, participants=[changed, *UNREADABLE[1:]])


def test_a_new_participant_beside_unreadable_rows(world: World) -> None:
    before = stored_case(world, participants=UNREADABLE)
    bundle = read_case(world)
    the(bundle, "CareTeam")["participant"].append(new_party("broker", "o9"))
    written_case(world, bundle)
    after = case_of(world)["participants"]
    assert after[:3] == before["participants"]
    assert after[3] == {"case_participant_role": "broker", "case_participant_org_id": "o9"}


def test_one_changed_participant_touches_one_row(world: World) -> None:
    rows = [
        originator(_case_name=None, is_deleted=False),
        party("vendor", {"id": "o2", "name": "Two", "more": 1}, _owner_person_id=7, n=None),
        party("tpa", "o3", _owner_person_id={"odd": 1}, _case_status=["?"]),
        party("broker", "o4", is_deleted=True, secret="gone"),
        party("carrier", "o5", _owner_person_id="u5"),
    ]
    before = stored_case(world, participants=rows)
    bundle = read_case(world)
    team = the(bundle, "CareTeam")["participant"]
    at = next(n for n, each in enumerate(team) if each["member"].get("reference", "")[-2:] == "o2")
    team[at] = in_role(team[at], "employer")
    written_case(world, bundle)
    wanted = copy.deepcopy(before["participants"])
    wanted[1]["case_participant_role"] = "employer"
    assert case_of(world)["participants"] == wanted


def test_a_lone_participant_is_not_replaced(world: World) -> None:
    lone = party("vendor", "o2", secret="s")
    stored_case(world, participants=lone)
    bundle = read_case(world)
    team = the(bundle, "CareTeam")
    primary = new_party("originator", "o1", is_primary={"valueBoolean": True})
    team["participant"] = [*team.get("participant", []), primary]
    written_case(world, bundle)
    assert lone in case_of(world)["participants"]


def test_one_number_of_an_organization_with_two(world: World) -> None:
    rows = [originator(_case_id="n1"), party("vendor", "o1", _case_id="n2"), party("tpa", "o3")]
    rows[2][NUMBER] = "n3"
    before = stored_case(world, participants=rows)
    episode = world.read("EpisodeOfCare", "c1")
    (own,) = [each for each in episode["identifier"] if each["value"] == "n3"]
    own["value"] = "n3b"
    world.update("c1", episode)
    assert numbers(world) == ["n1", "n2", "n3b"]
    after = [{**each, NUMBER: None} for each in case_of(world)["participants"]]
    assert after == [{**each, NUMBER: None} for each in before["participants"]]


def test_numbers_of_rows_without_an_organization(world: World) -> None:
    rows = [originator(_case_id="n1"), party("vendor", _case_id="n2"), party("tpa", _case_id="n3")]
    stored_case(world, participants=rows)
    episode = world.read("EpisodeOfCare", "c1")
    (own,) = [each for each in episode["identifier"] if each["value"] == "n1"]
    own["value"] = "n1b"
    world.update("c1", episode)
    assert numbers(world) == ["n1b", "n2", "n3"]


@pytest.mark.parametrize("gone", [1, 2])
def test_the_removed_one_of_two_rows_of_an_organization_goes(world: World, gone: int) -> None:
    rows = [originator(tag="A"), party("vendor", "o2", tag="B"), party("tpa", "o2", tag="C")]
    before = stored_case(world, participants=rows)
    bundle = read_case(world)
    del the(bundle, "CareTeam")["participant"][gone]
    written_case(world, bundle)
    wanted = [each for at, each in enumerate(before["participants"]) if at != gone]
    assert case_of(world)["participants"] == wanted


def test_rows_of_one_organization_that_change_places(world: World) -> None:
    rows = [originator(tag="A"), party("vendor", "o2", tag="B"), party("tpa", "o2", tag="C")]
    before = stored_case(world, participants=rows)
    bundle = read_case(world)
    the(bundle, "CareTeam")["participant"].reverse()
    written_case(world, bundle)
    after = case_of(world)["participants"]
    assert sorted(after, key=lambda each: str(each["tag"])) == before["participants"]


ODD_PARTIES: list[Json] = [
    {"url": extension("party-case"), "valueString": "q"},
    {"url": extension("party-case"), "extension": [{"url": "unknown", "valueString": "q"}]},
    {"url": extension("party-case"), "extension": [{"url": "name", "valueInteger": 3}]},
]


@pytest.mark.parametrize("odd", ODD_PARTIES, ids=range(len(ODD_PARTIES)))
def test_a_party_case_in_a_form_that_is_not_defined_is_refused(world: World, odd: Json) -> None:
    before = stored_case(world)
    bundle = read_case(world)
    team = the(bundle, "CareTeam")["participant"]
    team.append({**new_party("vendor", "o7"), "extension": [odd]})
    response = put_case(world, bundle)
    assert response.status_code == 422
    issues = response.json()["issue"]
    assert {each["code"] for each in issues} == {"extension"}
    place = "Bundle.entry[1].resource.participant[1].extension[0]"
    assert all(each["expression"][0].startswith(place) for each in issues)
    untouched(world, before)


def test_as_it_was_read_it_stays(world: World) -> None:
    before = stored_case(world, participants=[*UNREADABLE, None, 5, party("vendor", "o2")])
    assert put_case(world, read_case(world)).status_code == 200
    untouched(world, before)


def test_a_number_for_a_row_that_had_none(world: World) -> None:
    stored_case(world, participants=[originator(_case_id="n1"), party("vendor", "o2", tag=1)])
    episode = world.read("EpisodeOfCare", "c1")
    system = f"{CANONICAL}/sid/party-case"
    assigner = {"reference": "Organization/o2"}
    episode["identifier"].append({"system": system, "value": "n2", "assigner": assigner})
    world.update("c1", episode)
    assert numbers(world) == ["n1", "n2"]
    assert case_of(world)["participants"][1]["tag"] == 1
