"""FHIRPath Patch: exact errors, with the place in the Parameters."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import BadRequest, Unprocessable
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

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "birthDate": "2000",
    "_active": {"id": "a"},
    "deceasedBoolean": True,
    "name": [{"given": ["a", "b"]}, {"given": ["c"]}],
    "telecom": [{"system": "phone"}, {"system": "email"}],
}
PHONE = value(valueContactPoint={"system": "fax"})
AT = "Parameters.parameter[0]"
TYPES = "the part type must be one of add, insert, delete, replace, move."
PARTS = "the parts of an operation are type, path, name, value, index, source, destination."
NO_VALUE = "a value is given by one value[x], or by a resource, or by parts."
OPEN = "what is no open datatype is given by parts."


def operation(*given: Any) -> dict[str, Any]:
    return {"name": "operation", "part": list(given)}


def deletion(*more: Any) -> dict[str, Any]:
    return operation(
        part("type", valueCode="delete"), part("path", valueString="Patient.name"), *more
    )


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (1, [("each parameter must have the name operation.", "")]),
        ({}, [("each parameter must have the name operation.", "")]),
        ({"name": "patch"}, [("each parameter must have the name operation.", "")]),
        (
            {"name": "operation"},
            [("part must be a list with at least one part.", ""), (TYPES, "")],
        ),
        (
            {**deletion(), "valueCode": "x"},
            [("an operation has parts, and no value.", "")],
        ),
        (
            operation(1, {}),
            [
                ("each part must have a name.", ".part[0]"),
                ("each part must have a name.", ".part[1]"),
                (TYPES, ""),
            ],
        ),
        (operation(part("type", valueCode="test")), [(TYPES, ".part[0]")]),
        (operation(part("type", valueCode=1)), [(TYPES, ".part[0]")]),
        (deletion(part("Value", valueCode="x")), [(PARTS, ".part[2]")]),
        (deletion(part("path", valueString="x")), [("the part path is given twice.", ".part[2]")]),
        (deletion(part("index", valueInteger=1)), [("delete takes no part index.", ".part[2]")]),
        (
            operation(part("type", valueCode="move"), part("path", valueString="")),
            [
                ("move needs the part source.", ""),
                ("move needs the part destination.", ""),
                ("path must be a valueString.", ".part[1]"),
            ],
        ),
        (
            add("Patient", "", value(valueQuantity=[])),
            [
                ("name must be a valueString.", ".part[2]"),
                ("valueQuantity must be an object.", ".part[3].value"),
            ],
        ),
        (insert("a", True, PHONE), [("index must be a valueInteger.", ".part[2]")]),
        (
            move("a", None, "1"),
            [
                ("source must be a valueInteger.", ".part[2]"),
                ("destination must be a valueInteger.", ".part[3]"),
            ],
        ),  # type: ignore[arg-type]
        (replace("a", value()), [(NO_VALUE, ".part[2]")]),
        (replace("a", value(valueCode="a", valueString="b")), [(NO_VALUE, ".part[2]")]),
        (
            replace("a", value(valueFoo=1)),
            [(f"a parameter cannot have valueFoo; {OPEN}", ".part[2]")],
        ),
        (
            replace("a", value(valueCodeableReference={})),
            [(f"a parameter cannot have valueCodeableReference; {OPEN}", ".part[2]")],
        ),
        (
            replace("a", value(**{"a b": 1})),
            [(f"a parameter cannot have such a value; {OPEN}", ".part[2]")],
        ),
        (
            replace("a", value(resource=1)),
            [(f"a parameter cannot have resource; {OPEN}", ".part[2]")],
        ),
        (replace("a", value(_part=[])), [(f"a parameter cannot have part; {OPEN}", ".part[2]")]),
        (
            replace("a", value(valueBoolean="x")),
            [("valueBoolean must be true or false.", ".part[2].value")],
        ),
        (
            replace("a", value(valueInteger=True)),
            [("valueInteger must be a number.", ".part[2].value")],
        ),
        (replace("a", value(valueCode=1)), [("valueCode must be a string.", ".part[2].value")]),
        (replace("a", value(valueCode=None)), [("valueCode must be a string.", ".part[2].value")]),
        (
            replace("a", value(valueCode="a", _valueCode=1)),
            [("valueCode must be a string.", ".part[2].value")],
        ),
        (replace("a", parts()), [("part must be a list with at least one part.", ".part[2]")]),
        (
            replace("a", parts(part("b", valueX=1), {})),
            [
                (f"a parameter cannot have valueX; {OPEN}", ".part[2].part[0]"),
                ("each part must have a name.", ".part[2].part[1]"),
            ],
        ),
    ],
)
def test_malformed(given: Any, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(BadRequest) as caught:
        fhirpath_patch(PATIENT, parameters(given))
    found = [(each.diagnostics, each.expression) for each in caught.value.issues]
    assert found == [(f"Operation 0: {text}", f"{AT}{place}") for text, place in problems]


def test_all_operations_are_read() -> None:
    with pytest.raises(BadRequest) as caught:
        fhirpath_patch(PATIENT, parameters({}, delete("Patient.name"), delete("a.tail()"), {}))
    assert [each.expression for each in caught.value.issues] == [AT, "Parameters.parameter[3]"]


@pytest.mark.parametrize("given", [None, [], "a", {}, {"resourceType": "Patient"}])
def test_no_parameters(given: Any) -> None:
    with pytest.raises(BadRequest, match="must be a Parameters resource"):
        fhirpath_patch(PATIENT, given)


def test_a_parameter_that_is_no_list() -> None:
    with pytest.raises(BadRequest) as caught:
        fhirpath_patch(PATIENT, {"resourceType": "Parameters", "parameter": {}})
    assert caught.value.issues[0].expression == "Parameters.parameter"


DATE = value(valueDate="2000")


@pytest.mark.parametrize(
    ("given", "problem", "place"),
    [
        (add("Patient", "foo", DATE), "Patient has no element foo.", ".part[2]"),
        (add("Patient", "a b", DATE), "Patient has no element of that name.", ".part[2]"),
        (
            add("Patient", "birthDate", DATE),
            "birthDate is there already and does not repeat.",
            ".part[2]",
        ),
        (
            add("Patient", "active", value(valueBoolean=True)),
            "active is there already and does not repeat.",
            ".part[2]",
        ),
        (
            add("Patient", "deceased", value(valueDateTime="2000")),
            "deceased is there already and does not repeat.",
            ".part[2]",
        ),
        (
            add("Patient", "deceasedDateTime", value(valueBoolean=True)),
            "FHIRPath writes deceased, or deceased.ofType(dateTime), for deceasedDateTime.",
            ".part[2]",
        ),
        (
            add("Patient", "multipleBirth", DATE),
            "multipleBirth takes boolean or integer, and not date.",
            ".part[3]",
        ),
        (
            add("Patient", "gender", value(valueHumanName={})),
            "gender takes code, and not HumanName.",
            ".part[3]",
        ),
        (
            add("Patient", "maritalStatus", value(valueCoding={})),
            "maritalStatus takes CodeableConcept, and not Coding.",
            ".part[3]",
        ),
        (
            add("Patient", "contact", value(valueHumanName={})),
            "contact takes PatientContact, and not HumanName.",
            ".part[3]",
        ),
        (
            add("Patient.name", "use", value(valueCode="usual")),
            "Patient.name must name one element, and names 2.",
            ".part[1]",
        ),
        (
            add("Patient.contact", "gender", value(valueCode="male")),
            "there is nothing at Patient.contact.",
            ".part[1]",
        ),
        (
            add("Patient", "contact", parts(part("foo", valueCode="x"))),
            "PatientContact has no element foo.",
            ".part[3].part[0]",
        ),
        (
            add(
                "Patient",
                "contact",
                parts(part("gender", valueCode="x"), part("gender", valueCode="x")),
            ),
            "gender is there already and does not repeat.",
            ".part[3].part[1]",
        ),
        (
            add("Patient", "contact", parts(part("gender", valueCoding={}))),
            "gender takes code, and not Coding.",
            ".part[3].part[0]",
        ),
        (
            add("Patient", "gender", parts(part("x", valueCode="x"))),
            "gender takes code, which is not given by parts.",
            ".part[3]",
        ),
        (
            add("Patient", "contained", parts(part("id", valueId="x"))),
            "contained takes Resource, which is not given by parts.",
            ".part[3]",
        ),
        (
            add("Patient", "multipleBirth", parts(part("id", valueId="x"))),
            "multipleBirth can have several datatypes: give a value[x].",
            ".part[3]",
        ),
        (
            add("Patient", "extension", parts(part("value", resource={}))),
            "value takes other datatypes, and not Resource.",
            ".part[3].part[0]",
        ),
        (
            replace("Patient.gender", value(valueCode="male")),
            "there is nothing at Patient.gender.",
            ".part[1]",
        ),
        (
            replace("Patient.telecom", PHONE),
            "Patient.telecom must name one element, and names 2.",
            ".part[1]",
        ),
        (
            replace("Patient", PHONE),
            "a patch cannot delete or replace the whole resource.",
            ".part[1]",
        ),
        (
            replace("Patient.telecom[0]", DATE),
            "telecom takes ContactPoint, and not date.",
            ".part[2]",
        ),
        (
            delete("Patient.telecom"),
            "Patient.telecom must name one element, and names 2.",
            ".part[1]",
        ),
        (insert("Patient.telecom", 3, PHONE), "index must be from 0 to 2.", ".part[2]"),
        (insert("Patient.telecom", -1, PHONE), "index must be from 0 to 2.", ".part[2]"),
        (
            insert("Patient.telecom", 0, DATE),
            "telecom takes ContactPoint, and not date.",
            ".part[3]",
        ),
        (
            insert("Patient.contact", 0, PHONE),
            "there is nothing at Patient.contact; add makes the first element.",
            ".part[1]",
        ),
        (insert("Patient.birthDate", 0, DATE), "Patient.birthDate names no list.", ".part[1]"),
        (insert("Patient", 0, DATE), "Patient names no list.", ".part[1]"),
        (
            insert("Patient.telecom[0]", 0, PHONE),
            "Patient.telecom[0] must name one whole list.",
            ".part[1]",
        ),
        (
            insert("Patient.name.given", 0, value(valueString="x")),
            "Patient.name.given must name one whole list.",
            ".part[1]",
        ),
        (move("Patient.telecom", 2, 0), "source must be from 0 to 1.", ".part[2]"),
        (move("Patient.telecom", 0, 2), "destination must be from 0 to 1.", ".part[3]"),
        (
            move("Patient.telecom.where(system = 'fax')", 0, 0),
            "there is nothing at the path; add makes the first element.",
            ".part[1]",
        ),
    ],
)
def test_not_applicable(given: Any, problem: str, place: str) -> None:
    patient = {**PATIENT}
    with pytest.raises(Unprocessable) as caught:
        fhirpath_patch(patient, parameters(given))
    (issue,) = caught.value.issues
    kind = given["part"][0]["valueCode"]
    assert issue.diagnostics == f"Operation 0 ({kind}): {problem}"
    assert (issue.expression, issue.code) == (f"{AT}{place}", "invalid")
    assert patient == PATIENT


@pytest.mark.parametrize("broken", ["x", 1, [["x"]]])
def test_nothing_is_added_to_what_is_no_object(broken: Any) -> None:
    patch = parameters(add("Patient.maritalStatus", "text", value(valueString="x")))
    with pytest.raises(Unprocessable, match=r"nothing can be added to Patient\.maritalStatus"):
        fhirpath_patch({"resourceType": "Patient", "maritalStatus": broken}, patch)


def test_levels() -> None:
    inner: Any = {"url": "u"}
    for _ in range(30):
        inner = {"url": "u", "extension": [inner]}
    patch = parameters(
        add("Patient", "extension", parts(part("extension", part=[part("url", valueUri="u")]))),
        add("Patient.extension[0]", "value", value(valueHumanName={"extension": [inner]})),
    )
    with pytest.raises(Unprocessable, match="more than 64 levels"):
        fhirpath_patch({"resourceType": "Patient"}, patch)
