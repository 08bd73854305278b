"""Filters over embedded records, split into what the store can answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.rules.filters import NOTHING, Filter
from fhir_facade.rules.mapping import (
    PARENT,
    POSITION,
    Mapping,
)

_LOGICAL = ("$and", "$or", "$nor")
_PREFIX = f"{PARENT}."


def split_filter(filter: Filter, mapping: Mapping) -> Filter | None:
    """Return a filter over the stored documents that holds for every document with a match.

    Conditions on the document itself are kept whole; those on the element must all hold for one
    element of the array; a condition that ties both together is left for the record itself. None
    means that nothing can match.
    """
    own: list[Filter] = []
    element: list[Filter] = []
    unstored = {POSITION, *mapping.computed}
    for clause in _clauses(filter):
        if clause == NOTHING:
            return None
        paths = set(_paths(clause))
        if all(path.startswith(_PREFIX) for path in paths):
            own.append(_strip(clause))
        elif not any(path.startswith(_PREFIX) or path in unstored for path in paths):
            element.append(clause)
    if element:
        together = element[0] if len(element) == 1 else {"$and": element}
        own.append({mapping.unwind or "": {"$elemMatch": together}})
    return {"$and": own} if own else {}


def _clauses(filter: Filter) -> Iterator[Filter]:
    for name, value in filter.items():
        if name == "$and":
            for each in value:
                yield from _clauses(each)
        else:
            yield {name: value}


def _paths(filter: Any) -> Iterator[str]:
    for name, value in filter.items():
        if name in _LOGICAL:
            for each in value:
                yield from _paths(each)
        else:
            yield name


def _strip(filter: Any) -> Filter:
    return {
        name.removeprefix(_PREFIX): [_strip(each) for each in value] if name in _LOGICAL else value
        for name, value in filter.items()
    }
