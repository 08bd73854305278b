"""Names, cardinality and JSON types: exact issues."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import Issue
from fhir_facade.rules.validation import MOST_ISSUES, validate

TASK: dict[str, Any] = {"resourceType": "Task", "status": "requested", "intent": "order"}
EXTENSION = [{"url": "http://example.org/x", "valueString": "y"}]
Found = tuple[str, str | None, str]


def found(resource: Any, **options: Any) -> list[Found]:
    issues = validate(resource, **options)
    assert all(each.severity == "error" for each in issues)
    return [(each.code, each.expression, each.diagnostics) for each in issues]


def issue(code: str, path: str, text: str) -> Found:
    return code, path, f"{path}: {text}."


EMPTY_CODE = issue("invariant", "Task.code", "must have a value or children (Element ele-1)")
STRUCTURE: list[tuple[dict[str, Any], list[Found]]] = [
    ({}, []),
    ({"foo": 1}, [("structure", "Task.foo", "Task: has no property foo in R4.")]),
    ({"_foo": {}}, [("structure", "Task.foo", "Task: has no property _foo in R4.")]),
    (
        {"no element": 1},
        [issue("structure", "Task", "has a property whose name is no name of FHIR")],
    ),
    ({"fhir_comments": "x"},
     [issue("structure", "Task", "has a property whose name is no name of FHIR")]),
    ({"code": {"resourceType": "CodeableConcept", "text": "x"}},
     [("structure", "Task.code.resourceType", "Task.code: has no property resourceType in R4.")]),
    ({"_code": {}}, [("structure", "Task.code", "Task: has no property _code in R4.")]),
    ({"status": None}, [
        issue("structure", "Task.status", "must not be null"),
        issue("required", "Task.status", "is mandatory"),
    ]),
    ({"status": ["draft"]}, [issue("structure", "Task.status", "must be a code")]),
    ({"status": 1}, [issue("structure", "Task.status", "must be a JSON string")]),
    ({"code": None}, [issue("structure", "Task.code", "must not be null")]),
    ({"code": "x"}, [issue("structure", "Task.code", "must be a JSON object")]),
    ({"code": [{"text": "x"}]},
     [issue("structure", "Task.code", "must be a single value, not a list")]),
    ({"code": {}}, [EMPTY_CODE]),
    ({"code": {"id": "x"}},
     [EMPTY_CODE]),
    ({"note": {"text": "x"}}, [issue("structure", "Task.note", "must be a JSON list")]),
    ({"note": None}, [issue("structure", "Task.note", "must not be null")]),
    ({"note": []}, [issue("structure", "Task.note", "must not be an empty list")]),
    ({"note": [{}, None]}, [
        issue("invariant", "Task.note[0]", "must have a value or children (Element ele-1)"),
        issue("structure", "Task.note[1]", "must not be null"),
    ]),
    ({"note": [{"authorString": "x"}]}, [issue("required", "Task.note[0].text", "is mandatory")]),
    ({"input": [{"type": {"text": "t"}}]},
     [issue("required", "Task.input[0].value", "is mandatory")]),
    ({"input": [{"type": {"text": "t"}, "valueString": "a", "valueCode": "b"}]},
     [issue("structure", "Task.input[0].value", "only one value is allowed")]),
    ({"input": [{"type": {"text": "t"}, "valueString": "a", "_valueString": {"id": "b"}}]},
     [issue("invariant", "Task.input[0].value", "must have a value or children (Element ele-1)")]),
    ({"input": [{"type": {"text": "t"}, "valueUri": "a", "_valueCode": {"extension": EXTENSION}}]},
     [issue("structure", "Task.input[0].value", "only one value is allowed")]),
    ({"input": [{"type": {"text": "t"}, "_valueString": {"extension": EXTENSION}}]}, []),
    ({"_description": {"extension": EXTENSION, "id": "a"}}, []),
    ({"_description": {"extension": EXTENSION, "value": 1}},
     [("structure", "Task.description.value", "Task.description: has no property value in R4.")]),
    ({"_description": {"extension": [{"url": "http://x"}]}},
     [issue("invariant", "Task.description.extension[0]",
            "there must be either extensions or value[x], not both (Extension ext-1)")]),
    ({"_description": []}, [issue("structure", "Task.description", "must be a JSON object")]),
    ({"_description": None}, [issue("structure", "Task.description", "must not be null")]),
    ({"extension": [{"valueString": "x"}]},
     [issue("required", "Task.extension[0].url", "is mandatory")]),
    ({"extension": [{"url": "urn:x", "valueRatioRange": {}}]},
     [("structure", "Task.extension[0].valueRatioRange",
       "Task.extension[0]: has no property valueRatioRange in R4.")]),
    ({"extension": [{"url": "urn:x", "valueMeta": {"versionId": "1"}}]}, []),
    ({"modifierExtension": EXTENSION},
     [issue("extension", "Task.modifierExtension[0]",
            "modifier extensions are refused: this server understands none")]),
    ({"restriction": {"modifierExtension": EXTENSION}},
     [issue("extension", "Task.restriction.modifierExtension[0]",
            "modifier extensions are refused: this server understands none")]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), STRUCTURE)
def test_structure(change: dict[str, Any], expected: list[Found]) -> None:
    assert found({**TASK, **change}) == expected


GIVEN: list[tuple[dict[str, Any], list[Found]]] = [
    ({"given": ["a", None], "_given": [None, {"extension": EXTENSION}]}, []),
    ({"_given": [{"extension": EXTENSION}]}, []),
    ({"given": ["a"], "_given": [{"extension": EXTENSION}, None]}, [
        issue("structure", "Patient.name[0].given", "given and _given must have the same length"),
    ]),
    ({"given": ["a", None]}, [issue("structure", "Patient.name[0].given[1]", "must not be null")]),
    ({"given": [None], "_given": [None]},
     [issue("structure", "Patient.name[0].given[0]", "must not be null")]),
    ({"given": "a"}, [issue("structure", "Patient.name[0].given", "must be a JSON list")]),
    ({"given": ["a"], "_given": {"extension": EXTENSION}},
     [issue("structure", "Patient.name[0].given", "must be a JSON list")]),
    ({"given": [["a"]]}, [issue("structure", "Patient.name[0].given[0]", "must be a string")]),
    ({"given": [""]}, [issue("value", "Patient.name[0].given[0]", "must not be empty")]),
    ({"given": []}, [issue("structure", "Patient.name[0].given", "must not be an empty list")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), GIVEN)
def test_lists_of_primitives(name: dict[str, Any], expected: list[Found]) -> None:
    assert found({"resourceType": "Patient", "name": [name]}) == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (None, [issue("structure", "Resource", "must be a JSON object")]),
        ([], [issue("structure", "Resource", "must be a JSON object")]),
        ({}, [issue("required", "Resource", "resourceType is missing")]),
        ({"resourceType": 1},
         [issue("value", "Resource", "resourceType must be a resource type of R4")]),
        ({"resourceType": "NutritionProduct"},
         [issue("value", "Resource", "resourceType must be a resource type of R4")]),
        ({"resourceType": "DomainResource"},
         [issue("value", "Resource", "resourceType must be a resource type of R4")]),
        ({"resourceType": "Task"}, [
            issue("required", "Task.intent", "is mandatory"),
            issue("required", "Task.status", "is mandatory"),
        ]),
        ({"resourceType": "Task", "_status": {"extension": EXTENSION},
          "_intent": {"extension": EXTENSION}}, []),
    ],
)  # fmt: skip
def test_resources(resource: Any, expected: list[Found]) -> None:
    assert found(resource) == expected


def test_the_type_that_is_wanted() -> None:
    assert found(TASK, type="Task") == []
    wrong = [issue("invalid", "Goal", "resourceType must be Goal")]
    assert found(TASK, type="Goal") == wrong
    assert found({}, type="Goal") == wrong
    assert found(3, type="Goal") == [issue("structure", "Resource", "must be a JSON object")]


def test_types_without_a_model() -> None:
    resource = {"resourceType": "MedicinalProduct", "name": [{"part": [{"modifierExtension": []}]}]}
    assert validate(resource) == [
        Issue(
            "warning",
            "not-supported",
            "MedicinalProduct: the elements of MedicinalProduct are not checked.",
            "MedicinalProduct",
        ),
        Issue(
            "error",
            "extension",
            "MedicinalProduct: modifier extensions are refused: this server understands none.",
            "MedicinalProduct",
        ),
    ]


def test_only_an_extension_within_another_has_a_relative_url() -> None:
    inner = {"url": "part", "valueString": "y"}
    assert found({**TASK, "extension": [{"url": "urn:x", "extension": [inner]}]}) == []
    note = [{"text": "x", "extension": [inner]}]
    ((code, expression, text),) = found({**TASK, "note": note})
    assert (code, expression) == ("extension", "Task.note[0].extension[0].url")
    assert "must be an absolute URL" in text


def test_no_more_than_the_limit() -> None:
    assert len(found({**TASK, "note": [{}] * 5000})) == MOST_ISSUES


def test_depth() -> None:
    extension: dict[str, Any] = {"url": "urn:x", "valueString": "y"}
    for _ in range(200):
        extension = {"url": "urn:x", "extension": [extension]}
    ((code, expression, text),) = found({**TASK, "extension": [extension]})
    assert (code, text) == ("too-long", f"{expression}: more than 64 levels.")
