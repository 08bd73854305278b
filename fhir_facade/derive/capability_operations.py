"""The operations that the CapabilityStatement declares, by type.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from typing import Any, Final

from fhir_facade.derive.capability_published import published_once
from fhir_facade.derive.operations import case_definition_url
from fhir_facade.rules.context import Context
from fhir_facade.rules.registry import Registry

_HL7: Final = "http://hl7.org/fhir/OperationDefinition/"
_CASE: Final = "EpisodeOfCare"

_NOT_STORED: Final = ("Patient", "Practitioner", "Organization")

_VALIDATE: Final = (
    "validate",
    f"{_HL7}Resource-validate",
    "POST of a resource, or of Parameters (resource, mode, profile), to the type or an instance; "
    "without a resource an instance is validated as it is served. Nothing is stored.",
)
_CASE_TEXT: Final = (
    "GET EpisodeOfCare/{id}/$case: the case and all that belongs to it, as a Bundle of type "
    "collection."
)
_TRANSLATE: Final = (
    "GET, or POST with Parameters, of ConceptMap and of ConceptMap/[id]: url, conceptMapVersion, "
    "code with system, coding, codeableConcept, version, source, target, targetsystem, reverse."
)
_EXPAND: Final = (
    "GET, or POST with Parameters, of ValueSet and of ValueSet/[id]: url, valueSetVersion, filter, "
    "offset, count, includeDesignations, includeDefinition, activeOnly, exclude-system."
)
_VALIDATE_CODE: Final = (
    "GET, or POST with Parameters, of {0} and of {0}/[id]: url, {1}, display, coding, "
    "codeableConcept. Of an open code system every code is valid, and the message says so."
)

_OPERATIONS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "CodeSystem": (
        (
            "lookup",
            f"{_HL7}CodeSystem-lookup",
            "GET, or POST with Parameters, of CodeSystem: code with system, coding, version, "
            "property.",
        ),
        (
            "validate-code",
            f"{_HL7}CodeSystem-validate-code",
            _VALIDATE_CODE.format("CodeSystem", "code, version"),
        ),
    ),
    "ConceptMap": (("translate", f"{_HL7}ConceptMap-translate", _TRANSLATE),),
    "DocumentReference": (
        (
            "docref",
            "http://hl7.org/fhir/us/core/OperationDefinition/docref",
            "GET, or POST with Parameters: patient, start, end, type, on-demand, each once; not "
            "profile. Every document is there already, so on-demand=true finds none. What is taken "
            "is defined in OperationDefinition/DocumentReference-docref.",
        ),
    ),
    "Patient": (
        (
            "everything",
            f"{_HL7}Patient-everything",
            "GET Patient/[id]/$everything with _since, _type, _count.",
        ),
    ),
    "ValueSet": (
        ("expand", f"{_HL7}ValueSet-expand", _EXPAND),
        (
            "validate-code",
            f"{_HL7}ValueSet-validate-code",
            _VALIDATE_CODE.format("ValueSet", "valueSetVersion, code with system, systemVersion"),
        ),
    ),
}


def operations(type_: str, context: Context) -> dict[str, Any]:
    """Return what a type's entry says of its operations."""
    found = [*_OPERATIONS.get(type_, ())]
    if type_ == _CASE:
        found.append(("case", case_definition_url(context), _CASE_TEXT))
    if type_ not in _NOT_STORED:
        found.append(_VALIDATE)
    return {"operation": [_operation(*each) for each in found]} if found else {}


def system_operations(registry: Registry) -> dict[str, Any]:
    """Return the operations of the whole system: R4 defines none itself that is served here."""
    found = [
        _operation(each["code"], each["url"], each["description"])
        for each in published_once(registry)
        if each["resourceType"] == "OperationDefinition" and each["system"]
    ]
    return {"operation": found} if found else {}


def _operation(name: str, definition: str, text: str) -> dict[str, str]:
    return {"name": name, "definition": definition, "documentation": text}
