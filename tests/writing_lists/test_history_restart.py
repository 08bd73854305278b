"""Versions outlive the server that wrote them, and what other software makes of a document."""

from __future__ import annotations

from pathlib import Path

import pytest
from bson import ObjectId

from tests.writing.exact_json import Json
from tests.writing.world import World, new_world
from tests.writing_lists.stored_cases import read_plain

TASK: Json = {
    "resourceType": "Task",
    "status": "ready",
    "intent": "order",
    "for": {"reference": "Patient/p1", "display": "Ms One"},
    "description": "one",
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def history(world: World, id: str) -> Json:
    response = world.ask("GET", f"/Task/{id}/_history")
    assert response.status_code == 200, response.text
    return dict(response.json())


def version(world: World, resource: Json) -> Json:
    number = resource["meta"]["versionId"]
    response = world.ask("GET", f"/Task/{resource['id']}/_history/{number}")
    assert response.status_code == 200, response.text
    assert response.headers["etag"] == f'W/"{number}"'
    return dict(response.json())


def read(world: World, id: str) -> Json:
    return read_plain(world, "Task", id)


def by_others(world: World, id: str, text: str) -> None:
    document = world.stored("work_queue", ObjectId(id))
    world.overwrite("work_queue", {**document, "message": text})


def test_the_history_is_the_same_after_a_restart(url: str) -> None:
    with new_world(url) as world:
        first = world.create(TASK)
        second = world.update(first["id"], {**first, "description": "two"})
        before = history(world, first["id"])
    assert [each["resource"]["description"] for each in before["entry"]] == ["two", "one"]
    with new_world(url) as world:
        assert history(world, first["id"]) == before
        for each in (first, second):
            assert version(world, each) == each
        third = world.update(first["id"], {**second, "description": "three"})
        after = history(world, first["id"])
        assert after["entry"][1:] == before["entry"]
        assert after["entry"][0]["resource"] == third


def test_a_deletion_is_in_the_history_after_a_restart(url: str) -> None:
    with new_world(url) as world:
        first = world.create(TASK)
        assert world.ask("DELETE", f"/Task/{first['id']}").status_code == 204
        before = history(world, first["id"])
    with new_world(url) as world:
        assert history(world, first["id"]) == before
        assert [each["request"]["method"] for each in before["entry"]] == ["DELETE", "POST"]
        assert version(world, first) == first
        assert world.ask("GET", f"/Task/{first['id']}").status_code == 410


def test_a_version_that_other_software_overwrote_can_be_read(url: str) -> None:
    with new_world(url) as world:
        first = world.create(TASK)
        by_others(world, first["id"], "theirs")
        theirs = read(world, first["id"])
        assert theirs["meta"]["versionId"] != first["meta"]["versionId"]
        assert version(world, first) == first
        assert version(world, theirs) == theirs
    with new_world(url) as world:
        assert version(world, first) == first
        assert version(world, theirs) == theirs


def test_a_version_of_other_software_that_was_written_over_can_be_read(url: str) -> None:
    with new_world(url) as world:
        first = world.create(TASK)
        by_others(world, first["id"], "theirs")
        theirs = read(world, first["id"])
        ours = world.update(first["id"], {**theirs, "description": "ours"})
        shown = [each["resource"]["description"] for each in history(world, first["id"])["entry"]]
        assert shown == ["ours", "theirs", "one"]
    with new_world(url) as world:
        for each in (first, theirs, ours):
            assert version(world, each) == each


def test_a_version_that_nobody_here_saw_is_not_made_up(url: str) -> None:
    with new_world(url) as world:
        first = world.create(TASK)
        by_others(world, first["id"], "seen")
        seen = read(world, first["id"])
        by_others(world, first["id"], "later")
        number = seen["meta"]["versionId"]
        assert world.ask("GET", f"/Task/{first['id']}/_history/{number}").status_code == 404
        assert version(world, first) == first
