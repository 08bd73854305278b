"""The modes of /metadata beside the full one: the normative portions, and terminology.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from __future__ import annotations

from typing import Any, Final

from fhir_facade import __version__
from fhir_facade.derive.capability_published import published_once
from fhir_facade.derive.head import head
from fhir_facade.rules.registry import Registry

Json = dict[str, Any]

TRIAL_USE: Final = frozenset(
    {
        "useContext",
        "imports",
        "implementation.custodian",
        "messaging",
        "document",
        "rest.security",
        "rest.resource.supportedProfile",
        "rest.resource.versioning",
        "rest.resource.readHistory",
        "rest.resource.updateCreate",
        "rest.resource.conditionalCreate",
        "rest.resource.conditionalRead",
        "rest.resource.conditionalUpdate",
        "rest.resource.conditionalDelete",
        "rest.resource.referencePolicy",
        "rest.resource.searchInclude",
        "rest.resource.searchRevInclude",
    }
)
"""The elements of a CapabilityStatement that R4 marks as trial use; all others are normative."""

_SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_EXPANSION_PARAMETERS: Final = {
    "activeOnly": "Leaves out the concepts that are marked inactive.",
    "count": "The length of a page.",
    "exclude-system": "Leaves out the concepts of a code system.",
    "filter": "See textFilter.",
    "includeDefinition": "Keeps the definition beside the expansion.",
    "includeDesignations": "Adds the designations that the code system has.",
    "offset": "Where the page starts.",
}


def normative(statement: Json) -> Json:
    """Return the normative portions of a statement, marked as the part that they are."""
    first = {name: statement[name] for name in ("resourceType", "id")}
    return {**first, "meta": {"tag": [_SUBSETTED]}, **_without_trial_use(statement, "")}


def _without_trial_use(value: Json, above: str) -> Json:
    found: Json = {}
    for name, each in value.items():
        path = f"{above}{name}"
        if path in TRIAL_USE:
            continue
        if isinstance(each, dict):
            found[name] = _without_trial_use(each, f"{path}.")
        elif isinstance(each, list) and each and isinstance(each[0], dict):
            found[name] = [_without_trial_use(item, f"{path}.") for item in each]
        else:
            found[name] = each
    return found


def terminology_capabilities(registry: Registry, base_url: str) -> Json:
    """Return what this server can say of codes: those that it publishes itself.

    https://hl7.org/fhir/R4/terminologycapabilities.html
    """
    return {
        **head(
            "TerminologyCapabilities",
            "fhir-facade",
            registry.context,
            shown="FHIR facade: terminology",
            description="The codes of this server's own mapping tables. Value sets and concept "
            "maps are those that GET ValueSet and GET ConceptMap list; no other terminology is "
            "known here.",
        ),
        "kind": "instance",
        "software": {"name": "fhir-facade", "version": __version__},
        "implementation": {
            "description": "The terminology of a FHIR R4 view of a care-management platform",
            "url": base_url,
        },
        **_code_systems(registry),
        "expansion": {
            "hierarchical": False,
            "paging": True,
            "incomplete": False,
            "parameter": [
                {"name": name, "documentation": text}
                for name, text in _EXPANSION_PARAMETERS.items()
            ],
            "textFilter": "Finds the concepts whose code or display holds the text; case and "
            "accents do not count.",
        },
        "codeSearch": "explicit",
        "validateCode": {"translations": False},
        "translation": {"needsMap": False},
    }


def _code_systems(registry: Registry) -> Json:
    found = [
        {
            "uri": each["url"],
            "version": [{"code": each["version"], "isDefault": True, "compositional": False}],
            "subsumption": False,
        }
        for each in published_once(registry)
        if each["resourceType"] == "CodeSystem"
    ]
    return {"codeSystem": found} if found else {}
