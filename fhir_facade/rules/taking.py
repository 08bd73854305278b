"""Where a rule finds its value in a resource that comes in: the way back of `elements`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds.base import Kind
from fhir_facade.rules.kinds.extensions import value_name


class Contents:
    """A resource whose list items can each be taken once, by one of the rules that share it."""

    def __init__(self, resource: dict[str, Any]) -> None:
        self._resource = resource
        self._left: dict[str, list[Any]] = {}

    def holder(self, steps: list[str]) -> dict[str, Any] | None:
        """Return the object that a path leads to; of a list the first item."""
        found: Any = self._resource
        for step in steps:
            name, _, indexed = step.partition("[")
            found = found.get(name) if isinstance(found, dict) else None
            if indexed:
                found = found[0] if isinstance(found, list) and found else None
        return found if isinstance(found, dict) else None

    def left(self, element: str, values: list[Any]) -> list[Any]:
        """Return the items of a list that no rule has taken yet."""
        return self._left.setdefault(element, list(values))


Take = Callable[[Contents], Any]


def taker(element: str, kind: Kind, context: Context) -> Take:
    """Return the function that takes a rule's value out of a resource; None where there is none."""
    *parents, last = element.split(".")
    if last.startswith("extension:"):
        listed = _extensions(last, kind, context)
    elif last.endswith("[]"):
        listed = _items(last[:-2])
    else:
        return _single(parents, last)

    def take(contents: Contents) -> Any:
        holder = contents.holder(parents)
        values = [] if holder is None else contents.left(element, listed(holder))
        own = [each for each in values if kind.owns(each, context)]
        if not own:
            return None
        taken = own if kind.many else own[:1]
        places = {id(each) for each in taken}
        values[:] = [each for each in values if id(each) not in places]
        return taken if kind.many else taken[0]

    return take


def _single(parents: list[str], last: str) -> Take:
    def take(contents: Contents) -> Any:
        holder = contents.holder(parents)
        if holder is None or last.endswith("*"):
            return holder
        return holder.get(last)

    return take


def _items(name: str) -> Callable[[dict[str, Any]], list[Any]]:
    def values(holder: dict[str, Any]) -> list[Any]:
        found = holder.get(name)
        return found if isinstance(found, list) else []

    return values


def _extensions(name: str, kind: Kind, context: Context) -> Callable[[dict[str, Any]], list[Any]]:
    url = context.extension(name.partition(":")[2])
    value = None if kind.fhir_type == "Extension" else value_name(kind.fhir_type)

    def values(holder: dict[str, Any]) -> list[Any]:
        named = [each for each in holder.get("extension", ()) if each.get("url") == url]
        if value is None:
            return named
        return [each[value] for each in named if value in each]

    return values
