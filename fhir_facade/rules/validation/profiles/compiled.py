"""Differentials, compiled into trees of what each element must be.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Definition = Mapping[str, Any]

UNLIMITED = 2**31
_SYSTEM_TYPE = "http://hl7.org/fhirpath/System."
_DEFAULT_SLICING = {
    "extension": ("value", "url"),
    "modifierExtension": ("value", "url"),
}


class Type(NamedTuple):
    """A type that an element may have."""

    code: str
    profiles: tuple[str, ...]
    targets: tuple[str, ...]


class Constraint(NamedTuple):
    """An invariant in FHIRPath."""

    key: str
    severity: str
    text: str
    expression: str


class Discriminator(NamedTuple):
    """What tells the slices of an element apart."""

    type: str
    path: str


@dataclass(slots=True)
class Node:
    """What a profile says of one element, or of one slice of it."""

    name: str
    slice: str | None = None
    min: int = 0
    max: int = UNLIMITED
    types: tuple[Type, ...] = ()
    fixed: Any = None
    pattern: Any = None
    strength: str | None = None
    value_set: str | None = None
    constraints: tuple[Constraint, ...] = ()
    discriminators: tuple[Discriminator, ...] | None = None
    rules: str = "open"
    ordered: bool = False
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.types)

    @property
    def told_apart_by(self) -> tuple[Discriminator, ...] | None:
        """The discriminators, those that need not be said included; None where there are none."""
        if self.discriminators is not None:
            return self.discriminators
        if self.name.endswith("[x]"):
            return (Discriminator("type", "$this"),)
        known = _DEFAULT_SLICING.get(self.name)
        return None if known is None else (Discriminator(*known),)


@dataclass(frozen=True, slots=True)
class Profile:
    """A StructureDefinition that constrains a type."""

    url: str
    name: str
    type: str
    base: str | None
    root: Node
    contexts: tuple[tuple[str, str], ...]
    """Where an extension may stand: kind and expression."""


def compiled(definition: Definition) -> Profile:
    """Compile the differential of a StructureDefinition."""
    root = Node(str(definition["type"]))
    for element in definition.get("differential", {}).get("element", ()):
        node = root
        for name, slice_name in _steps(element):
            node = node.children.setdefault(name, Node(name))
            if slice_name:
                node = node.slices.setdefault(slice_name, Node(name, slice_name))
        _constrain(node, element)
    contexts = tuple((each["type"], each["expression"]) for each in definition.get("context", ()))
    url = str(definition["url"])
    name = url.rpartition("/")[2]
    return Profile(url, name, root.name, definition.get("baseDefinition"), root, contexts)


def _steps(element: Definition) -> Iterator[tuple[str, str]]:
    """Yield name and slice of each step of an element's id, but for the first."""
    for step in str(element["id"]).split(".")[1:]:
        name, _, slice_name = step.partition(":")
        yield name, slice_name


def _constrain(node: Node, element: Definition) -> None:
    node.min = int(element.get("min", 0))
    node.max = UNLIMITED if element.get("max", "*") == "*" else int(element["max"])
    node.types = tuple(
        Type(
            each["code"],
            tuple(each.get("profile", ())),
            tuple(each.get("targetProfile", ())),
        )
        for each in element.get("type", ())
        if not each["code"].startswith(_SYSTEM_TYPE)
    )
    node.fixed = _choice(element, "fixed")
    node.pattern = _choice(element, "pattern")
    binding = element.get("binding", {})
    node.strength, node.value_set = binding.get("strength"), binding.get("valueSet")
    node.constraints = tuple(
        Constraint(each["key"], each["severity"], each["human"], each["expression"])
        for each in element.get("constraint", ())
        if "expression" in each
    )
    slicing = element.get("slicing")
    if slicing is not None:
        found = slicing.get("discriminator", ())
        node.discriminators = tuple(Discriminator(each["type"], each["path"]) for each in found)
        node.rules = slicing.get("rules", "open")
        node.ordered = bool(slicing.get("ordered"))


def _choice(element: Definition, name: str) -> Any:
    size = len(name)
    return next(
        (
            value
            for key, value in element.items()
            if key.startswith(name) and key[size : size + 1].isupper()
        ),
        None,
    )
