"""The exact filter of a search that is given as a type and its parameters."""

from __future__ import annotations

from typing import Any

from fhir_facade.rules.filters import NOTHING
from fhir_facade.search.plan import Plan, SearchOptions, plan_search
from tests.mappings.serving import registry
from tests.search.plans import OPTIONS, TRUE

MARKS = {"$nin": TRUE}
SHOWN = {"is_deleted": MARKS, "isDeleted": MARKS, "is_hidden": MARKS, "isHidden": MARKS}


def plan(resource: str, *pairs: tuple[str, str], options: SearchOptions = OPTIONS) -> Plan:
    return plan_search(registry().types[resource], pairs, options)


def clause(resource: str, name: str, value: str, at: int = 0) -> Any:
    """Return what a parameter adds to the filter of everything; `{}` if it leaves nothing out."""
    whole = plan(resource, (name, value)).sources[at].filter
    everything = plan(resource).sources[at].filter
    if whole in (NOTHING, everything):
        return "nothing" if whole == NOTHING else {}
    first, *rest = whole["$and"]
    assert first == everything
    (found,) = rest
    return found
