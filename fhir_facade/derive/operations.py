"""OperationDefinition resources of the operations that are served.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.rules.context import Context


def case_definition_url(context: Context) -> str:
    return f"{context.canonical}/OperationDefinition/EpisodeOfCare-case"


def case_operation(context: Context) -> dict[str, Any]:
    """Return the definition of `$case`: a case and all that belongs to it."""
    return {
        "resourceType": "OperationDefinition",
        "id": "EpisodeOfCare-case",
        "url": case_definition_url(context),
        "version": __version__,
        "name": "EpisodeOfCareCase",
        "title": "The case as a Bundle",
        "status": "active",
        "kind": "operation",
        "date": __released__,
        "publisher": "Wellnecity",
        "description": "Returns an EpisodeOfCare with its CareTeam, CarePlan, List, Tasks, Goals, "
        "Flags, Communications, DocumentReferences, Provenance and outcome, in this order, as a "
        "Bundle of type collection.",
        "affectsState": False,
        "code": "case",
        "resource": ["EpisodeOfCare"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            {
                "name": "return",
                "use": "out",
                "min": 1,
                "max": "1",
                "documentation": "The case.",
                "type": "Bundle",
            }
        ],
    }
