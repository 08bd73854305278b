"""Codes that a profile binds: required, extensible, and what cannot be known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.validation.profile_definitions import GOAL, changed, profile, said, value_set

SETS = "http://guide.test/ValueSet/"
LISTED = value_set("listed", system="s", concept=[{"code": "a"}, {"code": "b"}])
WHOLE = value_set("whole", system="t")
SYSTEM = {
    "resourceType": "CodeSystem",
    "url": "t",
    "content": "complete",
    "concept": [{"code": "x", "concept": [{"code": "y"}]}],
}
RULED = value_set("ruled", system="t", filter=[{"property": "p", "op": "=", "value": "v"}])
IMPORTED = value_set("imported", valueSet=[f"{SETS}listed"])
CROSSED = value_set("crossed", system="s", valueSet=[f"{SETS}listed"])
CIRCLE = value_set("circle", valueSet=[f"{SETS}circle"])
ANY = value_set("any")
LESS = {
    **value_set("less", system="s", concept=[{"code": "a"}, {"code": "b"}]),
    "compose": {
        "include": [{"valueSet": [f"{SETS}listed"]}],
        "exclude": [{"system": "s", "concept": [{"code": "b"}]}],
    },
}
ALL = (LISTED, WHOLE, RULED, IMPORTED, CROSSED, CIRCLE, ANY, LESS)


def _bound(name: str, strength: str, path: str = "Goal.description") -> dict[str, Any]:
    url = name if "/" in name else SETS + name
    return profile({"id": path, "binding": {"strength": strength, "valueSet": url}})


def _coded(*codings: tuple[str, str]) -> dict[str, Any]:
    found = [{"system": system, "code": code} for system, code in codings]
    return changed(GOAL, description={"coding": found} if found else {"text": "x"})


WRONG, UNKNOWN = "code-invalid Goal.description", "information not-supported Goal.description"


@pytest.mark.parametrize(
    ("name", "code", "holds"),
    [
        ("listed", ("s", "a"), True),
        ("listed", ("s", "c"), False),
        ("listed", ("t", "a"), False),
        ("listed|2", ("s", "a"), True),
        ("whole", ("t", "x"), True),
        ("whole", ("t", "y"), True),
        ("whole", ("t", "z"), False),
        ("ruled", ("t", "x"), None),
        ("ruled", ("s", "x"), False),
        ("imported", ("s", "b"), True),
        ("imported", ("s", "c"), False),
        ("crossed", ("s", "a"), None),
        ("circle", ("s", "a"), None),
        ("any", ("s", "a"), None),
        ("less", ("s", "a"), True),
        ("less", ("s", "b"), False),
        ("nowhere", ("s", "a"), None),
    ],
)
def test_value_sets(name: str, code: tuple[str, str], holds: bool | None) -> None:
    expected = {True: [], False: [f"error {WRONG}"], None: [UNKNOWN]}[holds]
    assert said(_coded(code), _bound(name, "required"), *ALL, SYSTEM) == expected


def test_a_system_that_is_not_complete() -> None:
    example = {**SYSTEM, "content": "example"}
    assert said(_coded(("t", "z")), _bound("whole", "required"), WHOLE, example) == [UNKNOWN]


@pytest.mark.parametrize(
    ("strength", "outside", "uncoded"),
    [
        ("required", [f"error {WRONG}"], [f"error {WRONG}"]),
        ("extensible", [f"warning {WRONG}"], [f"information {WRONG}"]),
        ("preferred", [], []),
        ("example", [], []),
    ],
)
def test_strengths(strength: str, outside: list[str], uncoded: list[str]) -> None:
    bound = _bound("listed", strength)
    assert said(_coded(("s", "a")), bound, LISTED) == []
    assert said(_coded(("s", "z")), bound, LISTED) == outside
    assert said(_coded(), bound, LISTED) == uncoded
    assert said(_coded(("t", "z"), ("s", "b")), bound, LISTED) == [], "one coding is enough"


def test_a_concept_that_is_absent_for_a_reason_has_no_code() -> None:
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}
    goal = changed(GOAL, description=absent)
    assert said(goal, _bound("listed", "required"), LISTED) == []


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        ("Goal.statusReason", {"statusReason": "a"}, []),
        ("Goal.statusReason", {"statusReason": "z"}, ["error code-invalid Goal.statusReason"]),
        ("Goal.lifecycleStatus", {}, ["error code-invalid Goal.lifecycleStatus"]),
        (
            "Goal.description.coding",
            {"description": {"coding": [{"system": "s", "code": "a"}, {"code": "a"}]}},
            ["error code-invalid Goal.description.coding[1]"],
        ),
        (
            "Goal.target.detail[x]",
            {"target": [{"detailQuantity": {"system": "s", "code": "z"}}]},
            ["error code-invalid Goal.target[0].detail"],
        ),
        ("Goal.target.detail[x]", {"target": [{"detailQuantity": {"value": 1}}]}, []),
        ("Goal.note", {"note": [{"text": "a"}]}, []),
    ],
)
def test_what_may_be_coded(path: str, more: dict[str, Any], expected: list[str]) -> None:
    assert said(changed(GOAL, **more), _bound("listed", "required", path), LISTED) == expected


def test_required_value_sets_of_r4() -> None:
    status = "http://hl7.org/fhir/ValueSet/goal-status|4.0.1"
    bound = _bound(status, "required", "Goal.lifecycleStatus")
    assert said(GOAL, bound) == []
    expected = ["error code-invalid Goal.lifecycleStatus"]
    assert said(changed(GOAL, lifecycleStatus="odd"), bound) == expected


def test_what_is_not_known_is_said_once() -> None:
    bound = _bound("nowhere", "required", "Goal.category")
    concept = {"coding": [{"code": "a"}]}
    expected = ["information not-supported Goal.category[0]"]
    assert said(changed(GOAL, category=[concept, concept]), bound) == expected
