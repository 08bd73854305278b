"""Short forms for the Parameters of a FHIRPath Patch."""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]


def value(**given: Any) -> Part:
    """`value(valueCode="x")`"""
    return {"name": "value", **given}


def part(name: str, **given: Any) -> Part:
    return {"name": name, **given}


def parts(*inner: Part) -> Part:
    return {"name": "value", "part": list(inner)}


def _operation(kind: str, path: str, *others: Part) -> Part:
    first = [part("type", valueCode=kind), part("path", valueString=path)]
    return {"name": "operation", "part": [*first, *others]}


def add(path: str, name: str, given: Part) -> Part:
    return _operation("add", path, part("name", valueString=name), given)


def insert(path: str, index: int, given: Part) -> Part:
    return _operation("insert", path, part("index", valueInteger=index), given)


def delete(path: str) -> Part:
    return _operation("delete", path)


def replace(path: str, given: Part) -> Part:
    return _operation("replace", path, given)


def move(path: str, source: int, destination: int) -> Part:
    numbers = (part("source", valueInteger=source), part("destination", valueInteger=destination))
    return _operation("move", path, *numbers)


def parameters(*operations: Part) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}
