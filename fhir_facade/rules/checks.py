"""What is checked of a mapping table when it is imported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_args

from fhir_facade.rules.mapping import Mapping
from fhir_facade.rules.r4_search import r4_search_param

_NOT_A_NAME = re.compile(r"\[\d*\]")


class MappingError(ValueError):
    """A table says something that FHIR R4 does not know."""


def checked(*mappings: Mapping) -> tuple[Mapping, ...]:
    """Return the mappings; raise MappingError for the first table that is wrong, and say where."""
    for mapping in mappings:
        for problem in (*_duplicates(mapping), *_unknown_paths(mapping), *_wrong_params(mapping)):
            raise MappingError(f"{mapping.resource} from {mapping.collection}: {problem}")
    return mappings


def _duplicates(mapping: Mapping) -> Iterator[str]:
    single = (each.element for each in mapping.rules if not each.element.endswith("[]"))
    for element, count in Counter(single).items():
        if count > 1:
            yield f"{element} stands there {count} times"


def _unknown_paths(mapping: Mapping) -> Iterator[str]:
    module = import_module(f"fhir.resources.R4B.{mapping.resource.lower()}")
    model = getattr(module, mapping.resource)
    for element in (*(each.element for each in mapping.rules), *mapping.fixed):
        if not element.endswith("*") and not _exists(model, element.split(".")):
            yield f"{element} is no element of {mapping.resource}"


def _exists(model: Any, steps: list[str]) -> bool:
    """Follow a path through the models; an extension may stand anywhere."""
    first, *rest = steps
    if first.startswith("extension:"):
        return not rest
    name = _NOT_A_NAME.sub("", first)
    field = next((each for each in model.model_fields.values() if each.alias == name), None)
    if field is None:
        return False
    if not rest:
        return True
    inner = next((each for each in _leaves(field.annotation) if _is_model(each)), None)
    return inner is not None and _exists(inner.get_model_klass(), rest)


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
            known = r4_search_param(mapping.resource, name)
            if each.kind.search_type is None:
                yield f"{each.element} cannot be searched: its kind has no search type"
            elif known is not None and known[0] != each.kind.search_type:
                yield f"{name} is a {known[0]} parameter in R4, not {each.kind.search_type}"
