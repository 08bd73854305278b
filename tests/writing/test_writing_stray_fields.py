"""What no rule maps, and what nobody can read, is still there after a write."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.demo import generate
from tests.writing.cases import remove, tried
from tests.writing.exact_json import Digits, Json, read
from tests.writing.stored import differences, other_than_marks, served_as
from tests.writing.stray import at, mutated, with_unmapped
from tests.writing.test_writing_stored_fields import TYPES, patch_nothing, put_back
from tests.writing.world import JSON_PATCH, World

few = tried(25)
Pair = tuple[str, Json]


def _samples() -> dict[str, list[Pair]]:
    """Documents of the demo by the type that they are served as."""
    found: dict[str, list[Pair]] = {type_: [] for type_ in TYPES}
    for collection, document in generate(4):
        for type_ in {type_ for type_, _ in served_as(collection, document)}:
            found[type_].append((collection, document))
    return found


SAMPLES = _samples()


def placed(world: World, pair: Pair) -> Json:
    """Store a document under new ids."""
    collection, document = pair
    found = {**copy.deepcopy(document), "_id": ObjectId()}
    documents = found.get("documents")
    for each in documents if isinstance(documents, list) else ():
        if isinstance(each, dict) and isinstance(each.get("document_id"), str):
            each["document_id"] = str(ObjectId())
    subject = found.get("subject")
    if found.get("type") == "flag" and isinstance(subject, dict) and "id" in subject:
        subject["id"] = str(ObjectId())
    world.insert(collection, found)
    return world.stored(collection, found["_id"])


@pytest.mark.parametrize("type_", TYPES)
@few
@given(data=st.data())
def test_any_stored_document_keeps_its_fields_when_it_is_written_back(
    world: World, type_: str, data: st.DataObject
) -> None:
    collection, document = data.draw(st.sampled_from(SAMPLES[type_]))
    before = placed(world, (collection, data.draw(mutated(document))))
    for kind, id in dict.fromkeys(served_as(collection, before)):
        if kind != type_:
            continue
        for write in (put_back, patch_nothing):
            assert write(world, kind, id) is None
            after = world.stored(collection, before["_id"])
            assert not other_than_marks(differences(before, after))


EDITS: dict[str, tuple[str, Any]] = {
    "Task": ("description", "Another text"),
    "Flag": ("period", {"start": "2026-02-01"}),
    "Goal": ("description", {"text": "Another goal"}),
    "Communication": ("topic", {"text": "Another topic"}),
    "DocumentReference": ("description", "Another text"),
    "EpisodeOfCare": ("careManager", {"reference": "Practitioner/U99", "display": "Other"}),
}


def _edited(world: World, type_: str, id: str, resource: Json, data: st.DataObject) -> None:
    """Change elements of a resource, by PUT or by PATCH, as a client that keeps the rest."""
    name, value = EDITS[type_]
    if "note" in resource and data.draw(st.booleans()):
        name, value = "note", [*resource["note"][1:], {"text": "New"}, *resource["note"][:1]]
    elif type_ == "Goal" and data.draw(st.booleans()):
        target = {"measure": {"text": "M"}, "detailQuantity": {"value": Digits("6.50")}}
        name, value = "target", [target]
    if data.draw(st.booleans()):
        world.update(id, {**resource, name: value})
    else:
        patch = [{"op": "add", "path": f"/{name}", "value": value}]
        world.patch(type_, id, patch, JSON_PATCH)


@pytest.mark.parametrize("type_", TYPES)
@few
@given(data=st.data())
def test_fields_that_nobody_maps_survive_any_edit(
    world: World, type_: str, data: st.DataObject
) -> None:
    collection, document = data.draw(st.sampled_from(SAMPLES[type_]))
    document, added = data.draw(with_unmapped(document))
    before = placed(world, (collection, document))
    ids = [id for kind, id in served_as(collection, before) if kind == type_]
    response = world.ask("GET", f"/{type_}/{ids[0]}")
    if response.status_code == 404:
        return
    resource = read(response.content)
    _edited(world, type_, ids[0], resource, data)
    after = world.stored(collection, before["_id"])
    for path, _ in added:
        if path[0] == "notes" and len(path) > 1:
            _in_some_note(after, at(before, path), path[-1])
        else:
            assert not differences(at(before, path), at(after, path)), path
    if type_ == "Flag":
        remove(world, resource)


def _in_some_note(document: Json, value: Any, name: str) -> None:
    """Notes may move; what was beside a text goes with it."""
    holders = [each for each in document["notes"] if isinstance(each, dict) and name in each]
    assert any(not differences(value, each[name]) for each in holders)
