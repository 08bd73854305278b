"""Whether a resource is valid R4: structure, required codes, and types of references."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

Json = dict[str, Any]

# https://hl7.org/fhir/R4/terminologies.html#required; the model abridges long value sets
REQUIRED = {
    "Task.status": "draft requested received accepted rejected ready cancelled in-progress "
    "on-hold failed completed entered-in-error",
    "Task.intent": "unknown proposal plan order original-order reflex-order filler-order "
    "instance-order option",
    "Goal.lifecycleStatus": "proposed planned accepted active on-hold completed cancelled "
    "entered-in-error rejected",
    "Communication.status": "preparation in-progress not-done on-hold stopped completed "
    "entered-in-error unknown",
    "EpisodeOfCare.status": "planned waitlist active onhold finished cancelled entered-in-error",
    "EpisodeOfCareStatusHistory.status": "planned waitlist active onhold finished cancelled "
    "entered-in-error",
    "CarePlan.status": "draft active on-hold revoked completed entered-in-error unknown",
    "CarePlan.intent": "proposal plan order option",
    "CarePlanActivityDetail.status": "not-started scheduled in-progress on-hold completed "
    "cancelled stopped unknown entered-in-error",
    "Observation.status": "registered preliminary final amended corrected cancelled "
    "entered-in-error unknown",
    "Bundle.type": "batch-response collection history searchset transaction-response",
    "CapabilityStatement.format": "json application/fhir+json",
}


@cache
def _model(name: str) -> type[FHIRAbstractModel]:
    return getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)


def problems(resource: Json) -> list[str]:
    """What is wrong with a resource, empty if nothing is."""
    try:
        model = _model(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        return [f"{each['loc']}: {each['msg']}" for each in error.errors()]
    return list(_walk(model, resource["resourceType"]))


def _walk(model: Any, path: str) -> list[str]:
    found = []
    for name, field in type(model).model_fields.items():
        extra = field.json_schema_extra or {}
        value = getattr(model, name, None)
        for each in value if isinstance(value, list) else [value]:
            if each is None:
                continue
            where = f"{path}.{field.alias or name}"
            found += _code(each, f"{type(model).__name__}.{name}", where, extra)
            found += _reference(each, where, extra)
            if isinstance(each, FHIRAbstractModel):
                found += _walk(each, where)
    return found


def _code(value: Any, key: str, where: str, extra: Any) -> list[str]:
    allowed = REQUIRED[key].split() if key in REQUIRED else extra.get("enum_values")
    if not isinstance(value, str) or not allowed or "+" in allowed or value in allowed:
        return []
    return [f"{where}: code {value}"]


def _reference(value: Any, where: str, extra: Any) -> list[str]:
    allowed = extra.get("enum_reference_types")
    if not allowed or type(value).__name__ != "Reference" or "Resource" in allowed:
        return []
    found = []
    if value.type is not None and value.type not in allowed:
        found.append(f"{where}: type {value.type}")
    if value.reference is not None and value.reference.split("/")[-2] not in allowed:
        found.append(f"{where}: reference {value.reference}")
    return found
