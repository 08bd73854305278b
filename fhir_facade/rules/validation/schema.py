"""The shape of every R4 type, read once from the metadata of the R4B models.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from pydantic.fields import FieldInfo

from fhir_facade.rules.validation import bindings, differences, primitives

_MODELS = "fhir.resources.R4B"
RESOURCE = f"{_MODELS}.resource.Resource"
"""The model that stands for a resource of any type."""
REFERENCE = f"{_MODELS}.reference.Reference"
ELEMENT = f"{_MODELS}.element.Element"
"""The model of what goes with a primitive: id and extensions."""
_LINKS = ("uri", "url", "canonical")
ANY_TYPE = frozenset[str]()
"""The targets of a Reference that may point to any type."""


@dataclass(frozen=True, slots=True)
class Element:
    """One JSON property: the FHIRPath name leaves out the type of a choice."""

    key: str
    name: str
    many: bool
    primitive: str | None
    model: str
    """Dotted name of the model; nothing for a primitive."""
    check: primitives.Check | None
    value_set: bindings.ValueSet | None
    targets: frozenset[str]
    choice: bool
    simple: bool
    """A SimpleQuantity: without comparator."""
    linking: bool
    """A primitive that may be a link to a contained resource."""

    @property
    def twin(self) -> str:
        """The property that holds id and extensions of a primitive."""
        return "_" + self.key


@dataclass(frozen=True, slots=True)
class Shape:
    """One datatype, resource or backbone element."""

    name: str
    resource: bool
    elements: dict[str, Element]
    twins: dict[str, Element]
    required: tuple[tuple[str, tuple[Element, ...]], ...]
    """Names that must be there, each with the elements that may give it."""


def shape_of_resource(name: str) -> Shape:
    """Return the shape of a resource that has a model."""
    return shape_of(f"{_MODELS}.{name.lower()}.{name}")


@cache
def shape_of(model: str) -> Shape:
    """Read the shape from the model that a dotted name stands for."""
    module, _, name = model.rpartition(".")
    fields = getattr(import_module(module), name).model_fields
    resource = "implicitRules" in fields
    found = [
        (_element(name, field, resource), field)
        for field in fields.values()
        if (field.json_schema_extra or {}).get("element_property")
    ]
    kept = [each for each in found if _in_r4(name, each[0])]
    elements = {element.key: element for element, _ in kept}
    elements |= {each.key: each for each in _meta_choices(name)}
    twins = {each.twin: each for each in elements.values() if each.primitive}
    return Shape(name, resource, elements, twins, tuple(_required(name, kept)))


def _in_r4(owner: str, element: Element) -> bool:
    if element.model.rpartition(".")[2] in differences.LATER_DATATYPES:
        return False
    return (owner, element.key) not in differences.LATER_ELEMENTS


def _meta_choices(owner: str) -> Iterator[Element]:
    for model, name in differences.META_CHOICES:
        if model == owner:
            yield _plain(f"{name}Meta", name, model=f"{_MODELS}.meta.Meta")


def _plain(key: str, name: str, *, model: str) -> Element:
    return Element(key, name, False, None, model, None, None, ANY_TYPE, True, False, False)


def _required(
    owner: str, found: list[tuple[Element, FieldInfo]]
) -> Iterator[tuple[str, tuple[Element, ...]]]:
    groups: dict[str, list[Element]] = {}
    for element, field in found:
        extra: Any = field.json_schema_extra or {}
        if (
            field.is_required()
            or extra.get("element_required")
            or extra.get("one_of_many_required")
            or (owner, element.key) in differences.MANDATORY
        ):
            groups.setdefault(element.name, []).append(element)
    yield from ((name, tuple(each)) for name, each in groups.items())


def _element(owner: str, field: FieldInfo, resource: bool) -> Element:
    extra: Any = field.json_schema_extra
    key = field.alias or ""
    many, primitive, model = _type(field.annotation)
    place = (owner, key)
    return Element(
        key=key,
        name=extra.get("one_of_many") or key,
        many=many,
        primitive=primitive,
        model=model,
        check=_check(place, primitive, resource),
        value_set=bindings.BINDINGS.get(place),
        targets=_targets(place, extra),
        choice="one_of_many" in extra,
        simple=place in bindings.SIMPLE_QUANTITIES,
        linking=primitive in _LINKS or (key == "reference" and primitive == "string"),
    )


def _targets(place: bindings.Place, extra: dict[str, Any]) -> frozenset[str]:
    if place in differences.TARGETS:
        return differences.TARGETS[place]
    targets = frozenset(extra.get("enum_reference_types") or ())
    return ANY_TYPE if "Resource" in targets else targets


def _check(place: bindings.Place, primitive: str | None, resource: bool) -> primitives.Check | None:
    if primitive is None:
        return None
    if place in bindings.LANGUAGES or (resource and place[1] == "language" and primitive == "code"):
        return primitives.language
    if place in bindings.MIME_TYPES:
        return primitives.mime_type
    if place in bindings.CURRENCIES:
        return primitives.currency
    return primitives.CHECKS[primitive]


def _type(annotation: Any) -> tuple[bool, str | None, str]:
    """Return whether it is a list, and the primitive or the model of its items."""
    many = False
    while not hasattr(annotation, "__metadata__"):
        inner = [each for each in typing.get_args(annotation) if each is not type(None)]
        if not inner:
            return (many, *_leaf(annotation))
        many = many or typing.get_origin(annotation) is list
        annotation = inner[0]
    name = type(annotation.__metadata__[-1]).__name__
    return many, primitives.NAMES[name], ""


def _leaf(annotation: Any) -> tuple[str | None, str]:
    return ("boolean", "") if annotation is bool else (None, annotation._model_klass)
