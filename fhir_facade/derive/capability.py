"""The CapabilityStatement, from the same registry that reads and searches.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.derive.operations import case_definition_url
from fhir_facade.derive.search_parameters import definition_url
from fhir_facade.rules.context import Context
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
    resources = [_resource(each, context) for each in registry]
    resources.append(_bundle(registry.types[CASE_TYPE], context))
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
            }
        ],
    }


_DOCUMENTATION = (
    "Read-only. An unknown search filter is refused with 400 unless Prefer: handling=lenient is "
    "sent; an unknown result parameter is ignored with a warning. Documents marked hidden are "
    "found only by _tag=hidden. Pages are followed by next links. Result parameters: "
    "_count, _sort, _total, _summary=count."
)


def _resource(each: ResourceType, context: Context) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": each.name,
        "interaction": [{"code": code, "documentation": text} for code, text in _INTERACTIONS],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "full-support",
        "searchParam": _search_params(each, context),
    }
    if each.name == CASE_TYPE:
        found["operation"] = [
            {
                "name": "case",
                "definition": case_definition_url(context),
                "documentation": "GET EpisodeOfCare/{id}/$case: the case and all that belongs to "
                "it, as a Bundle of type collection.",
            }
        ]
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
            "documentation": ", ".join(dict.fromkeys(param.elements)),
        }
        for name, param in sorted(each.params.items())
    ]
