"""Everything published is valid R4, named once, and the same each time."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib import import_module

import pytest

from fhir_facade import __version__
from fhir_facade.derive.naming_systems import naming_systems
from fhir_facade.derive.published import published
from fhir_facade.rules.validation import validate
from tests.derive.publishing import Json, of_type
from tests.mappings.serving import BASE, registry, registry_with

PUBLISHED = list(published(registry()))
ALL = [*PUBLISHED, *naming_systems(registry())]


def _name(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


@pytest.mark.parametrize("resource", ALL, ids=_name)
def test_each_is_valid_r4(resource: Json) -> None:
    assert validate(resource) == []
    model = import_module(f"fhir.resources.R4B.{resource['resourceType'].lower()}")
    getattr(model, resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("resource", PUBLISHED, ids=_name)
def test_each_has_what_makes_it_findable(resource: Json) -> None:
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", resource["id"])
    assert resource["url"] == f"{BASE}/{resource['resourceType']}/{resource['id']}"
    assert resource["version"] == __version__
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", resource["name"])
    assert resource["status"] == "active"
    assert resource["description"]


def test_no_two_have_the_same_url() -> None:
    assert [url for url, n in Counter(each["url"] for each in PUBLISHED).items() if n > 1] == []


def test_the_same_each_time() -> None:
    assert json.dumps(list(published(registry_with()))) == json.dumps(PUBLISHED)


def test_another_canonical_base_is_everywhere() -> None:
    elsewhere = registry_with(canonical="https://elsewhere.example/x")
    text = json.dumps([*published(elsewhere), *naming_systems(elsewhere)])
    assert BASE not in text
    assert json.loads(text.replace("https://elsewhere.example/x", BASE)) == ALL


def test_the_guide_lists_all_others() -> None:
    (guide,) = of_type("ImplementationGuide").values()
    listed = [each["reference"]["reference"] for each in guide["definition"]["resource"]]
    others = [_name(each) for each in PUBLISHED if each is not PUBLISHED[-1]]
    assert listed[: len(others)] == others
    assert {each.partition("/")[0] for each in listed[len(others) :]} == {"NamingSystem"}
    assert PUBLISHED[-1] == guide


def test_canonicals_of_this_guide_lead_somewhere() -> None:
    """Nothing published names a definition of this guide that is not published."""
    known = {each["url"] for each in PUBLISHED}
    text = json.dumps(ALL)
    kinds = "|".join({each["resourceType"] for each in PUBLISHED})
    named = set(re.findall(rf"{re.escape(BASE)}/(?:{kinds})/[A-Za-z0-9.-]*[A-Za-z0-9]", text))
    assert named - known == set()


def test_every_identifier_system_is_published(served_resources: list[Json]) -> None:
    known = {each["uniqueId"][0]["value"] for each in naming_systems(registry())}
    text = json.dumps(served_resources, default=str)
    found = set(re.findall(rf"{re.escape(BASE)}/sid/[a-z-]+", text))
    assert len(found) > 10
    assert found - known == set()
