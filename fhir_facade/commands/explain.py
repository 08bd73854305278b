"""explain: what a search would ask of the store."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from fhir_facade.interactions.runs import with_tie_break
from fhir_facade.rules.registry import Registry
from fhir_facade.search.plan import SearchOptions, explain_filter, plan_search
from fhir_facade.settings import Settings


async def explain_search(
    query: str, registry: Registry, settings: Settings, store: Any
) -> list[Any]:
    """Return filter, sort and index for `Type?…`; raise FacadeError or KeyError (unknown type)."""
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
    found = []
    for source in plan.sources:
        mapping = source.source.mapping
        sort = with_tie_break(source.sort)
        each: dict[str, Any] = {
            "collection": mapping.collection,
            "filter": explain_filter(source.filter),
            "sort": [list(key) for key in sort],
            "limit": plan.count,
        }
        if mapping.unwind is not None:
            each["elements of"] = mapping.unwind
        elif store is not None:
            each["plan"] = await store.explain(mapping.collection, source.filter, sort)
        found.append(each)
    return found
