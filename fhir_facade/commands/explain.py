"""explain: what a search would ask of the store."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fhir_facade.interactions.runs import with_tie_break
from fhir_facade.rules.registry import Registry, ResourceType
from fhir_facade.search.guard import unindexed
from fhir_facade.search.plan import Plan, SearchOptions, SourcePlan, explain_filter, plan_types
from fhir_facade.settings import Settings


async def explain_search(
    query: str, registry: Registry, settings: Settings, store: Any
) -> list[Any]:
    """Return filter, sort and index for `Type?…`; raise FacadeError or KeyError (unknown type).

    What a chain or `_has` searches first stands under `first`; its result is one more condition.
    """
    path, _, text = query.partition("?")
    pairs = parse_qsl(text, keep_blank_values=True)
    *compartment, name = path.split("/")
    options = SearchOptions(
        registry=registry,
        base_url=settings.base_url or "http://localhost:8000/fhir",
        lenient=settings.search_handling == "lenient",
        default_count=settings.default_count,
        max_count=settings.max_count,
    )
    patient = compartment[1] if len(compartment) == 2 and compartment[0] == "Patient" else None
    types, others = _types(name, pairs, registry)
    plan = plan_types(types, others, options, patient=patient)
    return await _explained(plan, store)


def _types(
    name: str, pairs: list[tuple[str, str]], registry: Registry
) -> tuple[list[ResourceType], list[tuple[str, str]]]:
    """Return the types that a path and `_type` name, and the other parameters."""
    if name not in ("", "*"):
        return [registry.types["EpisodeOfCare" if name in ("Case", "Bundle") else name]], pairs
    named = [each for key, value in pairs if key == "_type" for each in value.split(",")]
    others = [pair for pair in pairs if pair[0] != "_type"]
    return [registry.types[each] for each in named or registry.types], others


async def _explained(plan: Plan, store: Any) -> list[Any]:
    first = [each for join in plan.joins for each in await _explained(join.plan, store)]
    without = unindexed(plan)
    found = []
    for source in plan.sources:
        each = await _source(source, plan.count, store)
        if first:
            each["first"] = first
        if without:
            each["no index answers"] = without
        found.append(each)
    return found


async def _source(source: SourcePlan, limit: int, store: Any) -> dict[str, Any]:
    mapping = source.source.mapping
    sort = with_tie_break(source.sort)
    each: dict[str, Any] = {
        "collection": mapping.collection,
        "filter": explain_filter(source.filter),
        "sort": [list(key) for key in sort],
        "limit": limit,
    }
    if mapping.unwind is not None:
        each["elements of"] = mapping.unwind
    elif store is not None:
        each["plan"] = await store.explain(mapping.collection, source.filter, sort)
    return each
