"""The CapabilityStatement, from the same registry that reads and searches.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.derive.operations import case_definition_url
from fhir_facade.derive.search_parameters import definition_url
from fhir_facade.rules.context import Context
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.registry import Registry, ResourceType

CASE_TYPE = "EpisodeOfCare"

_READING = (
    ("read", "HEAD, If-None-Match and If-Modified-Since are honoured."),
    ("search-type", "By GET, and by POST to _search."),
)
_WRITING = {
    "create": "If-None-Exist is honoured. What the stored document has no place for is kept "
    "beside it.",
    "update": "If-Match and If-None-Match are honoured, and criteria in place of an id.",
    "patch": "JSON Patch, merge patch and FHIRPath Patch; also by criteria.",
    "delete": "The document is marked deleted and stays; also by criteria that match one.",
}
_KEPT = "Of the versions this server wrote, or found when it wrote over them, and the current one."
_HISTORY = (("vread", _KEPT), ("history-instance", _KEPT), ("history-type", _KEPT))
_CASE = (
    ("create", "POST of a Bundle of type collection; every part gets a new id."),
    ("update", "PUT to Case/[id]: the parts it carries are written, all or none."),
    ("delete", "The case's own document is marked deleted; its parts stay."),
)


@dataclass(frozen=True)
class Deployment:
    """What a deployment's store and settings make of the server."""

    notes: str = ""
    transactions: bool = True
    update_create: bool = False


def capability_statement(
    registry: Registry, base_url: str | None, deployment: Deployment | None = None
) -> dict[str, Any]:
    """Return the CapabilityStatement; without a base URL it is the published artefact."""
    deployment = deployment or Deployment()
    notes = deployment.notes
    context = registry.context
    resources = [_resource(each, registry, deployment) for each in registry]
    resources += [_bundle(registry.types[CASE_TYPE], context), _PATIENT]
    implementation: dict[str, Any] = {
        "description": "A FHIR R4 view of a care-management platform's own documents"
    }
    if base_url is not None:
        implementation["url"] = base_url
    return {
        "resourceType": "CapabilityStatement",
        "id": "fhir-facade",
        "url": f"{context.canonical}/CapabilityStatement/fhir-facade",
        "version": __version__,
        "name": "FhirFacade",
        "title": "FHIR facade",
        "status": "active",
        "date": __released__,
        "publisher": "Wellnecity",
        "description": "What this server reads, searches and writes.",
        "kind": "instance",
        "software": {"name": "fhir-facade", "version": __version__, "releaseDate": __released__},
        "implementation": implementation,
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "patchFormat": [
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/fhir+json",
        ],
        "rest": [
            {
                "mode": "server",
                "documentation": _DOCUMENTATION + (f" {notes}" if notes else ""),
                "security": {
                    "cors": True,
                    "description": "No authentication: bind it to loopback or put a gateway first.",
                },
                "resource": sorted(resources, key=lambda each: str(each["type"])),
                "interaction": _of_system(deployment),
                "searchParam": _system_params(registry),
                "compartment": [PATIENT_COMPARTMENT],
            }
        ],
    }


PATIENT_COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/patient"

_DOCUMENTATION = (
    "An unknown search filter is refused with 400 unless Prefer: handling=lenient is "
    "sent; an unknown result parameter is ignored with a warning. Documents marked hidden are "
    "found only by _tag=hidden. Pages are followed by next links. Result parameters: "
    "_count, _sort, _total, _summary, _elements, _include, _revinclude (also with :iterate). "
    "Chained parameters and _has go through every reference between served types. The patient "
    "compartment also holds Tasks, by Task.for."
)

_PATIENT: dict[str, Any] = {
    "type": "Patient",
    "documentation": "Patients are not served here; what belongs to one is, at Patient/[id]/[type] "
    "and Patient/[id]/*.",
    "operation": [
        {
            "name": "everything",
            "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
            "documentation": "GET Patient/[id]/$everything with _since, _type, _count.",
        }
    ],
}

_DOCREF = {
    "name": "docref",
    "definition": "http://hl7.org/fhir/us/core/OperationDefinition/docref",
    "documentation": "GET, or POST with Parameters: patient, start, end, type, on-demand. Every "
    "document is there already, so on-demand=true finds none.",
}


def _of_system(deployment: Deployment) -> list[dict[str, Any]]:
    """Return the interactions with the whole system; what a store cannot do is not among them."""
    found = {
        "search-system": "GET [base]?_type=Task,Goal&…, by POST to _search too; without _type over "
        "every served type.",
        "history-system": _KEPT,
        "batch": "Each entry by itself.",
    }
    if deployment.transactions:
        found["transaction"] = "All entries or none."
    return [{"code": code, "documentation": text} for code, text in found.items()]


def _interactions(each: ResourceType) -> list[dict[str, Any]]:
    writes = each.sources[0].mapping.writes
    known = [*_READING, *((code, _WRITING[code]) for code in writes), *(_HISTORY if writes else ())]
    return [{"code": code, "documentation": text} for code, text in known]


def _resource(each: ResourceType, registry: Registry, deployment: Deployment) -> dict[str, Any]:
    context, writes = registry.context, each.sources[0].mapping.writes
    found: dict[str, Any] = {
        "type": each.name,
        "interaction": _interactions(each),
        "versioning": "versioned",
        "readHistory": bool(writes),
        **({"updateCreate": deployment.update_create} if "create" in writes else {}),
        **({"conditionalCreate": True} if "create" in writes else {}),
        "conditionalRead": "full-support",
        **({"conditionalUpdate": True} if "update" in writes else {}),
        **({"conditionalDelete": "single"} if "delete" in writes else {}),
    }
    if includes := registry.includable(each):
        found["searchInclude"] = ["*", *includes]
    if revincludes := registry.including(each):
        found["searchRevInclude"] = ["*", *revincludes]
    found["searchParam"] = _search_params(each, context)
    if each.name == CASE_TYPE:
        found["operation"] = [
            {
                "name": "case",
                "definition": case_definition_url(context),
                "documentation": "GET EpisodeOfCare/{id}/$case: the case and all that belongs to "
                "it, as a Bundle of type collection.",
            }
        ]
    if each.name == "DocumentReference":
        found["operation"] = [_DOCREF]
    return found


def _bundle(case: ResourceType, context: Context) -> dict[str, Any]:
    return {
        "type": "Bundle",
        "documentation": "A case as one collection, also served under Case; searched by the "
        "search parameters of EpisodeOfCare.",
        "interaction": [
            {"code": code, "documentation": text} for code, text in (*_READING, *_CASE)
        ],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "full-support",
        "searchParam": _search_params(case, context),
    }


def _search_params(each: ResourceType, context: Context) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "definition": definition_url(each.name, name, context),
            "type": param.type,
            "documentation": _documentation(each, param),
        }
        for name, param in sorted(each.params.items())
    ]


def _documentation(each: ResourceType, param: Param) -> str:
    """Say where a parameter looks and what it takes."""
    sentences = [f"{', '.join(dict.fromkeys(param.elements))}."]
    if param.modifiers:
        sentences.append(f"Modifiers: {', '.join(param.modifiers)}.")
    if each.can_sort_by(param.name):
        sentences.append("Sortable.")
    return " ".join(sentences)


def _system_params(registry: Registry) -> list[dict[str, Any]]:
    """Return the parameters that every type has."""
    common = set.intersection(*(set(each.params) for each in registry))
    first = next(iter(registry))
    known = {name: param for name, param in first.params.items() if name in common}
    return [
        {
            "name": name,
            "definition": definition_url("Resource", name, registry.context),
            "type": param.type,
            **({"documentation": f"Modifiers: {', '.join(modifiers)}."} if modifiers else {}),
        }
        for name, param in sorted(known.items())
        if name.startswith("_")
        for modifiers in [param.modifiers]
    ]
