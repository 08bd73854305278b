"""_summary and _elements of the published artefacts.

https://hl7.org/fhir/R4/search.html#summary
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fhir_facade.interactions.shape import SUBSETTED
from fhir_facade.rules.narrative import narrative

Json = dict[str, Any]

_ALWAYS: Final = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})
_CANONICAL: Final = (
    "url version name title status experimental date publisher contact useContext jurisdiction"
)

# fmt: off
SUMMARY: Final = {
    "CapabilityStatement": f"{_CANONICAL} kind instantiates imports software software.name "
    "software.version software.releaseDate implementation implementation.description "
    "implementation.url implementation.custodian fhirVersion format patchFormat "
    "implementationGuide rest rest.mode rest.security rest.security.cors rest.security.service "
    "rest.resource rest.resource.type rest.resource.profile rest.resource.supportedProfile "
    "rest.resource.operation rest.resource.operation.name rest.resource.operation.definition "
    "rest.operation messaging document",
    "CodeSystem": f"{_CANONICAL} identifier caseSensitive valueSet hierarchyMeaning compositional "
    "versionNeeded content supplements count filter property",
    "ConceptMap": f"{_CANONICAL} identifier sourceUri sourceCanonical targetUri targetCanonical",
    "ImplementationGuide": f"{_CANONICAL} packageId license fhirVersion dependsOn global",
    "NamingSystem": "name status kind date publisher contact useContext jurisdiction uniqueId "
    "uniqueId.type uniqueId.value",
    "OperationDefinition": f"{_CANONICAL} kind affectsState code base resource system type "
    "instance",
    "SearchParameter": "url version name status experimental date publisher contact useContext "
    "jurisdiction description code base type",
    "StructureDefinition": f"{_CANONICAL} identifier keyword fhirVersion kind abstract context "
    "contextInvariant type baseDefinition derivation",
    "ValueSet": f"{_CANONICAL} identifier immutable",
}
"""Published type → the elements of a summary, and below a part that is cut those that stay."""

MANDATORY: Final = {
    "CapabilityStatement": "status date kind fhirVersion format",
    "CodeSystem": "status content",
    "ConceptMap": "status",
    "ImplementationGuide": "url name status packageId fhirVersion",
    "NamingSystem": "name status kind date uniqueId",
    "OperationDefinition": "name status kind code system type instance",
    "SearchParameter": "url name status description code base type",
    "StructureDefinition": "url name status kind abstract type",
    "ValueSet": "status",
}
# fmt: on


def shaped(resource: Json, summary: str, elements: Sequence[str]) -> Json:
    """Return an artefact with the elements only that _summary, or else _elements, names."""
    if summary not in ("true", "text") and not elements:
        return resource
    kind = resource["resourceType"]
    paths = {"true": SUMMARY[kind], "text": MANDATORY[kind]}.get(summary)
    if paths is None:
        named = [each.removeprefix(f"{kind}.").partition(".")[0] for each in elements]
        paths = f"{MANDATORY[kind]} {' '.join(named)}"
    kept = _cut(resource, _ALWAYS.union(paths.split()))
    if summary == "text":
        kept["text"] = resource.get("text") or narrative(resource)
    kept["meta"] = {**kept["meta"], "tag": [*kept["meta"].get("tag", ()), SUBSETTED]}
    return kept


def _cut(value: Json, paths: frozenset[str]) -> Json:
    return {
        name: _within(each, below) if (below := _below(name, paths)) else each
        for name, each in value.items()
        if name.removeprefix("_") in paths
    }


def _below(name: str, paths: frozenset[str]) -> frozenset[str]:
    return frozenset(each.removeprefix(f"{name}.") for each in paths if each.startswith(f"{name}."))


def _within(value: Any, paths: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_cut(each, paths) for each in value]
    return _cut(value, paths)
