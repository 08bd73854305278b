"""Whatever comes in, profiles have an answer, and it does not give away what came in."""

from __future__ import annotations

import copy
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.validation import MOST_ISSUES
from fhir_facade.rules.validation.profiles import Definitions, extension_issues, profile_issues
from tests.rules.validation.profile_definitions import SHARED, own
from tests.rules.validation.test_validation_fuzz import ANYTHING, MARKER, _places

FILES = sorted(SHARED.glob("examples/*/*.json"))
SEEDS = [read_json(each.read_bytes()) for each in FILES]
EXTENDED: dict[str, Any] = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "x"},
    "subject": {"reference": "Patient/1"},
    "_startDate": {"extension": [{"url": "u", "valueCode": "a"}]},
}


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return own()


def test_the_examples_are_there() -> None:
    if not SEEDS:
        if os.environ.get("CI"):
            pytest.fail("shared/examples is not there")
        pytest.skip("shared/examples is not there")
    assert len(SEEDS) > 40


def _check(resource: Any, definitions: Definitions) -> None:
    before = repr(resource)
    asked = tuple(f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{each}" for each in
                  ("goal", "careplan", "careteam", "documentreference"))  # fmt: skip
    found = profile_issues(resource, definitions, asked)
    found += extension_issues(resource, definitions)
    assert repr(resource) == before
    assert len(found) <= 2 * MOST_ISSUES
    for each in found:
        assert MARKER not in f"{each.diagnostics} {each.expression}"


@given(ANYTHING)
def test_anything(definitions: Definitions, resource: Any) -> None:
    profile_issues(resource, definitions)
    if isinstance(resource, dict | list):
        extension_issues(resource, definitions)


@settings(max_examples=400)
@given(st.data())
def test_mutations(definitions: Definitions, data: st.DataObject) -> None:
    resource = copy.deepcopy(data.draw(st.sampled_from([*SEEDS, EXTENDED])))
    own_extension = data.draw(st.sampled_from(sorted(definitions.extensions)))
    for _ in range(data.draw(st.integers(1, 4))):
        holder, key = data.draw(st.sampled_from(_places(resource)))
        holder[key] = data.draw(
            ANYTHING
            | st.just([{"url": own_extension}])
            | st.just({"extension": [{"url": own_extension}]})
        )
        if isinstance(holder[key], str):
            holder[key] = MARKER
    _check(resource, definitions)


@pytest.mark.parametrize("at", range(len(SEEDS)), ids=[each.stem for each in FILES])
def test_every_string_is_kept_secret(definitions: Definitions, at: int) -> None:
    resource = copy.deepcopy(SEEDS[at])
    for holder, key in _places(resource):
        value = holder[key]
        if isinstance(value, str) and key != "resourceType":
            holder[key] = f"{MARKER}{value}"
    _check(resource, definitions)


def test_issues_have_an_end(definitions: Definitions) -> None:
    entry = {"resource": {**EXTENDED, "extension": [{"url": "relative"}] * 20}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry] * 200}
    assert len(profile_issues(bundle, definitions)) == MOST_ISSUES
