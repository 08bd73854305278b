"""Turn the value of an operation into what stands in JSON, for the element it goes to.

https://hl7.org/fhir/R4/fhirpatch.html#anonymous
"""

from __future__ import annotations

from typing import Any

from fhir_facade.rules.patch.common import Refused, copied
from fhir_facade.rules.patch.definitions import Element, elements, fits, is_primitive
from fhir_facade.rules.patch.parameters import Value
from fhir_facade.rules.patch.places import element_of
from fhir_facade.rules.patch.rows import Row, add_row, beside, write_one

_MOST_TYPES = 8
"""How many datatypes a sentence may list."""


def element_to_add(
    type_name: str, name: str, value: Value, *, expression: str | None = None
) -> Element:
    """Return the element of that name; `valueQuantity` will do for `value`, if it tells the truth.

    `expression` is the place of the name if it is deeper than a part of the operation.
    """
    for element in (elements(type_name) or {}).values():
        if element.choice and name == element.types.get(value.type or ""):
            return element
    try:
        return element_of(type_name, name)
    except Refused as refused:
        raise Refused(refused.text, part="name", expression=expression) from None


def check_absent(
    container: dict[str, Any], element: Element, expression: str | None = None
) -> None:
    """Raise Refused if an element that does not repeat is there already."""
    names = element.types.values()
    if any(name in container or beside(name) in container for name in names):
        text = f"{element.name} is there already and does not repeat."
        raise Refused(text, part="name", expression=expression)


def put(container: dict[str, Any], element: Element, value: Value) -> None:
    """Put a value into an object, at the end of the list if the element repeats."""
    name, row = typed(element, value)
    if element.many:
        add_row(container, name, row)
    else:
        write_one(container, name, row)


def typed(element: Element, value: Value) -> tuple[str, Row]:
    """Return the name in JSON and the row; raise Refused if the datatype is wrong."""
    if value.parts:
        return _built(element, value)
    given = value.type or ""
    for datatype, name in element.types.items():
        if given == datatype or (not element.choice and fits(given, datatype)):
            return name, (copied(value.row[0]), copied(value.row[1]))
    raise _refused(f"{element.name} {_wanted(element)}, and not {given}.", value)


def _wanted(element: Element) -> str:
    if len(element.types) > _MOST_TYPES:
        return "takes other datatypes"
    return f"takes {' or '.join(element.types)}"


def _built(element: Element, value: Value) -> tuple[str, Row]:
    """Build an object of the type of the element from parts."""
    if element.choice:
        raise _refused(f"{element.name} can have several datatypes: give a value[x].", value)
    (datatype, name), *_ = element.types.items()
    if is_primitive(datatype) or datatype == "Resource":
        raise _refused(f"{element.name} {_wanted(element)}, which is not given by parts.", value)
    content: dict[str, Any] = {}
    for part_name, part in value.parts:
        inner = element_to_add(datatype, part_name, part, expression=part.expression)
        if not inner.many:
            check_absent(content, inner, part.expression)
        put(content, inner, part)
    return name, (content, None)


def _refused(text: str, value: Value) -> Refused:
    return Refused(text, part="value", expression=value.expression)
