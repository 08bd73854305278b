"""Small definitions for the tests of profiles, and what was found with them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from fhir_facade.derive.capability_published import published_once
from fhir_facade.errors import Issue
from fhir_facade.main import build_registry
from fhir_facade.rules.context import Context
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.validation.profiles import Definitions, extension_issues, profile_issues
from fhir_facade.settings import Settings

SHARED = Path(__file__).parents[3].parent / "shared"
CONTEXT = Context(canonical="http://guide.test")
URL = "http://guide.test/StructureDefinition/tested"

Json = dict[str, Any]

GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "less"},
    "subject": {"reference": "Patient/1"},
}


def profile(*elements: Json, type: str = "Goal", url: str = URL, **more: Any) -> Json:
    """A StructureDefinition whose elements are named by their ids."""
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "version": "1",
        "type": type,
        "differential": {"element": list(elements)},
        **more,
    }


def value_set(name: str, **include: Any) -> Json:
    return {
        "resourceType": "ValueSet",
        "url": f"http://guide.test/ValueSet/{name}",
        "compose": {"include": [include]},
    }


def extension(name: str, *elements: Json, contexts: tuple[str, ...] = ("Goal",)) -> Json:
    """An extension's definition."""
    url = f"http://guide.test/StructureDefinition/{name}"
    return profile(
        {"id": "Extension.url", "fixedUri": url},
        *elements,
        type="Extension",
        url=url,
        context=[{"type": "element", "expression": each} for each in contexts],
    )


def own() -> Definitions:
    """The definitions that are published."""
    registry = build_registry(Settings(_env_file=None))  # type: ignore[call-arg]
    return Definitions(published_once(registry), registry.context)


def issues(resource: Any, *definitions: Json, asked: tuple[str, ...] = (URL,)) -> list[Issue]:
    """What is said of a resource, which is left as it was."""
    before = copy.deepcopy(resource)
    found = profile_issues(resource, Definitions(definitions, CONTEXT), asked)
    assert resource == before
    return found


def said(resource: Any, *definitions: Json, asked: tuple[str, ...] = (URL,)) -> list[str]:
    """The same in short: severity, code, expression."""
    return [
        f"{each.severity} {each.code} {each.expression}"
        for each in issues(resource, *definitions, asked=asked)
    ]


def refused(resource: Any, *definitions: Json) -> list[str]:
    """What a write is refused for: code and expression."""
    found = extension_issues(resource, Definitions(definitions, CONTEXT))
    assert {each.severity for each in found} <= {"error"}
    return [f"{each.code} {each.expression}" for each in found]


def changed(resource: Json, **elements: Any) -> Json:
    """A copy with other elements; None leaves one out."""
    found = {**copy.deepcopy(resource), **elements}
    return {name: value for name, value in found.items() if value is not None}


def example(name: str) -> Json:
    """An official example of US Core."""
    found: Json = read_json((SHARED / "examples" / "us-core-6.1.0" / name).read_bytes())
    return found
