"""The operations of FHIR's own test cases for FHIRPath Patch.

https://github.com/FHIR/fhir-test-cases, r4/patch
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import Unprocessable
from fhir_facade.rules.patch import fhirpath_patch
from tests.rules.patch.operations import (
    add,
    delete,
    insert,
    move,
    parameters,
    part,
    parts,
    replace,
    value,
)


def contact(**given: Any) -> dict[str, Any]:
    return {"contact": [given]}


def numbered(*numbers: int) -> dict[str, Any]:
    system = "http://example.org"
    return {"identifier": [{"system": system, "value": f"value {each}"} for each in numbers]}


A_NAME = {"text": "a name"}
BORN = {"birthDate": "1920-01-01"}
THIRD = value(valueIdentifier={"system": "http://example.org", "value": "value 3"})
PREFIXED = {
    "family": "du Marché",
    "_family": {"extension": [{"url": "http://example.org/own-prefix", "valueString": "VV"}]},
    "given": ["Bénédicte"],
}
FULL = {
    "id": "example",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">old</div>'},
    "identifier": [{"use": "usual", "value": "12345"}],
    "active": True,
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
        {"use": "usual", "given": ["Jim"]},
    ],
    "birthDate": "1974-12-25",
    "_birthDate": {
        "extension": [
            {"url": "http://example.org/birthTime", "valueDateTime": "1974-12-25T14:35:45-05:00"}
        ]
    },
    "deceasedBoolean": False,
    "contact": [{"name": PREFIXED, "gender": "female", "period": {"start": "2012"}}],
    "managingOrganization": {"reference": "Organization/1"},
}
NEW_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">new</div>'

CASES = {
    "No Difference": (BORN, [], BORN),
    "Replace Primitive": (
        BORN,
        [replace("Patient.birthDate", value(valueDate="1930-01-01"))],
        {"birthDate": "1930-01-01"},
    ),
    "Delete Primitive": (BORN, [delete("Patient.birthDate")], {}),
    "Add Primitive": (
        {},
        [add("Patient", "birthDate", value(valueDate="1930-01-01"))],
        {"birthDate": "1930-01-01"},
    ),
    "Replace Nested Primitive #1": (
        contact(name=A_NAME, gender="male"),
        [replace("Patient.contact[0].gender", value(valueCode="female"))],
        contact(name=A_NAME, gender="female"),
    ),
    "Replace Nested Primitive #2": (
        contact(name=A_NAME, gender="male"),
        [replace("Patient.contact[0].name.text", value(valueString="the name"))],
        contact(name={"text": "the name"}, gender="male"),
    ),
    "Delete Nested Primitive #1": (
        contact(name=A_NAME, gender="male"),
        [delete("Patient.contact[0].gender")],
        contact(name=A_NAME),
    ),
    "Delete Nested Primitive #2": (
        contact(name=A_NAME, gender="male"),
        [delete("Patient.contact[0].name.text")],
        contact(gender="male"),
    ),
    "Add Nested Primitive": (
        contact(name=A_NAME),
        [add("Patient.contact[0]", "gender", value(valueCode="male"))],
        contact(name=A_NAME, gender="male"),
    ),
    "Add Complex": (
        {},
        [add("Patient", "maritalStatus", value(valueCodeableConcept={"text": "married"}))],
        {"maritalStatus": {"text": "married"}},
    ),
    "Replace Complex": (
        {"maritalStatus": {"id": "1", "text": "married"}},
        [
            replace(
                "Patient.maritalStatus",
                value(valueCodeableConcept={"id": "2", "text": "not married"}),
            )
        ],
        {"maritalStatus": {"id": "2", "text": "not married"}},
    ),
    "Delete Complex": (
        {"maritalStatus": {"text": "married"}},
        [delete("Patient.maritalStatus")],
        {},
    ),
    "Add Anonymous Type": (
        {},
        [add("Patient", "contact", parts(part("name", valueHumanName=A_NAME)))],
        contact(name=A_NAME),
    ),
    "Delete Anonymous Type": (contact(name=A_NAME), [delete("Patient.contact[0]")], {}),
    "List unchanged": (numbered(1, 2), [], numbered(1, 2)),
    "List unchanged, contents changed": (
        {"identifier": [{"id": "a", "value": "1"}, {"id": "b", "value": "2"}]},
        [
            replace("Patient.identifier[0].value", value(valueString="2")),
            replace("Patient.identifier[1].value", value(valueString="1")),
        ],
        {"identifier": [{"id": "a", "value": "2"}, {"id": "b", "value": "1"}]},
    ),
    "Add to list": (numbered(1, 2), [insert("Patient.identifier", 2, THIRD)], numbered(1, 2, 3)),
    "Add to list, by add": (
        numbered(1, 2),
        [add("Patient", "identifier", THIRD)],
        numbered(1, 2, 3),
    ),
    "Insert in list #1": (
        numbered(1, 2),
        [insert("Patient.identifier", 1, THIRD)],
        numbered(1, 3, 2),
    ),
    "Insert in list #2": (
        numbered(1, 2),
        [insert("Patient.identifier", 0, THIRD)],
        numbered(3, 1, 2),
    ),
    "Delete from List #1": (
        numbered(1, 2, 3),
        [delete("Patient.identifier[0]")],
        numbered(2, 3),
    ),
    "Delete from List #2": (
        numbered(1, 2, 3),
        [delete("Patient.identifier[1]")],
        numbered(1, 3),
    ),
    "Delete from List #3": (
        numbered(1, 2, 3),
        [delete("Patient.identifier[2]")],
        numbered(1, 2),
    ),
    "Reorder List #1": (
        numbered(1, 2, 3, 4),
        [move("Patient.identifier", 3, 1)],
        numbered(1, 4, 2, 3),
    ),
    "Reorder List #2": (
        numbered(1, 2, 3, 4),
        [move("Patient.identifier", 3, 0)],
        numbered(4, 1, 2, 3),
    ),
    "Reorder List #3": (
        numbered(1, 2, 3, 4),
        [move("Patient.identifier", 3, 2)],
        numbered(1, 2, 4, 3),
    ),
    "Reorder List #4": (
        numbered(1, 2, 3, 4),
        [move("Patient.identifier", 0, 3)],
        numbered(2, 3, 4, 1),
    ),
    "Reorder List #5": (
        numbered(1, 2, 3, 4),
        [move("Patient.identifier", 1, 0), move("Patient.identifier", 2, 1)],
        numbered(2, 3, 1, 4),
    ),
    "Reorder List #6": (
        numbered(1, 2, 3, 4),
        [move("Patient.identifier", 3, each) for each in range(3)],
        numbered(4, 3, 2, 1),
    ),
    "Operation on missing element #2": ({}, [add("Patient", "identifier", THIRD)], numbered(3)),
    "Full Resource": (
        FULL,
        [
            replace("Patient.text.div", value(valueString=NEW_DIV)),
            replace("Patient.name[0].family", value(valueString="Chalmers1")),
        ],
        {
            **FULL,
            "text": {"status": "generated", "div": NEW_DIV},
            "name": [
                {"use": "official", "family": "Chalmers1", "given": ["Peter", "James"]},
                {"use": "usual", "given": ["Jim"]},
            ],
        },
    ),
    "Consecutive operations": (
        contact(name=PREFIXED),
        [
            add("Patient.contact[0]", "gender", value(valueCode="male")),
            add("Patient", "contact", parts(part("gender", valueCode="male"))),
        ],
        {"contact": [{"name": PREFIXED, "gender": "male"}, {"gender": "male"}]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    before, operations, after = CASES[name]
    typed = {"resourceType": "Patient"}
    assert fhirpath_patch({**typed, **before}, parameters(*operations)) == {**typed, **after}


def test_no_parameter_at_all() -> None:
    patient = {"resourceType": "Patient", **BORN}
    assert fhirpath_patch(patient, {"resourceType": "Parameters"}) == patient


def test_operation_on_missing_element() -> None:
    patient = {"resourceType": "Patient", "identifier": [{"use": "official", "value": "123"}]}
    path = "Patient.identifier.where(use = 'official').period"
    with pytest.raises(Unprocessable) as caught:
        fhirpath_patch(patient, parameters(add(path, "end", value(valueDate="2021-12-01"))))
    (issue,) = caught.value.issues
    assert issue.diagnostics == "Operation 0 (add): there is nothing at the path."
    assert issue.expression == "Parameters.parameter[0].part[1]"
