"""The codes that R4 4.0.1 allows, by the model and the element they are bound to.

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fhir_facade.rules.validation.bindings import a_to_d, core, e_to_m, elements, n_to_z

Place = tuple[str, str]
"""A model and the JSON name of its element: `("TaskRestriction", "period")`."""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """What one required binding allows; `system` is given if the element is a CodeableConcept."""

    name: str
    codes: frozenset[str]
    system: str | None = None


def model_of(path: str) -> str:
    """Return the model of a path of the specification: `TaskInput` of `Task.input`."""
    return "".join(each[0].upper() + each[1:] for each in path.split("."))


def place(path: str) -> Place:
    """Return where an element is declared: `Task.input.type` in `TaskInput`."""
    owner, _, name = path.rpartition(".")
    return model_of(owner), name


def places(paths: str) -> frozenset[Place]:
    """Return the places of paths that blanks separate."""
    return frozenset(place(each) for each in paths.split())


def _coded() -> Iterator[tuple[Place, ValueSet]]:
    tables: Iterable[tuple[str, str, str]] = (
        *core.TABLE,
        *a_to_d.TABLE,
        *e_to_m.TABLE,
        *n_to_z.TABLE,
    )
    for name, paths, codes in tables:
        value_set = ValueSet(name, frozenset(codes.split()))
        yield from ((each, value_set) for each in places(paths))
    for name, paths, system, codes in elements.CONCEPTS:
        value_set = ValueSet(name, frozenset(codes.split()), system)
        yield from ((each, value_set) for each in places(paths))


BINDINGS: dict[Place, ValueSet] = dict(_coded())
LANGUAGES = places(elements.LANGUAGES)
MIME_TYPES = places(elements.MIME_TYPES)
CURRENCIES = places(elements.CURRENCIES)
SIMPLE_QUANTITIES = places(elements.SIMPLE_QUANTITIES)
RESOURCE_TYPES = frozenset(elements.RESOURCE_TYPES.split())
