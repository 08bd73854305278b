"""Every conformance resource that this guide publishes.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.case_bundle import case_bundle
from fhir_facade.derive.code_systems import code_systems
from fhir_facade.derive.concept_maps import concept_maps
from fhir_facade.derive.extensions import extensions
from fhir_facade.derive.guide import implementation_guide
from fhir_facade.derive.naming_systems import naming_systems
from fhir_facade.derive.operations import operations
from fhir_facade.derive.profiles import profiles
from fhir_facade.derive.search_parameters import custom_search_parameters
from fhir_facade.derive.value_sets import value_set_resources
from fhir_facade.rules.registry import Registry


def published(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield each of them, each with a canonical URL; the ImplementationGuide lists the others.

    The CapabilityStatement, which depends on a deployment, is not here.
    """
    found = list(_listed(registry))
    yield from found
    yield implementation_guide([*found, *naming_systems(registry)], registry.context)


def _listed(registry: Registry) -> Iterator[dict[str, Any]]:
    yield from profiles(registry)
    yield case_bundle(registry)
    yield from extensions(registry)
    yield from code_systems(registry)
    yield from value_set_resources(registry)
    yield from concept_maps(registry)
    yield from custom_search_parameters(registry)
    yield from operations(registry)
