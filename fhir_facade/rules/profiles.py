"""The canonical URLs of the profiles that served resources conform to.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from fhir_facade.rules.context import Context

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
US_CORE_VERSION = "6.1.0"

CASE_BUNDLE = "case-bundle"


def profile_name(resource: str) -> str:
    """Return the id of this guide's profile of a type, `facade-careplan`."""
    return f"facade-{resource.lower()}"


def profile_url(resource: str, context: Context) -> str:
    """Return the canonical URL of this guide's profile of a type."""
    return context.extension(profile_name(resource))


def us_core_url(resource: str) -> str:
    """Return the canonical URL of US Core's profile of a type."""
    return f"{US_CORE}{resource.lower()}"
