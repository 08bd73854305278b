"""The extension definitions: every extension that is served is defined, and used as defined."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.derive.publishing import URLS, Json, definition, elements, objects, of_type
from tests.mappings.serving import BASE

DEFINED = {
    each["url"]: each
    for each in of_type("StructureDefinition").values()
    if each["type"] == "Extension"
}
Extensions = dict[tuple[str, str], list[Json]]
R4 = "http://hl7.org/fhir/StructureDefinition/"


def _value_type(extension: Json) -> str | None:
    name = next((each for each in extension if each.startswith("value")), None)
    return None if name is None else name.removeprefix("value")


def _types(element: Json) -> set[str]:
    return {each["code"][0].upper() + each["code"][1:] for each in element.get("type", ())}


def _wrong(extension: Json, id: str, of: dict[str, Json]) -> list[str]:
    """Say what in an extension, or a part of one, is not as the element of an id defines it."""
    value, parts = _value_type(extension), extension.get("extension", [])
    if of[f"{id}.value[x]"].get("max") == "0":
        known = {each.rpartition(":")[2] for each in of if each.startswith(f"{id}.extension:")}
        known = {each for each in known if "." not in each}
        found = Counter(each["url"] for each in parts)
        wrong = [f"{id}: value"] if value else []
        wrong += [f"{id}: unknown part {each}" for each in found.keys() - known]
        for name in known:
            part = of[f"{id}.extension:{name}"]
            if found[name] < part["min"] or (part["max"] == "1" and found[name] > 1):
                wrong.append(f"{id}: {found[name]} of {name}")
        for each in parts:
            wrong += _wrong(each, f"{id}.extension:{each['url']}", of)
        return wrong
    if value not in _types(of[f"{id}.value[x]"]) or parts:
        return [f"{id}: {value}"]
    return []


@pytest.fixture(scope="module")
def extensions(dirty_documents: list[tuple[str, Json]], served_resources: list[Json]) -> Extensions:
    """(path, url) → extensions of this guide in everything served.

    What the platform itself has stored as FHIR extensions is passed through, and is its own.
    """
    found: dict[tuple[str, str], list[Json]] = {}
    passed = {
        each["url"]
        for _, document in dirty_documents
        if isinstance(document.get("extension"), list)
        for each in document["extension"]
        if isinstance(each, dict) and "url" in each
    }
    for resource in served_resources:
        for path, holder in objects(resource, resource["resourceType"]):
            for each in holder.get("extension", ()):
                if each["url"].startswith(URLS) and each["url"] not in passed:
                    found.setdefault((path, each["url"]), []).append(each)
    return found


def test_every_extension_that_is_served_is_defined(
    extensions: Extensions,
) -> None:
    wrong: set[str] = set()
    for (path, url), found in extensions.items():
        if url not in DEFINED:
            wrong.add(f"{url} is not defined")
            continue
        contexts = [each["expression"] for each in DEFINED[url]["context"]]
        if path not in contexts:
            wrong.add(f"{url} stands in {path}")
        for each in found:
            wrong.update(_wrong(each, "Extension", elements(DEFINED[url])))
    assert wrong == set()
    never = DEFINED.keys() - {url for _, url in extensions}
    assert never == set(), "defined, and in no demo data"


def test_no_context_is_made_up(extensions: Extensions) -> None:
    found = {(url, path) for path, url in extensions}
    declared = {(url, at["expression"]) for url, each in DEFINED.items() for at in each["context"]}
    assert declared == found


def test_references_are_of_the_defined_types(extensions: Extensions) -> None:
    for (_, url), found in extensions.items():
        value = elements(DEFINED[url])["Extension.value[x]"]
        allowed = {each for type in value.get("type", ()) for each in type.get("targetProfile", ())}
        for each in found:
            target = each.get("valueReference", {}).get("type")
            assert target is None or R4 + target in allowed


def test_a_simple_extension() -> None:
    found = elements(definition("employer"))
    assert list(found) == ["Extension", *(f"Extension.{each}" for each in SIMPLE)]
    assert found["Extension.extension"]["max"] == "0"
    assert found["Extension.url"]["fixedUri"] == f"{URLS}employer"
    assert found["Extension.value[x]"] == {
        "id": "Extension.value[x]",
        "path": "Extension.value[x]",
        "min": 1,
        "type": [{"code": "Reference", "targetProfile": [f"{R4}Organization"]}],
    }


SIMPLE = ("extension", "url", "value[x]")


def test_an_extension_of_parts() -> None:
    found = elements(definition("linked-module"))
    assert found["Extension.value[x]"]["max"] == "0"
    assert found["Extension.extension"]["min"] == 2
    for name in ("module", "id"):
        part = found[f"Extension.extension:{name}"]
        assert (part["path"], part["min"], part["max"]) == ("Extension.extension", 1, "1")
        assert found[f"Extension.extension:{name}.url"]["fixedUri"] == name
        assert found[f"Extension.extension:{name}.value[x]"]["type"] == [{"code": "string"}]


def test_a_part_that_repeats() -> None:
    assert elements(definition("party-case"))["Extension.extension:subtypes"]["max"] == "*"


@pytest.mark.parametrize(
    ("id", "contexts"),
    [
        ("party-case", ["CareTeam.participant"]),
        ("workflow-step", ["CarePlan.activity"]),
        ("note", ["EpisodeOfCare", "Flag"]),
        ("case", ["CarePlan", "CareTeam", "Flag", "Goal", "List", "Task"]),
    ],
)
def test_where_extensions_stand(id: str, contexts: list[str]) -> None:
    assert definition(id)["context"] == [
        {"type": "element", "expression": each} for each in contexts
    ]


def test_codes_in_extensions_are_bound() -> None:
    found: Any = elements(definition("vendor-case-status"))["Extension.value[x]"]["binding"]
    assert found["valueSet"] == f"{BASE}/ValueSet/vendor-case-status"
