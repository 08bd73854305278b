"""The definition of each extension that a mapping gives.

https://hl7.org/fhir/R4/defining-extensions.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from fhir_facade.derive.head import head, title
from fhir_facade.derive.lines import EXTENSION, Line, lines, parts
from fhir_facade.derive.structure import R4, in_order, model_of, reference_to
from fhir_facade.derive.vocabularies import binding
from fhir_facade.rules.context import Context
from fhir_facade.rules.registry import Registry

BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
_ROOT = "Extension"


def extension_name(step: str) -> str:
    return step.removeprefix(EXTENSION)


def cardinality(group: Sequence[Line]) -> str:
    """Return how often an element that some lines give may be there."""
    by_source = Counter(id(each.source) for each in group)
    twice = max(by_source.values()) > 1
    return "*" if twice or any(each.kind.many for each in group) else "1"


def extensions(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield the definition of every extension of this guide, in the order of their names."""
    found: dict[str, list[Line]] = {}
    for resource in registry:
        for line in lines(resource):
            if line.path[-1].startswith(EXTENSION):
                found.setdefault(extension_name(line.path[-1]), []).append(line)
    for name, group in sorted(found.items()):
        yield _extension(name, group, registry.context)


def _extension(name: str, group: list[Line], context: Context) -> dict[str, Any]:
    shown = title(name)
    stored = dict.fromkeys(each.stored for each in group if each.fields)
    kinds = dict.fromkeys(each.kind.describe() for each in group)
    about = f"{shown}: {'; '.join(kinds)}, from {', '.join(stored)}."
    return {
        **head("StructureDefinition", name, context, shown=shown, description=about),
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [
            {"type": "element", "expression": each}
            for each in sorted({_place(line) for line in group})
        ],
        "type": _ROOT,
        "baseDefinition": R4 + _ROOT,
        "derivation": "constraint",
        "differential": {"element": list(_elements(name, shown, about, group, context))},
    }


def _place(line: Line) -> str:
    """Return the element that an extension stands in, `CareTeam.participant`."""
    model, found = model_of(line.source.resource), [line.source.resource]
    for step in line.path[:-1]:
        element = next(each for group in in_order(model) for each in group if each.key == step)
        found.append(f"{element.name}[x]" if element.choice else element.name)
        model = element.model
    return ".".join(found)


def _elements(
    name: str, shown: str, about: str, group: list[Line], context: Context
) -> Iterator[dict[str, Any]]:
    root = {"id": _ROOT, "path": _ROOT, "short": shown, "definition": about}
    yield {**root, "min": 0, "max": cardinality(group)}
    yield from _content(_ROOT, context.extension(name), group, context)


def _content(id: str, url: str, group: list[Line], context: Context) -> Iterator[dict[str, Any]]:
    """Yield what stands in an extension, or in a part of one: parts, or a value."""
    path = _path(id)
    inside = _by_name(group)
    if not inside and (silent := [each for each in group if each.kind.fhir_type == _ROOT]):
        raise ValueError(f"{silent[0].kind} does not say which parts its extension has")
    nothing = {"min": 0, "max": "0"}
    if not inside:
        yield {"id": f"{id}.extension", "path": f"{path}.extension", **nothing}
    else:
        least = sum(least for least, _ in inside.values())
        yield {
            "id": f"{id}.extension",
            "path": f"{path}.extension",
            "slicing": BY_URL,
            **({"min": least} if least else {}),
        }
        for name, (least, lines_of_part) in inside.items():
            yield from _part(f"{id}.extension", name, least, lines_of_part, context)
    yield {"id": f"{id}.url", "path": f"{path}.url", "fixedUri": url}
    value = {"id": f"{id}.value[x]", "path": f"{path}.value[x]"}
    yield {**value, **(nothing if inside else _value(group, context))}


def _path(id: str) -> str:
    """Return the path of an element id: the id without the names of slices."""
    return ".".join(step.partition(":")[0] for step in id.split("."))


def _by_name(group: list[Line]) -> dict[str, tuple[int, list[Line]]]:
    found: dict[str, tuple[int, list[Line]]] = {}
    for line in group:
        for each, inner in parts(line):
            least, known = found.get(each.element, (each.least, []))
            found[each.element] = (min(least, each.least), [*known, inner])
    return found


def _part(
    id: str, name: str, least: int, group: list[Line], context: Context
) -> Iterator[dict[str, Any]]:
    yield {
        "id": f"{id}:{name}",
        "path": _path(id),
        "sliceName": name,
        "short": title(name),
        "min": least,
        "max": cardinality(group),
    }
    yield from _content(f"{id}:{name}", name, group, context)


def _value(group: list[Line], context: Context) -> dict[str, Any]:
    by_type: dict[str, list[Line]] = {}
    for line in group:
        by_type.setdefault(line.kind.fhir_type, []).append(line)
    types = [_type(name, found) for name, found in sorted(by_type.items())]
    bound = binding(group, next(iter(by_type)), context)
    return {"min": 1, "type": types, **({} if bound is None else {"binding": bound})}


def _type(name: str, group: list[Line]) -> dict[str, Any]:
    if name != "Reference":
        return {"code": name}
    return reference_to(target for line in group for target in line.kind.targets)
