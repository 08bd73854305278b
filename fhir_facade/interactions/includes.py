"""The resources a page's matches refer to, and those that refer to them: one batch a hop.

https://hl7.org/fhir/R4/search.html#include
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fhir_facade.errors import Issue
from fhir_facade.interactions.joins import named_by
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.runs import Match, run_of
from fhir_facade.rules.filters import NOTHING, Filter, all_of, any_of
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.people import Named
from fhir_facade.search.include import Link
from fhir_facade.search.joins import held
from fhir_facade.search.plan import Plan, SourcePlan, live_filter
from fhir_facade.search.reference import reference_filter
from fhir_facade.security.principal import SEARCH

MAX_INCLUDED = 2_000
"""Resources that one page may bring with it."""

MAX_HOPS = 10


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a page, and where it was found."""

    type: str
    id: str
    body: bytes
    match: Match


@dataclass
class Included:
    """What a page brings with it."""

    resources: list[Resource] = field(default_factory=list)
    people: list[tuple[Named, str]] = field(default_factory=list)
    """Whom only references tell of, by type and id."""
    issues: list[Issue] = field(default_factory=list)


async def included(
    records: Records, plan: Plan, matches: Sequence[Resource], base_url: str
) -> Included:
    """Follow a plan's links from the matches of a page; none is followed twice."""
    found = Included()
    seen = {(each.type, each.id) for each in matches}
    frontier, links = list(matches), list(plan.links)
    for _ in range(MAX_HOPS):
        wanted = _wanted(records, links, frontier, seen, base_url)
        found.people += _people(records, wanted, seen)
        frontier = []
        for source in records.registry.sources:
            conditions = wanted.get(source.resource)
            if conditions is None:
                continue
            room = MAX_INCLUDED - len(found.resources)
            batch = await _fetch(records, plan, source, conditions, room, seen)
            frontier += batch
            found.resources += batch
        if len(found.resources) >= MAX_INCLUDED:
            text = f"The page includes the first {MAX_INCLUDED} resources; ask with a lower _count."
            found.issues.append(Issue("warning", "incomplete", text))
            break
        links = [link for link in links if link.iterate]
        if not frontier or not links:
            break
    return found


def _people(
    records: Records, wanted: dict[str, _Conditions], seen: set[tuple[str, str]]
) -> Iterator[tuple[Named, str]]:
    """Yield those who are wanted for the first time, as far as the caller may ask for the type."""
    for named in records.registry.people:
        conditions = wanted.get(named.type)
        if conditions is not None and records.access.permits(named.type, SEARCH):
            for id in conditions.ids:
                seen.add((named.type, id))
                yield named, id


@dataclass
class _Conditions:
    """What is wanted of one type: by id, and by what it refers to."""

    ids: dict[str, None] = field(default_factory=dict)
    referring: list[tuple[Link, tuple[Target, ...]]] = field(default_factory=list)

    def filter(self, source: Compiled) -> Filter:
        own = [source.with_ids(self.ids)]
        for link, targets in self.referring:
            param = source.params.get(link.param.name)
            own.append(NOTHING if param is None else reference_filter(param, targets))
        return any_of(own)


def _wanted(
    records: Records,
    links: Iterable[Link],
    frontier: Sequence[Resource],
    seen: set[tuple[str, str]],
    base_url: str,
) -> dict[str, _Conditions]:
    found: dict[str, _Conditions] = {}

    def add(name: str, ids: Iterable[str]) -> None:
        new = [id for id in ids if (name, id) not in seen]
        if new:
            found.setdefault(name, _Conditions()).ids.update(dict.fromkeys(new))

    for link in links:
        if not link.reverse:
            for each in frontier:
                if each.type == link.source:
                    named = named_by(each.body, each.match, link.param.name, records, base_url)
                    for target in named:
                        if target.type in link.targets:
                            add(target.type, [target.id])
            continue
        known = [each for each in frontier if each.type in link.targets]
        holder = held(link.param)
        if holder is not None:  # the link stands in the resources that are there already
            for each in known:
                named = named_by(each.body, each.match, holder[1], records, base_url)
                add(link.source, [target.id for target in named])
        elif known:
            targets = tuple(Target(each.type, each.id) for each in known)
            found.setdefault(link.source, _Conditions()).referring.append((link, targets))
    return found


async def _fetch(
    records: Records,
    plan: Plan,
    source: Compiled,
    conditions: _Conditions,
    room: int,
    seen: set[tuple[str, str]],
) -> list[Resource]:
    wanted = conditions.filter(source)
    if wanted == NOTHING or room <= 0:
        return []
    live = live_filter(source, shows_hidden=plan.shows_hidden)
    may = records.access.limit(source, SEARCH)
    run = run_of(records, SourcePlan(source, all_of([live, wanted, may]), ()), 0)
    found = []
    for match in await run.after(None, room + len(seen)):
        each = match.translation(records)
        if each.body is None or (source.resource, each.id) in seen:
            continue
        seen.add((source.resource, each.id))
        found.append(Resource(source.resource, each.id, each.body, match))
        if len(found) == room:
            break
    return found
