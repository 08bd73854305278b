"""The elements of a resource as a profile sees them: by name, with type and place.

https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.validation import schema
from fhir_facade.rules.validation.bindings import RESOURCE_TYPES
from fhir_facade.rules.validation.differences import UNCHECKED
from fhir_facade.rules.validation.schema import Element, Shape

EXTENSION = "Extension"
REFERENCE = "Reference"


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a resource."""

    value: Any
    """None where only extensions stand for a primitive."""
    beside: Any
    """Id and extensions of a primitive."""
    type: str
    """`date`, `Reference`, `Goal`; of a backbone element the name of its model, `GoalTarget`."""
    path: str
    """FHIRPath, from the outermost resource."""
    places: tuple[str, ...]
    """What a definition may call it: `Goal.description.coding`, `CodeableConcept.coding`."""
    shape: Shape
    choice: bool = False
    """Whether the element may have other types."""

    @property
    def is_resource(self) -> bool:
        return self.shape.resource

    @property
    def holder(self) -> dict[str, Any]:
        """The properties of the element; none where it has no object."""
        found = self.value if isinstance(self.value, dict) else self.beside
        return found if isinstance(found, dict) else {}


def resource_item(resource: Any, path: str = "") -> Item | None:
    """Return a resource as an item; None where nothing is known of its type."""
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(name, str) or name not in RESOURCE_TYPES or name in UNCHECKED:
        return None
    return Item(resource, None, name, path or name, (name,), schema.shape_of_resource(name), True)


def children(item: Item, name: str) -> list[Item]:
    """Return the elements under a name: `due` and `due[x]` any choice, `dueDate` that one."""
    name = name.removesuffix("[x]")
    exact = item.shape.elements.get(name)
    if exact is not None:
        return list(_of(item, exact))
    found = (each for each in item.shape.elements.values() if each.name == name)
    return [one for each in found for one in _of(item, each)]


def all_children(item: Item) -> Iterator[Item]:
    """Yield every element directly inside another."""
    holder, shape = item.holder, item.shape
    for key in holder:
        element = shape.elements.get(key)
        if element is None:
            element = shape.twins.get(key)
            if element is None or element.key in holder:
                continue
        yield from _of(item, element)


def _of(item: Item, element: Element) -> Iterator[Item]:
    holder = item.holder
    value = holder.get(element.key)
    beside = holder.get(element.twin) if element.primitive else None
    path = f"{item.path}.{element.name}"
    if not element.many:
        if value is not None or beside is not None:
            yield from _one(item, element, value, beside, path)
        return
    values = value if isinstance(value, list) else []
    twins = beside if isinstance(beside, list) else []
    for at in range(max(len(values), len(twins))):
        one = values[at] if at < len(values) else None
        other = twins[at] if at < len(twins) else None
        if one is not None or other is not None:
            yield from _one(item, element, one, other, f"{path}[{at}]")


def _one(item: Item, element: Element, value: Any, beside: Any, path: str) -> Iterator[Item]:
    if element.model == schema.RESOURCE:
        inner = resource_item(value, path)
        if inner is not None:
            yield inner
        return
    kind = element.primitive or element.model.rpartition(".")[2]
    shape = schema.shape_of(schema.ELEMENT if element.primitive else element.model)
    places = tuple(dict.fromkeys(f"{each}.{element.name}" for each in _names(item)))
    yield Item(value, beside, kind, path, places, shape, element.choice)


def _names(item: Item) -> tuple[str, ...]:
    """Return what the definitions of an item's children may begin with."""
    return (*item.places, item.type)


def url_of(extension: Item) -> str | None:
    """Return the URL of an extension."""
    url = extension.holder.get("url")
    return url if isinstance(url, str) else None
