"""The CapabilityStatement, from the same registry that reads and searches.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.derive.operations import case_definition_url
from fhir_facade.derive.search_parameters import definition_url
from fhir_facade.rules.context import Context
from fhir_facade.rules.mapping import Param
from fhir_facade.rules.registry import Registry, ResourceType

CASE_TYPE = "EpisodeOfCare"

_INTERACTIONS = (
    ("read", "HEAD, If-None-Match and If-Modified-Since are honoured."),
    ("search-type", "By GET, and by POST to _search."),
)


def capability_statement(
    registry: Registry, base_url: str | None, notes: str = ""
) -> dict[str, Any]:
    """Return the CapabilityStatement; without a base URL it is the published artefact."""
    context = registry.context
    resources = [_resource(each, registry) for each in registry]
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
        "description": "What this server reads and searches; it writes nothing yet.",
        "kind": "instance",
        "software": {"name": "fhir-facade", "version": __version__, "releaseDate": __released__},
        "implementation": implementation,
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _DOCUMENTATION + (f" {notes}" if notes else ""),
                "security": {
                    "cors": True,
                    "description": "No authentication: bind it to loopback or put a gateway first.",
                },
                "resource": sorted(resources, key=lambda each: str(each["type"])),
                "interaction": [
                    {
                        "code": "search-system",
                        "documentation": "GET [base]?_type=Task,Goal&…, by POST to _search too; "
                        "without _type over every served type.",
                    }
                ],
                "searchParam": _system_params(registry),
                "compartment": [PATIENT_COMPARTMENT],
            }
        ],
    }


PATIENT_COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/patient"

_DOCUMENTATION = (
    "Read-only. An unknown search filter is refused with 400 unless Prefer: handling=lenient is "
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


def _resource(each: ResourceType, registry: Registry) -> dict[str, Any]:
    context = registry.context
    found: dict[str, Any] = {
        "type": each.name,
        "interaction": [{"code": code, "documentation": text} for code, text in _INTERACTIONS],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "full-support",
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
        "interaction": [{"code": code, "documentation": text} for code, text in _INTERACTIONS],
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
