"""What is checked of a mapping table when it is imported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_args, get_origin

from fhir_facade.rules.mapping import (
    Mapping,
)
from fhir_facade.rules.r4_search import r4_search_param

ANSWERED = ("token", "reference", "date", "string", "uri")
"""The search parameter types that searches answer."""

_CHECKED_TYPES = frozenset(
    {"Annotation", "Attachment", "CodeableConcept", "Coding", "Extension", "Identifier", "Money"}
    | {"Quantity", "Reference"}
)

_PARAM_NAME = re.compile("_?[a-z][a-zA-Z0-9-]*")
_SYSTEM_NAME = re.compile("[A-Za-z0-9.-]{1,64}")
_NOT_A_NAME = re.compile(r"\[\d*\]")


class MappingError(ValueError):
    """A table says something that FHIR R4 does not know."""


def checked(*mappings: Mapping) -> tuple[Mapping, ...]:
    """Return the mappings; raise MappingError for the first table that is wrong, and say where."""
    for mapping in mappings:
        checks = (_duplicates, _unknown_paths, _wrong_types, _wrong_params, _wrong_names)
        for problem in (each for check in checks for each in check(mapping)):
            raise MappingError(f"{mapping.resource} from {mapping.collection}: {problem}")
    return mappings


def _duplicates(mapping: Mapping) -> Iterator[str]:
    single = (
        each.element for each in mapping.rules if each.served and not each.element.endswith("[]")
    )
    for element, count in Counter(single).items():
        if count > 1:
            yield f"{element} stands there {count} times"


def _unknown_paths(mapping: Mapping) -> Iterator[str]:
    model = _model(mapping.resource)
    for element in (*(each.element for each in mapping.rules), *mapping.fixed):
        if not element.endswith("*") and not _exists(model, element.split(".")):
            yield f"{element} is no element of {mapping.resource}"


def _wrong_types(mapping: Mapping) -> Iterator[str]:
    """A list wants `[]`, and a kind must give the datatype of its element."""
    for each in mapping.rules:
        field = _field(_model(mapping.resource), each.element.split("."))
        if field is None or each.element.endswith("*") or not each.served:
            continue
        if _is_list(field.annotation) and not each.element.endswith("]"):
            yield f"{each.element} is a list: write {each.element}[]"
        wanted = next((leaf for leaf in _leaves(field.annotation) if _is_model(leaf)), None)
        name = None if wanted is None else wanted.__name__.removesuffix("Type")
        given = each.kind.fhir_type
        if (name is None and given[0].isupper()) or (name in _CHECKED_TYPES and name != given):
            yield f"{each.element} is a {name or 'primitive'}, and its kind gives a {given}"


def _model(resource: str) -> Any:
    return getattr(import_module(f"fhir.resources.R4B.{resource.lower()}"), resource)


def _exists(model: Any, steps: list[str]) -> bool:
    """An extension may stand anywhere; every other step must be an element."""
    return steps[-1].startswith("extension:") or _field(model, steps) is not None


def _field(model: Any, steps: list[str]) -> Any:
    """Follow a path through the models; None where it leaves them."""
    first, *rest = steps
    name = _NOT_A_NAME.sub("", first)
    field = next((each for each in model.model_fields.values() if each.alias == name), None)
    if field is None or not rest:
        return field
    inner = next((each for each in _leaves(field.annotation) if _is_model(each)), None)
    return None if inner is None else _field(inner.get_model_klass(), rest)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))


def _leaves(annotation: Any) -> Iterator[Any]:
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for each in arguments:
        yield from _leaves(each)


def _is_model(annotation: Any) -> bool:
    return hasattr(annotation, "get_model_klass")


def _wrong_params(mapping: Mapping) -> Iterator[str]:
    for each in mapping.rules:
        for spelled in each.search:
            name = spelled.partition(".")[0]
            if not _PARAM_NAME.fullmatch(name):
                yield f"{name!r} is no name of a search parameter: small letters, digits and -"
            known = r4_search_param(mapping.resource, name)
            if each.kind.search_type not in ANSWERED:
                yield f"{each.element} cannot be searched: {each.kind.search_type} is not answered"
            elif known is not None and known[0] != each.kind.search_type:
                yield f"{name} is a {known[0]} parameter in R4, not {each.kind.search_type}"


def _wrong_names(mapping: Mapping) -> Iterator[str]:
    """What is published under a name takes it for its id."""
    for each in mapping.rules:
        names = [vocabulary.system for vocabulary in each.kind.vocabularies]
        if each.element.startswith("extension:"):
            names.append(each.element.partition(":")[2].partition(".")[0])
        for name in names:
            if "://" not in name and not _SYSTEM_NAME.fullmatch(name):
                yield f"{name!r} cannot be an id: letters, digits, - and ."
