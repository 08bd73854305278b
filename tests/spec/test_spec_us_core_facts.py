"""The facts of `us_core.py` are those of the published package."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.spec.us_core import COMPARATORS, GROUPS, PROFILE, Group

PACKAGE = Path(__file__).parents[2].parent / "shared" / "packages" / "hl7.fhir.us.core-6.1.0.tgz"
EXPECTATION = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"
COMBINATION = (
    "http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination"
)
AT_LEAST_SHOULD = ("SHALL", "SHOULD")

Json = dict[str, Any]

pytestmark = pytest.mark.parametrize(("type_", "group"), GROUPS.items(), ids=list(GROUPS))


@pytest.fixture(scope="module")
def package() -> dict[str, Json]:
    """The resources of the package, by file name."""
    if not PACKAGE.exists():
        if os.environ.get("CI"):
            pytest.fail("shared/packages is not there")
        pytest.skip("shared/packages is not there")
    found = {}
    with tarfile.open(PACKAGE) as archive:
        for each in archive:
            file = archive.extractfile(each)
            if file and each.name.endswith(".json") and each.name.count("/") == 1:
                found[Path(each.name).stem] = json.load(file)
    return found


def _strength(element: Json) -> str | None:
    found = [each for each in element.get("extension", ()) if each["url"] == EXPECTATION]
    return found[0]["valueCode"] if found else None


def _declared(package: dict[str, Json], type_: str) -> Json:
    (rest,) = package["CapabilityStatement-us-core-server"]["rest"]
    (found,) = (each for each in rest["resource"] if each["type"] == type_)
    return dict(found)


def _combinations(resource: Json) -> Iterator[tuple[str | None, frozenset[str]]]:
    for each in resource["extension"]:
        if each["url"] == COMBINATION:
            names = [part["valueString"] for part in each["extension"] if part["url"] == "required"]
            yield _strength(each), frozenset(names)
    for param in resource["searchParam"]:
        yield _strength(param), frozenset([param["name"]])


def test_the_searches(package: dict[str, Json], type_: str, group: Group) -> None:
    found = [*_combinations(_declared(package, type_))]
    for strength, searches in (("SHALL", group.shall), ("SHOULD", group.should)):
        official = {names for each, names in found if each == strength}
        # a combination with SHOULD says more than its parameters do
        parts = {frozenset([name]) for names in group.should for name in names}
        assert {frozenset(each) for each in searches} == official - (
            parts if strength == "SHOULD" else set()
        )


def test_the_parameters(package: dict[str, Json], type_: str, group: Group) -> None:
    for name, param in group.parameters.items():
        plain = name.removeprefix("_")
        definition = package[f"SearchParameter-us-core-{type_.lower()}-{plain}"]
        assert definition["type"] == param.kind.replace("id", "token")
        several = definition.get("_multipleOr", {})
        assert param.many == (_strength(several) in AT_LEAST_SHOULD), name
        if param.kind == "date":
            strengths = [_strength(each) for each in definition["_comparator"]]
            pairs = zip(definition["comparator"], strengths, strict=True)
            assert {each for each, strength in pairs if strength == "SHALL"} == {*COMPARATORS}


def test_the_interactions(package: dict[str, Json], type_: str, group: Group) -> None:
    official = _declared(package, type_)["interaction"]
    assert {*group.interactions} == {
        each["code"] for each in official if _strength(each) == "SHALL"
    }


def _elements(package: dict[str, Json], type_: str, part: str) -> dict[str, Json]:
    profile = package[f"StructureDefinition-us-core-{type_.lower()}"]
    assert profile["url"] == f"{PROFILE}{type_.lower()}"
    return {each["id"].partition(".")[2]: each for each in profile[part]["element"]}


def _named(type_: str, path: str) -> str:
    """A path as the table spells it: a choice by the type that the data have."""
    spelled = path.replace("start[x]", "startDate").replace("due[x]", "dueDate")
    return spelled if type_ == "Goal" else path


def test_the_must_support_elements(package: dict[str, Json], type_: str, group: Group) -> None:
    official = {
        _named(type_, path)
        for path, each in _elements(package, type_, "snapshot").items()
        if each.get("mustSupport") and ":" not in path
    }
    assert {path for each in group.must_support for path in each} == official


def test_the_constraints(package: dict[str, Json], type_: str, group: Group) -> None:
    elements = _elements(package, type_, "snapshot")
    for path, least, most in group.cardinality:
        assert (elements[path]["min"], elements[path]["max"]) == (least, str(most or "*")), path
    counted = {path for path, *_ in group.cardinality}
    for path, each in _elements(package, type_, "differential").items():
        assert path in counted or ":" in path or not each.get("min"), path
    for path in group.codes:
        assert elements[path]["binding"]["strength"] == "required", path
    for path, types in group.targets.items():
        (reference,) = elements[path]["type"]
        official = [each.rpartition("/")[2] for each in reference["targetProfile"]]
        assert {each.removeprefix("us-core-") for each in official} == (
            {each if each == "Device" else each.lower() for each in types}
        ), path
