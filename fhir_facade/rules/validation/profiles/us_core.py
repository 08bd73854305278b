"""What four profiles of US Core 6.1.0 say, as differentials, and the value sets they bind.

http://hl7.org/fhir/us/core/STU6.1/profiles-and-extensions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.rules.profiles import US_CORE, US_CORE_VERSION, us_core_url

_VALUE_SET = "http://hl7.org/fhir/us/core/ValueSet/"
_CODE_SYSTEM = "http://hl7.org/fhir/us/core/CodeSystem/"
_R4 = "http://hl7.org/fhir/StructureDefinition/"
_R4_VALUE_SET = "http://hl7.org/fhir/ValueSet/"
_ROLES = "http://cts.nlm.nih.gov/fhir/ValueSet/2.16.840.1.113762.1.4.1099.30"
_LOINC = "http://loinc.org"

Element = dict[str, Any]

TARGETS = {
    f"{US_CORE}{name.lower()}": name
    for name in (
        "CareTeam",
        "Encounter",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
    )
}
"""The profiles that references point to, and the types they are of."""


def _required(name: str) -> Element:
    return {"binding": {"strength": "required", "valueSet": name}}


def _extensible(name: str) -> Element:
    return {"binding": {"strength": "extensible", "valueSet": name}}


def _refers(*names: str) -> Element:
    targets = [each if "/" in each else US_CORE + each for each in names]
    return {"type": [{"code": "Reference", "targetProfile": targets}]}


def _types(*codes: str) -> Element:
    return {"type": [{"code": each} for each in codes]}


_BY_PATTERN: Element = {
    "slicing": {"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "open"}
}
_ASSESS_PLAN: Element = {
    "patternCodeableConcept": {
        "coding": [{"system": f"{_CODE_SYSTEM}careplan-category", "code": "assess-plan"}]
    }
}
_CONTENT: Element = {
    "constraint": [
        {
            "key": "us-core-6",
            "severity": "error",
            "human": "an attachment needs a url, data or both",
            "expression": "url.exists() or data.exists()",
        }
    ]
}
_ONE: Element = {"min": 1}

_ELEMENTS: dict[str, tuple[tuple[str, Element], ...]] = {
    "Goal": (
        ("lifecycleStatus", _required(f"{_R4_VALUE_SET}goal-status")),
        ("description", _extensible(f"{_VALUE_SET}us-core-goal-description")),
        ("subject", _refers("patient")),
        ("start[x]", _types("date", "CodeableConcept")),
        ("target", {}),
        ("target.due[x]", _types("date", "Duration")),
    ),
    "DocumentReference": (
        ("identifier", {}),
        ("status", _required(f"{_R4_VALUE_SET}document-reference-status")),
        ("type", _ONE | _required(f"{_VALUE_SET}us-core-documentreference-type")),
        ("category", _ONE | _BY_PATTERN),
        (
            "category:uscore",
            {"mustSupport": False} | _required(f"{_VALUE_SET}us-core-documentreference-category"),
        ),
        ("subject", _ONE | _refers("patient")),
        ("date", {}),
        (
            "author",
            _refers(
                "practitioner",
                "organization",
                "patient",
                "practitionerrole",
                "relatedperson",
                f"{_R4}Device",
            ),
        ),
        ("content", {}),
        ("content.attachment", _CONTENT),
        ("content.attachment.contentType", {}),
        ("content.attachment.data", {"min": 0}),
        ("content.attachment.url", {"min": 0}),
        ("content.format", _extensible(f"{_R4_VALUE_SET}formatcodes")),
        ("context", {}),
        ("context.encounter", {"max": "1"} | _refers("encounter")),
        ("context.period", {}),
    ),
    "CarePlan": (
        ("text", {}),
        ("text.status", _required(f"{_VALUE_SET}us-core-narrative-status")),
        ("text.div", {}),
        ("status", _required(f"{_R4_VALUE_SET}request-status")),
        ("intent", _required(f"{_R4_VALUE_SET}care-plan-intent")),
        ("category", _ONE | _BY_PATTERN),
        ("category:AssessPlan", _ONE | {"max": "1"} | _ASSESS_PLAN),
        ("subject", _refers("patient")),
    ),
    "CareTeam": (
        ("status", _required(f"{_R4_VALUE_SET}care-team-status")),
        ("subject", _ONE | _refers("patient")),
        ("participant", _ONE),
        ("participant.role", _ONE | {"max": "1"} | _extensible(_ROLES)),
        (
            "participant.member",
            _ONE
            | _refers(
                "practitioner",
                "organization",
                "patient",
                "practitionerrole",
                "careteam",
                "relatedperson",
            ),
        ),
    ),
}
"""The constraints of each profile: element or slice, and what its differential says."""

_INCLUDED: dict[str, list[Element]] = {
    "us-core-goal-description": [{"system": "http://snomed.info/sct"}, {"system": _LOINC}],
    "us-core-documentreference-type": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
            "concept": [{"code": "UNK"}],
        },
        {
            "system": _LOINC,
            "filter": [{"property": "SCALE_TYP", "op": "=", "value": "DOC"}],
        },
    ],
    "us-core-documentreference-category": [
        {
            "system": f"{_CODE_SYSTEM}us-core-documentreference-category",
            "concept": [{"code": "clinical-note"}],
        }
    ],
    "us-core-narrative-status": [
        {
            "system": "http://hl7.org/fhir/narrative-status",
            "concept": [{"code": "additional"}, {"code": "generated"}],
        }
    ],
}
"""What each value set includes."""


def resources() -> Iterator[dict[str, Any]]:
    """Yield the profiles and value sets."""
    for type_, elements in _ELEMENTS.items():
        yield {
            "resourceType": "StructureDefinition",
            "url": us_core_url(type_),
            "version": US_CORE_VERSION,
            "type": type_,
            "baseDefinition": _R4 + type_,
            "differential": {"element": [_element(type_, path, facts) for path, facts in elements]},
        }
    for name, included in _INCLUDED.items():
        yield {
            "resourceType": "ValueSet",
            "url": _VALUE_SET + name,
            "compose": {"include": included},
        }


def _element(type_: str, path: str, facts: Element) -> Element:
    plain, _, slice_name = path.partition(":")
    named = {"sliceName": slice_name} if slice_name else {}
    return {
        "id": f"{type_}.{path}",
        "path": f"{type_}.{plain}",
        **named,
        "mustSupport": True,
    } | facts
