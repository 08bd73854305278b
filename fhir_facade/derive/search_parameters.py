"""SearchParameter resources for the parameters that R4 does not define.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.head import canonical_url, head
from fhir_facade.rules.context import Context
from fhir_facade.rules.date_search import PREFIXES
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.r4_search import r4_search_param
from fhir_facade.rules.registry import Registry, ResourceType

_EXTENSION = re.compile(r"extension\('([\w-]+)'\)(?:\.extension\('([\w-]+)'\))?")


def definition_url(resource: str, name: str, context: Context) -> str:
    """Return the canonical URL of a search parameter: R4's own, or this guide's."""
    known = r4_search_param(resource, name)
    return known[1] if known else canonical_url("SearchParameter", f"{resource}-{name}", context)


def custom_search_parameters(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield a SearchParameter for each declared parameter that is this guide's own."""
    for each in registry:
        for name, param in sorted(each.params.items()):
            if r4_search_param(each.name, name) is None:
                yield _search_parameter(each, param, registry.context)


def _search_parameter(type_: ResourceType, param: Param, context: Context) -> dict[str, Any]:
    resource = type_.name
    modifiers = [_MODIFIER_CODES.get(each, each) for each in param.modifiers]
    modifiers = ["type" if each in param.refers_to else each for each in modifiers]
    description = f"Finds {resource} by {', '.join(param.elements)}."
    found = {
        **head("SearchParameter", f"{resource}-{param.name}", context, description=description),
        "code": param.name,
        "base": [resource],
        "type": param.type,
        "expression": " | ".join(
            dict.fromkeys(
                f"{_expression(each, context)}{_only(type_, param, each)}"
                for each in param.elements
            )
        ),
        "xpathUsage": "normal",
    }
    if param.type == "reference":
        found["target"] = list(param.refers_to)
    if param.type == "date":
        found["comparator"] = list(PREFIXES)
    if modifiers:
        found["modifier"] = list(dict.fromkeys(modifiers))
    return found


def _only(type_: ResourceType, param: Param, element: str) -> str:
    """Return what leaves out references that another parameter finds in the same element."""
    shared = [each for each in type_.params.values() if element in each.elements]
    if not any(set(param.refers_to) < set(each.refers_to) for each in shared):
        return ""
    return f".where({' or '.join(f'resolve() is {each}' for each in param.refers_to)})"


_MODIFIER_CODES = {"of-type": "ofType"}


def _expression(element: str, context: Context) -> str:
    return _EXTENSION.sub(lambda found: _value_of(found, context), element)


def _value_of(found: re.Match[str], context: Context) -> str:
    part = f".extension('{found[2]}')" if found[2] else ""
    return f"extension('{context.extension(found[1])}'){part}.value"
