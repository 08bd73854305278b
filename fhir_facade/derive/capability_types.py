"""The types that this guide publishes its artefacts as, and the parameters they are searched by.

https://hl7.org/fhir/R4/resource.html#canonical
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fhir_facade.rules.r4_search import DEFINITIONS

_MODIFIERS: Final = {
    "string": ("missing", "exact", "contains"),
    "token": ("missing", "not"),
    "uri": ("missing", "below", "above"),
}
_SYSTEM: Final = "http://hl7.org/fhir/"
_BOOLEAN: Final = "http://hl7.org/fhir/special-values"


@dataclass(frozen=True)
class ArtefactParam:
    """One search parameter of a published type: where it looks, and what R4 calls it."""

    name: str
    type: str
    definition: str
    """The id of R4's SearchParameter."""
    elements: tuple[str, ...]
    """Paths below the resource; several are alternatives."""
    system: str | None = None
    """What system the codes at the path are of, where the element has no place to say it."""
    beside: str | None = None
    """The path, from the top, of the system that codes further down are of."""
    sortable: bool = False
    is_name: bool = False
    """A `uri` that names a type, and no place that another one could lie below."""

    @property
    def url(self) -> str:
        return DEFINITIONS + self.definition

    @property
    def modifiers(self) -> tuple[str, ...]:
        known = _MODIFIERS.get(self.type, ("missing",))
        return known[:1] if self.is_name else known

    def values(self, resource: dict[str, Any]) -> Iterator[Any]:
        """Yield what the parameter looks at."""
        for element in self.elements:
            yield from at(resource, element)

    def tokens(self, resource: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
        """Yield what a token parameter looks at, as (system, code)."""
        if self.beside is None:
            for value in self.values(resource):
                yield self.system, _code(value)
            return
        (element,) = self.elements
        above, _, system = self.beside.rpartition(".")
        for each in at(resource, above) if above else [resource]:
            for code in at(each, element.removeprefix(f"{above}.")):
                yield each.get(system), code


def at(value: Any, path: str) -> Iterator[Any]:
    """Yield every value at a path, through lists; `concept*.code` goes down any number of levels"""
    first, _, rest = path.partition(".")
    name = first.removesuffix("*")
    for each in value if isinstance(value, list) else [value]:
        found = each.get(name)
        if found is None:
            continue
        if rest:
            yield from at(found, rest)
        else:
            yield from found if isinstance(found, list) else [found]
        if name != first:
            yield from at(found, path)


def _code(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _own(resource: str, name: str, kind: str, *elements: str, **more: Any) -> ArtefactParam:
    return ArtefactParam(name, kind, f"{resource}-{name}", elements or (name,), **more)


def _shared(name: str, kind: str, **more: Any) -> ArtefactParam:
    return ArtefactParam(name, kind, f"conformance-{name}", (name,), sortable=True, **more)


_EVERY: Final = (
    ArtefactParam("_id", "token", "Resource-id", ("id",), sortable=True),
    ArtefactParam(
        "_lastUpdated", "date", "Resource-lastUpdated", ("meta.lastUpdated",), sortable=True
    ),
    _shared("date", "date"),
    _shared("description", "string"),
    _shared("name", "string"),
    _shared("publisher", "string"),
    _shared("status", "token", system=f"{_SYSTEM}publication-status"),
)
_URL: Final = (_shared("url", "uri"), _shared("version", "token"))
_TITLE: Final = _shared("title", "string")

_FURTHER: Final[dict[str, tuple[ArtefactParam, ...]]] = {
    "CapabilityStatement": (
        *_URL,
        _TITLE,
        _own("CapabilityStatement", "format", "token", system="urn:ietf:bcp:13"),
        _own("CapabilityStatement", "guide", "reference", "implementationGuide"),
        _own(
            "CapabilityStatement",
            "mode",
            "token",
            "rest.mode",
            system=f"{_SYSTEM}restful-capability-mode",
        ),
        _own(
            "CapabilityStatement",
            "resource",
            "token",
            "rest.resource.type",
            system=f"{_SYSTEM}resource-types",
        ),
        _own("CapabilityStatement", "resource-profile", "reference", "rest.resource.profile"),
        _own("CapabilityStatement", "software", "string", "software.name"),
        _own(
            "CapabilityStatement",
            "supported-profile",
            "reference",
            "rest.resource.supportedProfile",
        ),
    ),
    "CodeSystem": (
        *_URL,
        _TITLE,
        _own("CodeSystem", "code", "token", "concept*.code", beside="url"),
        _own(
            "CodeSystem",
            "content-mode",
            "token",
            "content",
            system=f"{_SYSTEM}codesystem-content-mode",
        ),
        _own("CodeSystem", "system", "uri", "url"),
    ),
    "ConceptMap": (
        *_URL,
        _TITLE,
        _own("ConceptMap", "source", "reference", "sourceCanonical"),
        _own("ConceptMap", "source-code", "token", "group.element.code", beside="group.source"),
        _own("ConceptMap", "source-system", "uri", "group.source"),
        _own("ConceptMap", "target", "reference", "targetCanonical"),
        _own(
            "ConceptMap", "target-code", "token", "group.element.target.code", beside="group.target"
        ),
        _own("ConceptMap", "target-system", "uri", "group.target"),
    ),
    "ImplementationGuide": (
        *_URL,
        _TITLE,
        _own("ImplementationGuide", "depends-on", "reference", "dependsOn.uri"),
    ),
    "NamingSystem": (
        _own(
            "NamingSystem",
            "id-type",
            "token",
            "uniqueId.type",
            system=f"{_SYSTEM}namingsystem-identifier-type",
        ),
        _own("NamingSystem", "kind", "token", system=f"{_SYSTEM}namingsystem-type"),
        _own("NamingSystem", "value", "string", "uniqueId.value"),
    ),
    "OperationDefinition": (
        *_URL,
        _TITLE,
        _own("OperationDefinition", "base", "reference"),
        _own("OperationDefinition", "code", "token"),
        _own("OperationDefinition", "instance", "token", system=_BOOLEAN),
        _own("OperationDefinition", "kind", "token", system=f"{_SYSTEM}operation-kind"),
        _own("OperationDefinition", "system", "token", system=_BOOLEAN),
        _own("OperationDefinition", "type", "token", system=_BOOLEAN),
    ),
    "SearchParameter": (
        *_URL,
        _own("SearchParameter", "base", "token", system=f"{_SYSTEM}resource-types"),
        _own("SearchParameter", "code", "token"),
        _own("SearchParameter", "target", "token", system=f"{_SYSTEM}resource-types"),
        _own("SearchParameter", "type", "token", system=f"{_SYSTEM}search-param-type"),
    ),
    "StructureDefinition": (
        *_URL,
        _TITLE,
        _own("StructureDefinition", "abstract", "token", system=_BOOLEAN),
        _own("StructureDefinition", "base", "reference", "baseDefinition"),
        _own("StructureDefinition", "derivation", "token", system=f"{_SYSTEM}type-derivation-rule"),
        _own(
            "StructureDefinition",
            "ext-context",
            "token",
            "context.type",
            system=f"{_SYSTEM}extension-context-type",
        ),
        _own("StructureDefinition", "kind", "token", system=f"{_SYSTEM}structure-definition-kind"),
        _own(
            "StructureDefinition",
            "path",
            "token",
            "snapshot.element.path",
            "differential.element.path",
        ),
        _own("StructureDefinition", "type", "uri", is_name=True),
    ),
    "ValueSet": (
        *_URL,
        _TITLE,
        _own(
            "ValueSet",
            "code",
            "token",
            "compose.include.concept.code",
            beside="compose.include.system",
        ),
        _own("ValueSet", "reference", "uri", "compose.include.system"),
    ),
}

ARTEFACT_PARAMS: Final = {
    type_: {param.name: param for param in sorted((*_EVERY, *own), key=lambda each: each.name)}
    for type_, own in _FURTHER.items()
}
"""Published type → its search parameters by name."""

PUBLISHED_TYPES: Final = tuple(ARTEFACT_PARAMS)
"""Every type that this guide publishes artefacts as."""
