"""Documents in a case that comes in: each is written into its place, or left as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.serving import BASE
from tests.writing.exact_json import Json
from tests.writing.stored import differences, other_than_marks
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    put_case,
    read_case,
    refusal,
    stored_case,
    stored_item,
    the,
    untouched,
    with_entry,
    written_case,
)


def stored_document(id: str | None, **fields: Any) -> Json:
    named = {} if id is None else {"document_id": id}
    known = {"document_title": f"Letter {id}", "bucket": "b", "path": f"{id}.pdf"}
    return {**named, **known, "updated_on": "05/03/2025", **fields}


def letter(number: int = 1) -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"title": f"New {number}", "url": "gs://b/new.pdf"}}],
        "context": {"encounter": [{"reference": "EpisodeOfCare/c1"}]},
    }


def letters(bundle: Json) -> list[Json]:
    return [
        each["resource"]
        for each in bundle["entry"]
        if each["resource"]["resourceType"] == "DocumentReference"
    ]


def title(document: Json) -> Json:
    return document["content"][0]["attachment"]  # type: ignore[no-any-return]


def history(world: World, type_: str, id: str) -> list[Json]:
    response = world.ask("GET", f"/{type_}/{id}/_history")
    assert response.status_code == 200, response.text
    return list(response.json()["entry"])


def test_a_document_that_was_deleted_meanwhile_is_not_doubled(world: World) -> None:
    stored_case(world, documents=[stored_document("d1")])
    bundle = read_case(world)
    assert world.ask("DELETE", "/DocumentReference/d1").status_code == 204
    title(the(bundle, "DocumentReference"))["title"] = "Again"
    response = put_case(world, bundle)
    documents = case_of(world)["documents"]
    assert [each["document_id"] for each in documents] == ["d1"]
    assert response.status_code == 200
    assert documents[0]["document_title"] == "Again"
    assert world.read("DocumentReference", "d1")["id"] == "d1"


def test_a_task_that_was_deleted_meanwhile_is_there_again(world: World) -> None:
    stored_case(world)
    stored_item(world, "t1", "task", status="Ready", intent="Order", own=1)
    bundle = read_case(world)
    assert world.ask("DELETE", "/Task/t1").status_code == 204
    the(bundle, "Task")["description"] = "Again"
    written_case(world, bundle)
    assert world.read("Task", "t1")["description"] == "Again"
    (task,) = world.documents("work_queue")
    assert task["own"] == 1


def test_many_edited_documents_are_one_version_of_the_case(world: World) -> None:
    stored_case(world, documents=[stored_document(f"d{each}") for each in range(100)])
    bundle = read_case(world)
    for number, each in enumerate(letters(bundle)):
        title(each)["title"] = f"New {number}"
    world.update("c1", {**world.read("EpisodeOfCare", "c1"), "status": "onhold"})
    the(bundle, "EpisodeOfCare")["status"] = "onhold"
    earlier = len(history(world, "EpisodeOfCare", "c1"))
    answered = written_case(world, bundle)
    wanted = [f"New {each}" for each in range(100)]
    assert [each["document_title"] for each in case_of(world)["documents"]] == wanted
    assert len(history(world, "EpisodeOfCare", "c1")) == earlier + 1
    for each in letters(answered)[::33]:
        newest = history(world, "DocumentReference", each["id"])[0]
        assert newest["resource"]["meta"]["versionId"] == each["meta"]["versionId"]


def test_a_new_document_with_an_id_of_the_clients_is_added_once(world: World) -> None:
    stored_case(world, documents=[stored_document("d1")])
    bundle = with_entry(read_case(world), {**letter(), "id": "mine"})
    answered = written_case(world, bundle)
    documents = case_of(world)["documents"]
    assert [each["document_title"] for each in documents] == ["Letter d1", "New 1"]
    assert documents[1]["document_id"] != "mine"
    assert len(letters(answered)) == 2


def test_unchanged_parts_keep_version_and_time(world: World) -> None:
    stored_case(world, documents=[stored_document("d1"), stored_document("d2")])
    stored_item(world, "t1", "task", status="Ready", intent="Order", message="x")
    stored_item(world, "g1", "goal", life_cycle_status="Active", name="Walk")
    stored_item(world, "i1", "Interaction", status="Completed", documents=[stored_document("d3")])
    before = {each["_id"]: each for each in world.documents("work_queue")}
    documents = case_of(world)["documents"]
    bundle = read_case(world)
    the(bundle, "Goal")["description"]["text"] = "Walk more"
    answered = written_case(world, bundle)
    unchanged = ("Task", "Communication", "DocumentReference")
    for old, new in zip(bundle["entry"], answered["entry"], strict=True):
        if old["resource"]["resourceType"] in unchanged:
            assert old["resource"] == new["resource"]
    after = {each["_id"]: each for each in world.documents("work_queue")}
    assert differences(before["t1"], after["t1"]) == []
    assert differences(before["i1"], after["i1"]) == []
    assert differences(documents, case_of(world)["documents"]) == []
    assert after["g1"]["name"] == "Walk more"


def test_one_edited_document_leaves_the_others_alone(world: World) -> None:
    documents = [stored_document("d1"), None, stored_document("d2", own=1), stored_document("d3")]
    before = stored_case(world, documents=documents)
    bundle = read_case(world)
    (second,) = [each for each in letters(bundle) if each["id"] == "d2"]
    title(second)["title"] = "Edited"
    written_case(world, bundle)
    after = case_of(world)["documents"]
    assert other_than_marks(differences({"documents": documents}, {"documents": after})) == [
        "documents.2.document_title"
    ]
    assert [after[0], after[3]] == [before["documents"][0], before["documents"][3]]


NAMELESS = {"subject": {"id": "p1"}, "documents": [stored_document(None), stored_document("d1")]}


@pytest.mark.parametrize("number", [1, 3])
def test_documents_without_an_id_are_not_doubled(world: World, number: int) -> None:
    before = stored_case(world, **NAMELESS)
    bundle = read_case(world)
    assert len(letters(bundle)) == 2
    for _ in range(number):
        bundle = written_case(world, bundle)
    untouched(world, before)


@pytest.mark.parametrize("base", [BASE + "/", ""], ids=["own base", "relative"])
def test_an_absolute_reference_to_its_own_member(world: World, base: str) -> None:
    stored_case(world)
    subject = {"reference": f"{base}Patient/p1"}
    made = world.create({**letter(), "subject": subject})
    assert made["subject"]["reference"] == f"{base}Patient/p1"
    encounter = {"reference": f"{base}EpisodeOfCare/c1"}
    body = {**letter(), "subject": subject, "context": {"encounter": [encounter]}}
    again = world.create(body)
    assert world.update(again["id"], {**again, "subject": subject})["id"] == again["id"]


def test_another_member_is_still_refused(world: World) -> None:
    stored_case(world)
    for base in (f"{BASE}/", "", "https://ehr.example.org/"):
        subject = {"reference": f"{base}Patient/p2"}
        response = world.ask("POST", "/DocumentReference", {**letter(), "subject": subject})
        assert refusal(response) == (422, "business-rule")


def _stored_case_with_id(world: World, id: str) -> Json:
    (found,) = [each for each in world.documents("patient_case") if str(each["_id"]) == id]
    return found
