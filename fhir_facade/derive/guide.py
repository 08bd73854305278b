"""The ImplementationGuide: what is published, and on what it builds.

https://hl7.org/fhir/R4/implementationguide.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fhir_facade.derive.head import head
from fhir_facade.rules.context import Context
from fhir_facade.rules.profiles import US_CORE_VERSION

GUIDE = "fhir-facade"
PACKAGE = "com.wellnecity.fhir-facade"
TITLE = "FHIR facade of the care-management platform"
ABOUT = (
    "The profiles, extensions, codes, search parameters and operations of a FHIR R4 view of a "
    "care-management platform's own documents."
)
R4_PACKAGE, R4_VERSION = "hl7.fhir.r4.core", "4.0.1"
US_CORE_PACKAGE = "hl7.fhir.us.core"


def implementation_guide(resources: Iterable[dict[str, Any]], context: Context) -> dict[str, Any]:
    """Return the guide that some resources belong to."""
    return {
        **head("ImplementationGuide", GUIDE, context, shown=TITLE, description=ABOUT),
        "packageId": PACKAGE,
        "license": "Apache-2.0",
        "fhirVersion": [R4_VERSION],
        "dependsOn": [
            {
                "id": "uscore",
                "uri": f"http://hl7.org/fhir/us/core/ImplementationGuide/{US_CORE_PACKAGE}",
                "packageId": US_CORE_PACKAGE,
                "version": US_CORE_VERSION,
            }
        ],
        "definition": {"resource": [_listed(each) for each in resources]},
    }


def _listed(resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "reference": {"reference": f"{resource['resourceType']}/{resource['id']}"},
        "name": resource.get("title", resource["name"]),
        "description": resource["description"],
        "exampleBoolean": False,
    }
