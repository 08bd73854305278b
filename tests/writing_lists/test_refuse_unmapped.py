"""A server that refuses what it cannot hold takes what it gave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.writing.world import World, new_world
from tests.writing_lists.stored_cases import (
    put_case,
    read_case,
    step,
    stored_case,
    stored_item,
    the,
    written_case,
)

STORED = {"bucket": "b", "path": "p.pdf", "updated_on": "2026-01-01T10:00:00Z"}
ITEMS = [("Task", "t1"), ("Goal", "g1"), ("Flag", "f1"), ("Communication", "i1")]


@pytest.fixture
def strict() -> Iterator[World]:
    with new_world(unmapped="refuse") as world:
        documents = [{"document_id": "d1", "document_title": "A", **STORED}]
        stored_case(world, documents=documents, workflow=[step(1, "A")])
        stored_item(world, "t1", "task", status="Ready", intent="Order", message="x")
        stored_item(world, "g1", "goal", life_cycle_status="Active", name="Walk")
        stored_item(world, "f1", "flag", status="Active", name="fall-risk", message="m")
        stored_item(world, "i1", "Interaction", status="Completed", message="x")
        yield world


def test_a_case_as_it_was_read(strict: World) -> None:
    bundle = read_case(strict)
    written_case(strict, written_case(strict, bundle))


def test_a_case_with_an_edited_part(strict: World) -> None:
    bundle = read_case(strict)
    the(bundle, "Task")["description"] = "y"
    the(bundle, "DocumentReference")["content"][0]["attachment"]["title"] = "B"
    answered = written_case(strict, bundle)
    assert the(answered, "Task")["description"] == "y"
    assert the(answered, "DocumentReference")["content"][0]["attachment"]["title"] == "B"


@pytest.mark.parametrize(("type_", "id"), [*ITEMS, ("EpisodeOfCare", "c1")])
def test_a_resource_as_it_was_read(strict: World, type_: str, id: str) -> None:
    for _ in range(2):
        strict.update(id, strict.read(type_, id))


def test_a_document_as_it_was_read(strict: World) -> None:
    one = strict.read("DocumentReference", "d1")
    one["description"] = "edited"
    strict.update("d1", one)
    strict.update("d1", strict.read("DocumentReference", "d1"))


def test_what_has_no_place_is_still_refused(strict: World) -> None:
    bundle = read_case(strict)
    the(bundle, "Task")["performerType"] = [{"text": "nurse"}]
    assert put_case(strict, bundle).status_code == 422
