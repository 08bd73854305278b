"""Codings of code systems that are known in full.

https://hl7.org/fhir/R4/datatypes.html#Coding
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_facade.errors import Issue

Systems = Mapping[str, frozenset[str]]
"""Code system → all its codes."""


def unknown_codes(resource: Any, systems: Systems) -> list[Issue]:
    """Return an error for each Coding whose code its system does not have."""
    name = resource.get("resourceType", "Resource") if isinstance(resource, dict) else "Resource"
    return [
        Issue("error", "code-invalid", f"{path}: is no code of {system}.", path)
        for path, system in _unknown(resource, str(name), systems)
    ]


def _unknown(value: Any, path: str, systems: Systems) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        system, code = value.get("system"), value.get("code")
        known = systems.get(system) if isinstance(system, str) else None
        if known is not None and isinstance(code, str) and code not in known:
            yield f"{path}.code", str(system)
        for key, each in value.items():
            if isinstance(each, dict | list):
                yield from _unknown(each, f"{path}.{key}", systems)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            if isinstance(each, dict | list):
                yield from _unknown(each, f"{path}[{place}]", systems)
