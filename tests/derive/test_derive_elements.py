"""Our copy of the summary and mandatory flags is R4's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fhir_facade.rules.r4_elements import BY_TYPE
from mappings.people import PEOPLE
from tests.mappings.serving import registry

Definitions = dict[str, dict[str, Any]]
Flags = dict[str, dict[str, Any]]

_OF_EVERY_ELEMENT = {"id", "extension", "modifierExtension"}
_OF_EVERY_RESOURCE = {"meta", "implicitRules", "language", "text", "contained"}


def _elements(structures: Definitions, resource: str) -> Flags:
    """Return R4's elements by path: those of the type itself and, below it, of backbones shown."""
    url = f"http://hl7.org/fhir/StructureDefinition/{resource}"
    snapshot = structures[url]["snapshot"]["element"][1:]
    by_path = {each["path"].partition(".")[2]: each for each in snapshot}
    return {
        path: each
        for path, each in by_path.items()
        if path.rpartition(".")[2] not in _OF_EVERY_ELEMENT and path not in _OF_EVERY_RESOURCE
        if "." not in path or _is_shown(by_path[path.rpartition(".")[0]])
    }


def _is_shown(element: dict[str, Any]) -> bool:
    return _is_summary(element) or _is_mandatory(element)


def _is_summary(element: dict[str, Any]) -> bool:
    return element.get("isSummary", False) is True


def _is_mandatory(element: dict[str, Any]) -> bool:
    return bool(element["min"] > 0)


def _flagged(elements: Flags, flag: Callable[[dict[str, Any]], bool]) -> set[str]:
    return {path for path, each in elements.items() if flag(each)}


def test_every_served_type_is_listed() -> None:
    assert BY_TYPE.keys() == {*registry().types, *(each.type for each in PEOPLE)}


@pytest.mark.parametrize("resource", sorted(BY_TYPE))
def test_summary_elements(resource: str, r4_structures: Definitions) -> None:
    assert BY_TYPE[resource].summary == _flagged(_elements(r4_structures, resource), _is_summary)


@pytest.mark.parametrize("resource", sorted(BY_TYPE))
def test_mandatory_elements(resource: str, r4_structures: Definitions) -> None:
    elements = _elements(r4_structures, resource)
    assert BY_TYPE[resource].mandatory == _flagged(elements, _is_mandatory)


def test_every_resource_has_the_same_elements_beside_its_own(r4_structures: Definitions) -> None:
    """What a summary of any resource keeps and what it leaves out, without a list by type."""
    found = r4_structures["http://hl7.org/fhir/StructureDefinition/DomainResource"]
    common = {each["path"].partition(".")[2]: each for each in found["snapshot"]["element"][1:]}
    assert common.keys() == _OF_EVERY_ELEMENT | _OF_EVERY_RESOURCE
    summary = {"id", "meta", "implicitRules", "modifierExtension"}
    # modifierExtension is a summary element of every type, if not of DomainResource itself
    assert _flagged(common, _is_summary) | {"modifierExtension"} == summary
    assert _flagged(common, _is_mandatory) == set()
