"""Running the joins of a plan: the other search first, then its ids as a condition.

https://hl7.org/fhir/R4/search.html#chaining
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson

from fhir_facade.errors import TooCostly
from fhir_facade.interactions.access import require
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.runs import Match, runs_of
from fhir_facade.rules.filters import all_of
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.walk import references
from fhir_facade.search.joins import Join
from fhir_facade.search.plan import Plan
from fhir_facade.search.reference import HISTORY, parse_reference
from fhir_facade.security.principal import SEARCH

MAX_JOINED = 5_000
"""Matches of the other search that one join may go through."""

_AT_ONCE = 500


async def resolved(records: Records, plan: Plan, base_url: str) -> Plan:
    """Return the plan without joins, limited to what the caller may search.

    Raises TooCostly where a join finds too much, Forbidden for a type that no scope lets search.
    """
    for each in plan.types:
        require(records.access, each.name, SEARCH)
    if plan.joins:
        plan = plan.joined([await _targets(records, join, base_url) for join in plan.joins])
    return limited(records, plan)


def limited(records: Records, plan: Plan) -> Plan:
    """Return a plan whose filters leave out what the caller may not search."""
    if not records.access.is_limited:
        return plan
    sources = (
        replace(each, filter=all_of([each.filter, records.access.limit(each.source, SEARCH)]))
        for each in plan.sources
    )
    return replace(plan, sources=tuple(sources))


async def _targets(records: Records, join: Join, base_url: str) -> list[Target]:
    inner = await resolved(records, join.plan, base_url)
    found: dict[Target, None] = {}
    count = 0
    async for match in all_matches(records, inner):
        count += 1
        if count > MAX_JOINED:
            raise TooCostly(
                f"The chain or _has goes through more than {MAX_JOINED} resources of type "
                f"{inner.name}; narrow it, or search that type itself with _include."
            )
        translation = match.translation(records)
        if translation.body is None:
            continue
        if join.forward:
            found[Target(match.resource, translation.id)] = None
        else:
            for target in named_by(translation.body, match, join.param, records, base_url):
                found[target] = None
    return list(found)


def named_by(
    body: bytes, match: Match, param: str, records: Records, base_url: str
) -> list[Target]:
    """Return what a resource refers to by one of its parameters."""
    context = records.registry.context
    elements = records.registry.types[match.resource].params[param].elements
    named = references(orjson.loads(body), elements, context)
    current = (each.partition(HISTORY)[0] for each in named)
    targets = [parse_reference(each, base_url, context.reference_base) for each in current]
    return [each for each in targets if each is not None]


async def all_matches(records: Records, plan: Plan) -> AsyncIterator[Match]:
    """Yield every match of a plan without joins, giving way to other requests now and then."""
    for run in runs_of(records, plan):
        after = None
        while matches := await run.after(after, _AT_ONCE):
            for match in matches:
                yield match
            if len(matches) < _AT_ONCE:
                break
            after = matches[-1].values
            await asyncio.sleep(0)
