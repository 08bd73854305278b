"""One active flag of a name: judged where a write makes it so, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.writing.exact_json import Json
from tests.writing.stored import differences, other_than_marks
from tests.writing.world import World
from tests.writing_lists.stored_cases import refusal

LONG = "Need " * 60


def flag(text: str = "fall risk") -> Json:
    coding = {"system": "https://fhir.wellnecity.com/CodeSystem/flag-name", "code": "fall-risk"}
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"coding": [coding], "text": text},
        "subject": {"reference": "Patient/p1"},
    }


def stored(world: World, id: str, **fields: Any) -> Json:
    known = {"type": "flag", "status": "Active", "name": "dup", "subject": {"id": "p1"}}
    world.insert("work_queue", {"_id": id, **known, **fields})
    return world.stored("work_queue", id)


def changed_fields(world: World, before: Json) -> list[str]:
    return other_than_marks(differences(before, world.stored("work_queue", before["_id"])))


def test_a_deleted_flag_does_not_come_back_beside_its_successor(world: World) -> None:
    first = world.create(flag())
    assert world.ask("DELETE", f"/Flag/{first['id']}").status_code == 204
    second = world.create(flag())
    again = world.ask("PUT", f"/Flag/{first['id']}", first)
    assert refusal(again) == (409, "duplicate")
    assert world.found("Flag?patient=p1&status=active") == [second["id"]]


def test_a_deleted_flag_comes_back_alone(world: World) -> None:
    first = world.create(flag())
    assert world.ask("DELETE", f"/Flag/{first['id']}").status_code == 204
    assert world.ask("PUT", f"/Flag/{first['id']}", first).status_code in (200, 201)
    assert world.found("Flag?patient=p1&status=active") == [first["id"]]


def test_a_deleted_goal_comes_back_in_any_state(world: World) -> None:
    goal = {
        "resourceType": "Goal",
        "lifecycleStatus": "completed",
        "description": {"text": "Walk"},
        "subject": {"reference": "Patient/p1"},
    }
    made = world.create(goal)
    assert world.ask("DELETE", f"/Goal/{made['id']}").status_code == 204
    again = world.ask("PUT", f"/Goal/{made['id']}", {**made, "lifecycleStatus": "proposed"})
    assert again.status_code in (200, 201), again.text


NAMES = [LONG, " fall risk ", "fall  risk", "fall\trisk"]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_the_name_is_no_code_and_the_text_is_edited(world: World, name: str) -> None:
    before = stored(world, "f1", name=name, message="m")
    one = world.read("Flag", "f1")
    one["code"]["text"] = "zz"
    after = world.update("f1", one)
    assert after["code"]["text"] == "zz"
    assert changed_fields(world, before) == ["message"]


def test_a_name_alone_and_the_text_is_edited(world: World) -> None:
    before = stored(world, "f1", name=LONG)
    one = world.read("Flag", "f1")
    one["code"]["text"] = "zz"
    assert world.update("f1", one)["code"]["text"] == "zz"
    assert world.stored("work_queue", "f1")["name"] == before["name"]


def test_a_new_flag_of_words_alone_has_a_name(world: World) -> None:
    made = world.create({**flag(), "code": {"text": "Needs help"}})
    document = world.documents("work_queue")[0]
    assert document["name"] == "Needs help"
    assert made["code"]["text"] == "Needs help"


EDITS: list[Json] = [
    {"code": {"text": "another message"}},
    {"period": {"start": "2026-01-01"}},
    {"subject": {"reference": "Patient/p1", "display": "Ms One"}},
    {"extension": [{"url": "https://example.org/x", "valueBoolean": True}]},
]


@pytest.mark.parametrize("edit", EDITS, ids=[next(iter(each)) for each in EDITS])
def test_a_flag_with_a_duplicate_can_be_edited(world: World, edit: Json) -> None:
    stored(world, "f1", message="m")
    stored(world, "f2", message="m")
    one = world.read("Flag", "f1")
    code = {**one["code"], **edit.get("code", {})}
    after = world.update("f1", {**one, **edit, "code": code})
    assert after["code"]["text"] == code["text"]


def test_a_flag_is_not_made_active_beside_another(world: World) -> None:
    stored(world, "f1")
    stored(world, "f2", status="Inactive")
    one = {**world.read("Flag", "f2"), "status": "active"}
    assert refusal(world.ask("PUT", "/Flag/f2", one)) == (409, "duplicate")


def test_a_flag_is_not_given_to_a_member_who_has_it(world: World) -> None:
    stored(world, "f1")
    stored(world, "f2", subject={"id": "p2"})
    one = {**world.read("Flag", "f2"), "subject": {"reference": "Patient/p1"}}
    assert refusal(world.ask("PUT", "/Flag/f2", one)) == (409, "duplicate")
