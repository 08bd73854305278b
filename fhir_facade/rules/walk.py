"""Reading the values at an element out of a resource.

https://hl7.org/fhir/R4/fhirpath.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from fhir_facade.rules.context import Context

_STEP = re.compile(r"extension\('([\w-]+)'\)|([A-Za-z]+)(?:\[\d+\])?")
Walk = Callable[[dict[str, Any]], Iterator[Any]]


@lru_cache(maxsize=1000)
def walker(path: str, canonical: str) -> Walk:
    """Return the function that yields what stands at a FHIRPath of plain steps and extensions."""
    steps = [(each[1], each[2]) for each in _STEP.finditer(path.partition(".")[2])]

    def walk(resource: dict[str, Any]) -> Iterator[Any]:
        found: list[Any] = [resource]
        for extension, name in steps:
            url = f"{canonical}/StructureDefinition/{extension}"
            found = [
                each
                for value in found
                for each in (_extensions(value, url) if extension else _children(value, name))
            ]
        yield from found

    return walk


def references(resource: dict[str, Any], elements: tuple[str, ...], context: Context) -> list[str]:
    """Return the literal references that stand at some elements of a resource."""
    return [
        value["reference"]
        for path in elements
        for value in walker(path, context.canonical)(resource)
        if isinstance(value, dict) and "reference" in value
    ]


def _children(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _extensions(value: Any, url: str) -> Iterator[Any]:
    for each in _children(value, "extension"):
        if each["url"] == url:
            yield from (each[name] for name in each if name.startswith("value"))
