"""explain: what a search would ask of the store."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fhir_facade.interactions.runs import with_tie_break
from fhir_facade.rules.registry import Registry
from fhir_facade.search.guard import unindexed
from fhir_facade.search.plan import Plan, SearchOptions, SourcePlan, explain_filter, plan_search
from fhir_facade.settings import Settings


async def explain_search(
    query: str, registry: Registry, settings: Settings, store: Any
) -> list[Any]:
    """Return filter, sort and index for `Type?…`; raise FacadeError or KeyError (unknown type).

    What a chain or `_has` searches first stands under `first`; its result is one more condition.
    """
    name, _, text = query.partition("?")
    resource = registry.types["EpisodeOfCare" if name == "Case" else name]
    options = SearchOptions(
        registry=registry,
        base_url=settings.base_url or "http://localhost:8000/fhir",
        lenient=settings.search_handling == "lenient",
        default_count=settings.default_count,
        max_count=settings.max_count,
    )
    plan = plan_search(resource, parse_qsl(text, keep_blank_values=True), options)
    return await _explained(plan, store)


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
