"""What the CapabilityStatement says of the types that artefacts are published as.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from typing import Any, Final

from fhir_facade.derive.capability_operations import operations
from fhir_facade.derive.capability_types import ARTEFACT_PARAMS, ArtefactParam
from fhir_facade.rules.context import Context

_INTERACTIONS: Final = (
    ("read", "HEAD, If-None-Match and If-Modified-Since are honoured."),
    ("search-type", "By GET, and by POST to _search; not among the types of search-system."),
)


def artefact_resources(context: Context) -> list[dict[str, Any]]:
    """Return an entry for each published type: read-only, and without a history."""
    return [
        {
            "type": type_,
            "documentation": "What this server publishes of itself; derived from its mapping "
            "tables, and read-only.",
            "interaction": [{"code": code, "documentation": text} for code, text in _INTERACTIONS],
            "versioning": "versioned",
            "readHistory": False,
            "updateCreate": False,
            "conditionalCreate": False,
            "conditionalRead": "full-support",
            "conditionalUpdate": False,
            "conditionalDelete": "not-supported",
            "searchParam": [_search_param(type_, each) for each in params.values()],
            **operations(type_, context),
        }
        for type_, params in ARTEFACT_PARAMS.items()
    ]


def _search_param(type_: str, param: ArtefactParam) -> dict[str, str]:
    elements = ", ".join(f"{type_}.{each.replace('*', '')}" for each in param.elements)
    sortable = " Sortable." if param.sortable else ""
    return {
        "name": param.name,
        "definition": param.url,
        "type": param.type,
        "documentation": f"{elements}. Modifiers: {', '.join(param.modifiers)}.{sortable}",
    }
