"""The official examples, written, read back, changed in every way, and deleted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.writing.cases import created, parent, under
from tests.writing.edits import apply
from tests.writing.equality import assert_equal, content, without_time_of_change
from tests.writing.exact_json import Json, read
from tests.writing.resources import WRITTEN
from tests.writing.world import World

FOLDER = Path(__file__).parents[3] / "shared" / "examples"
FILES = sorted(
    path
    for path in FOLDER.glob("*/*.json")
    if json.loads(path.read_bytes()).get("resourceType") in WRITTEN
)
IDS = [f"{path.parent.name}/{path.stem}" for path in FILES]
every_example = pytest.mark.parametrize("path", FILES, ids=IDS)


def test_the_examples_are_here() -> None:
    if not FILES and not os.environ.get("CI"):
        pytest.skip("../shared/examples is not here")
    assert len(FILES) >= 20
    assert {json.loads(path.read_bytes())["resourceType"] for path in FILES} == set(WRITTEN)


def _example(world: World, path: Path) -> Json:
    found: Json = read(path.read_bytes())
    member = found.get("subject", {}).get("reference", "").rpartition("/")[2]
    return under(found, parent(world, subject={"id": member}))


@pytest.fixture
def posted(world: World, path: Path) -> Iterator[tuple[Json, Json]]:
    """An example, and what is read after it was posted."""
    example = _example(world, path)
    with created(world, example) as found:
        yield example, found


@every_example
def test_an_example_is_read_as_it_was_posted(posted: tuple[Json, Json]) -> None:
    assert_equal(*posted)


@every_example
def test_an_example_put_twice_is_the_same(world: World, posted: tuple[Json, Json]) -> None:
    example, got = posted
    again = world.update(got["id"], got)
    assert content(again) == content(got)
    assert_equal(example, world.update(got["id"], example), got)


@pytest.mark.parametrize("way", ["put", "json-patch", "merge-patch", "fhirpath-patch"])
@every_example
def test_a_change_of_one_element_leaves_the_others(
    world: World, posted: tuple[Json, Json], way: str
) -> None:
    _, got = posted
    name, value, type_ = {
        "Task": ("description", "Changed \u00fc", "string"),
        "Flag": ("encounter", {"reference": "Encounter/9"}, "Reference"),
        "Goal": ("statusReason", "Changed", "string"),
        "Communication": ("topic", {"text": "Changed"}, "CodeableConcept"),
        "DocumentReference": ("description", "Changed", "string"),
    }[got["resourceType"]]
    expected, changed = apply(world, got, (name, value, type_, way))
    wanted, given = content(expected), content(changed)
    wanted[name] = value
    if way != "put":
        without_time_of_change(wanted, given)
    assert wanted == given


@every_example
def test_a_deleted_example_is_gone(world: World, path: Path) -> None:
    got = world.create(_example(world, path))
    url = f"/{got['resourceType']}/{got['id']}"
    assert world.ask("DELETE", url).status_code == 204
    assert world.ask("GET", url).status_code == 410
    assert world.found(f"{got['resourceType']}?_id={got['id']}") == []


@every_example
def test_an_example_is_kept_by_mongodb(mongo_server_world: World, path: Path) -> None:
    example = _example(mongo_server_world, path)
    with created(mongo_server_world, example) as found:
        assert_equal(example, found)
        assert content(mongo_server_world.update(found["id"], found)) == content(found)
