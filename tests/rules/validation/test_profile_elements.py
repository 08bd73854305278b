"""What a profile says of single elements: how many, which types, which values."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.rules.json_text import Number
from tests.rules.validation.profile_definitions import GOAL, URL, changed, issues, profile, said


@pytest.mark.parametrize(
    ("element", "more", "expected"),
    [
        ({"min": 1}, {}, ["error required Goal.note"]),
        ({"min": 1}, {"note": [{"text": "a"}]}, []),
        ({"min": 2}, {"note": [{"text": "a"}]}, ["error required Goal.note"]),
        ({"max": "0"}, {"note": [{"text": "a"}]}, ["error structure Goal.note"]),
        ({"max": "1"}, {"note": [{"text": "a"}, {"text": "b"}]}, ["error structure Goal.note"]),
        ({"max": "1"}, {"note": [{"text": "a"}]}, []),
        ({"mustSupport": True}, {}, []),
    ],
)
def test_cardinality(element: dict[str, Any], more: dict[str, Any], expected: list[str]) -> None:
    assert said(changed(GOAL, **more), profile({"id": "Goal.note", **element})) == expected


def test_an_element_inside_is_mandatory_where_the_outer_is() -> None:
    due = profile({"id": "Goal.target.due[x]", "min": 1})
    assert said(GOAL, due) == []
    target = [{"measure": {"text": "x"}}, {"dueDate": "2020-01-01"}]
    assert said(changed(GOAL, target=target), due) == ["error required Goal.target[0].due"]


def test_extensions_stand_for_a_primitive_that_is_mandatory() -> None:
    started = profile({"id": "Goal.start[x]", "min": 1})
    assert said(GOAL, started) == ["error required Goal.start"]
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}
    assert said(changed(GOAL, _startDate=absent), started) == []


@pytest.mark.parametrize(
    ("element", "more", "expected"),
    [
        ({"id": "Goal.statusReason", "fixedString": "a"}, {"statusReason": "a"}, True),
        ({"id": "Goal.statusReason", "fixedString": "a"}, {"statusReason": "b"}, False),
        ({"id": "Goal.description", "fixedCodeableConcept": {"text": "less"}}, {}, True),
        (
            {"id": "Goal.description", "fixedCodeableConcept": {"text": "less"}},
            {"description": {"text": "less", "id": "1"}},
            False,
        ),
        ({"id": "Goal.description", "patternCodeableConcept": {"text": "less"}}, {}, True),
        (
            {"id": "Goal.description", "fixedCodeableConcept": {"coding": [{"code": "c"}]}},
            {"description": {"coding": [{"code": "c"}]}},
            True,
        ),
        (
            {"id": "Goal.description", "fixedCodeableConcept": {"coding": [{"code": "c"}]}},
            {"description": {"coding": [{"code": "c"}, {"code": "c"}]}},
            False,
        ),
        (
            {"id": "Goal.description", "patternCodeableConcept": {"coding": [{"code": "c"}]}},
            {"description": {"coding": [{"code": "b"}, {"code": "c", "system": "s"}]}},
            True,
        ),
        (
            {"id": "Goal.description", "patternCodeableConcept": {"coding": [{"code": "c"}]}},
            {"description": {"coding": [{"code": "b"}]}},
            False,
        ),
    ],
)
def test_fixed_values_and_patterns(
    element: dict[str, Any], more: dict[str, Any], expected: bool
) -> None:
    found = said(changed(GOAL, **more), profile(element))
    assert found == ([] if expected else [f"error value {element['id']}"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(Number("1.0"), True), (1, True), (Number("1.1"), False), (True, False), ("1", False)],
)
def test_numbers_are_compared_as_numbers(value: Any, expected: bool) -> None:
    quantity = profile({"id": "Goal.target.detail[x]", "patternQuantity": {"value": 1}})
    goal = changed(GOAL, target=[{"measure": {"text": "m"}, "detailQuantity": {"value": value}}])
    assert said(goal, quantity) == ([] if expected else ["error value Goal.target[0].detail"])


def test_the_types_of_a_choice() -> None:
    dated = profile({"id": "Goal.start[x]", "type": [{"code": "date"}]})
    assert said(changed(GOAL, startDate="2020"), dated) == []
    coded = changed(GOAL, startCodeableConcept={"text": "x"})
    assert said(coded, dated) == ["error value Goal.start"]


def test_one_type_of_a_choice_may_be_named_alone() -> None:
    dated = profile({"id": "Goal.startDate", "fixedDate": "2020"})
    assert said(changed(GOAL, startDate="2021"), dated) == ["error value Goal.start"]
    assert said(changed(GOAL, startCodeableConcept={"text": "x"}), dated) == []


R4 = "http://hl7.org/fhir/StructureDefinition/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


@pytest.mark.parametrize(
    ("targets", "subject", "expected"),
    [
        ([f"{R4}Patient"], {"reference": "Patient/1"}, []),
        ([f"{R4}Patient"], {"reference": "Group/1"}, ["error value Goal.subject"]),
        ([f"{R4}Patient"], {"type": "Group"}, ["error value Goal.subject"]),
        ([f"{R4}Patient"], {"reference": "#g"}, ["error value Goal.subject"]),
        ([f"{R4}Patient"], {"display": "somebody"}, []),
        ([f"{R4}Patient"], {"reference": "urn:uuid:2f0b"}, []),
        ([f"{R4}Patient", f"{R4}Group"], {"reference": "http://x.test/Group/1"}, []),
        ([f"{R4}Resource"], {"reference": "Group/1"}, []),
        ([f"{US_CORE}patient"], {"reference": "Group/1"}, ["error value Goal.subject"]),
        ([f"{US_CORE}patient"], {"reference": "Patient/1"}, []),
        ([URL], {"reference": "Patient/1"}, ["error value Goal.subject"]),
        (["http://other.test/p"], {"reference": "x/Group/1"}, []),
        (
            ["http://other.test/p"],
            {"reference": "Group/1"},
            ["information not-supported Goal.subject"],
        ),
    ],
)
def test_what_a_reference_points_to(
    targets: list[str], subject: dict[str, Any], expected: list[str]
) -> None:
    patient = profile(
        {"id": "Goal.subject", "type": [{"code": "Reference", "targetProfile": targets}]}
    )
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    assert said(changed(GOAL, subject=subject, contained=[group]), patient) == expected


def test_a_datatype_has_a_profile() -> None:
    with_code = profile({"id": "Quantity.code", "min": 1}, type="Quantity", url=f"{URL}-quantity")
    goal = profile(
        {
            "id": "Goal.target.detail[x]",
            "type": [{"code": "Quantity", "profile": [f"{URL}-quantity"]}, {"code": "Range"}],
        }
    )
    measured = {"measure": {"text": "m"}, "detailQuantity": {"value": 1}}
    expected = ["error required Goal.target[0].detail.code"]
    assert said(changed(GOAL, target=[measured]), goal, with_code) == expected
    measured["detailQuantity"] = {"value": 1, "system": "s", "code": "c"}
    assert said(changed(GOAL, target=[measured]), goal, with_code) == []
    missing = ["information not-supported Goal.target[0].detail"]
    assert said(changed(GOAL, target=[measured]), goal) == missing


def test_one_of_several_profiles_of_a_type_is_enough() -> None:
    strict, lax = f"{URL}-strict", f"{URL}-lax"
    either = profile(
        {"id": "Goal.note", "type": [{"code": "Annotation", "profile": [lax, strict]}]}
    )
    definitions = (
        either,
        profile({"id": "Annotation.time", "min": 1}, type="Annotation", url=strict),
        profile({"id": "Annotation.time", "max": "0"}, type="Annotation", url=lax),
    )
    assert said(changed(GOAL, note=[{"text": "a"}]), *definitions) == []
    timed = changed(GOAL, note=[{"text": "a", "time": "2020"}])
    assert said(timed, *definitions) == []


def test_a_profile_is_based_on_another() -> None:
    base = profile({"id": "Goal.note", "min": 1}, url=f"{URL}-base")
    child = profile({"id": "Goal.statusDate", "min": 1}, baseDefinition=f"{URL}-base")
    assert said(GOAL, child, base) == [
        "error required Goal.note",
        "error required Goal.statusDate",
    ]


def test_profiles_in_a_circle_end() -> None:
    one = profile({"id": "Goal.note", "min": 1}, baseDefinition=f"{URL}-2")
    two = profile({"id": "Goal.note", "min": 1}, url=f"{URL}-2", baseDefinition=URL)
    assert len(said(GOAL, one, two)) == 2


def test_which_profiles_are_checked() -> None:
    strict = profile({"id": "Goal.note", "min": 1})
    failed = ["error required Goal.note"]
    assert said(GOAL, strict, asked=()) == []
    assert said(GOAL, strict) == failed
    assert said(changed(GOAL, meta={"profile": [URL]}), strict, asked=()) == failed
    assert said(changed(GOAL, meta={"profile": [f"{URL}|1"]}), strict, asked=()) == failed
    assert said(changed(GOAL, meta={"profile": [URL]}), strict) == failed, "said once"
    ours = profile(
        {"id": "Goal.note", "min": 1}, url="http://guide.test/StructureDefinition/facade-goal"
    )
    assert said(GOAL, ours, asked=()) == failed


def test_a_profile_that_is_not_known() -> None:
    other_version = changed(GOAL, meta={"profile": [f"{URL}|2", "http://x"]})
    assert said(other_version, profile(), asked=()) == [
        "warning not-found Goal.meta.profile[0]",
        "warning not-found Goal.meta.profile[1]",
    ]
    (issue,) = issues(GOAL, profile(), asked=("http://x",))
    assert (issue.severity, issue.code, issue.expression) == ("error", "not-found", "Goal")
    assert issue.diagnostics == (
        "Goal: the profile that is asked for is not known here; known for Goal: "
        f"{URL}, {US_CORE}goal."
    )


def test_a_profile_of_another_type() -> None:
    assert said(GOAL, profile(type="Task")) == ["error invalid Goal"]


@pytest.mark.parametrize("value", [None, [], "x", {}, {"resourceType": "Nothing"}])
def test_what_is_no_resource_is_left_to_others(value: Any) -> None:
    assert issues(value, profile(), asked=()) == []


def test_a_type_whose_elements_are_not_known() -> None:
    evidence = {"resourceType": "Evidence"}
    assert said(evidence, profile(type="Evidence")) == ["error not-supported Resource"]


def test_the_resources_of_a_bundle() -> None:
    strict = profile({"id": "Goal.note", "min": 1})
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": changed(GOAL, meta={"profile": [URL]})}, {"resource": GOAL}],
    }
    assert said(bundle, strict, asked=()) == ["error required Bundle.entry[0].resource.note"]
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "resource": changed(GOAL, meta={"profile": [URL]})}],
    }
    expected = ["error required Parameters.parameter[0].resource.note"]
    assert said(parameters, strict, asked=()) == expected
    claiming = changed(GOAL, meta={"profile": [URL]})
    deeper = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "resource": claiming}]}],
    }
    expected = ["error required Parameters.parameter[0].part[0].resource.note"]
    assert said(deeper, strict, asked=()) == expected


def test_a_resource_of_a_bundle_refers_to_what_it_contains() -> None:
    patient = profile(
        {
            "id": "Goal.subject",
            "type": [{"code": "Reference", "targetProfile": [f"{R4}Patient"]}],
        },
        url="http://guide.test/StructureDefinition/facade-goal",
    )

    def bundle(kind: str) -> dict[str, Any]:
        contained = [{"resourceType": kind, "id": "a"}]
        goal = changed(GOAL, contained=contained, subject={"reference": "#a"})
        entry = [{"resource": {"resourceType": "Basic"}}, {"resource": goal}]
        return {"resourceType": "Bundle", "type": "collection", "entry": entry}

    assert said(bundle("Patient"), patient, asked=()) == []
    expected = ["error value Bundle.entry[1].resource.subject"]
    assert said(bundle("Group"), patient, asked=()) == expected


INVARIANT = {"key": "g-1", "severity": "error", "human": "a note is wanted"}


@pytest.mark.parametrize(
    ("id", "expression", "expected"),
    [
        ("Goal", "note.exists()", ["error invariant Goal"]),
        ("Goal", "note.empty() and lifecycleStatus = 'active'", []),
        ("Goal", "%resource.note.exists()", ["error invariant Goal"]),
        ("Goal.target", "detail.value > 1", ["error invariant Goal.target[0]"]),
        ("Goal.target", "detail.value = 1.0 and due.exists()", []),
        ("Goal.target", "due is date", []),
        ("Goal.target.detail[x]", "value >= 1", []),
        ("Goal.description", "coding.exists()", ["error invariant Goal.description"]),
        ("Goal.lifecycleStatus", "$this = 'active'", []),
        ("Goal", "note.text", ["error invariant Goal"]),
        ("Goal", "note.nonsense()", ["warning not-supported Goal"]),
        ("Goal", "(((", ["warning not-supported Goal"]),
        ("Goal", "1 + lifecycleStatus", ["warning not-supported Goal"]),
        ("Goal", "lifecycleStatus.matches('[')", ["warning not-supported Goal"]),
    ],
)
def test_invariants(id: str, expression: str, expected: list[str]) -> None:
    definition = profile({"id": id, "constraint": [{**INVARIANT, "expression": expression}]})
    target = {"measure": {"text": "m"}, "detailQuantity": {"value": Number("1.00")}}
    goal = changed(GOAL, target=[{**target, "dueDate": "2020-01-01"}])
    assert said(goal, definition) == expected


def test_an_invariant_that_warns_and_one_without_fhirpath() -> None:
    warning = {**INVARIANT, "severity": "warning", "expression": "note.exists()"}
    (issue,) = issues(GOAL, profile({"id": "Goal", "constraint": [warning, INVARIANT]}))
    assert (issue.severity, issue.code) == ("warning", "invariant")
    assert issue.diagnostics == "Goal: a note is wanted (profile tested, g-1)."
