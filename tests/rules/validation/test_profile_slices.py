"""Slices: which element belongs to which, and how many there are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.validation.profile_definitions import (
    GOAL,
    URL,
    changed,
    profile,
    said,
    value_set,
)

A, B, C = ({"coding": [{"system": "s", "code": each}]} for each in "abc")


def _sliced(path: str, by: str, at: str = "$this", rules: str = "open", **more: Any) -> Any:
    found = {"discriminator": [{"type": by, "path": at}], "rules": rules, **more}
    return {"id": path, "slicing": found}


def _category(rules: str = "open", **more: Any) -> Any:
    return profile(
        _sliced("Goal.category", "pattern", rules=rules, **more),
        {"id": "Goal.category:a", "min": 1, "max": "1", "patternCodeableConcept": A},
        {"id": "Goal.category:b", "patternCodeableConcept": B},
        {"id": "Goal.category:b.text", "min": 1},
    )


WORDED = {**B, "text": "words"}


@pytest.mark.parametrize(
    ("rules", "categories", "expected"),
    [
        ("open", [A], []),
        ("open", [C, A, WORDED], []),
        ("open", [C], ["error required Goal.category"]),
        ("open", [A, A], ["error structure Goal.category"]),
        ("open", [A, B], ["error required Goal.category[1].text"]),
        ("closed", [A, WORDED], []),
        ("closed", [A, C], ["error structure Goal.category[1]"]),
        ("openAtEnd", [A, C], []),
        ("openAtEnd", [C, A], ["error structure Goal.category[1]"]),
    ],
)
def test_slices_by_pattern(rules: str, categories: list[Any], expected: list[str]) -> None:
    assert said(changed(GOAL, category=categories), _category(rules)) == expected


def test_slices_in_order() -> None:
    ordered = _category(ordered=True)
    assert said(changed(GOAL, category=[A, C, WORDED]), ordered) == []
    expected = ["error structure Goal.category[1]"]
    assert said(changed(GOAL, category=[WORDED, A]), ordered) == expected


def test_slices_by_value() -> None:
    fixed = profile(
        _sliced("Goal.identifier", "value", "system"),
        {"id": "Goal.identifier:own", "min": 1},
        {"id": "Goal.identifier:own.system", "fixedUri": "s"},
        {"id": "Goal.identifier:own.value", "min": 1},
    )
    assert said(changed(GOAL, identifier=[{"system": "s", "value": "1"}]), fixed) == []
    assert said(changed(GOAL, identifier=[{"system": "t", "value": "1"}]), fixed) == [
        "error required Goal.identifier"
    ]
    assert said(changed(GOAL, identifier=[{"system": "s"}]), fixed) == [
        "error required Goal.identifier[0].value"
    ]


def test_what_the_element_and_its_slice_say_is_said_once() -> None:
    both = profile(
        _sliced("Goal.identifier", "value", "system"),
        {"id": "Goal.identifier.value", "min": 1},
        {"id": "Goal.identifier:own.system", "fixedUri": "s"},
        {"id": "Goal.identifier:own.value", "min": 1},
    )
    expected = ["error required Goal.identifier[0].value"]
    assert said(changed(GOAL, identifier=[{"system": "s"}]), both) == expected


def test_slices_by_what_is_deeper_inside() -> None:
    nested = profile(
        _sliced("Goal.category", "value", "coding"),
        {"id": "Goal.category:own", "min": 1},
        {"id": "Goal.category:own.coding.code", "min": 1, "fixedCode": "a"},
    )
    assert said(changed(GOAL, category=[A]), nested) == []
    assert said(changed(GOAL, category=[B]), nested) == ["error required Goal.category"]


def test_slices_by_value_set() -> None:
    bound = {"strength": "required", "valueSet": "http://guide.test/ValueSet/a"}
    by_codes = profile(
        _sliced("Goal.category", "pattern"),
        {"id": "Goal.category:a", "min": 1, "binding": bound},
    )
    codes = value_set("a", system="s", concept=[{"code": "a"}])
    assert said(changed(GOAL, category=[B, A]), by_codes, codes) == []
    expected = ["error required Goal.category"]
    assert said(changed(GOAL, category=[B]), by_codes, codes) == expected


def test_slices_by_type() -> None:
    typed = profile(
        _sliced("Goal.start[x]", "type"),
        {"id": "Goal.start[x]:startDate", "type": [{"code": "date"}], "patternDate": "2020"},
    )
    assert said(changed(GOAL, startDate="2021"), typed) == ["error value Goal.start"]
    assert said(changed(GOAL, startDate="2020"), typed) == []
    assert said(changed(GOAL, startCodeableConcept={"text": "x"}), typed) == []
    unsaid = profile({"id": "Goal.start[x]:startDate", "type": [{"code": "date"}], "max": "0"})
    assert said(changed(GOAL, startDate="2021"), unsaid) == ["error structure Goal.start"]


def test_slices_by_what_a_reference_points_to() -> None:
    target = "http://hl7.org/fhir/StructureDefinition/Condition"
    by_target = profile(
        _sliced("Goal.addresses", "type", "$this.resolve()"),
        {
            "id": "Goal.addresses:condition",
            "max": "1",
            "type": [{"code": "Reference", "targetProfile": [target]}],
        },
    )
    one, two = {"reference": "Condition/1"}, {"reference": "Observation/1"}
    assert said(changed(GOAL, addresses=[one, two, two]), by_target) == []
    expected = ["error structure Goal.addresses"]
    assert said(changed(GOAL, addresses=[one, one]), by_target) == expected


def test_slices_by_existence() -> None:
    existing = profile(
        _sliced("Goal.note", "exists", "time"),
        {"id": "Goal.note:timed", "max": "1"},
        {"id": "Goal.note:timed.time", "min": 1},
        {"id": "Goal.note:untimed", "max": "1"},
        {"id": "Goal.note:untimed.time", "max": "0"},
    )
    timed, untimed = {"text": "a", "time": "2020"}, {"text": "b"}
    assert said(changed(GOAL, note=[timed, untimed]), existing) == []
    expected = ["error structure Goal.note"]
    assert said(changed(GOAL, note=[timed, timed]), existing) == expected
    assert said(changed(GOAL, note=[untimed, untimed]), existing) == expected


def _bundle(*resources: Any) -> Any:
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


TASK = {"resourceType": "Task", "status": "ready", "intent": "order"}


def test_slices_of_a_bundle_by_type() -> None:
    typed = profile(
        _sliced("Bundle.entry", "type", "resource", rules="closed"),
        {"id": "Bundle.entry:goal", "min": 1},
        {"id": "Bundle.entry:goal.resource", "type": [{"code": "Goal"}]},
        {"id": "Bundle.entry:goal.fullUrl", "min": 1},
        type="Bundle",
    )
    assert said(_bundle(GOAL, TASK), typed) == [
        "error required Bundle.entry[0].fullUrl",
        "error structure Bundle.entry[1]",
    ]
    assert said(_bundle(), typed) == ["error required Bundle.entry"]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (changed(GOAL, note=[{"text": "a"}]), []),
        (GOAL, ["error required Bundle.entry"]),
        (TASK, ["error required Bundle.entry"]),
    ],
)
def test_slices_of_a_bundle_by_profile(resource: Any, expected: list[str]) -> None:
    noted = f"{URL}-noted"
    profiled = profile(
        _sliced("Bundle.entry", "profile", "resource"),
        {"id": "Bundle.entry:goal", "min": 1},
        {
            "id": "Bundle.entry:goal.resource",
            "type": [{"code": "Goal", "profile": [noted]}],
        },
        type="Bundle",
    )
    required = profile({"id": "Goal.note", "min": 1}, url=noted)
    assert said(_bundle(resource), profiled, required) == expected


def test_a_profile_that_is_not_known_is_believed() -> None:
    other = "http://other.test/StructureDefinition/goal"
    profiled = profile(
        _sliced("Bundle.entry", "profile", "resource"),
        {"id": "Bundle.entry:goal", "min": 1},
        {"id": "Bundle.entry:goal.resource", "type": [{"code": "Goal", "profile": [other]}]},
        type="Bundle",
    )
    claiming = changed(GOAL, meta={"profile": [other]})
    assert "error required Bundle.entry" not in said(_bundle(claiming), profiled)
    assert "error required Bundle.entry" in said(_bundle(GOAL), profiled)


def test_slices_by_an_extension_and_by_type_within() -> None:
    url = "http://other.test/kind"
    by_extension = profile(
        _sliced("Goal.note", "value", f"extension('{url}').value.ofType(code)"),
        {"id": "Goal.note:kind", "max": "1"},
        {"id": "Goal.note:kind.extension:kind", "type": [{"code": "Extension", "profile": [url]}]},
        {"id": "Goal.note:kind.extension:kind.value[x]", "fixedCode": "a"},
    )

    def note(code: str) -> Any:
        return {"text": "a", "extension": [{"url": url, "valueCode": code}]}

    unknown = "information not-supported Goal.note[0].extension[0]"
    assert said(changed(GOAL, note=[note("a"), note("b"), note("b")]), by_extension) == [unknown]
    assert said(changed(GOAL, note=[note("a"), note("a")]), by_extension) == [
        "error structure Goal.note",
        unknown,
    ]


def test_slices_that_nothing_tells_apart() -> None:
    unclear = profile({"id": "Goal.note:a", "min": 1})
    assert said(GOAL, unclear) == ["information not-supported Goal.note"]
    nothing_said = profile(_sliced("Goal.note", "value", "text"), {"id": "Goal.note:a", "min": 1})
    expected = ["error required Goal.note"]
    assert said(changed(GOAL, note=[{"text": "x"}]), nothing_said) == expected
    deeper = profile(
        _sliced("Goal.note", "value", "author.display"), {"id": "Goal.note:a", "min": 1}
    )
    assert said(changed(GOAL, note=[{"text": "x"}]), deeper) == expected


def test_extensions_are_told_apart_by_their_url() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/goal-reasonRejected"
    for named in (
        {"id": "Goal.extension:why.url", "patternUri": url},
        {"id": "Goal.extension:why.url", "fixedUri": url},
        {"id": "Goal.extension:why", "type": [{"code": "Extension", "profile": [url]}]},
    ):
        once = profile({"id": "Goal.extension:why", "max": "1"}, {**named, "max": "1"})
        one = {"url": url, "valueString": "x"}
        assert said(changed(GOAL, extension=[one]), once) == []
        expected = ["error structure Goal.extension"]
        assert said(changed(GOAL, extension=[one, one]), once) == expected


def test_a_resource_with_countless_errors_is_in_no_slice() -> None:
    timed = f"{URL}-timed"
    profiled = profile(
        _sliced("Bundle.entry", "profile", "resource"),
        {"id": "Bundle.entry:goal", "min": 1},
        {"id": "Bundle.entry:goal.resource", "type": [{"code": "Goal", "profile": [timed]}]},
        type="Bundle",
    )
    required = profile({"id": "Goal.note.time", "min": 1}, url=timed)
    goal = changed(GOAL, note=[{"text": "a"}] * 1500)
    assert said(_bundle(goal), profiled, required) == ["error required Bundle.entry"]
