"""Invariants of datatypes and resources: each is kept and broken."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.rules.json_text import Number
from fhir_facade.rules.validation import validate
from fhir_facade.rules.validation.resource_invariants import RULE_NAMES
from fhir_facade.rules.validation.values import after, chosen, exists, number

UCUM = "http://unitsofmeasure.org"
RATIO = {"numerator": {"value": 1}, "denominator": {"value": 2}}
EXTENSION = [{"url": "x", "valueString": "y"}]


def names(resource: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return the names of the invariants that are broken, each with its place."""
    issues = [each for each in validate(resource) if each.code == "invariant"]
    return [(each.diagnostics.rpartition("(")[2].rstrip(")."), each.expression) for each in issues]


DATATYPES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("Age age-1", "Age", {"value": 1, "system": UCUM, "code": "a"}, True),
    ("Age age-1", "Age", {"value": 1}, False),
    ("Age age-1", "Age", {"value": 0, "system": UCUM, "code": "a"}, False),
    ("Age age-1", "Age", {"value": 1, "system": "http://example.org", "code": "a"}, False),
    ("Age qty-3", "Age", {"value": 1, "code": "a"}, False),
    ("Attachment att-1", "Attachment", {"data": "QUJD", "contentType": "text/plain"}, True),
    ("Attachment att-1", "Attachment", {"data": "QUJD"}, False),
    ("ContactPoint cpt-2", "ContactPoint", {"value": "1", "system": "phone"}, True),
    ("ContactPoint cpt-2", "ContactPoint", {"value": "1"}, False),
    ("Count cnt-3", "Count", {"value": 1, "system": UCUM, "code": "1"}, True),
    ("Count cnt-3", "Count", {"value": Number("1.0"), "system": UCUM, "code": "1"}, False),
    ("Count cnt-3", "Count", {"value": 1, "system": UCUM, "code": "a"}, False),
    ("Distance dis-1", "Distance", {"value": 1, "system": UCUM, "code": "m"}, True),
    ("Distance dis-1", "Distance", {"value": 1}, False),
    ("Duration drt-1", "Duration", {"value": 1}, True),
    ("Duration drt-1", "Duration", {"value": 1, "system": UCUM, "code": "d"}, True),
    ("Duration drt-1", "Duration", {"system": UCUM, "code": "d"}, False),
    ("Expression exp-1", "Expression", {"language": "text/fhirpath", "expression": "a"}, True),
    ("Expression exp-1", "Expression", {"language": "text/fhirpath"}, False),
    ("Period per-1", "Period", {"start": "2020", "end": "2020"}, True),
    ("Period per-1", "Period", {"start": "2020-02", "end": "2020"}, True),
    ("Period per-1", "Period", {"start": "2021", "end": "2020-12-31"}, False),
    ("Quantity qty-3", "Quantity", {"value": 1, "system": UCUM, "code": "a"}, True),
    ("Quantity qty-3", "Quantity", {"value": 1, "code": "a"}, False),
    ("Range rng-2", "Range", {"low": {"value": 1}, "high": {"value": 1}}, True),
    ("Range rng-2", "Range", {"low": {"value": 2}}, True),
    ("Range rng-2", "Range", {"low": {"value": 2, "unit": "g"}, "high": {"value": 1}}, True),
    ("Range rng-2", "Range", {"low": {"value": Number("1.1")}, "high": {"value": 1}}, False),
    ("Ratio rat-1", "Ratio", RATIO, True),
    ("Ratio rat-1", "Ratio", {"extension": EXTENSION}, True),
    ("Ratio rat-1", "Ratio", {"numerator": {"value": 1}}, False),
    ("Ratio rat-1", "Ratio", {"id": "x", "denominator": {"value": 1}}, False),
    ("TriggerDefinition trd-1", "TriggerDefinition",
     {"type": "periodic", "timingDate": "2020", "data": [{"type": "Task"}]}, False),
    ("TriggerDefinition trd-2", "TriggerDefinition",
     {"type": "named-event", "name": "a",
      "condition": {"language": "text/cql", "expression": "a"}}, False),
    ("TriggerDefinition trd-3", "TriggerDefinition", {"type": "named-event", "name": "a"}, True),
    ("TriggerDefinition trd-3", "TriggerDefinition", {"type": "named-event"}, False),
    ("TriggerDefinition trd-3", "TriggerDefinition",
     {"type": "periodic", "timingDate": "2020"}, True),
    ("TriggerDefinition trd-3", "TriggerDefinition", {"type": "periodic"}, False),
    ("TriggerDefinition trd-3", "TriggerDefinition", {"type": "data-added"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "datatype", "value", "kept"), DATATYPES)
def test_datatypes(name: str, datatype: str, value: dict[str, Any], kept: bool) -> None:
    resource = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", f"value{datatype}": value}],
    }
    assert names(resource) == ([] if kept else [(name, "Parameters.parameter[0].value")])


TIMING: list[tuple[str, dict[str, Any], bool]] = [
    ("tim-1", {"duration": 1, "durationUnit": "d"}, True),
    ("tim-1", {"duration": 1}, False),
    ("tim-2", {"period": 1, "periodUnit": "d"}, True),
    ("tim-2", {"period": 1}, False),
    ("tim-4", {"duration": -1, "durationUnit": "d"}, False),
    ("tim-5", {"period": -1, "periodUnit": "d"}, False),
    ("tim-6", {"periodMax": 1}, False),
    ("tim-7", {"durationMax": 1}, False),
    ("tim-8", {"countMax": 1}, False),
    ("tim-9", {"offset": 1, "when": ["MORN"]}, True),
    ("tim-9", {"offset": 1}, False),
    ("tim-9", {"offset": 1, "when": ["CM"]}, False),
    ("tim-10", {"timeOfDay": ["10:00:00"], "when": ["MORN"]}, False),
]


@pytest.mark.parametrize(("name", "repeat", "kept"), TIMING)
def test_timing(name: str, repeat: dict[str, Any], kept: bool) -> None:
    value = {"name": "a", "valueTiming": {"repeat": repeat}}
    path = "Parameters.parameter[0].value.repeat"
    expected = [] if kept else [(f"Timing.repeat {name}", path)]
    assert names({"resourceType": "Parameters", "parameter": [value]}) == expected


@pytest.mark.parametrize("filters", ["codeFilter", "dateFilter"])
def test_data_requirements(filters: str) -> None:
    key = {"codeFilter": "drq-1", "dateFilter": "drq-2"}[filters]
    good, both = {"path": "a"}, {"path": "a", "searchParam": "b"}
    value = {"type": "Task", filters: [good, both]}
    resource = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "valueDataRequirement": value}],
    }
    path = f"Parameters.parameter[0].value.{filters}[1]"
    assert names(resource) == [(f"DataRequirement.{filters} {key}", path)]


def test_simple_quantity() -> None:
    value = {"low": {"value": 1, "comparator": "<"}}
    resource = {"resourceType": "Parameters", "parameter": [{"name": "a", "valueRange": value}]}
    expected = [("SimpleQuantity sqty-1", "Parameters.parameter[0].value.low")]
    assert names(resource) == expected


TEXT = {"text": "x"}
CODED = {"coding": [{"system": "http://example.org", "code": "a"}]}
OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": CODED}
TASK = {"resourceType": "Task", "status": "draft", "intent": "order"}
GOAL = {"resourceType": "Goal", "lifecycleStatus": "active", "description": TEXT,
        "subject": {"display": "x"}}  # fmt: skip
PLAN = {"resourceType": "CarePlan", "status": "active", "intent": "plan",
        "subject": {"display": "x"}}  # fmt: skip
LIST = {"resourceType": "List", "status": "current", "mode": "working"}
CHANGES = {**LIST, "mode": "changes"}
MEMBER = {"onBehalfOf": {"display": "x"}, "member": {"reference": "#a"}}
PEOPLE = [{"resourceType": "Practitioner", "id": "a"}]
PERSON = [{"resourceType": "Patient", "id": "a"}]
PARAMETERS = {"resourceType": "Parameters"}
ENTRY = {"item": {"display": "x"}}
RESOURCES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("CarePlan.activity cpl-3", "CarePlan.activity[0]",
     {**PLAN, "activity": [{"reference": {"reference": "Task/1"}}]}, True),
    ("CarePlan.activity cpl-3", "CarePlan.activity[0]",
     {**PLAN, "activity": [{"reference": {"reference": "Task/1"},
                            "detail": {"status": "unknown"}}]}, False),
    ("CareTeam.participant ctm-1", "CareTeam.participant[0]",
     {"resourceType": "CareTeam", "participant": [MEMBER], "contained": PEOPLE}, True),
    ("CareTeam.participant ctm-1", "CareTeam.participant[0]",
     {"resourceType": "CareTeam", "participant": [MEMBER], "contained": PERSON}, False),
    ("CareTeam.participant ctm-1", "CareTeam.participant[0]",
     {"resourceType": "CareTeam", "participant": [
         {**MEMBER, "member": {"reference": "Patient/1"}}]}, True),
    ("Goal.target gol-1", "Goal.target[0]",
     {**GOAL, "target": [{"detailString": "x", "measure": TEXT}]}, True),
    ("Goal.target gol-1", "Goal.target[0]", {**GOAL, "target": [{"detailString": "x"}]}, False),
    ("List lst-1", "List", {**LIST, "emptyReason": TEXT}, True),
    ("List lst-1", "List", {**LIST, "emptyReason": TEXT, "entry": [ENTRY]}, False),
    ("List lst-2", "List", {**CHANGES, "entry": [{**ENTRY, "deleted": True}]}, True),
    ("List lst-2", "List", {**LIST, "entry": [{**ENTRY, "deleted": False}]}, False),
    ("List lst-3", "List", {**LIST, "entry": [{**ENTRY, "date": "2020"}]}, True),
    ("List lst-3", "List", {**CHANGES, "entry": [{**ENTRY, "date": "2020"}]}, False),
    ("Observation obs-6", "Observation", {**OBSERVATION, "dataAbsentReason": TEXT}, True),
    ("Observation obs-6", "Observation",
     {**OBSERVATION, "dataAbsentReason": TEXT, "valueInteger": 1}, False),
    ("Observation obs-7", "Observation",
     {**OBSERVATION, "component": [{"code": CODED, "valueInteger": 1}]}, True),
    ("Observation obs-7", "Observation",
     {**OBSERVATION, "valueInteger": 1, "component": [{"code": TEXT, "valueInteger": 1}]}, True),
    ("Observation obs-7", "Observation",
     {**OBSERVATION, "valueInteger": 1, "component": [{"code": CODED, "valueInteger": 1}]}, False),
    ("Observation.referenceRange obs-3", "Observation.referenceRange[0]",
     {**OBSERVATION, "referenceRange": [{"text": "x"}]}, True),
    ("Observation.referenceRange obs-3", "Observation.referenceRange[0]",
     {**OBSERVATION, "referenceRange": [{"type": TEXT}]}, False),
    ("Parameters.parameter inv-1", "Parameters.parameter[0]",
     {**PARAMETERS, "parameter": [{"name": "a", "part": [{"name": "b", "valueCode": "c"}]}]}, True),
    ("Parameters.parameter inv-1", "Parameters.parameter[0]",
     {**PARAMETERS, "parameter": [
         {"name": "a", "valueCode": "x", "part": [{"name": "b", "valueCode": "c"}]}]}, False),
    ("Parameters.parameter inv-1", "Parameters.parameter[0]",
     {**PARAMETERS, "parameter": [{"name": "a"}]}, False),
    ("Task inv-1", "Task",
     {**TASK, "authoredOn": "2020-01-02", "lastModified": "2020-01-02T00:00:00Z"}, True),
    ("Task inv-1", "Task",
     {**TASK, "authoredOn": "2020-01-02", "lastModified": "2020-01-01"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "resource", "kept"), RESOURCES)
def test_resources(name: str, path: str, resource: dict[str, Any], kept: bool) -> None:
    assert names(resource) == ([] if kept else [(name, path)])


PATIENT = {"resource": {"resourceType": "Patient"}}
REQUEST = {"request": {"method": "GET", "url": "Patient/1"}}
RESPONSE = {"response": {"status": "200"}}
DOCUMENT = {
    "type": "document",
    "identifier": {"system": "http://example.org", "value": "x"},
    "timestamp": "2020-01-01T00:00:00Z",
    "entry": [{"resource": {"resourceType": "Composition"}}],
}
URL = {"fullUrl": "http://example.org/Patient/1"}
VERSION_1 = {"resource": {"resourceType": "Patient", "meta": {"versionId": "1"}}}
VERSION_2 = {"resource": {"resourceType": "Patient", "meta": {"versionId": "2"}}}
BUNDLES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("bdl-1", "", {"type": "searchset", "total": 0}, True),
    ("bdl-1", "", {"type": "collection", "total": 0}, False),
    ("bdl-2", "", {"type": "searchset", "entry": [{**PATIENT, "search": {"mode": "match"}}]}, True),
    ("bdl-2", "",
     {"type": "collection", "entry": [{**PATIENT, "search": {"mode": "match"}}]}, False),
    ("bdl-3", "", {"type": "batch", "entry": [REQUEST]}, True),
    ("bdl-3", "", {"type": "batch", "entry": [PATIENT]}, False),
    ("bdl-3", "", {"type": "collection", "entry": [{**PATIENT, **REQUEST}]}, False),
    ("bdl-4", "", {"type": "history", "entry": [{**REQUEST, **RESPONSE}]}, True),
    ("bdl-4", "", {"type": "history", "entry": [REQUEST]}, False),
    ("bdl-4", "", {"type": "collection", "entry": [{**PATIENT, **RESPONSE}]}, False),
    ("bdl-5", ".entry[0]", {"type": "collection", "entry": [URL]}, False),
    ("bdl-7", "", {"type": "collection", "entry": [URL | VERSION_1, URL | VERSION_2]}, True),
    ("bdl-7", "", {"type": "collection", "entry": [URL | VERSION_1, URL | VERSION_1]}, False),
    ("bdl-7", "",
     {"type": "history", "entry": [URL | PATIENT | REQUEST | RESPONSE] * 2}, True),
    ("bdl-8", ".entry[0]",
     {"type": "collection",
      "entry": [{**PATIENT, "fullUrl": "http://example.org/Patient/1/_history/1"}]}, False),
    ("bdl-9", "", DOCUMENT, True),
    ("bdl-9", "", {**DOCUMENT, "identifier": {"value": "x"}}, False),
    ("bdl-10", "", {**DOCUMENT, "timestamp": None}, False),
    ("bdl-11", "", {**DOCUMENT, "entry": [PATIENT]}, False),
    ("bdl-12", "", {"type": "message", "entry": [PATIENT]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("key", "path", "bundle", "kept"), BUNDLES)
def test_bundles(key: str, path: str, bundle: dict[str, Any], kept: bool) -> None:
    expected = [] if kept else [(f"Bundle{path.partition('[')[0]} {key}", f"Bundle{path}")]
    assert names({"resourceType": "Bundle", **bundle}) == expected


def test_every_invariant_is_broken_once() -> None:
    broken = {name for name, _, _, kept in (*DATATYPES, *RESOURCES) if not kept}
    broken |= {f"Timing.repeat {key}" for key, _, kept in TIMING if not kept}
    broken |= {f"Bundle{at.partition('[')[0]} {key}" for key, at, _, kept in BUNDLES if not kept}
    elsewhere = {"DataRequirement.codeFilter drq-1", "DataRequirement.dateFilter drq-2"}
    inherited = {"Count qty-3", "Distance qty-3", "Duration qty-3"}
    assert broken | elsewhere | inherited | {"Extension ext-1"} == RULE_NAMES


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2020", "2020", False),
        ("2021", "2020", True),
        ("2020-02", "2020-01-31", True),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00+01:00", True),
        ("2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00Z", True),
        ("2020-12-31T23:59:60Z", "2020-12-31T23:59:59Z", True),
        ("2020-12-31T23:59:60.5Z", "2021-01-01T00:00:00Z", False),
        ("2020-01-02T12:00:00Z", "2020-01-01", False),
        ("2020-01-04T00:00:00Z", "2020-01-01", True),
        ("2020-02-03T00:00:00Z", "2020-01", True),
        ("2021-01-03T00:00:00Z", "2020", True),
        ("2020-01-01T00:00:00Z", "9999", False),
        ("0001", "0001-01-01T00:00:00Z", False),
        ("2020-01-01T00:00:00", "2019-01-01T00:00:00Z", False),
        ("2020-01-01T00:00:00Z", "x", False),
        (None, "2020", False),
    ],
)
def test_dates(first: Any, second: Any, expected: bool) -> None:
    assert after(first, second) is expected


def test_questions_to_anything() -> None:
    for odd in (None, 3, "x", []):
        assert not exists(odd, "a")
        assert not chosen(odd, "a")
        assert number({"a": odd}, "a") == (3 if odd == 3 else None)
    assert number({"a": float("nan")}, "a") is None
    assert number({"a": True}, "a") is None
    assert exists({"_a": {"id": "x"}}, "a")
    assert chosen({"_valueCode": {}}, "value")
    assert not chosen({"values": 1, 3: 4}, "value")
