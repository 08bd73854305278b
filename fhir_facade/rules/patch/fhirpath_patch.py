"""Apply a FHIRPath Patch.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fhir_facade.errors import Issue, Unprocessable
from fhir_facade.rules.json_text import MAX_DEPTH
from fhir_facade.rules.patch.common import Emptied, Refused, copied, named, size, still_a_resource
from fhir_facade.rules.patch.definitions import Element
from fhir_facade.rules.patch.parameters import Operation, read_operations
from fhir_facade.rules.patch.places import Evaluator, Place
from fhir_facade.rules.patch.rows import read_rows, write_rows
from fhir_facade.rules.patch.values import check_absent, element_to_add, put, typed


def fhirpath_patch(resource: dict[str, Any], parameters: Any) -> dict[str, Any]:
    """Return the resource with all operations applied; none is applied if one cannot be."""
    operations = read_operations(parameters)
    patch = _Patch(copied(resource))
    for operation in operations:
        try:
            patch.apply(operation)
        except Refused as refused:
            _raise(operation, refused)
    if size(patch.resource)[1] > MAX_DEPTH:
        raise Unprocessable(f"The resource would have more than {MAX_DEPTH} levels.")
    patch.emptied.prune(patch.resource)
    return still_a_resource(resource, patch.resource)


def _raise(operation: Operation, refused: Refused) -> None:
    text = f"Operation {operation.number} ({operation.type}): {refused.text}"
    place = operation.parts.get(refused.part, operation.expression)
    issue = Issue("error", refused.error.code, text, refused.expression or place)
    raise refused.error(text, issues=[issue]) from None


class _Patch:
    """The copy that the operations change."""

    def __init__(self, resource: dict[str, Any]) -> None:
        self.resource = resource
        self.emptied = Emptied()
        self._evaluator = Evaluator(Place.of(resource))

    def apply(self, operation: Operation) -> None:
        """Apply one operation, or raise Refused."""
        places = self._evaluator.places(operation.path) if operation.path else []
        match operation.type:
            case "add":
                _add(operation, _one(operation, places))
            case "insert":
                _insert(operation, places)
            case "delete":
                if places:
                    self._delete(_inner(operation, places)[0])
            case "replace":
                _replace(operation, *_inner(operation, places))
            case _:
                _move(operation, places)

    def _delete(self, place: Place) -> None:
        rows = read_rows(place.holder, place.name)
        del rows[place.index or 0]
        write_rows(place.holder, place.name, rows)
        self.emptied.note(place.holder)


def _shown(operation: Operation) -> str:
    return named(operation.path_text, "the path")


def _one(operation: Operation, places: list[Place]) -> Place:
    if not places:
        raise Refused(f"there is nothing at {_shown(operation)}.")
    if len(places) > 1:
        raise Refused(f"{_shown(operation)} must name one element, and names {len(places)}.")
    return places[0]


def _inner(operation: Operation, places: list[Place]) -> tuple[Place, Element]:
    place = _one(operation, places)
    if place.element is None:
        raise Refused("a patch cannot delete or replace the whole resource.")
    return place, place.element


def _add(operation: Operation, place: Place) -> None:
    element = element_to_add(place.type, operation.name, operation.value)
    container = place.made_container()
    if container is None:
        raise Refused(f"nothing can be added to {_shown(operation)}.")
    if not element.many:
        check_absent(container, element)
    put(container, element, operation.value)


def _replace(operation: Operation, place: Place, element: Element) -> None:
    name, row = typed(element, operation.value)
    if name != place.name:
        place.write((None, None))
    replace(place, name=name).write(row)


def _insert(operation: Operation, places: list[Place]) -> None:
    place, element = _list(operation, places)
    rows = read_rows(place.holder, place.name)
    index = _index(operation, "index", len(rows))
    rows.insert(index, typed(element, operation.value)[1])
    write_rows(place.holder, place.name, rows)


def _move(operation: Operation, places: list[Place]) -> None:
    place, _ = _list(operation, places)
    rows = read_rows(place.holder, place.name)
    source = _index(operation, "source", len(rows) - 1)
    destination = _index(operation, "destination", len(rows) - 1)
    rows.insert(destination, rows.pop(source))
    write_rows(place.holder, place.name, rows)


def _list(operation: Operation, places: list[Place]) -> tuple[Place, Element]:
    """Return the first place of a list, if the places are just those of that list."""
    if not places:
        raise Refused(f"there is nothing at {_shown(operation)}; add makes the first element.")
    first = places[0]
    if first.element is None or not first.element.many:
        raise Refused(f"{_shown(operation)} names no list.")
    holders = {id(each.holder) for each in places}
    whole = len(read_rows(first.holder, first.name))
    if len(holders) > 1 or len(places) != whole or any(p.name != first.name for p in places):
        raise Refused(f"{_shown(operation)} must name one whole list.")
    return first, first.element


def _index(operation: Operation, part: str, highest: int) -> int:
    index = operation.integers[part]
    if not 0 <= index <= highest:
        raise Refused(f"{part} must be from 0 to {highest}.", part=part)
    return index
