"""Search parameters as a mapping answers them.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fhir_facade.rules.filters import NOTHING, Filter, any_of, first_present
from fhir_facade.rules.kinds.base import Kind, Site


@dataclass(frozen=True)
class Place:
    """One place a search parameter looks: a kind and the paths it may stand under."""

    kind: Kind
    sites: tuple[Site, ...]

    def filter(self, condition: Callable[[Kind, Site], Filter]) -> Filter:
        by_path = {site.field: site for site in self.sites}
        return first_present(list(by_path), lambda path: condition(self.kind, by_path[path]))


_BY_TYPE = {"token": ("not",), "string": ("exact", "contains"), "uri": ("below", "above")}


@dataclass(frozen=True)
class Param:
    """A search parameter as one mapping answers it."""

    name: str
    type: str
    targets: tuple[Place, ...]
    elements: tuple[str, ...]
    end: Place | None = None
    """Where the parameter compares a Period: its end, and the one target is its start."""
    components: tuple[Param, ...] = ()
    """The parameters a composite is made of."""
    indexed: bool = False
    """Whether its line asks for an index."""
    kept_path: str | None = None
    """Where documents hold the tokens of what is kept beside the stored fields."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The modifiers that searches by it take."""
        if self.type == "composite":
            return ()
        if any(target.kind.held_by for target in self.targets):
            return self.refers_to
        own = [each for target in self.targets for each in target.kind.modifiers]
        return tuple(
            dict.fromkeys(["missing", *_BY_TYPE.get(self.type, ()), *own, *self.refers_to])
        )

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The resource types a reference may name, which are modifiers too."""
        if self.type != "reference":
            return ()
        return tuple(sorted({to for each in self.targets for to in each.kind.targets}))

    @property
    def present(self) -> Filter:
        """Match where the resource has a value for the parameter."""
        known = (*self.targets, *([self.end] if self.end else []))
        found = [each.filter(lambda kind, site: kind.present(site)) for each in known]
        return any_of([*found, self.kept([self.name])])

    def kept(self, tokens: Iterable[str]) -> Filter:
        """Match where a part that is kept beside the stored fields has one of some tokens."""
        known = list(tokens) if self.kept_path else []
        return {self.kept_path: {"$in": known}} if known and self.kept_path else NOTHING

    def filter(self, condition: Callable[[Kind, Site], Filter]) -> Filter:
        return any_of(target.filter(condition) for target in self.targets)

    @property
    def sort_paths(self) -> tuple[str, ...]:
        """The stored paths of a sort, the first that holds anything counts; empty if unsortable."""
        if len(self.targets) != 1 or not self.targets[0].kind.sortable or self.type == "special":
            return ()
        target = self.targets[0]
        return tuple(target.kind.paths(site.field)[0] for site in target.sites)

    @property
    def sort_path(self) -> str | None:
        """The usual one of them, which is all that a store compares."""
        return self.sort_paths[0] if self.sort_paths else None


def outer(elements: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what stands inside another of the elements: the text of a code is the code's."""
    return tuple(
        each for each in elements if not any(each.startswith(f"{other}.") for other in elements)
    )


def joined(before: Param | None, name: str, target: Place, element: str, *, is_end: bool) -> Param:
    """Return a parameter that looks into one more place."""
    if before is None:
        return Param(name, target.kind.search_type or "special", (target,), (element,))
    elements = (*before.elements, element)
    if is_end:
        return replace(before, elements=elements, end=target)
    return replace(before, elements=elements, targets=(*before.targets, target))
