"""The definitions that writes and validations are checked against, made when they are needed.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fhir_facade.derive.capability_published import published_once
from fhir_facade.derive.vocabularies import tables
from fhir_facade.errors import Unprocessable
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.validation.codings import Systems, unknown_codes
from fhir_facade.rules.validation.profiles import Definitions, extension_issues


@lru_cache(maxsize=8)
def definitions_of(registry: Registry) -> Definitions:
    """Return what is published, and the facts of US Core."""
    return Definitions(published_once(registry), registry.context)


@lru_cache(maxsize=8)
def known_systems(registry: Registry) -> Systems:
    """Return the code systems whose codes are all known: the complete ones published, and HL7's."""
    own = {
        each["url"]: frozenset(concept["code"] for concept in each.get("concept", ()))
        for each in published_once(registry)
        if each["resourceType"] == "CodeSystem" and each["content"] == "complete"
    }
    whole = {
        each.system: frozenset(each.stored) for each in tables(registry).values() if each.whole
    }
    return {**own, **whole}


def require_defined(resource: Any, registry: Registry) -> None:
    """Raise Unprocessable for what no definition known here allows.

    What is written is served under this guide's profiles, so its extensions must fit them, and
    codes of a system that is known in full must be among them.
    """
    issues = extension_issues(resource, definitions_of(registry))
    issues += unknown_codes(resource, known_systems(registry))
    if issues:
        raise Unprocessable("an undefined extension or code", issues=issues)
