"""Every conformance resource that this guide publishes.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.operations import case_operation
from fhir_facade.derive.search_parameters import custom_search_parameters
from fhir_facade.derive.value_sets import value_set_resources
from fhir_facade.rules.registry import Registry


def published(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield each of them; the CapabilityStatement, which depends on a deployment, is not here."""
    yield case_operation(registry.context)
    yield from custom_search_parameters(registry)
    yield from value_set_resources(registry)
