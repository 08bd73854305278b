"""The profile of a Case bundle: what is served as a case conforms to it."""

from __future__ import annotations

from collections import Counter

import pytest

from fhir_facade.rules.profiles import CASE_BUNDLE
from fhir_facade.store.base import Store
from tests.derive.publishing import Json, definition, elements
from tests.http.serving import matches, serving
from tests.mappings.serving import BASE, registry

PROFILE = elements(definition(CASE_BUNDLE))


@pytest.fixture
async def cases(smaller_dirty_store: Store) -> list[Json]:
    """The first cases of the dirty documents."""
    async with serving(smaller_dirty_store) as client:
        found = matches((await client.get("/Case?_count=30")).json())
    assert len(found) > 10
    return found


def test_what_it_asks_for() -> None:
    assert PROFILE["Bundle.type"]["fixedCode"] == "collection"
    for name in ("identifier", "timestamp", "entry", "entry.fullUrl", "entry.resource"):
        assert PROFILE[f"Bundle.{name}"]["min"] == 1
    constraints = {each["key"]: each["expression"] for each in PROFILE["Bundle"]["constraint"]}
    assert constraints == {
        "case-1": "entry.first().resource is EpisodeOfCare",
        "case-2": "entry.fullUrl.isDistinct()",
    }


def test_a_slice_for_each_type_and_no_others() -> None:
    assert PROFILE["Bundle.entry"]["slicing"] == {
        "discriminator": [{"type": "type", "path": "resource"}],
        "ordered": False,
        "rules": "closed",
    }
    slices = {id.partition(":")[2] for id in PROFILE if id.startswith("Bundle.entry:")}
    assert {each for each in slices if "." not in each} == registry().types.keys()
    episode = PROFILE["Bundle.entry:EpisodeOfCare"]
    assert (episode["min"], episode["max"]) == (1, "1")
    assert PROFILE["Bundle.entry:CareTeam"]["max"] == "1"
    assert PROFILE["Bundle.entry:Task"]["max"] == "*"
    assert PROFILE["Bundle.entry:Task.resource"]["type"] == [
        {"code": "Task", "profile": [f"{BASE}/StructureDefinition/facade-task"]}
    ]


def test_cases_conform_to_it(cases: list[Json]) -> None:
    for case in cases:
        assert case["type"] == "collection"
        assert case["identifier"]
        assert case["timestamp"]
        types = [each["resource"]["resourceType"] for each in case["entry"]]
        assert types[0] == "EpisodeOfCare"
        urls = [each["fullUrl"] for each in case["entry"]]
        assert len(urls) == len(set(urls))
        for name, number in Counter(types).items():
            most = PROFILE[f"Bundle.entry:{name}"]["max"]
            assert most == "*" or number <= int(most)
