"""The published artefacts of a registry, made once for all that look into them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fhir_facade.derive.naming_systems import naming_systems
from fhir_facade.derive.published import published
from fhir_facade.rules.registry import Registry


@lru_cache(maxsize=8)
def published_once(registry: Registry) -> tuple[dict[str, Any], ...]:
    """Return every published artefact; nobody changes them."""
    return (*published(registry), *naming_systems(registry))
