"""The profile of each served type: which elements the platform holds, and where.

A profile asks for nothing that R4 does not: clients may write any valid resource, which is then
served under the profile. What it adds is which elements are supported, the extensions of this
guide, bindings to the codes that are known, and where each element is stored.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_facade.derive.extensions import BY_URL, cardinality, extension_name
from fhir_facade.derive.head import head, title
from fhir_facade.derive.lines import EXTENSION, Line, lines
from fhir_facade.derive.structure import EXTENSIBLE, R4, in_order, model_of, reference_to, type_of
from fhir_facade.derive.vocabularies import binding
from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds.extensions import value_name
from fhir_facade.rules.profiles import profile_name
from fhir_facade.rules.registry import Registry, ResourceType
from fhir_facade.rules.validation.schema import Element

PLATFORM = {"identity": "platform", "name": "The platform's stored documents"}
BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}], "ordered": False, "rules": "open"}


@dataclass
class _Node:
    """An element, the lines that give it and the elements below it."""

    lines: list[Line] = field(default_factory=list)
    below: dict[str, _Node] = field(default_factory=dict)
    constants: list[Any] = field(default_factory=list)

    def at(self, path: tuple[str, ...]) -> _Node:
        found = self
        for step in path:
            found = found.below.setdefault(step, _Node())
        return found


def profiles(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield the profile of every served type."""
    for resource in registry:
        yield _profile(resource, registry.context)


def _profile(resource: ResourceType, context: Context) -> dict[str, Any]:
    found = head(
        "StructureDefinition",
        profile_name(resource.name),
        context,
        shown=f"{resource.name} of the platform",
        description=f"What this server knows of a {resource.name}, and where it is stored. "
        "It asks for nothing beyond R4 but that extensions of this guide are what their "
        "definitions say; where a resource satisfies US Core's profile too, it says so in "
        "meta.profile.",
    )
    return {
        **found,
        "fhirVersion": "4.0.1",
        "mapping": [PLATFORM],
        "kind": "resource",
        "abstract": False,
        "type": resource.name,
        "baseDefinition": R4 + resource.name,
        "derivation": "constraint",
        "differential": {"element": list(_elements(resource, context))},
    }


def _elements(resource: ResourceType, context: Context) -> Iterator[dict[str, Any]]:
    root = _Node()
    for line in lines(resource):
        root.at(tuple(step.rstrip("*") for step in line.path)).lines.append(line)
    for source in resource.sources:
        for name, value in source.mapping.fixed.items():
            root.at((name,)).constants.append(value[0] if isinstance(value, list) else value)
    yield {"id": resource.name, "path": resource.name}
    yield from _Writer(context).below(model_of(resource.name), resource.name, resource.name, root)


@dataclass(frozen=True)
class _Writer:
    """Writes the differential of a tree of elements, in R4's order."""

    context: Context

    def below(self, model: str, id: str, path: str, node: _Node) -> Iterator[dict[str, Any]]:
        known = {each for each in node.below if each.startswith(EXTENSION)}
        for choice in in_order(model):
            name = choice[0].name
            keys = [each.key for each in choice if each.key in node.below]
            known.update(keys)
            if name == "extension":
                yield from self._extensions(id, path, node)
            elif keys and choice[0].choice:
                chosen = [each for each in choice if each.key in keys]
                yield from self._choice(chosen, len(chosen) == len(choice), id, path, node)
            elif keys:
                yield from self._element(choice[0], id, path, node.below[keys[0]])
        if unknown := sorted(node.below.keys() - known):
            raise ValueError(f"{path} has no {', '.join(unknown)}")

    def _element(
        self, element: Element, id: str, path: str, node: _Node
    ) -> Iterator[dict[str, Any]]:
        id, path = f"{id}.{element.name}", f"{path}.{element.name}"
        yield {"id": id, "path": path, **self._facts(element, node)}
        if node.below:
            yield from self.below(element.model, id, path, node)

    def _choice(
        self, chosen: list[Element], is_all: bool, id: str, path: str, node: _Node
    ) -> Iterator[dict[str, Any]]:
        """Slice a choice by type where only some of its types are known."""
        name = f"{chosen[0].name}[x]"
        id, path = f"{id}.{name}", f"{path}.{name}"
        if is_all:
            together = _Node([line for each in chosen for line in node.below[each.key].lines])
            yield {"id": id, "path": path, **self._facts(chosen[0], together)}
            return
        yield {"id": id, "path": path, "slicing": BY_TYPE, "mustSupport": True}
        for each in chosen:
            below = node.below[each.key]
            yield {
                "id": f"{id}:{each.key}",
                "path": path,
                "sliceName": each.key,
                "min": 0,
                "max": "1",
                "type": [_type(each)],
                **self._facts(each, below),
            }
            if below.below:
                yield from self.below(each.model, f"{id}:{each.key}", path, below)

    def _extensions(self, id: str, path: str, node: _Node) -> Iterator[dict[str, Any]]:
        named = {name: each for name, each in node.below.items() if name.startswith(EXTENSION)}
        others = node.below.get("extension")
        if not named and others is None:
            return
        id, path = f"{id}.extension", f"{path}.extension"
        passed = {} if others is None else _mappings(others)
        yield {"id": id, "path": path, "slicing": BY_URL, **passed}
        for step, each in sorted(named.items()):
            name = extension_name(step)
            yield {
                "id": f"{id}:{name}",
                "path": path,
                "sliceName": name,
                "short": title(name),
                "min": 0,
                "max": cardinality(each.lines),
                "type": [{"code": "Extension", "profile": [self.context.extension(name)]}],
                "mustSupport": True,
                **_mappings(each),
            }

    def _facts(self, element: Element, node: _Node) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if kinds := list(dict.fromkeys(each.kind.describe() for each in node.lines)):
            found["comment"] = f"Read as {'; or as '.join(kinds)}."
        if examples := [*self._examples(element, node)]:
            found["example"] = examples
        found["mustSupport"] = True
        bound = self._binding(element, node)
        found |= {} if bound is None else {"binding": bound}
        return {**found, **_mappings(node)}

    def _binding(self, element: Element, node: _Node) -> dict[str, Any] | None:
        """R4's own required bindings stay as they are."""
        fhir_type = type_of(element)
        if fhir_type == "code" or element.value_set is not None:
            return None
        paths = {each.element for each in node.lines}
        least = "extensible" if paths & EXTENSIBLE else "preferred"
        return binding(node.lines, fhir_type, self.context, least=least)

    def _examples(self, element: Element, node: _Node) -> Iterator[dict[str, Any]]:
        constants = list(node.constants)
        for line in node.lines:
            if line.kind.always_same:
                constants.append(line.kind.encoder(line.site)(None, []))
        label = "Where no client wrote another"
        for each in constants:
            yield {"label": label, value_name(type_of(element)): each}


def _type(element: Element) -> dict[str, Any]:
    name = type_of(element)
    return reference_to(element.targets) if name == "Reference" else {"code": name}


def _mappings(node: _Node) -> dict[str, Any]:
    stored = dict.fromkeys(each.stored for each in node.lines if each.fields)
    found = [{"identity": PLATFORM["identity"], "map": each} for each in stored]
    return {"mapping": found} if found else {}
