"""Goal: MAPPING's section 3."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128

from fhir_facade.rules.json_text import to_json
from tests.mappings.serving import BASE, extension, read, serve

GOAL = {"_id": "g1", "type": "goal", "life_cycle_status": "Active", "name": "Walk", "subject": "M1"}
HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"
AS_TEXT = "served as text: it does not read as its measure type"


def goal(**fields: Any) -> dict[str, Any]:
    return serve("Goal", {**GOAL, **fields})


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("Proposed", "proposed"),
        ("Planned", "planned"),
        ("Accepted", "accepted"),
        ("Active", "active"),
        ("OnHold", "on-hold"),
        ("Completed", "completed"),
        ("Cancelled", "cancelled"),
        ("EnteredInError", "entered-in-error"),
        ("Rejected", "rejected"),
        ("on hold", "on-hold"),
    ],
)
def test_life_cycle(stored: str, code: str) -> None:
    assert goal(life_cycle_status=stored)["lifecycleStatus"] == code


@pytest.mark.parametrize("stored", [None, "", "wip", 2.0])
def test_without_a_life_cycle_status_it_cannot_be_served(stored: Any) -> None:
    resource, findings = read("Goal", {**GOAL, "life_cycle_status": stored})
    assert resource is None
    assert [(each.severity, each.element) for each in findings] == [
        ("unservable", "Goal.lifecycleStatus")
    ]


@pytest.mark.parametrize(
    ("stored", "code", "display"),
    [
        ("InProgress", "in-progress", "In Progress"),
        ("Improving", "improving", "Improving"),
        ("Worsening", "worsening", "Worsening"),
        ("NoChange", "no-change", "No Change"),
        ("Achieved", "achieved", "Achieved"),
        ("Sustaining", "sustaining", "Sustaining"),
        ("NotAchieved", "not-achieved", "Not Achieved"),
        ("NoProgress", "no-progress", "No Progress"),
        ("NotAttainable", "not-attainable", "Not Attainable"),
        ("not_attainable", "not-attainable", "Not Attainable"),
    ],
)
def test_achievement(stored: str, code: str, display: str) -> None:
    assert goal(achievement_status=stored)["achievementStatus"] == {
        "coding": [{"system": f"{HL7}/goal-achievement", "code": code, "display": display}]
    }


@pytest.mark.parametrize(
    ("stored", "code"),
    [("High", "high-priority"), ("medium", "medium-priority"), ("LOW", "low-priority")],
)
def test_priority(stored: str, code: str) -> None:
    (coding,) = goal(priority=stored)["priority"]["coding"]
    assert (coding["system"], coding["code"]) == (f"{HL7}/goal-priority", code)


def test_another_priority_is_text() -> None:
    assert goal(priority="Top")["priority"] == {"text": "Top"}


def test_category() -> None:
    found = goal(category=["Dietary", "behavioral", "Own", None, "  "])["category"]
    assert found == [
        {"coding": [{"system": f"{HL7}/goal-category", "code": "dietary", "display": "Dietary"}]},
        {
            "coding": [
                {"system": f"{HL7}/goal-category", "code": "behavioral", "display": "Behavioral"}
            ]
        },
        {"coding": [{"system": f"{BASE}/CodeSystem/goal-category-local", "code": "Own"}]},
    ]


def test_description_dates_and_texts() -> None:
    found = goal(
        date_start="2026-01-16",
        target_due_date="02/01/2026",
        addresses="Diabetes",
        message="Well done",
    )
    assert found["description"] == {"text": "Walk"}
    assert found["startDate"] == "2026-01-16"
    assert found["target"] == [{"dueDate": "2026-02-01"}]
    assert found["addresses"] == [{"display": "Diabetes"}]
    assert [each["valueString"] for each in extension(found, "display-message")] == ["Well done"]


@pytest.mark.parametrize(
    ("name", "reason"), [(None, "unknown"), ("", "unknown"), (" ", "unknown"), (7, "unsupported")]
)
def test_without_a_name_the_description_says_why(name: Any, reason: str) -> None:
    resource, findings = read("Goal", {**GOAL, "name": name})
    assert resource is not None
    assert resource["description"]["extension"][0]["valueCode"] == reason
    assert [each.field for each in findings] == ["name"]


@pytest.mark.parametrize(
    ("stored", "served"),
    [
        ("better", {"text": "better"}),
        ({"code": "x"}, {"coding": [{"code": "x"}]}),
        (
            {"code": "x", "system": "http://loinc.org", "display": "X"},
            {"coding": [{"system": "http://loinc.org", "code": "x", "display": "X"}]},
        ),
        ({"value": "x", "text": "X"}, {"coding": [{"code": "x", "display": "X"}]}),
        ({"code": "not  a code", "display": "X"}, {"text": "X"}),
    ],
)
def test_outcome(stored: Any, served: dict[str, Any]) -> None:
    assert goal(outcome=[stored])["outcomeCode"] == [served]


@pytest.mark.parametrize("stored", [[], ["  "], [7], [{}], [{"system": "http://loinc.org"}], None])
def test_no_outcome(stored: Any) -> None:
    assert "outcomeCode" not in goal(outcome=stored)


def measure(stored: Any) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the target's detail, its measure taken off, and the reasons of the findings."""
    resource, findings = read("Goal", {**GOAL, "target_measure": stored})
    assert resource is not None
    reasons = [each.reason for each in findings]
    if "target" not in resource:
        return None, reasons
    (target,) = resource["target"]
    assert target.pop("measure") == {"text": "Walk"}  # gol-1
    return target, reasons


def number(text: str) -> Any:
    return Decimal(text)


@pytest.mark.parametrize(
    ("stored", "served"),
    [
        ({"type": "quantity", "value": 7}, {"detailQuantity": {"value": 7}}),
        ({"type": "quantity", "value": 0}, {"detailQuantity": {"value": 0}}),
        (
            {"type": "Quantity", "value": {"value": 7.5, "unit": "%"}},
            {"detailQuantity": {"value": 7.5, "unit": "%"}},
        ),
        (
            {
                "type": "quantity",
                "value": {"value": 7, "unit": "percent", "code": "%"},
                "system": UCUM,
            },
            {"detailQuantity": {"value": 7, "unit": "percent", "system": UCUM, "code": "%"}},
        ),
        (
            {"type": "quantity", "value": {"value": 7, "unit": "percent", "code": "%"}},  # qty-3
            {"detailQuantity": {"value": 7, "unit": "percent"}},
        ),
        (
            {"type": "quantity", "value": "7.0 %"},
            {"detailQuantity": {"value": number("7.0"), "unit": "%"}},
        ),
        (
            {"type": "quantity", "value": ">= 80%"},
            {"detailQuantity": {"value": number("80"), "comparator": ">=", "unit": "%"}},
        ),
        (
            {"type": "quantity", "value": {"value": "7", "unit": "%"}},
            {"detailQuantity": {"value": number("7"), "unit": "%"}},
        ),
        (
            {"type": "quantity", "value": {"value": "<130", "unit": "mm Hg"}},
            {"detailQuantity": {"value": number("130"), "comparator": "<", "unit": "mm Hg"}},
        ),
        (
            {"type": "quantity", "value": Decimal128("7.10")},
            {"detailQuantity": {"value": number("7.10")}},
        ),
        (
            {
                "type": "range",
                "value": {"low": {"value": 80, "unit": "mg/dL"}, "high": {"value": 130}},
            },
            {"detailRange": {"low": {"value": 80, "unit": "mg/dL"}, "high": {"value": 130}}},
        ),
        (
            {"type": "range", "value": {"low": 80, "high": 130, "unit": "mg/dL"}},
            {
                "detailRange": {
                    "low": {"value": 80, "unit": "mg/dL"},
                    "high": {"value": 130, "unit": "mg/dL"},
                }
            },
        ),
        (
            {"type": "range", "value": "80-130 mg/dL"},
            {
                "detailRange": {
                    "low": {"value": number("80"), "unit": "mg/dL"},
                    "high": {"value": number("130"), "unit": "mg/dL"},
                }
            },
        ),
        ({"type": "range", "value": {"low": 80}}, {"detailRange": {"low": {"value": 80}}}),
        (
            {"type": "ratio", "value": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
            {"detailRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
        ),
        (
            {"type": "ratio", "value": "1:128"},
            {
                "detailRatio": {
                    "numerator": {"value": number("1")},
                    "denominator": {"value": number("128")},
                }
            },
        ),
        ({"type": "string", "value": "walk"}, {"detailString": "walk"}),
        ({"type": "boolean", "value": False}, {"detailBoolean": False}),
        ({"type": "boolean", "value": "true"}, {"detailBoolean": True}),
        ({"type": "integer", "value": 3}, {"detailInteger": 3}),
        ({"type": "integer", "value": 3.0}, {"detailInteger": 3}),
        (
            {"type": "codeableconcept", "value": "ex-smoker"},
            {"detailCodeableConcept": {"text": "ex-smoker"}},
        ),
        (
            {"type": "CodeableConcept", "value": "8517006", "system": "http://snomed.info/sct"},
            {
                "detailCodeableConcept": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "8517006"}],
                    "text": "8517006",
                }
            },
        ),
        (
            {
                "type": "codeableconcept",
                "value": {
                    "code": "8517006",
                    "system": "http://snomed.info/sct",
                    "display": "Ex-smoker",
                },
            },
            {
                "detailCodeableConcept": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "8517006"}],
                    "text": "Ex-smoker",
                }
            },
        ),
        ({"value": 7.5}, {"detailQuantity": {"value": 7.5}}),
        ({"value": True}, {"detailBoolean": True}),
        (
            {"value": {"low": 1, "high": 2}},
            {"detailRange": {"low": {"value": 1}, "high": {"value": 2}}},
        ),
        ("7.0 %", {"detailQuantity": {"value": Decimal("7.0"), "unit": "%"}}),
        (7, {"detailInteger": 7}),
        (True, {"detailBoolean": True}),
    ],
)
def test_a_measure(stored: Any, served: dict[str, Any]) -> None:
    assert measure(stored) == (served, [])


@pytest.mark.parametrize(
    "text",
    [
        "7,0",
        "1,200 kcal",
        "7.0.1",
        "130/85 mmHg",
        "10:30",
        "1e3 kg",
        "50%-60%",
        "120\u2013140",
        "at least 3 x per week",
        "7 8",
        "2 1/2 tablets",
        "\u00bd",
    ],
)
def test_a_number_is_never_guessed(text: str) -> None:
    found, reasons = measure({"type": "quantity", "value": text})
    assert found == {"detailString": text}
    assert reasons == [AS_TEXT]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("range", "< 140/90"),
        ("range", "between 110 and 130"),
        ("range", "120 to 80 mg/dL"),  # rng-2
        ("ratio", "one in ten"),
        ("nonsense", "x"),
    ],
)
def test_what_does_not_read_as_its_type_is_text(kind: str, text: str) -> None:
    assert measure({"type": kind, "value": text}) == ({"detailString": text}, [AS_TEXT])


@pytest.mark.parametrize("stored", [None, "", {}])
def test_no_measure(stored: Any) -> None:
    assert measure(stored) == (None, [])


@pytest.mark.parametrize(
    "stored",
    [
        [],
        {"type": "quantity", "value": None},
        {"type": "quantity", "value": {}},
        {"type": "quantity", "value": {"val": 88, "units": "kg"}},
        {"type": "quantity", "value": float("nan")},
        {"type": "range", "value": {"low": 5, "high": 1}},
        {"type": "range", "value": {"low": "?"}},
        {"type": "ratio", "value": {"numerator": 1}},
        {"type": "codeableconcept", "value": {"code": 7}},
    ],
)
def test_a_measure_that_cannot_be_served_is_a_finding(stored: Any) -> None:
    found, reasons = measure(stored)
    assert found is None
    assert len(reasons) == 1


def test_a_goal_without_a_name_still_has_a_measure() -> None:
    (target,) = goal(name=None, target_measure={"type": "integer", "value": 3})["target"]
    assert target["measure"]["text"]


def test_decimals_keep_their_digits_in_json() -> None:
    for value, written in (
        (Decimal128("7.10"), b"7.10"),
        ("7.0 %", b"7.0"),
        (7.5, b"7.5"),
        (7, b"7"),
    ):
        resource = goal(target_measure={"type": "quantity", "value": value})
        assert b'"value":' + written in to_json(resource)
