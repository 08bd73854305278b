"""The origins of a case: only what was served and is no longer sent goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.writing.equality import extension
from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import case_of, stored_case

ORIGIN = extension("case-origin")


def with_origins(episode: Json, *codes: str) -> Json:
    others = [each for each in episode.get("extension", []) if each["url"] != ORIGIN]
    return {**episode, "extension": [*others, *({"url": ORIGIN, "valueCode": c} for c in codes)]}


def origins(episode: Json) -> list[str]:
    return [each["valueCode"] for each in episode["extension"] if each["url"] == ORIGIN]


ADDED: list[tuple[Any, Any, Any]] = [
    (["Bad  origin", {"o": 1}, "b"], "a", ["Bad  origin", {"o": 1}, "b", "zz"]),
    (["x", "moi", "a"], "a", ["x", "moi", "a", "zz"]),
    (["b", "b", None], "a", ["b", "b", None, "zz"]),
    ("x", "a", ["x", "zz"]),
    ("Bad  origin", "a", ["Bad  origin", "zz"]),
    ({"o": 1}, "a", [{"o": 1}, "zz"]),
    (None, ["a", 5], "zz"),
]


@pytest.mark.parametrize(("source", "referral", "wanted"), ADDED, ids=range(len(ADDED)))
def test_an_origin_is_added(world: World, source: Any, referral: Any, wanted: Any) -> None:
    stored_case(world, source=source, referralSource=referral, programKey="k")
    episode = world.read("EpisodeOfCare", "c1")
    after = world.update("c1", with_origins(episode, *origins(episode), "zz"))
    assert sorted(origins(after)) == sorted([*origins(episode), "zz"])
    found = case_of(world)
    assert found["source"] == wanted
    assert found["referralSource"] == referral


def test_an_origin_is_removed_from_both_fields(world: World) -> None:
    stored_case(world, source=["x", "Bad  origin", "a"], referralSource="a", programKey="k")
    episode = world.read("EpisodeOfCare", "c1")
    after = world.update("c1", with_origins(episode, "x"))
    assert origins(after) == ["x"]
    found = case_of(world)
    assert found["source"] == ["x", "Bad  origin"]
    assert found.get("referralSource") is None
