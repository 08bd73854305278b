"""OperationDefinition resources of the operations that are served.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.capability_types import PUBLISHED_TYPES
from fhir_facade.derive.head import canonical_url, head
from fhir_facade.rules.context import Context
from fhir_facade.rules.registry import Registry

_CASE, _DOCREF, _VALIDATE = "EpisodeOfCare-case", "DocumentReference-docref", "Resource-validate"


def case_definition_url(context: Context) -> str:
    return canonical_url("OperationDefinition", _CASE, context)


def docref_definition_url(context: Context) -> str:
    return canonical_url("OperationDefinition", _DOCREF, context)


def validate_definition_url(context: Context) -> str:
    return canonical_url("OperationDefinition", _VALIDATE, context)


def operations(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield the definition of each operation that is this guide's own or narrows another's."""
    yield case_operation(registry.context)
    yield _docref(registry.context)
    yield _validate(registry)


def case_operation(context: Context) -> dict[str, Any]:
    """Return the definition of `$case`: a case and all that belongs to it."""
    return {
        **head(
            "OperationDefinition",
            _CASE,
            context,
            shown="The case as a Bundle",
            description="Returns an EpisodeOfCare with its CareTeam, CarePlan, List, Tasks, Goals, "
            "Flags, Communications, DocumentReferences, Provenance and outcome, in this order, as "
            "a Bundle of type collection.",
        ),
        "kind": "operation",
        "affectsState": False,
        "code": "case",
        "resource": ["EpisodeOfCare"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [_out("Bundle", "The case.")],
    }


def _docref(context: Context) -> dict[str, Any]:
    return {
        **head(
            "OperationDefinition",
            _DOCREF,
            context,
            shown="The documents of a patient",
            description="Returns the DocumentReferences of a patient as a searchset, as US Core's "
            "operation does. Every document is there already: none is made on demand, and without "
            "start and end all of them are returned.",
        ),
        "kind": "operation",
        "affectsState": False,
        "code": "docref",
        "base": "http://hl7.org/fhir/us/core/OperationDefinition/docref",
        "resource": ["DocumentReference"],
        "system": False,
        "type": True,
        "instance": False,
        "parameter": [
            _in("patient", "id", "The patient's id.", least=1),
            _in("start", "dateTime", "Only documents of a time of care that does not end before."),
            _in("end", "dateTime", "Only documents of a time of care that does not begin after."),
            _in("type", "CodeableConcept", "Only documents of this type."),
            _in("on-demand", "boolean", "True finds none, since none is made on demand."),
            _out("Bundle", "A searchset of DocumentReferences."),
        ],
    }


def _validate(registry: Registry) -> dict[str, Any]:
    return {
        **head(
            "OperationDefinition",
            _VALIDATE,
            registry.context,
            shown="Check a resource",
            description="Checks a resource as a write would, and against profiles, and stores "
            "nothing.",
        ),
        "kind": "operation",
        "affectsState": False,
        "code": "validate",
        "base": "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        "resource": sorted([*registry.types, "Bundle", *PUBLISHED_TYPES]),
        "system": True,
        "type": True,
        "instance": True,
        "parameter": [
            _in("resource", "Resource", "The resource; of an instance, the stored one else."),
            _in(
                "mode",
                "code",
                "What is to be done with it: create, update, delete, or profile, "
                "which is nothing in particular.",
            ),
            _in(
                "profile", "uri", "Profiles to check it against, beside those it claims.", most="*"
            ),
            _out("OperationOutcome", "What was found; without errors the resource is valid."),
        ],
    }


def _in(
    name: str, fhir_type: str, documentation: str, *, least: int = 0, most: str = "1"
) -> dict[str, Any]:
    return {
        "name": name,
        "use": "in",
        "min": least,
        "max": most,
        "documentation": documentation,
        "type": fhir_type,
    }


def _out(fhir_type: str, documentation: str) -> dict[str, Any]:
    return {
        "name": "return",
        "use": "out",
        "min": 1,
        "max": "1",
        "documentation": documentation,
        "type": fhir_type,
    }
