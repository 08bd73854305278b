"""From a query string to the filter it adds, for tests that look at plans as text."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fhir_facade.rules.filters import NOTHING
from fhir_facade.search.plan import Plan, SearchOptions, explain_filter, plan_search
from tests.mappings.serving import registry

BASE_URL = "https://example.org/fhir"
OPTIONS = SearchOptions(registry(), BASE_URL)
LENIENT = SearchOptions(registry(), BASE_URL, lenient=True)
SID = "https://fhir.wellnecity.com/sid"
SYSTEM = "https://fhir.wellnecity.com/CodeSystem"
VALUE_SET = "https://fhir.wellnecity.com/ValueSet"
TRUE = [True, 1, "true", "True", "TRUE", "1"]
LIVE = {"is_deleted": {"$nin": TRUE}, "isDeleted": {"$nin": TRUE}}


def plan(search: str, options: SearchOptions = OPTIONS) -> Plan:
    """Plan `Task?status=ready`."""
    resource, _, query = search.partition("?")
    pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    return plan_search(registry().types[resource], pairs, options)


def added(search: str, at: int = 0, options: SearchOptions = OPTIONS) -> Any:
    """Return what the query adds to the filter of everything; `{}` if it leaves nothing out."""
    whole = plan(search, options).sources[at].filter
    everything = plan(search.partition("?")[0]).sources[at].filter
    if whole in (NOTHING, everything):
        return "nothing" if whole == NOTHING else {}
    first, *rest = whole["$and"]
    assert first == everything
    return explain_filter(rest[0] if len(rest) == 1 else {"$and": rest})


def scalar(path: str, condition: Any) -> Any:
    """A condition on one value, no array on the way to it; what is around a record is none."""
    steps = path.split(".")
    ways = [".".join(steps[: place + 1]) for place in range(len(steps))]
    ways = [way for way in ways if way != "parent"]
    return {path: condition, "$nor": [{way: {"$type": "array"}} for way in ways]}


def nor(*filters: Any) -> Any:
    return {"$nor": list(filters)}


def either(*filters: Any) -> Any:
    return {"$or": list(filters)}


def both(*filters: Any) -> Any:
    return {"$and": list(filters)}


def is_empty(path: str) -> Any:
    return scalar(path, {"$in": [None, ""]})
