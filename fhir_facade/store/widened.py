"""Filters for servers that speak MongoDB's protocol but not all of its query language.

FerretDB 1 does not match documents by `$elemMatch`, and is wrong about negation and null on paths
through arrays. For such a server a filter is widened to what it answers rightly, and each document
it gives is checked against the filter as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_POSITIVE = frozenset({"$eq", "$in", "$gt", "$gte", "$lt", "$lte", "$regex", "$options", "$type"})
_PLAIN = _POSITIVE | {"$ne", "$nin"}


def widened(filter: Mapping[str, Any]) -> dict[str, Any]:
    """Return a filter that matches at least what `filter` matches, in operators that are safe."""
    clauses = [each for each in _clauses(filter) if each]
    if not clauses:
        return {}
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def _clauses(filter: Mapping[str, Any], prefix: str = "") -> Iterator[dict[str, Any]]:
    for name, argument in filter.items():
        if name == "$and":
            for each in argument:
                yield from _clauses(each, prefix)
        elif name == "$or":
            branches = [_joined(each, prefix) for each in argument]
            if all(branches):
                yield {"$or": branches}
        elif name == "$nor":
            if not prefix and all(map(_asks_for_type, argument)):
                yield {"$nor": list(argument)}
        else:
            yield from _leaf(prefix + name, argument)


def _joined(filter: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found = [each for each in _clauses(filter, prefix) if each]
    return {} if not found else found[0] if len(found) == 1 else {"$and": found}


def _asks_for_type(branch: Mapping[str, Any]) -> bool:
    return all(isinstance(each, dict) and each.keys() == {"$type"} for each in branch.values())


def _leaf(path: str, argument: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(argument, Mapping):
        argument = {"$eq": argument}
    elements = argument.get("$elemMatch")
    if isinstance(elements, Mapping) and not any(_is_operator(name) for name in elements):
        yield from _clauses(elements, f"{path}.")
    known = _POSITIVE if "." in path else _PLAIN
    argument = {name: _known_types(name, each) for name, each in argument.items()}
    safe = {name: each for name, each in argument.items() if name in known and _is_safe(path, each)}
    options = safe.pop("$options", None)
    for name, value in safe.items():  # each may be satisfied by another element of an array
        with_options = name == "$regex" and options is not None
        yield {path: {name: value, **({"$options": options} if with_options else {})}}


def _known_types(name: str, value: Any) -> Any:
    """Leave out the type that such a server neither stores nor knows the name of."""
    if name != "$type" or not isinstance(value, list):
        return value
    return [each for each in value if each != "decimal"]


def _is_operator(name: str) -> bool:
    return name.startswith("$") and name not in ("$and", "$or", "$nor")


def _is_safe(path: str, value: Any) -> bool:
    """Null through an array, and documents compared whole, are not answered rightly."""
    values = value if isinstance(value, list) else [value]
    if any(isinstance(each, Mapping | list) for each in values):
        return False
    return "." not in path or None not in values


def value_at(document: dict[str, Any], path: str) -> Any:
    """Return the value at a dotted path; None where there is none."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
