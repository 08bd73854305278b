"""A case that comes in writes what is its own, about its own member, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.http.serving import BASE
from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    put_case,
    read_case,
    stored_case,
    stored_item,
    the,
    with_entry,
    written_case,
)

OTHER = {"reference": "Patient/OTHER"}
FOCUS = [{"reference": "EpisodeOfCare/c1"}]


def observation(**given: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Case outcome"},
        **given,
    }


def outcome(world: World, id: str, case: str, member: str) -> Json:
    links = [{"type": "case", "id": case}]
    document = {"_id": id, "linkedModules": links, "patientId": member, "summary": "old"}
    world.insert("outcomes", document)
    return world.stored("outcomes", id)


def everything(world: World) -> list[Json]:
    names = ("patient_case", "work_queue", "outcomes", "fhir_history")
    return [each for name in names for each in world.documents(name)]


def refused(world: World, bundle: Json, status: int = 422) -> None:
    """Check that a case is refused and that nothing of it was written."""
    before = everything(world)
    response = put_case(world, bundle)
    assert response.status_code == status, response.text
    assert everything(world) == before


def test_an_outcome_of_another_case(world: World) -> None:
    stored_case(world)
    stored_case(world, "c2", "p2")
    outcome(world, "o2", "c2", "p2")
    theirs = world.read("Observation", "o2")
    theirs["note"] = [{"text": "overwritten"}]
    refused(world, with_entry(read_case(world), theirs))
    refused(world, with_entry(read_case(world), {**theirs, "focus": FOCUS}))
    own = {**theirs, "focus": FOCUS, "subject": {"reference": "Patient/p1"}}
    refused(world, with_entry(read_case(world), own))


def test_a_document_of_another_case(world: World) -> None:
    document = {"document_id": "d2", "document_title": "old", "bucket": "b", "path": "p"}
    stored_case(world)
    stored_case(world, "c2", "p2", documents=[document])
    theirs = world.read("DocumentReference", "d2")
    theirs["content"][0]["attachment"]["title"] = "overwritten"
    before = case_of(world, "c2")
    put_case(world, with_entry(read_case(world), theirs))
    assert case_of(world, "c2") == before
    refused(world, with_entry(read_case(world), theirs))


def test_a_document_of_an_interaction_of_another_case(world: World) -> None:
    document = {"document_id": "d2", "document_title": "old", "bucket": "b", "path": "p"}
    stored_case(world)
    stored_case(world, "c2", "p2")
    stored_item(world, "i2", "Interaction", "c2", status="Completed", documents=[document])
    theirs = world.read("DocumentReference", "d2")
    theirs["content"][0]["attachment"]["title"] = "overwritten"
    refused(world, with_entry(read_case(world), theirs))


def test_a_second_outcome(world: World) -> None:
    stored_case(world)
    outcome(world, "o1", "c1", "p1")
    another = observation(focus=FOCUS, note=[{"text": "another"}])
    refused(world, with_entry(read_case(world), another))


def test_the_outcome_of_the_case_itself(world: World) -> None:
    stored_case(world)
    outcome(world, "o1", "c1", "p1")
    bundle = read_case(world)
    the(bundle, "Observation")["note"] = [{"text": "new"}]
    written_case(world, bundle)
    (found,) = world.documents("outcomes")
    assert (found["_id"], found["summary"]) == ("o1", "new")


def test_an_outcome_without_a_focus_is_no_orphan(world: World) -> None:
    stored_case(world)
    bundle = with_entry(read_case(world), observation(note=[{"text": "alone"}]))
    before = everything(world)
    response = put_case(world, bundle)
    if response.status_code == 200:
        assert the(response.json(), "Observation")["note"] == [{"text": "alone"}]
    else:
        assert response.status_code == 422
        assert everything(world) == before


@pytest.mark.parametrize("name", ["CareTeam", "CarePlan", "List"])
@pytest.mark.parametrize("base", ["", f"{BASE}/"], ids=["relative", "own base"])
def test_a_part_about_another_patient(world: World, name: str, base: str) -> None:
    stored_case(world)
    bundle = read_case(world)
    the(bundle, name)["subject"] = {"reference": f"{base}Patient/OTHER"}
    refused(world, bundle)
    response = world.ask("POST", "/Case", bundle)
    assert response.status_code == 422
    assert world.found("CareTeam?patient=OTHER") == []
    assert world.found("CarePlan?patient=OTHER") == []
    assert world.found("List?patient=OTHER") == []


def test_a_part_about_the_same_patient_in_other_words(world: World) -> None:
    stored_case(world)
    bundle = read_case(world)
    for name in ("CareTeam", "CarePlan"):
        the(bundle, name)["subject"] = {"reference": f"{BASE}/Patient/p1"}
    written_case(world, bundle)


def test_a_work_item_of_another_case(world: World) -> None:
    stored_case(world)
    stored_case(world, "c2", "p2")
    stored_item(world, "t9", "task", "c2", status="Ready", intent="Order", subject={"id": "p2"})
    theirs = world.read("Task", "t9")
    theirs.update({"for": {"reference": "Patient/p1"}, "focus": FOCUS[0]})
    refused(world, with_entry(read_case(world), theirs))
    about_theirs = {**theirs, "for": {"reference": "Patient/p2"}}
    refused(world, with_entry(read_case(world), about_theirs))


def test_a_new_work_item_about_another_patient(world: World) -> None:
    stored_case(world)
    task = {"resourceType": "Task", "status": "ready", "intent": "order", "focus": FOCUS[0]}
    refused(world, with_entry(read_case(world), {**task, "for": OTHER}))


def test_a_deleted_case_is_written_by_none_of_its_urls(world: World) -> None:
    stored_case(world)
    bundle = read_case(world)
    episode = world.read("EpisodeOfCare", "c1")
    assert world.ask("DELETE", "/Case/c1").status_code == 204
    before = everything(world)
    assert put_case(world, copy.deepcopy(bundle)).status_code == 410
    assert world.ask("PUT", "/EpisodeOfCare/c1", episode).status_code == 410
    assert everything(world) == before
