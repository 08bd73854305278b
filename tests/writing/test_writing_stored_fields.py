"""A write of what a read gave changes nothing that is stored, whatever is stored."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest

from fhir_facade.demo import generate
from tests.writing.equality import content, without_time_of_change
from tests.writing.exact_json import Json, read
from tests.writing.stored import differences, other_than_marks, served_as
from tests.writing.world import JSON_PATCH, World, new_world

SHARES = {"clean": (5, 1, 0.0), "dirty": (9, 2, 0.6)}
Pairs = list[tuple[str, Json]]


def put_back(world: World, type_: str, id: str) -> str | None:
    """PUT what GET gives; return what is wrong with that."""
    return _written(world, type_, id, "PUT")


def patch_nothing(world: World, type_: str, id: str) -> str | None:
    """PATCH with an empty JSON Patch; return what is wrong with that."""
    return _written(world, type_, id, "PATCH")


def _written(world: World, type_: str, id: str, method: str) -> str | None:
    url = f"/{type_}/{id}"
    response = world.ask("GET", url)
    if response.status_code != 200:
        return None
    served = read(response.content)
    body: Any = served if method == "PUT" else []
    kind = {} if method == "PUT" else {"content_type": JSON_PATCH}
    answer = world.ask(method, url, body, **kind)
    if answer.status_code != 200:
        return f"{method} {type_}: {answer.status_code} {answer.text}"
    after = world.read(type_, id)
    wanted, given = content(served), content(after)
    if method == "PATCH":
        without_time_of_change(wanted, given)
    names = [n for n in {**wanted, **given} if wanted.get(n) != given.get(n)]
    shown = "; ".join(f"{n}: {wanted.get(n)!r} -> {given.get(n)!r}" for n in names)
    return f"{method} {type_}: {shown}" if names else None


def check_all(world: World, pairs: Pairs) -> list[str]:
    """Write every resource of some documents back, in both ways; return what is wrong."""
    wrong = []
    for collection, document in pairs:
        for type_, id in dict.fromkeys(served_as(collection, document)):
            for write in (put_back, patch_nothing):
                before = world.stored(collection, document["_id"])
                if problem := write(world, type_, id):
                    wrong.append(problem)
                after = world.stored(collection, document["_id"])
                if paths := other_than_marks(differences(before, after)):
                    wrong.append(f"{write.__name__} {type_}: stored {paths}")
    return wrong


@pytest.fixture(scope="module", params=SHARES)
def filled(request: pytest.FixtureRequest) -> Any:
    """A server on demo data, and that data."""
    pairs = list(generate(*SHARES[request.param]))
    with new_world() as world:
        for collection, document in pairs:
            world.insert(collection, document)
        yield world, pairs


TYPES = ("Task", "Flag", "Goal", "Communication", "DocumentReference", "EpisodeOfCare")


@pytest.mark.parametrize("type_", TYPES)
def test_writing_back_what_is_served_changes_no_stored_field(filled: Any, type_: str) -> None:
    world, pairs = filled
    own = [
        (collection, copy.deepcopy(document))
        for collection, document in pairs
        if any(kind == type_ for kind, _ in served_as(collection, document))
    ]
    assert own
    wrong = [each for each in check_all(world, own) if f" {type_}: " in each]
    counted = Counter(wrong).most_common(20)
    assert not wrong, "\n".join(f"{count} x {text}" for text, count in counted)
