"""The definitions that writes and validations are checked against, made when they are needed.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fhir_facade.derive.capability_published import published_once
from fhir_facade.errors import Unprocessable
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.validation.profiles import Definitions, extension_issues


@lru_cache(maxsize=8)
def definitions_of(registry: Registry) -> Definitions:
    """Return what is published, and the facts of US Core."""
    return Definitions(published_once(registry), registry.context)


def refuse_malformed_extensions(resource: Any, registry: Registry) -> None:
    """Raise Unprocessable for extensions of this guide in a form that it does not define.

    What is written is served under this guide's profiles, so it must fit them.
    """
    issues = extension_issues(resource, definitions_of(registry))
    if issues:
        raise Unprocessable("an extension", issues=issues)
