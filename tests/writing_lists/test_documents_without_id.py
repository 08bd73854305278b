"""Documents of a case that have no id of their own, or stand where no id leads."""

from __future__ import annotations

import copy

from fhir_facade.demo import generate
from tests.writing.exact_json import Json
from tests.writing.stored import differences, other_than_marks
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    case_of,
    put_case,
    read_case,
    stored_case,
    stored_item,
    with_entry,
    written_case,
)
from tests.writing_lists.test_case_documents import (
    NAMELESS,
    _stored_case_with_id,
    history,
    letter,
    letters,
    stored_document,
    title,
)


def test_many_new_documents_are_one_version_of_the_case(world: World) -> None:
    stored_case(world)
    bundle = read_case(world)
    earlier = len(history(world, "EpisodeOfCare", "c1"))
    answered = written_case(world, with_entry(bundle, *map(letter, range(100))))
    assert len(letters(answered)) == 100
    assert [each["document_title"] for each in case_of(world)["documents"]] == [
        f"New {each}" for each in range(100)
    ]
    assert len(history(world, "EpisodeOfCare", "c1")) == earlier + 1
    for each in letters(answered)[::33]:
        (only,) = history(world, "DocumentReference", each["id"])
        assert only["resource"]["meta"]["versionId"] == each["meta"]["versionId"]


def test_a_document_without_an_id_that_is_edited_is_not_doubled(world: World) -> None:
    before = stored_case(world, **NAMELESS)
    bundle = read_case(world)
    (nameless,) = [each for each in letters(bundle) if each.get("id") != "d1"]
    title(nameless)["title"] = "Edited"
    response = put_case(world, bundle)
    documents = case_of(world)["documents"]
    assert len(documents) == 2
    if response.status_code == 200:
        assert documents[0]["document_title"] == "Edited"
    else:
        assert response.status_code == 422
        assert documents == before["documents"]


def test_what_was_read_of_dirty_cases_is_taken(world: World) -> None:
    by_collection: dict[str, list[Json]] = {}
    for collection, document in generate(20, 5, 0.9):
        by_collection.setdefault(collection, []).append(document)
    for collection, found in by_collection.items():
        world.run(world.store.insert(collection, found))
    page = world.ask("GET", "/Case?_count=100").json()
    cases = [each["resource"] for each in page["entry"] if each["search"]["mode"] == "match"]
    assert len(cases) > 5
    for each in cases:
        before = _stored_case_with_id(world, each["id"])
        response = put_case(world, copy.deepcopy(each))
        assert response.status_code == 200, response.text
        after = _stored_case_with_id(world, each["id"])
        assert other_than_marks(differences(before, after)) == []


def test_a_document_of_an_interaction_with_an_unusable_id(world: World) -> None:
    stored_case(world)
    stored_item(
        world, "i" * 70, "Interaction", status="Completed", documents=[stored_document("d5")]
    )
    bundle = read_case(world)
    assert len(letters(bundle)) == 1
    put_case(world, bundle)
    assert not case_of(world).get("documents")
