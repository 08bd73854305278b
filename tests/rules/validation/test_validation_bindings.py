"""The committed tables say what the official definitions of R4 4.0.1 say."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.rules.validation import bindings, schema
from fhir_facade.rules.validation.differences import UNCHECKED

PACKAGE = Path(__file__).parents[3].parent / "shared" / "packages" / "hl7.fhir.r4.core-4.0.1.tgz"
NOT_LISTED = {"currencies", "mimetypes", "ucum-units", "LL379-9"}
"""Value sets whose codes R4's package does not list."""
INHERITED = {"Resource", "DomainResource", "Element", "BackboneElement"}
Definition = dict[str, Any]


@pytest.fixture(scope="module")
def package() -> dict[str, Definition]:
    """Every definition by its file name."""
    if not PACKAGE.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{PACKAGE.name} is not there")
        pytest.skip(f"{PACKAGE.name} is not there")
    found: dict[str, Definition] = {}
    with tarfile.open(PACKAGE) as archive:
        for member in archive:
            name = Path(member.name).stem
            if name.startswith(("StructureDefinition-", "ValueSet-", "CodeSystem-")):
                file = archive.extractfile(member)
                assert file is not None
                found[name] = json.load(file)
    return found


def _of(package: dict[str, Definition], kind: str) -> Iterator[Definition]:
    yield from (each for name, each in package.items() if name.startswith(f"{kind}-"))


@pytest.fixture(scope="module")
def types(package: dict[str, Definition]) -> dict[str, Definition]:
    """The datatypes and resources, without profiles."""
    return {
        each["name"]: each
        for each in _of(package, "StructureDefinition")
        if each["kind"] in ("resource", "complex-type") and each.get("derivation") != "constraint"
    }


@pytest.fixture(scope="module")
def value_sets(package: dict[str, Definition]) -> dict[str, list[tuple[str, str]]]:
    """System and code of all value sets that list them, by name."""
    systems = {each["url"]: list(_codes(each)) for each in _of(package, "CodeSystem")}
    found = {}
    for each in _of(package, "ValueSet"):
        includes = each.get("compose", {}).get("include", [])
        found[each["url"].rsplit("/", 1)[1]] = [
            (include.get("system", ""), code)
            for include in includes
            for code in (
                [concept["code"] for concept in include.get("concept", [])]
                or systems.get(include.get("system"), [])
            )
        ]
    return found


def _codes(holder: Definition) -> Iterator[str]:
    for each in holder.get("concept", []):
        yield each["code"]
        yield from _codes(each)


def _elements(types: dict[str, Definition]) -> Iterator[Definition]:
    """Yield every element where it is declared, not where it is inherited."""
    for name, definition in types.items():
        for each in definition["snapshot"]["element"][1:]:
            base = each.get("base", {}).get("path", each["path"]).split(".")[0]
            if base not in INHERITED or base == name:
                yield each


def _required(types: dict[str, Definition]) -> Iterator[tuple[Definition, str]]:
    for each in _elements(types):
        binding = each.get("binding", {})
        if binding.get("strength") == "required":
            yield each, binding["valueSet"].split("|")[0].rsplit("/", 1)[1]


def test_required_bindings(
    types: dict[str, Definition], value_sets: dict[str, list[tuple[str, str]]]
) -> None:
    expected = {
        bindings.place(element["path"]): (name, frozenset(code for _, code in value_sets[name]))
        for element, name in _required(types)
        if name not in NOT_LISTED
    }
    actual = {place: (each.name, each.codes) for place, each in bindings.BINDINGS.items()}
    assert actual == expected


def test_systems_of_concepts(
    types: dict[str, Definition], value_sets: dict[str, list[tuple[str, str]]]
) -> None:
    for element, name in _required(types):
        value_set = bindings.BINDINGS.get(bindings.place(element["path"]))
        if value_set is None:
            continue
        if [each["code"] for each in element["type"]] == ["code"]:
            assert value_set.system is None
        else:
            assert {value_set.system} == {system for system, _ in value_sets[name]}


def test_shapes_of_codes(types: dict[str, Definition]) -> None:
    required = {(bindings.place(each["path"]), name) for each, name in _required(types)}
    mime_types = {place for place, name in required if name == "mimetypes"}
    assert mime_types - bindings.MIME_TYPES == {("CapabilityStatement", "format")}
    assert mime_types >= bindings.MIME_TYPES
    assert {place for place, name in required if name == "currencies"} == bindings.CURRENCIES
    assert {
        bindings.place(each["path"])
        for each in _elements(types)
        if "all-languages" in json.dumps(each.get("binding", {}))
        and [kind["code"] for kind in each["type"]] == ["code"]
    } == bindings.LANGUAGES


def test_simple_quantities(types: dict[str, Definition]) -> None:
    assert {
        bindings.place(each["path"].replace("[x]", "Quantity"))
        for each in _elements(types)
        for kind in each.get("type", [])
        if any(profile.endswith("/SimpleQuantity") for profile in kind.get("profile", []))
    } == bindings.SIMPLE_QUANTITIES


def test_resource_types(types: dict[str, Definition]) -> None:
    assert {
        name for name, each in types.items() if each["kind"] == "resource" and not each["abstract"]
    } == bindings.RESOURCE_TYPES


def _declared(element: Definition) -> Iterator[tuple[str, tuple[str, bool, frozenset[str]]]]:
    """Yield the JSON names of an element, each with its type, cardinality and targets."""
    name = element["path"].rpartition(".")[2]
    reference = [{"code": element.get("contentReference", "")}]
    for kind in element.get("type", reference):
        code = kind["code"]
        key = name.replace("[x]", code[:1].upper() + code[1:])
        if code.startswith("#"):
            code = bindings.model_of(code[1:])
        elif code in ("BackboneElement", "Element"):
            code = bindings.model_of(element["path"])
        elif code.startswith("http://hl7.org/fhirpath/"):
            extensions = kind["extension"]
            code = next(
                each["valueUrl"] for each in extensions if each["url"].endswith("fhir-type")
            )
        targets = frozenset(each.rsplit("/", 1)[1] for each in kind.get("targetProfile", []))
        targets = targets if code == "Reference" else frozenset()
        yield key, (code, element["max"] != "1", targets - {"Resource"})


def _read(shape: schema.Shape) -> dict[str, tuple[str, bool, frozenset[str]]]:
    return {
        key: (
            each.primitive or each.model.rpartition(".")[2],
            each.many,
            each.targets if each.model == schema.REFERENCE else frozenset(),
        )
        for key, each in shape.elements.items()
        if key != "id"  # the definitions say string even where the text says id
    }


def _shapes(name: str) -> Iterator[schema.Shape]:
    """Yield the shapes of a type and of its backbone elements."""
    rest, seen = [schema.shape_of_resource(name)], set()
    while rest:
        shape = rest.pop()
        if shape.name not in seen:
            seen.add(shape.name)
            yield shape
            models = [each.model for each in shape.elements.values()]
            rest += [schema.shape_of(each) for each in models if f".{name.lower()}." in each]


def test_shapes(types: dict[str, Definition]) -> None:
    expected: dict[str, dict[str, tuple[str, bool, frozenset[str]]]] = {}
    mandatory: dict[str, set[str]] = {}
    for name, definition in types.items():
        for each in definition["snapshot"]["element"][1:]:
            owner, key = bindings.place(each["path"])
            if key != "id":
                expected.setdefault(owner, {}).update(_declared(each))
            if each["min"]:
                mandatory.setdefault(owner, set()).add(key.removesuffix("[x]"))
        if name in UNCHECKED | {"SubstanceAmount"} or definition["abstract"]:
            continue
        for shape in _shapes(name):
            assert (shape.name, _read(shape)) == (shape.name, expected[shape.name])
            required = {each for each, _ in shape.required}
            assert (shape.name, required) == (shape.name, mandatory.get(shape.name, set()))
