"""What of a resource is the server's own, whatever a client sends: ids it gives, records it shows.

A Communication shows the documents that stand in it, a CarePlan the goals and tasks of its case.
They are written where they are, and served in whichever list they are shown in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class Own:
    """The server's own items of a resource's elements."""

    def __init__(self, systems: Mapping[str, str], shown: Mapping[str, list[Any]]) -> None:
        self._systems = systems
        """Element (`identifier`) → the identifier system that is the server's."""
        self._shown = {
            name: {each for item in items for each in references(item)}
            for name, items in shown.items()
        }
        self._elements = {*systems, *shown}

    def _is_own(self, name: str, value: Any) -> bool:
        if name in self._systems:
            return isinstance(value, dict) and value.get("system") == self._systems[name]
        named = set(references(value))
        return bool(named) and named <= self._shown[name]

    def missing(self, parts: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return by element the records that are shown and that a client left out."""
        found = {}
        for name, shown in self._shown.items():
            left = sorted(shown - set(references(parts.get(name))))
            if left:
                found[name] = left
        return found

    def without(self, parts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parts of a resource less what is the server's."""
        found = dict(parts)
        for name in self._elements & parts.keys():
            value, sibling = parts[name]
            if isinstance(value, list):
                value = [each for each in value if not self._is_own(name, each)] or None
            elif self._is_own(name, value):
                value = None
            if value is None and sibling is None:
                del found[name]
            else:
                found[name] = [value, sibling]
        return found

    def beside(
        self, resource: Mapping[str, Any], name: str, kept: Any, hidden: Iterable[str] = ()
    ) -> Any:
        """Return what is kept with the server's own of the same element, but what is hidden."""
        if name not in self._elements:
            return kept
        served = resource.get(name)
        if isinstance(served, list) or isinstance(kept, list):
            left_out = set(hidden)
            own = [
                each
                for each in served or ()
                if self._is_own(name, each) and not left_out.intersection(references(each))
            ]
            others = [each for each in kept or () if not self._is_own(name, each)]
            return [*own, *others] if name in self._systems else [*others, *own]
        return kept if kept is not None else served if self._is_own(name, served) else None


def references(value: Any) -> Iterator[str]:
    """Yield each literal reference in a value."""
    if isinstance(value, dict):
        literal = value.get("reference")
        if isinstance(literal, str):
            yield literal
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def still_referred_to(resource: Mapping[str, Any]) -> list[Any]:
    """Return the contained resources that something still refers to, or that refer outwards."""
    left = list(resource.get("contained", ()))
    around = {name: value for name, value in resource.items() if name != "contained"}
    while True:
        named = set(references([around, left]))
        kept = [each for each in left if f"#{each.get('id')}" in named or "#" in references(each)]
        if len(kept) == len(left):
            return kept
        left = kept
