"""What rules and references may need to know about the resource around an element.

https://hl7.org/fhir/R4/references.html#contained
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fhir_facade.rules.validation.values import items, text


@dataclass(slots=True)
class Scope:
    """One outermost resource with the resources it contains."""

    type: str
    contained: dict[str, str]
    """The type of each contained resource, by its id."""
    inside: int | None = None
    """Which contained resource is being walked."""
    linked: set[str] = field(default_factory=set)
    """All that is pointed to: `#id`."""
    linking_back: set[int] = field(default_factory=set)
    """The contained resources that point to their container: `#`."""

    def link(self, target: str) -> None:
        """Note that something points to `#id`, or to the container itself."""
        self.linked.add(target)
        if target == "#" and self.inside is not None:
            self.linking_back.add(self.inside)

    def type_of(self, target: str) -> str | None:
        """Return the type that `#id` or `#` points to; None if nothing is there."""
        if target == "#":
            return self.type if self.inside is not None else None
        return self.contained.get(target[1:])


def scope_of(resource: dict[str, Any], name: str) -> Scope:
    """Return the scope that an outermost resource opens."""
    contained = {
        key: text(each, "resourceType") or ""
        for each in items(resource, "contained")
        if (key := text(each, "id")) is not None
    }
    return Scope(name, contained)
