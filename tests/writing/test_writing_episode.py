"""EpisodeOfCare, which is only updated: what is put is read, and the case keeps what it has."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.demo import generate
from tests.writing.cases import tried
from tests.writing.edits import apply, edits
from tests.writing.equality import assert_equal, content, differing, expected_after
from tests.writing.exact_json import Json
from tests.writing.resources import resources
from tests.writing.stored import differences
from tests.writing.world import World

few = tried(20)
CASES = [document for collection, document in generate(4) if collection == "patient_case"]
MAPPED = ("status", "log", "closedDate", "updated", "updatedBy", "fhir")


def case(world: World, number: int = 0) -> str:
    """Store a case of the demo under a new id."""
    found = {**copy.deepcopy(CASES[number % len(CASES)]), "_id": ObjectId(), "documents": []}
    world.insert("patient_case", found)
    return str(found["_id"])


@few
@given(data=st.data())
def test_an_updated_episode_is_read_as_it_was_put(world: World, data: st.DataObject) -> None:
    id = case(world, data.draw(st.integers(0, 9)))
    for _ in range(2):
        before = world.read("EpisodeOfCare", id)
        put = data.draw(resources("EpisodeOfCare"))
        assert_equal(put, world.update(id, put), before)


@few
@given(data=st.data())
def test_each_edit_changes_its_element_alone(world: World, data: st.DataObject) -> None:
    id = case(world, data.draw(st.integers(0, 9)))
    current = world.read("EpisodeOfCare", id)
    for _ in range(data.draw(st.integers(1, 4))):
        edit = data.draw(edits("EpisodeOfCare", content(current)))
        expected, got = apply(world, current, edit)
        wanted, given_ = expected_after(expected, got, current)
        wrong = differing(wanted, given_)
        assert not wrong, (edit, wrong)
        current = got


def _put(world: World, **changes: Any) -> tuple[Json, Json, Json, Json]:
    """Update an active case; return document and resource, before and after."""
    key = ObjectId()
    active = next(each for each in CASES if each["status"]["state"] == "active")
    world.insert("patient_case", {**copy.deepcopy(active), "_id": key, "documents": []})
    stored = world.stored("patient_case", key)
    before = world.read("EpisodeOfCare", str(key))
    after = world.update(str(key), {**before, **changes})
    return stored, world.stored("patient_case", key), before, after


def test_a_finished_case_is_closed_and_logged(world: World) -> None:
    stored, now, before, after = _put(world, status="finished")
    assert now["status"]["state"] == "resolved"
    assert now["closedDate"]
    assert after["period"]["start"] == before["period"]["start"]
    assert after["period"]["end"]
    assert now["log"][:-1] == stored["log"]
    entry = now["log"][-1]
    types = {entry.get("type"), entry.get("log_item_type")}
    assert "status_change" in types
    assert {"active", "resolved"} <= {each for each in entry.values() if isinstance(each, str)}
    assert {path.split(".")[0] for path in differences(stored, now)} <= set(MAPPED)


def test_a_new_care_manager_is_logged(world: World) -> None:
    manager = {"reference": "Practitioner/U99", "display": "Nine"}
    stored, now, _, after = _put(world, careManager=manager)
    assert now["owner"] == {"id": "U99", "name": "Nine"}
    assert after["careManager"] == manager
    assert now["log"][:-1] == stored["log"]
    entry = now["log"][-1]
    assert "owner_change" in (entry.get("type"), entry.get("log_item_type"))
    assert "U99" in entry.values()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_episode_is_created_and_deleted_with_its_case(world: World, method: str) -> None:
    url = "/EpisodeOfCare" if method == "POST" else f"/EpisodeOfCare/{case(world)}"
    body = {"resourceType": "EpisodeOfCare"} if method == "POST" else None
    response = world.ask(method, url, body)
    assert response.status_code == 405
    assert "Case" in response.json()["issue"][0]["diagnostics"]
