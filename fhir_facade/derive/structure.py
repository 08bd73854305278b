"""The order and the choices of R4's elements, as a differential needs them.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from fhir_facade.rules.validation.schema import Element, shape_of

R4 = "http://hl7.org/fhir/StructureDefinition/"

EXTENSIBLE = frozenset(
    {"AuditEvent.agent.media", "AuditEvent.agent.purposeOfUse", "AuditEvent.agent.type"}
    | {"AuditEvent.entity.lifecycle", "AuditEvent.entity.role", "AuditEvent.entity.securityLabel"}
    | {"AuditEvent.entity.type", "AuditEvent.purposeOfEvent", "AuditEvent.source.type"}
    | {"AuditEvent.subtype", "AuditEvent.type"}
    | {"DocumentReference.securityLabel", "Observation.component.dataAbsentReason"}
    | {"Observation.component.interpretation", "Observation.dataAbsentReason"}
    | {"Observation.interpretation", "Provenance.activity", "Provenance.agent.type"}
    | {"Provenance.reason"}
)
"""The elements of the served types whose extensible binding a profile may not make weaker."""


@cache
def in_order(model: str) -> tuple[tuple[Element, ...], ...]:
    """Return the elements of a model in R4's order; those of one choice stand together."""
    module, _, name = model.rpartition(".")
    sequence = getattr(import_module(module), name).elements_sequence()
    elements = shape_of(model).elements
    found: dict[str, list[Element]] = {}
    for key in sequence:
        if key in elements:
            found.setdefault(elements[key].name, []).append(elements[key])
    return tuple(tuple(each) for each in found.values())


def model_of(resource: str) -> str:
    """Return the dotted name of a resource type's model."""
    return f"fhir.resources.R4B.{resource.lower()}.{resource}"


def type_of(element: Element) -> str:
    """Return the FHIR type of an element."""
    return element.primitive or element.model.rpartition(".")[2]


def reference_to(targets: Iterable[str]) -> dict[str, Any]:
    """Return the type of a Reference to some resource types; without any, to all."""
    named = [R4 + name for name in sorted(set(targets))]
    return {"code": "Reference", **({"targetProfile": named} if named else {})}
