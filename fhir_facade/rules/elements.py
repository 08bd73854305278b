"""Where in a resource a rule's value goes.

An element is a path from the resource: `status`, `restriction.period.end`, `target[0].dueDate`;
`note[]` adds to a list, `detail*` takes an object of sibling elements, `extension:employer` adds an
extension of this guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds.base import Kind
from fhir_facade.rules.kinds.extensions import extension_values, value_name

Put = Callable[[dict[str, Any], Any], None]
_STEP = re.compile(r"([A-Za-z]+)(\[\d+\])?")


def placer(element: str, kind: Kind, context: Context) -> Put:
    """Return the function that puts an encoded value into a resource."""
    *parents, last = element.split(".")
    put = _extension(last, kind, context) if last.startswith("extension:") else _leaf(last, kind)
    for parent in reversed(parents):
        put = _inside(parent, put)
    return put


def _leaf(name: str, kind: Kind) -> Put:
    if name.endswith("*"):
        return lambda resource, value: resource.update(value)
    if not name.endswith("[]"):

        def put(resource: dict[str, Any], value: Any) -> None:
            resource[name] = value

        return put
    name, many = name[:-2], kind.many

    def add(resource: dict[str, Any], value: Any) -> None:
        values = value if many else [value]
        if name in resource:
            resource[name].extend(values)
        else:
            resource[name] = values

    return add


def _extension(name: str, kind: Kind, context: Context) -> Put:
    url = context.extension(name.partition(":")[2])
    if not kind.many and kind.fhir_type != "Extension":
        value_element = value_name(kind.fhir_type)

        def add_one(resource: dict[str, Any], value: Any) -> None:
            extension = {"url": url, value_element: value}
            if "extension" in resource:
                resource["extension"].append(extension)
            else:
                resource["extension"] = [extension]

        return add_one

    def add(resource: dict[str, Any], value: Any) -> None:
        resource.setdefault("extension", []).extend(extension_values(url, kind, value))

    return add


def _inside(step: str, put: Put) -> Put:
    match = _STEP.fullmatch(step)
    if match is None:
        raise ValueError(f"{step!r} is not a step of an element path")
    name = match[1]
    if match[2] is None:

        def put_inside(resource: dict[str, Any], value: Any) -> None:
            if name not in resource:
                resource[name] = {}
            put(resource[name], value)

        return put_inside

    def put_first(resource: dict[str, Any], value: Any) -> None:
        if name not in resource:
            resource[name] = [{}]
        put(resource[name][0], value)

    return put_first


@lru_cache(maxsize=4096)
def fhirpath(resource: str, element: str) -> str:
    """Return the FHIRPath of an element, for findings and documentation."""
    path = re.sub(
        r"extension:([\w-]+)", r"extension('\1')", element.replace("[]", "").replace("*", "")
    )
    return f"{resource}.{path}"
