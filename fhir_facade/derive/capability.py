"""The CapabilityStatement, from the same registry that reads and searches.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.derive.capability_artefacts import artefact_resources
from fhir_facade.derive.capability_operations import operations, system_operations
from fhir_facade.derive.capability_people import people_resources
from fhir_facade.derive.capability_published import published_once
from fhir_facade.derive.capability_security import UNDECIDED
from fhir_facade.derive.head import head
from fhir_facade.derive.search_parameters import definition_url
from fhir_facade.rules.context import Context
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.profiles import CASE_BUNDLE, Profiles, profile_url
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
    security: dict[str, Any] | None = None
    """`rest.security`; where nothing is given, what is true of every deployment."""


def capability_statement(
    registry: Registry, base_url: str | None, deployment: Deployment | None = None
) -> dict[str, Any]:
    """Return the CapabilityStatement; without a base URL it is the published artefact."""
    context = registry.context
    return {
        **head(
            "CapabilityStatement",
            "fhir-facade",
            context,
            shown="FHIR facade",
            description="What this server reads, searches and writes.",
        ),
        "kind": "instance",
        "software": {"name": "fhir-facade", "version": __version__, "releaseDate": __released__},
        "implementation": {
            "description": "A FHIR R4 view of a care-management platform's own documents",
            **({} if base_url is None else {"url": base_url}),
        },
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "patchFormat": [
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/fhir+json",
        ],
        **_guides(registry),
        "rest": [_rest(registry, deployment or Deployment())],
    }


def _rest(registry: Registry, deployment: Deployment) -> dict[str, Any]:
    context, notes = registry.context, deployment.notes
    resources = [_resource(each, registry, deployment) for each in registry]
    resources.append(_bundle(registry.types[CASE_TYPE], context))
    resources += people_resources(registry)
    resources += artefact_resources(context)
    return {
        "mode": "server",
        "documentation": _DOCUMENTATION + (f" {notes}" if notes else ""),
        "security": deployment.security or UNDECIDED,
        "resource": sorted(resources, key=lambda each: str(each["type"])),
        "interaction": _of_system(deployment),
        "searchParam": _system_params(registry),
        **system_operations(registry),
        "compartment": [PATIENT_COMPARTMENT],
    }


PATIENT_COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/patient"

_DOCUMENTATION = (
    "An unknown search filter is refused with 400 unless Prefer: handling=lenient is "
    "sent; an unknown result parameter is ignored with a warning. Documents marked hidden are "
    "found only by _tag=hidden. Pages are followed by next links. Result parameters: "
    "_count, _sort, _total, _summary, _elements, _include, _revinclude (also with :iterate). "
    "Chained parameters and _has go through every reference between served types. The patient "
    "compartment also holds Tasks, by Task.for. What this server publishes of itself (profiles, "
    "value sets, search parameters …) is read and searched by its own types alone: it is in no "
    "compartment and no history, and not found by searches over several types."
)


def _guides(registry: Registry) -> dict[str, Any]:
    """Return the guides that are supported in their entirety: our own alone."""
    published = published_once(registry)
    found = [each["url"] for each in published if each["resourceType"] == "ImplementationGuide"]
    return {"implementationGuide": found} if found else {}


def _of_system(deployment: Deployment) -> list[dict[str, Any]]:
    """Return the interactions with the whole system; what a store cannot do is not among them."""
    found = {
        "search-system": "GET [base]?_type=Task,Goal&…, by POST to _search too; without _type over "
        "every type of the platform's documents.",
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
        "profile": profile_url(each.name, context),
        **_supported_profiles(each),
        "interaction": _interactions(each),
        "versioning": "versioned",
        "readHistory": bool(writes),
        **({"updateCreate": deployment.update_create} if "create" in writes else {}),
        **({"conditionalCreate": True} if "create" in writes else {}),
        "conditionalRead": "full-support",
        **({"conditionalUpdate": True} if "update" in writes else {}),
        **({"conditionalDelete": "single"} if "delete" in writes else {}),
        "referencePolicy": ["literal", "logical"],
    }
    if includes := registry.includable(each):
        found["searchInclude"] = ["*", *includes]
    if revincludes := registry.including(each):
        found["searchRevInclude"] = ["*", *revincludes]
    found["searchParam"] = _search_params(each, context)
    return {**found, **operations(each.name, context)}


def _supported_profiles(each: ResourceType) -> dict[str, Any]:
    """Return the profiles of others that resources of a type claim where they satisfy them."""
    kinds = [rule.kind for source in each.sources for rule in source.mapping.rules]
    claims = [claim for kind in kinds if isinstance(kind, Profiles) for claim in kind.claims]
    found = list(dict.fromkeys(claim.profile for claim in claims))
    return {"supportedProfile": found} if found else {}


def _bundle(case: ResourceType, context: Context) -> dict[str, Any]:
    return {
        "type": "Bundle",
        "supportedProfile": [context.extension(CASE_BUNDLE)],
        "documentation": "A case as one collection, also served under Case; searched by the "
        "search parameters of EpisodeOfCare.",
        "interaction": [
            {"code": code, "documentation": text} for code, text in (*_READING, *_CASE)
        ],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "full-support",
        "searchParam": _search_params(case, context),
        **operations("Bundle", context),
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
