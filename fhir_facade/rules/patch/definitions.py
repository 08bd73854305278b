"""What R4 says of the elements of a type: their names in JSON, their datatypes, which repeat.

Read from the models of `fhir.resources`, which are imported when the first FHIRPath Patch comes.
https://hl7.org/fhir/R4/elementdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, get_args, get_origin

_NOT_IN_R4 = frozenset({"CodeableReference", "RatioRange"})
"""Datatypes of R4B that its models offer wherever any datatype may stand."""

_QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration"})
_NUMBERS = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type; `types` gives for each datatype the name in JSON."""

    name: str
    many: bool
    choice: bool
    types: dict[str, str]


@lru_cache(maxsize=2048)
def elements(type_name: str) -> dict[str, Element] | None:
    """Return the elements of a type by their names in FHIRPath; None for an unknown type.

    A type is a resource, a datatype, or a part that only one resource has: `PatientContact`.
    A primitive has those that all elements have, `id` and `extension`.
    """
    try:
        name = "Element" if is_primitive(type_name) else type_name
        model = import_module("fhir.resources.R4B").get_fhir_model_class(name)
    except (ValueError, ImportError, AttributeError, KeyError):
        return None
    found: dict[str, Element] = {}
    for field in model.model_fields.values():
        about = field.json_schema_extra
        if isinstance(about, dict) and about.get("element_property"):
            _collect(found, field, about.get("one_of_many"))
    return found


def _collect(found: dict[str, Element], field: Any, choice: Any) -> None:
    json_name = field.alias
    name = choice or json_name
    datatype = _datatype(field.annotation, json_name.removeprefix(choice) if choice else None)
    if datatype in _NOT_IN_R4:
        return
    if name not in found:
        found[name] = Element(name, _is_list(field.annotation), choice is not None, {})
    found[name].types[datatype] = json_name


def _datatype(annotation: Any, suffix: str | None) -> str:
    leaves = list(_leaves(annotation))
    for leaf in leaves:
        if hasattr(leaf, "get_model_klass"):
            return str(leaf.__name__.removesuffix("Type"))
    if suffix is not None:
        return _lower(suffix)
    if bool in leaves:
        return "boolean"
    kinds = (type(leaf) for leaf in leaves if not isinstance(leaf, type))
    return next(
        (_lower(kind.__name__) for kind in kinds if kind.__module__.startswith("fhir_core")),
        "string",
    )


def _leaves(annotation: Any) -> Iterator[Any]:
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for each in arguments:
        yield from _leaves(each)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def is_primitive(type_name: str) -> bool:
    """FHIR writes the names of primitive datatypes small."""
    return type_name[:1].islower()


@cache
def value_types() -> dict[str, str]:
    """Return the datatype of each `valueXxx` that a parameter may have.

    https://hl7.org/fhir/R4/datatypes.html#open
    """
    extension = elements("Extension") or {}
    by_name = {name: datatype for datatype, name in extension["value"].types.items()}
    # R4 has it; the models lack it
    return {**by_name, "valueMeta": "Meta"}


def json_kind(type_name: str) -> str:
    """Return what a datatype is in JSON: an object, true or false, a number, or a string."""
    if not is_primitive(type_name):
        return "an object"
    if type_name == "boolean":
        return "true or false"
    return "a number" if type_name in _NUMBERS else "a string"


def fits(given: str, wanted: str) -> bool:
    """Say whether a value of one datatype may stand in an element of another.

    A parameter has no datatype for everything (`xhtml`), and clients write `valueString` for a
    code; the form of what then stands there is checked with the whole resource.
    """
    if is_primitive(given) and is_primitive(wanted):
        return json_kind(given) == json_kind(wanted)
    return given == wanted or {given, wanted} <= _QUANTITIES
