"""Logs are only ever added to, however they are stored, and say every change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.writing.equality import extension
from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import case_of, stored_case, stored_item

LONE = {"log_item_type": "activity", "log_date": "2026-01-01T10:00:00Z", "own": 1}
LETTER = {"attachment": {"title": "Letter", "url": "gs://bucket/letter.pdf"}}


def becomes(world: World, status: str) -> Json:
    """PUT the case's episode in another status, and return it as it is read then."""
    return world.update("c1", {**world.read("EpisodeOfCare", "c1"), "status": status})


def letter(**context: Any) -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [LETTER],
        "context": context,
    }


def test_a_log_that_is_a_lone_object(world: World) -> None:
    stored_case(world, log=LONE)
    becomes(world, "finished")
    log = case_of(world)["log"]
    assert log[0] == LONE
    assert [each["log_item_type"] for each in log] == ["activity", "status_change"]


def test_a_log_with_what_nobody_reads(world: World) -> None:
    log = [None, LONE, "x", {"log_item_type": "status_change", "is_deleted": True}]
    stored_case(world, log=log)
    becomes(world, "finished")
    after = case_of(world)["log"]
    assert after[:4] == log
    assert after[4]["log_item_type"] == "status_change"


def test_a_history_of_owners_that_is_a_lone_object(world: World) -> None:
    lone = {"date": "2026-01-01T10:00:00Z", "from": "u0", "to": "u1", "own": 1}
    fields = {"status": "Completed", "owner": {"id": "u1"}, "interactionHistory": lone}
    stored_item(world, "i1", "Interaction", **fields)
    one = world.read("Communication", "i1")
    world.update("i1", {**one, "sender": {"reference": "Practitioner/u2"}})
    history = world.stored("work_queue", "i1")["interactionHistory"]
    assert history[0] == lone
    assert history[1]["from"] == {"id": "u1"}
    assert len(history) == 2


CASE = {"encounter": [{"reference": "EpisodeOfCare/c1"}]}
LONE_DOCUMENTS: list[Any] = [{"document_id": "d1", "own": 1}, [None, "q", {"document_id": "d1"}]]


@pytest.mark.parametrize("stored", LONE_DOCUMENTS, ids=range(len(LONE_DOCUMENTS)))
def test_documents_that_are_no_list_of_documents(world: World, stored: Any) -> None:
    stored_case(world, documents=stored)
    made = world.create(letter(**CASE))
    after = case_of(world)["documents"]
    before = stored if isinstance(stored, list) else [stored]
    assert after[: len(before)] == before
    assert [each["document_id"] for each in after[len(before) :]] == [made["id"]]
    assert world.read("DocumentReference", "d1")["id"] == "d1"


@pytest.mark.parametrize("stored", [5, "x", True], ids=["5", "x", "True"])
def test_documents_that_are_a_bare_value_are_not_lost(world: World, stored: Any) -> None:
    before = stored_case(world, documents=stored)
    response = world.ask("POST", "/DocumentReference", letter(**CASE))
    assert response.status_code in (201, 409, 422), response.text
    after = case_of(world)["documents"]
    if response.status_code == 201:
        assert after[0] == stored
        assert len(after) == 2
    else:
        assert after == before["documents"]


STATUSES = [
    ("onhold", "active", "onhold"),
    ("planned", "active", "planned"),
    ("waitlist", "active", "waitlist"),
    ("cancelled", "resolved", "cancelled"),
    ("entered-in-error", "resolved", "entered-in-error"),
    ("finished", "resolved", "resolved"),
]


@pytest.mark.parametrize(("status", "state", "logged"), STATUSES, ids=[row[0] for row in STATUSES])
def test_every_status_change_is_logged(world: World, status: str, state: str, logged: str) -> None:
    stored_case(world)
    after = becomes(world, status)
    document = case_of(world)
    assert document["status"]["state"] == state
    (entry,) = document["log"]
    assert entry["log_item_type"] == "status_change"
    assert (entry["previous_value"], entry["new_value"]) == ("active", logged)
    assert after["status"] == status
    assert after["statusHistory"][-1]["status"] == status


def test_a_status_and_back_again(world: World) -> None:
    stored_case(world)
    becomes(world, "onhold")
    after = becomes(world, "active")
    entries = case_of(world)["log"]
    assert [(e["previous_value"], e["new_value"]) for e in entries] == [
        ("active", "onhold"),
        ("onhold", "active"),
    ]
    assert after["status"] == "active"


def test_the_status_as_it_is_adds_nothing(world: World) -> None:
    stored_case(world)
    becomes(world, "onhold")
    becomes(world, "onhold")
    assert len(case_of(world)["log"]) == 1


def test_a_new_display_of_the_sender_is_no_reassignment(world: World) -> None:
    owner = {"id": "u1", "name": "One"}
    stored_item(world, "i1", "Interaction", status="Completed", owner=owner)
    one = world.read("Communication", "i1")
    one["sender"]["display"] = "First"
    after = world.update("i1", one)
    assert "interactionHistory" not in world.stored("work_queue", "i1")
    assert after["sender"]["display"] == "First"
    assert extension("reassignment") not in [e["url"] for e in after.get("extension", [])]


def test_a_new_display_of_the_care_manager_is_no_change_of_owner(world: World) -> None:
    stored_case(world, owner={"id": "u1", "name": "One"})
    episode = world.read("EpisodeOfCare", "c1")
    episode["careManager"]["display"] = "First"
    world.update("c1", episode)
    assert "log" not in case_of(world)
