"""FHIRPath Patch: what a value becomes in JSON, for choices, primitives, parts and lists."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.rules.json_text import read_json, to_json
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

ABSENT = {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
OTHER = {"id": "x"}
TEN = {"value": 10}

CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = {
    "a choice is named without its type": (
        {"resourceType": "Patient"},
        [add("Patient", "deceased", value(valueBoolean=False))],
        {"resourceType": "Patient", "deceasedBoolean": False},
    ),
    "or with it": (
        {"resourceType": "Observation"},
        [add("Observation", "valueQuantity", value(valueQuantity=TEN))],
        {"resourceType": "Observation", "valueQuantity": TEN},
    ),
    "a choice takes another type": (
        {"resourceType": "Observation", "valueString": "x", "_valueString": OTHER},
        [replace("Observation.value", value(valueQuantity=TEN))],
        {"resourceType": "Observation", "valueQuantity": TEN},
    ),
    "a choice keeps its type": (
        {"resourceType": "Observation", "valueQuantity": {"value": 1}},
        [replace("(Observation.value as Quantity)", value(valueQuantity=TEN))],
        {"resourceType": "Observation", "valueQuantity": TEN},
    ),
    "a choice is deleted": (
        {"resourceType": "Patient", "deceasedDateTime": "2020", "_deceasedDateTime": OTHER},
        [delete("Patient.deceased")],
        {"resourceType": "Patient"},
    ),
    "a choice in a list": (
        {"resourceType": "Task", "note": [{"text": "a", "authorString": "b"}]},
        [replace("note[0].author", value(valueReference={"reference": "Practitioner/1"}))],
        {
            "resourceType": "Task",
            "note": [{"text": "a", "authorReference": {"reference": "Practitioner/1"}}],
        },
    ),
    "replacing a primitive drops what stood beside it": (
        {"resourceType": "Patient", "birthDate": "2000", "_birthDate": ABSENT},
        [replace("Patient.birthDate", value(valueDate="2001"))],
        {"resourceType": "Patient", "birthDate": "2001"},
    ),
    "a value brings what stands beside it": (
        {"resourceType": "Patient", "birthDate": "2000", "_birthDate": OTHER},
        [replace("Patient.birthDate", value(valueDate="2001", _valueDate=ABSENT))],
        {"resourceType": "Patient", "birthDate": "2001", "_birthDate": ABSENT},
    ),
    "a value that is only an extension": (
        {"resourceType": "Patient", "birthDate": "2000"},
        [replace("Patient.birthDate", value(_valueDate=ABSENT))],
        {"resourceType": "Patient", "_birthDate": ABSENT},
    ),
    "deleting a primitive deletes what stands beside it": (
        {"resourceType": "Patient", "birthDate": "2000", "_birthDate": ABSENT},
        [delete("Patient.birthDate")],
        {"resourceType": "Patient"},
    ),
    "a primitive without a value can be deleted": (
        {"resourceType": "Patient", "_birthDate": ABSENT},
        [delete("Patient.birthDate")],
        {"resourceType": "Patient"},
    ),
    "an extension is added to a primitive": (
        {"resourceType": "Patient", "birthDate": "2000"},
        [
            add(
                "Patient.birthDate",
                "extension",
                parts(part("url", valueUri="http://u"), part("value", valueTime="10:00:00")),
            )
        ],
        {
            "resourceType": "Patient",
            "birthDate": "2000",
            "_birthDate": {"extension": [{"url": "http://u", "valueTime": "10:00:00"}]},
        },
    ),
    "an extension is added beside another": (
        {"resourceType": "Patient", "birthDate": "2000", "_birthDate": OTHER},
        [add("Patient.birthDate", "extension", parts(part("url", valueUri="http://u")))],
        {
            "resourceType": "Patient",
            "birthDate": "2000",
            "_birthDate": {"id": "x", "extension": [{"url": "http://u"}]},
        },
    ),
    "an extension is added to a primitive in a list": (
        {"resourceType": "Patient", "name": [{"given": ["a", "b"]}]},
        [add("name.given[1]", "id", value(valueString="i"))],
        {"resourceType": "Patient", "name": [{"given": ["a", "b"], "_given": [None, {"id": "i"}]}]},
    ),
    "the last extension of a primitive is deleted": (
        {"resourceType": "Patient", "birthDate": "2000", "_birthDate": ABSENT},
        [delete("Patient.birthDate.extension('http://example.org/why')")],
        {"resourceType": "Patient", "birthDate": "2000"},
    ),
    "the last extension of a primitive in a list is deleted": (
        {
            "resourceType": "Patient",
            "name": [{"given": ["a", "b"], "_given": [OTHER, ABSENT]}],
        },
        [delete("name.given[1].extension('http://example.org/why')")],
        {"resourceType": "Patient", "name": [{"given": ["a", "b"], "_given": [OTHER, None]}]},
    ),
    "a list of primitives stays aligned": (
        {"resourceType": "Patient", "name": [{"given": ["a", "b"], "_given": [None, OTHER]}]},
        [
            insert("Patient.name.given", 0, value(valueString="c", _valueString=ABSENT)),
            move("Patient.name.given", 2, 1),
            delete("Patient.name.given[2]"),
            add("Patient.name", "given", value(valueString="d")),
        ],
        {
            "resourceType": "Patient",
            "name": [{"given": ["c", "b", "d"], "_given": [ABSENT, OTHER, None]}],
        },
    ),
    "a column with nothing in it goes": (
        {"resourceType": "Patient", "name": [{"given": ["a", "b"], "_given": [None, OTHER]}]},
        [delete("Patient.name.given[1]")],
        {"resourceType": "Patient", "name": [{"given": ["a"]}]},
    ),
    "replacing in a list of primitives": (
        {"resourceType": "Patient", "name": [{"given": ["a", "b"], "_given": [None, OTHER]}]},
        [replace("Patient.name.given[1]", value(valueString="c"))],
        {"resourceType": "Patient", "name": [{"given": ["a", "c"]}]},
    ),
    "nested parts": (
        {"resourceType": "Observation"},
        [
            add(
                "Observation",
                "component",
                parts(
                    part("code", valueCodeableConcept={"text": "c"}),
                    part("value", valueQuantity=TEN),
                    part("interpretation", valueCodeableConcept={"text": "1"}),
                    part("interpretation", valueCodeableConcept={"text": "2"}),
                    part("referenceRange", part=[part("text", valueString="r")]),
                ),
            )
        ],
        {
            "resourceType": "Observation",
            "component": [
                {
                    "code": {"text": "c"},
                    "valueQuantity": TEN,
                    "interpretation": [{"text": "1"}, {"text": "2"}],
                    "referenceRange": [{"text": "r"}],
                }
            ],
        },
    ),
    "parts of a datatype": (
        {"resourceType": "Task"},
        [
            add(
                "Task",
                "restriction",
                parts(
                    part("repetitions", valueInteger=2),
                    part("period", part=[part("end", valueDate="2024")]),
                ),
            )
        ],
        {"resourceType": "Task", "restriction": {"repetitions": 2, "period": {"end": "2024"}}},
    ),
    "a contained resource": (
        {"resourceType": "Task"},
        [
            add("Task", "contained", value(resource={"resourceType": "Patient", "id": "p"})),
            add("Task.contained[0]", "gender", value(valueCode="male")),
            add("Task.contained.ofType(Patient)", "active", value(valueBoolean=True)),
        ],
        {
            "resourceType": "Task",
            "contained": [{"resourceType": "Patient", "id": "p", "gender": "male", "active": True}],
        },
    ),
    "a quantity of another name": (
        {"resourceType": "Encounter"},
        [add("Encounter", "length", value(valueQuantity=TEN))],
        {"resourceType": "Encounter", "length": TEN},
    ),
    "meta": (
        {"resourceType": "Task"},
        [add("Task", "meta", value(valueMeta={"source": "s"}))],
        {"resourceType": "Task", "meta": {"source": "s"}},
    ),
    "an element with a word of Python": (
        {"resourceType": "Task"},
        [add("Task", "for", value(valueReference={"reference": "Patient/1"}))],
        {"resourceType": "Task", "for": {"reference": "Patient/1"}},
    ),
    "deleting what is not there": (
        {"resourceType": "Task", "status": "draft"},
        [delete("Task.note[0].text"), delete("Task.identifier.where(value = 'x')")],
        {"resourceType": "Task", "status": "draft"},
    ),
    "deleting the last element": (
        {"resourceType": "Task", "note": [{"text": "a"}], "restriction": {"repetitions": 1}},
        [delete("Task.note[0].text"), delete("Task.restriction.repetitions")],
        {"resourceType": "Task"},
    ),
    "an index means the same until the end": (
        {"resourceType": "Patient", "contact": [{"gender": "male"}, {"gender": "male"}]},
        [
            delete("Patient.contact[0].gender"),
            replace("Patient.contact[1].gender", value(valueCode="other")),
            add("Patient.contact[0]", "gender", value(valueCode="female")),
        ],
        {"resourceType": "Patient", "contact": [{"gender": "female"}, {"gender": "other"}]},
    ),
    "a list of one without its index": (
        {"resourceType": "Task", "note": [{"text": "a"}]},
        [replace("Task.note", value(valueAnnotation={"text": "b"}))],
        {"resourceType": "Task", "note": [{"text": "b"}]},
    ),
    "type, path and name as other texts": (
        {"resourceType": "Task"},
        [
            {
                "name": "operation",
                "part": [
                    part("type", valueString="add"),
                    part("path", valueString="Task"),
                    part("name", valueCode="status"),
                    value(valueString="draft"),
                ],
            }
        ],
        {"resourceType": "Task", "status": "draft"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_result(name: str) -> None:
    before, operations, after = CASES[name]
    assert fhirpath_patch(before, parameters(*operations)) == after


def test_digits_stay() -> None:
    resource = read_json(b'{"resourceType":"Observation","valueQuantity":{"value":1.10}}')
    patch = read_json(
        to_json(
            parameters(add("Observation", "component", parts(part("value", valueQuantity=9))))
        ).replace(b":9", b':{"value":2.50}')
    )
    assert to_json(fhirpath_patch(resource, patch)) == (
        b'{"resourceType":"Observation","valueQuantity":{"value":1.10},'
        b'"component":[{"valueQuantity":{"value":2.50}}]}'
    )


def test_the_value_is_no_reference_to_the_patch() -> None:
    given = {"text": "a"}
    patch = parameters(
        add("Task", "note", value(valueAnnotation=given)),
        add("Task.note[0]", "time", value(valueDateTime="2024")),
    )
    patched = fhirpath_patch({"resourceType": "Task"}, patch)
    assert patched["note"] == [{"text": "a", "time": "2024"}]
    assert given == {"text": "a"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"value": "a"}, {"value": "b"}),
        ([{"value": ["a"]}], [{"value": ["b"]}]),
        ([None, {"value": "a"}], [None, {"value": "b"}]),
    ],
)
def test_what_is_no_fhir_does_no_harm(before: Any, after: Any) -> None:
    """A list where there should be none, or none where there should be one."""
    patch = parameters(replace("identifier.value", value(valueString="b")))
    patched = fhirpath_patch({"resourceType": "Patient", "identifier": before}, patch)
    assert patched == {"resourceType": "Patient", "identifier": after}
