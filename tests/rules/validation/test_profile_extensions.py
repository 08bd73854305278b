"""Extensions that are defined here: value, parts, cardinality, and where they may stand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.validation.profile_definitions import (
    GOAL,
    changed,
    extension,
    issues,
    refused,
    said,
    value_set,
)

BASE = "http://guide.test/StructureDefinition/"
SIMPLE = extension(
    "level",
    {"id": "Extension.extension", "max": "0"},
    {"id": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]},
    contexts=("Goal", "Goal.target", "Annotation"),
)
COMPLEX = extension(
    "step",
    {"id": "Extension.extension:name", "sliceName": "name", "min": 1, "max": "1"},
    {"id": "Extension.extension:name.url", "fixedUri": "name"},
    {"id": "Extension.extension:name.value[x]", "min": 1, "type": [{"code": "string"}]},
    {"id": "Extension.extension:owner", "sliceName": "owner", "max": "1"},
    {"id": "Extension.extension:owner.url", "fixedUri": "owner"},
    {"id": "Extension.extension:owner.value[x]", "type": [{"code": "Reference"}]},
    {"id": "Extension.value[x]", "max": "0"},
)
CODED = extension(
    "coded",
    {
        "id": "Extension.value[x]",
        "type": [{"code": "CodeableConcept"}],
        "binding": {"strength": "required", "valueSet": "http://guide.test/ValueSet/v"},
    },
)
CODES = value_set("v", system="s", concept=[{"code": "a"}])
ALL = (SIMPLE, COMPLEX, CODED, CODES)


def _level(**more: Any) -> dict[str, Any]:
    return {"url": f"{BASE}level", "valueCode": "high", **more}


def _step(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"url": f"{BASE}step", "extension": list(parts), **more}


def _goal(*extensions: Any, **more: Any) -> dict[str, Any]:
    return changed(GOAL, extension=list(extensions), **more)


NAME = {"url": "name", "valueString": "x"}
OWNER = {"url": "owner", "valueReference": {"reference": "Practitioner/1"}}
PLACE = "Goal.extension[0]"

GOOD = {
    "simple": _goal(_level()),
    "on a backbone element": changed(GOAL, target=[{"extension": [_level()]}]),
    "on a datatype": changed(GOAL, note=[{"text": "x", "extension": [_level()]}]),
    "complex": _goal(_step(NAME, OWNER)),
    "complex, optional part left out": _goal(_step(NAME)),
    "coded": _goal({"url": f"{BASE}coded", "valueCodeableConcept": {"coding": [
        {"system": "s", "code": "a"}]}}),
    "a part that is absent for a reason": _goal(_step({"url": "name", "_valueString": {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                       "valueCode": "unknown"}]}})),
    "somebody else's": _goal({"url": "http://other.test/level", "valueInteger": 1}),
    "of R4": _goal({"url": "http://hl7.org/fhir/StructureDefinition/goal-acceptance"}),
}  # fmt: skip

BAD: dict[str, tuple[Any, list[str]]] = {
    "value of another type": (
        _goal({"url": f"{BASE}level", "valueString": "high"}),
        [f"extension {PLACE}.value"],
    ),
    "no value": (_goal({"url": f"{BASE}level", "id": "1"}), [f"extension {PLACE}.value"]),
    "parts where there is a value": (
        _goal({"url": f"{BASE}level", "extension": [NAME]}),
        [f"extension {PLACE}.extension", f"extension {PLACE}.value",
         f"extension {PLACE}.extension[0]"],
    ),
    "a value where there are parts": (
        _goal({"url": f"{BASE}step", "valueString": "x"}),
        [f"extension {PLACE}.extension", f"extension {PLACE}.value"],
    ),
    "mandatory part": (_goal(_step(OWNER)), [f"extension {PLACE}.extension"]),
    "a part twice": (_goal(_step(NAME, NAME)), [f"extension {PLACE}.extension"]),
    "a part of another type": (
        _goal(_step(NAME, {"url": "owner", "valueString": "x"})),
        [f"extension {PLACE}.extension[1].value"],
    ),
    "no such part": (
        _goal(_step(NAME, {"url": "other", "valueString": "x"})),
        [f"extension {PLACE}.extension[1]"],
    ),
    "a code outside the value set": (
        _goal({"url": f"{BASE}coded", "valueCodeableConcept": {"coding": [{"code": "a"}]}}),
        [f"code-invalid {PLACE}.value"],
    ),
    "at another element": (
        changed(GOAL, description={"text": "x", "extension": [_level()]}),
        ["extension Goal.description.extension[0]"],
    ),
    "at another resource": (
        {"resourceType": "Basic", "code": {"text": "x"}, "extension": [_level()]},
        ["extension Basic.extension[0]"],
    ),
    "at a primitive": (
        changed(GOAL, _lifecycleStatus={"extension": [_level()]}),
        ["extension Goal.lifecycleStatus.extension[0]"],
    ),
    "in another extension": (
        _goal({"url": "http://other.test/x", "extension": [_level()]}),
        ["extension Goal.extension[0].extension[0]"],
    ),
    "in a contained resource": (
        changed(GOAL, contained=[{"resourceType": "Basic", "id": "b", "extension": [_level()]}]),
        ["extension Goal.contained[0].extension[0]"],
    ),
    "in a Bundle": (
        {"resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": {"resourceType": "Basic", "extension": [_level()]}}]},
        ["extension Bundle.entry[0].resource.extension[0]"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_extensions_as_they_are_defined(name: str) -> None:
    assert refused(GOOD[name], *ALL) == []
    assert [each for each in said(GOOD[name], *ALL, asked=()) if "error" in each] == []


@pytest.mark.parametrize("name", BAD)
def test_extensions_of_another_form_are_refused(name: str) -> None:
    resource, expected = BAD[name]
    assert refused(resource, *ALL) == expected
    assert any(each.startswith("error") for each in said(resource, *ALL, asked=()))


def test_an_extension_of_an_extension() -> None:
    inner = extension("inner", {"id": "Extension.value[x]", "type": [{"code": "string"}]})
    inner["context"] = [{"type": "extension", "expression": f"{BASE}level"}]
    inside = {"url": f"{BASE}inner", "valueString": "x"}
    place = f"{PLACE}.extension[0]"
    nested = {"url": f"{BASE}level", "valueCode": "a", "extension": [inside]}
    outer = {**SIMPLE, "differential": {"element": []}}
    assert refused(_goal(nested), outer, inner) == []
    elsewhere = _goal({"url": "http://other.test/x", "extension": [inside]})
    assert refused(elsewhere, outer, inner) == [f"extension {place}"]


@pytest.mark.parametrize(
    ("kind", "expression", "fine"),
    [
        ("element", "Element", True),
        ("element", "DomainResource", False),
        ("element", "Goal.start[x]", True),
        ("element", "Goal.start", True),
        ("element", "date", True),
        ("element", "string", False),
        ("fhirpath", "Goal.start", True),
        ("extension", "Goal.start", False),
    ],
)
def test_contexts(kind: str, expression: str, fine: bool) -> None:
    definition = extension("any")
    definition["context"] = [{"type": kind, "expression": expression}]
    inside = {"extension": [{"url": f"{BASE}any", "valueString": "x"}]}
    goal = changed(GOAL, startDate="2020", _startDate=inside)
    assert refused(goal, definition) == ([] if fine else ["extension Goal.start.extension[0]"])


def test_general_contexts_of_resources() -> None:
    definition = extension("any", contexts=("DomainResource",))
    assert refused(_goal({"url": f"{BASE}any", "valueString": "x"}), definition) == []
    without = {**definition, "context": []}
    assert refused(_goal({"url": f"{BASE}any", "valueString": "x"}), without) == []


def test_what_is_said_of_an_extension_in_the_wrong_place() -> None:
    resource = changed(GOAL, description={"text": "x", "extension": [_level()]})
    (issue,) = issues(resource, *ALL, asked=())
    assert issue.diagnostics == (
        "Goal.description.extension[0]: "
        "the extension level may stand in Annotation, Goal, Goal.target only."
    )


def test_extensions_without_a_definition() -> None:
    goal = _goal(
        {"url": f"{BASE}unheard-of", "valueString": "x"},
        {"url": "http://other.test/x", "valueString": "x"},
        {"url": "http://other.test/x", "valueString": "x"},
        {"url": "relative", "valueString": "x"},
    )
    here = ["extension Goal.extension[0]", "extension Goal.extension[3]"]
    assert refused(goal, *ALL) == here
    assert said(goal, *ALL, asked=()) == [
        "error extension Goal.extension[0]",
        "information not-supported Goal.extension[1]",
        "error extension Goal.extension[3]",
    ]


@pytest.mark.parametrize("value", [{}, {"url": f"{BASE}level"}, [{"url": f"{BASE}level"}]])
def test_what_is_no_resource_has_no_extensions(value: Any) -> None:
    assert refused(value, *ALL) == []


def test_extensions_within_extensions_have_an_end() -> None:
    inner: dict[str, Any] = _level(valueCode=1)
    for _ in range(150):
        inner = {"url": "http://other.test/x", "extension": [inner]}
    assert refused(_goal(inner), *ALL) == []
