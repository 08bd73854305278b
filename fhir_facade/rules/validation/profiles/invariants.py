"""Invariants written in FHIRPath.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fhir_facade.rules.validation.profiles.items import Item

Evaluate = Callable[[Any, dict[str, Any]], list[Any]]


def holds(expression: str, item: Item, resource: Any) -> bool | None:
    """Say whether an element keeps an invariant; None where that cannot be evaluated.

    As FHIRPath has it, what gives nothing is not true.
    """
    try:
        evaluate, node_of = _evaluation(expression)
        node = item.value if item.is_resource else node_of(item)
        found = evaluate(node, {"resource": resource, "rootResource": resource})
    except Exception:  # the library raises plain exceptions for whatever it does not know
        return None
    return found == [True]


@cache
def _evaluation(expression: str) -> tuple[Evaluate, Callable[[Item], Any]]:
    # imported where it is needed: most servers are never asked to validate
    from fhirpathpy import compile
    from fhirpathpy.engine.nodes import ResourceNode
    from fhirpathpy.models import models

    typed: Callable[[Any, str], Any] = ResourceNode.create_node
    return compile(expression, models["r4"]), lambda item: typed(item.value, item.places[0])
