"""Codes, targets of references, and contained resources."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.rules.validation import validate

TASK: dict[str, Any] = {"resourceType": "Task", "status": "requested", "intent": "order"}
PATIENT = {"resourceType": "Patient", "id": "a"}
CONDITION = {"resourceType": "Condition", "id": "b", "subject": {"reference": "#a"}}
Found = tuple[str, str | None, str]


def found(resource: Any) -> list[Found]:
    return [(each.code, each.expression, each.diagnostics) for each in validate(resource)]


def issue(code: str, path: str, text: str) -> Found:
    return code, path, f"{path}: {text}."


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Encounter/1"},
        {"reference": "Encounter/1/_history/2"},
        {"reference": "https://example.org/fhir/Encounter/1"},
        {"reference": "https://example.org/fhir/Encounter/1/_history/2", "type": "Encounter"},
        {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
        {"reference": "Encounter?identifier=1"},
        {"reference": "https://example.org/what/ever"},
        {"reference": "Unheard/1", "type": "Of"},
        {"type": "Encounter", "display": "x"},
        {"type": "http://hl7.org/fhir/StructureDefinition/Encounter", "display": "x"},
        {"display": "x"},
    ],
)
def test_allowed_targets(reference: dict[str, Any]) -> None:
    assert found({**TASK, "encounter": reference}) == []


ONLY = issue("value", "Task.encounter", "may point to Encounter only, not to Task")


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "Task/1"}, [ONLY]),
        ({"reference": "Task/1/_history/2"}, [ONLY]),
        ({"reference": "http://example.org/Task/1"}, [ONLY]),
        ({"type": "Task", "display": "x"}, [ONLY]),
        ({"type": "http://hl7.org/fhir/StructureDefinition/Task", "display": "x"}, [ONLY]),
        ({"reference": "Encounter/1", "type": "Task"},
         [issue("value", "Task.encounter.type", "names Task, but the reference is to Encounter")]),
        ({"reference": "#x"},
         [issue("invariant", "Task.encounter.reference",
                "must point to a contained resource if it begins with # (Reference ref-1)")]),
        ({"reference": "#"},
         [issue("invariant", "Task.encounter.reference",
                "must point to a contained resource if it begins with # (Reference ref-1)")]),
    ],
)  # fmt: skip
def test_refused_targets(reference: dict[str, Any], expected: list[Found]) -> None:
    assert found({**TASK, "encounter": reference}) == expected


def test_any_target() -> None:
    assert found({**TASK, "focus": {"reference": "Medication/1"}}) == []


UNLINKED = "must be referred to, or refer to its container (DomainResource dom-3)"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"contained": [PATIENT], "for": {"reference": "#a"}}, []),
        ({"contained": [PATIENT], "encounter": {"reference": "#a"}},
         [issue("value", "Task.encounter", "may point to Encounter only, not to Patient")]),
        ({"contained": [PATIENT]}, [issue("invariant", "Task.contained[0]", UNLINKED)]),
        ({"contained": [{"resourceType": "Patient"}]},
         [issue("invariant", "Task.contained[0]", UNLINKED)]),
        ({"contained": [PATIENT, CONDITION], "focus": {"reference": "#b"}}, []),
        ({"contained": [{**PATIENT, "link": [{"other": {"reference": "#"}, "type": "refer"}]}]},
         [issue("value", "Task.contained[0].link[0].other",
                "may point to Patient, RelatedPerson only, not to Task")]),
        ({"contained": [{"resourceType": "Basic", "code": {"text": "x"},
                         "subject": {"reference": "#"}}]}, []),
        ({"contained": [{"resourceType": "ActivityDefinition", "id": "a", "status": "active"}],
          "instantiatesCanonical": "#a"}, []),
        ({"contained": [{"resourceType": "MedicinalProduct", "id": "b", "x": ["#a"]}, PATIENT],
          "focus": {"reference": "#b"}},
         [issue("not-supported", "Task.contained[0]",
                "the elements of MedicinalProduct are not checked")]),
        ({"contained": [{**PATIENT, "contained": [PATIENT]}], "for": {"reference": "#a"}},
         [issue("invariant", "Task.contained[0].contained[0]",
                "a contained resource may contain no other (DomainResource dom-2)")]),
        ({"contained": [{**PATIENT, "meta": {"versionId": "1", "security": [{"code": "x"}]}}],
          "for": {"reference": "#a"}},
         [issue("invariant", "Task.contained[0]",
                "must have no versionId and no lastUpdated (DomainResource dom-4)"),
          issue("invariant", "Task.contained[0]",
                "must have no security label (DomainResource dom-5)")]),
        ({"contained": [{**PATIENT, "meta": {"lastUpdated": "2020-01-01T00:00:00Z"}}],
          "for": {"reference": "#a"}},
         [issue("invariant", "Task.contained[0]",
                "must have no versionId and no lastUpdated (DomainResource dom-4)")]),
        ({"contained": [{**PATIENT, "gender": "x"}], "for": {"reference": "#a"}},
         [issue("code-invalid", "Task.contained[0].gender",
                "must be one of female, male, other, unknown (value set administrative-gender)")]),
        ({"contained": [3]}, [issue("structure", "Task.contained[0]", "must be a JSON object")]),
        ({"contained": [{"id": "a"}], "for": {"reference": "#a"}},
         [issue("required", "Task.contained[0]", "resourceType is missing")]),
    ],
)  # fmt: skip
def test_contained(change: dict[str, Any], expected: list[Found]) -> None:
    assert found({**TASK, **change}) == expected


def test_an_entry_is_a_resource_of_its_own() -> None:
    task = {**TASK, "contained": [PATIENT], "for": {"reference": "#a"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": task}]}
    assert found(bundle) == []
    del task["contained"]
    path = "Bundle.entry[0].resource.for.reference"
    text = "must point to a contained resource if it begins with # (Reference ref-1)"
    assert found(bundle) == [issue("invariant", path, text)]


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CLINICAL_TEXT = (
    "must be one of active, inactive, recurrence, relapse, remission, resolved of "
    f"{CLINICAL} (value set condition-clinical)"
)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({**TASK, "priority": "soon"},
         [issue("code-invalid", "Task.priority",
                "must be one of asap, routine, stat, urgent (value set request-priority)")]),
        ({**TASK, "language": "no language"},
         [issue("code-invalid", "Task.language", "must be a language tag (BCP 47)")]),
        ({**TASK, "input": [{"type": {"text": "t"}, "valueAttachment": {"contentType": "pdf"}}]},
         [issue("code-invalid", "Task.input[0].value.contentType",
                "must be a mime type (BCP 13)")]),
        ({**TASK, "input": [{"type": {"text": "t"}, "valueMoney": {"currency": "usd"}}]},
         [issue("code-invalid", "Task.input[0].value.currency",
                "must be a currency of three capital letters (ISO 4217)")]),
        ({"resourceType": "OperationDefinition", "kind": "query", "code": "a", "name": "a",
          "status": "draft", "system": True, "type": False, "instance": False, "resource": ["X"]},
         [issue("code-invalid", "OperationDefinition.resource[0]",
                "must be one of its codes (value set resource-types)")]),
        ({"resourceType": "Condition", "subject": {"display": "x"},
          "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]}}, []),
        ({"resourceType": "Condition", "subject": {"display": "x"},
          "clinicalStatus": {"coding": [{"system": "http://example.org", "code": "active"}]}},
         [issue("code-invalid", "Condition.clinicalStatus", CLINICAL_TEXT)]),
        ({"resourceType": "Condition", "subject": {"display": "x"},
          "clinicalStatus": {"text": "x"}},
         [issue("code-invalid", "Condition.clinicalStatus", CLINICAL_TEXT)]),
    ],
)  # fmt: skip
def test_codes(resource: dict[str, Any], expected: list[Found]) -> None:
    assert found(resource) == expected
