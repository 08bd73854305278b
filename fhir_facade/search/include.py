"""`_include` and `_revinclude`: which links of a page's resources are followed.

https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_facade.errors import UnknownParameter
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.registry import Registry, ResourceType
from fhir_facade.search.clauses import shown
from fhir_facade.search.params import Include


@dataclass(frozen=True)
class Link:
    """One link to follow, between two served types, or to one that only references tell of."""

    source: str
    param: Param
    targets: frozenset[str]
    """The served types it may lead to."""
    reverse: bool
    iterate: bool


def links(include: Include, matched: ResourceType | None, registry: Registry) -> Iterator[Link]:
    """Yield the links of one include; raise UnknownParameter for what cannot be followed."""
    if include.source == "*":
        for resource in registry:
            yield from _of_type(include, resource, registry)
        return
    source = registry.get(include.source)
    found = [] if source is None else list(_of_type(include, source, registry))
    if not found:
        known: list[str] = []
        if matched is not None:
            of_type = registry.including if include.reverse else registry.includable
            known = of_type(matched)
        name = "_revinclude" if include.reverse else "_include"
        asked = shown([f"{include.source}:{include.param}"])
        raise UnknownParameter(
            f"{name}={asked} leads to nothing that is served here. "
            f"{name} takes: {', '.join(known) or 'see /metadata'}."
        )
    yield from found


def _of_type(include: Include, source: ResourceType, registry: Registry) -> Iterator[Link]:
    for name, param in source.params.items():
        if include.param not in ("*", name):
            continue
        served = registry.served_targets if include.reverse else registry.includable_targets
        targets = served(param)
        if include.target is not None:
            targets &= {include.target}
        if targets:
            yield Link(source.name, param, targets, include.reverse, include.iterate)
