"""What is published here, and what is served: each fits the other."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from fhir_facade.derive.capability_published import published_once
from fhir_facade.interactions.records import Records
from fhir_facade.main import build_registry
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.profiles import profile_url
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.validation.profiles import Definitions, extension_issues, profile_issues
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store
from tests.rules.validation.profile_definitions import SHARED, Json, own


@pytest.fixture(scope="module")
def registry() -> Registry:
    return build_registry(Settings(_env_file=None))  # type: ignore[call-arg]


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return own()


def test_every_published_profile_can_be_compiled(
    registry: Registry, definitions: Definitions
) -> None:
    structures = [
        each for each in published_once(registry) if each["resourceType"] == "StructureDefinition"
    ]
    assert structures
    for each in structures:
        profile = definitions.profile(each["url"])
        assert profile is not None
        assert profile.type == each["type"]
        assert profile.root.children or profile.root.constraints


def test_every_served_type_has_a_profile(registry: Registry, definitions: Definitions) -> None:
    for each in registry:
        profile = definitions.own(each.name)
        assert profile is not None
        assert profile.url == profile_url(each.name, registry.context)
    assert definitions.extensions
    assert all(each.startswith(definitions.own_extensions) for each in definitions.extensions)


@pytest.fixture
async def served(smaller_dirty_store: Store, registry: Registry) -> list[Json]:
    """Resources of dirty documents, of every type."""
    records = Records(smaller_dirty_store, registry)
    found = []
    for source in registry.sources:
        async for batch in smaller_dirty_store.scan(source.mapping.collection):
            for group in await records.from_documents(source, batch):
                bodies = (records.translate_record(each).body for each in group)
                found += [read_json(each, max_depth=1000) for each in bodies if each]
    return found


async def test_what_is_served_fits_what_is_published(
    served: list[Json], registry: Registry, definitions: Definitions
) -> None:
    assert {each["resourceType"] for each in served} == set(registry.types)
    errors: set[tuple[str, str | None]] = set()
    for resource in served:
        for each in profile_issues(resource, definitions):
            if each.severity == "error":
                errors.add((each.diagnostics, resource.get("id")))
        assert extension_issues(resource, definitions) == []
    assert errors == set()


def _extensions(value: Any) -> Iterator[Json]:
    """Every extension of this guide in a resource, as it stands there."""
    if isinstance(value, dict):
        for each in value.get("extension", ()):
            yield each
        for each in value.values():
            yield from _extensions(each)
    elif isinstance(value, list):
        for each in value:
            yield from _extensions(each)


async def test_served_extensions_of_another_form_are_refused(
    served: list[Json], definitions: Definitions
) -> None:
    """Each is given a value that no extension of this guide has, once."""
    tried = set()
    for resource in served:
        changed = copy.deepcopy(resource)
        for each in _extensions(changed):
            if each["url"] in definitions.extensions and each["url"] not in tried:
                tried.add(each["url"])
                before = dict(each)
                each.clear()
                each.update(url=before["url"], valueBase64Binary="AAAA")
                assert extension_issues(changed, definitions), before["url"]
                each.clear()
                each.update(before)
    assert len(tried) > 20


@pytest.mark.skipif(not SHARED.exists() and not os.environ.get("CI"), reason="../shared is absent")
@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("examples/hl7*/*.json")), ids=lambda path: path.stem
)
def test_the_official_examples_fit_our_profiles(path: Any, definitions: Definitions) -> None:
    """Our profiles demand no more than R4 does: clients write what R4 allows."""
    found = profile_issues(read_json(path.read_bytes()), definitions)
    assert [each for each in found if each.severity == "error"] == []


def test_fhirpath_is_loaded_when_needed() -> None:
    program = (
        "import sys; import fhir_facade.main; fhir_facade.main.create_app();"
        "print('fhirpathpy' in sys.modules, 'antlr4' in sys.modules)"
    )
    given = {**os.environ, "FHIR_FACADE_STORE": "sqlite:///:memory:"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env=given, text=True
    )
    assert done.stdout.split() == ["False", "False"]
