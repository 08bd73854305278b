"""From a query string to exact filters and sorts: pure, so that it can be tested as text.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from fhir_facade.errors import BadRequest, Issue, TooCostly, UnknownParameter
from fhir_facade.rules.filters import Filter, all_of, any_of, prefixes
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.r4_search import r4_search_param
from fhir_facade.rules.registry import ResourceType
from fhir_facade.search.clauses import JOIN_WORK, MOST_WORK, shown
from fhir_facade.search.include import Link, links
from fhir_facade.search.joins import Join, join_of
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.params import Clause, Pairs, Query, parse
from fhir_facade.search.reference import reference_filter

__all__ = ["Plan", "SearchOptions", "SourcePlan", "explain_filter", "plan_search", "plan_types"]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What a search asks of one source of a type."""

    source: Compiled
    filter: Filter
    """Over the record: an embedded one sees its document as `parent`."""
    sort: tuple[tuple[str, int], ...]
    """Stored paths; the tie-break by `_id` is not among them."""
    sorted_by: tuple[tuple[str, int], ...] = ()
    """The parameters that the paths come from."""
    clauses: tuple[Clause, ...] = ()
    """What the filter was made of."""

    @property
    def without_arrays(self) -> SourcePlan:
        """The matches whose sort values are no arrays: the ones that have a place in the order."""
        guard = {"$nor": [{path: {"$type": "array"}} for path in self._sort_prefixes]}
        return replace(self, filter=all_of([self.filter, guard]))

    @property
    def only_arrays(self) -> SourcePlan:
        """The matches with an array where a sort value belongs: they come last, by `_id`."""
        found = any_of({path: {"$type": "array"}} for path in self._sort_prefixes)
        return replace(self, filter=all_of([self.filter, found]), sort=())

    @property
    def _sort_prefixes(self) -> list[str]:
        """Every path on the way to a sort value: an array on any of them gives several values."""
        return list(dict.fromkeys(each for path, _ in self.sort for each in prefixes(path)))


@dataclass(slots=True)
class Plan:
    """A search, ready to be run once its joins are."""

    types: tuple[ResourceType, ...]
    sources: tuple[SourcePlan, ...]
    query: Query
    count: int
    issues: list[Issue] = field(default_factory=list)
    joins: tuple[Join, ...] = ()
    links: tuple[Link, ...] = ()
    shows_hidden: bool = False
    compartment: Target | None = None
    work: int = 0
    """What planning and matching it costs, in units of one token."""

    @property
    def name(self) -> str:
        return ", ".join(each.name for each in self.types)

    @property
    def counts_only(self) -> bool:
        return self.query.summary == "count" or self.query.count == 0

    def joined(self, found: Sequence[Sequence[Target]]) -> Plan:
        """Return the plan with what each of its joins found as a condition."""
        sources = tuple(
            replace(
                each,
                filter=all_of(
                    [
                        each.filter,
                        *(
                            join.filter(each.source, targets)
                            for join, targets in zip(self.joins, found, strict=True)
                        ),
                    ]
                ),
            )
            for each in self.sources
        )
        return replace(self, sources=sources, joins=())


def plan_search(resource: ResourceType, pairs: Pairs, options: SearchOptions) -> Plan:
    """Plan a search of one type; raise BadRequest or UnknownParameter for what cannot be asked."""
    return plan_types([resource], pairs, options)


def plan_types(
    types: Sequence[ResourceType],
    pairs: Pairs,
    options: SearchOptions,
    *,
    patient: str | None = None,
    depth: int = 0,
    hidden: bool = False,
) -> Plan:
    """Plan a search over several types, or in the compartment of one patient.

    `depth` counts the steps of a chain; `hidden` shows hidden records whatever is asked.
    """
    query = parse(pairs, max_count=options.max_count)
    planner = _Planner(tuple(types), query, options, depth)
    clauses = planner.usable_clauses()
    sort = planner.sort_params()
    found = planner.links()
    planner.note_elements()
    query.applied = [each.spelled for each in planner.applied] + query.applied
    compartment = None if patient is None else Target("Patient", patient)
    shows_hidden = hidden or any(map(names_hidden, clauses))
    sources = tuple(
        SourcePlan(
            source,
            _filter(source, clauses, options, compartment, shows_hidden=shows_hidden),
            _sort_paths(source, sort),
            sort,
            tuple(clauses),
        )
        for resource in types
        for source in resource.sources
    )
    count = options.default_count if query.count is None else query.count
    return Plan(
        tuple(types),
        sources,
        query,
        count,
        list(query.issues),
        tuple(planner.joins),
        found,
        shows_hidden,
        compartment,
        planner.work,
    )


_MOST_SHOWN = 10


class _Planner:
    """Sorts what was asked into what can be answered, what is refused and what is left out."""

    def __init__(
        self, types: tuple[ResourceType, ...], query: Query, options: SearchOptions, depth: int
    ) -> None:
        self._types, self._query, self._options, self._depth = types, query, options, depth
        self.joins: list[Join] = []
        self.applied: list[Clause] = []
        self.work = 0

    def usable_clauses(self) -> list[Clause]:
        """Return the clauses that are filters; joins are put aside."""
        found = []
        for clause in self._query.clauses:
            self._spend(clause)
            try:
                usable = self._usable(clause)
            except BadRequest as refusal:
                if any(clause.values) and not isinstance(refusal, UnknownParameter):
                    raise  # a value that cannot be read is not a clause that is not known
                self._left_out(refusal, "It was left out of the search.")
                continue
            self.applied.append(clause)
            if isinstance(usable, Join):
                self._add_work(JOIN_WORK + usable.plan.work)
                self.joins.append(usable)
            else:
                found.append(usable)
        return found

    def _spend(self, clause: Clause) -> None:
        """Raise TooCostly once the clauses so far ask for more than one search may."""
        param = self._types[0].params.get(clause.name)
        self._add_work(1 if param is None else self._options.clauses.cost(param, clause))

    def _add_work(self, work: int) -> None:
        self.work += work
        if self.work > MOST_WORK:
            raise TooCostly("The search asks for too many values at once; ask in several searches.")

    def _usable(self, clause: Clause) -> Clause | Join:
        options = self._options
        plan = partial(_inner, options=options)
        for resource in self._types:
            if clause.name not in resource.params and clause.name != "_has":
                raise unknown_parameter(self._types, clause.name)
            if clause.chain is not None and len(self._types) > 1:
                raise UnknownParameter("Chains and _has are answered for one type at a time.")
            joined = join_of(resource, clause, options, plan, self._depth)
            if isinstance(joined, Join):
                if len(self._types) > 1:
                    raise UnknownParameter(f"'{clause.name}' is answered for CarePlan alone.")
                return joined
            clause = joined or clause
            options.clauses.check(resource.params[clause.name], clause)
        return clause

    def sort_params(self) -> tuple[tuple[str, int], ...]:
        query = self._query
        found = []
        for name, direction in query.sort:
            if all(each.can_sort_by(name) for each in self._types):
                found.append((name, direction))
                continue
            known = sorted(_common(self._types, sortable=True))
            text = f"'{shown([name])}' cannot be sorted by. _sort takes: {', '.join(known)}."
            self._left_out(UnknownParameter(text), "It was left out.")
        if len(found) != len(query.sort):
            query.applied = [each for each in query.applied if each[0] != "_sort"]
            if found:
                spelled = ",".join(("-" if way < 0 else "") + name for name, way in found)
                query.applied.append(("_sort", spelled))
        return tuple(found)

    def links(self) -> tuple[Link, ...]:
        query = self._query
        if query.includes and query.summary == "text":
            raise BadRequest("_include and _revinclude do not go with _summary=text.")
        one = self._types[0] if len(self._types) == 1 else None
        found: list[Link] = []
        for include in query.includes:
            try:
                found += links(include, one, self._options.registry)
            except UnknownParameter as refusal:
                self._left_out(refusal, "It was left out.")
                query.applied = [each for each in query.applied if each != include.spelled]
        return tuple(found)

    def note_elements(self) -> None:
        """Say which of the elements that were asked for no resource of the result has."""
        if not self._query.elements:
            return
        known = {name for each in self._types for name in each.elements}
        registry = self._options.registry
        qualified = {f"{each.name}.{name}" for each in registry for name in each.elements}
        unknown = [each for each in self._query.elements if each not in known | qualified]
        if unknown:
            text = f"_elements names what is not served here: {shown(unknown[:_MOST_SHOWN])}."
            self._query.issues.append(Issue("warning", "not-found", text))

    def _left_out(self, refusal: BadRequest, end: str) -> None:
        """Refuse what cannot be answered or, when lenient, note that it is left out."""
        if not self._options.lenient:
            raise refusal
        issue = Issue("warning", refusal.issues[0].code, f"{refusal} {end}")
        self._query.issues.append(issue)


def _inner(
    resource: ResourceType,
    pairs: list[tuple[str, str]],
    depth: int,
    hidden: bool = False,
    *,
    options: SearchOptions,
) -> Plan:
    if any(name.partition(":")[0] not in (*resource.params, "_has") for name, _ in _roots(pairs)):
        raise unknown_parameter((resource,), pairs[0][0].partition(":")[0].partition(".")[0])
    strict = replace(options, lenient=False)
    return plan_types([resource], pairs, strict, depth=depth, hidden=hidden)


def _roots(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name.partition(".")[0], value) for name, value in pairs)


def _common(types: Sequence[ResourceType], *, sortable: bool = False) -> set[str]:
    names = set.intersection(*(set(each.params) for each in types))
    if sortable:
        names = {name for name in names if all(each.can_sort_by(name) for each in types)}
    return names


def unknown_parameter(types: Sequence[ResourceType], name: str) -> UnknownParameter:
    """Say which parameters there are, and which one may have been meant."""
    known = sorted(_common(types))
    label = types[0].name if len(types) == 1 else "A search over several types"
    if len(types) == 1 and r4_search_param(label, name) is not None:
        reason = f"The search parameter '{shown([name])}' of {label} is not supported here."
    else:
        reason = f"{label} has no search parameter '{shown([name])}'."
    close = difflib.get_close_matches(name[:64], known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return UnknownParameter(f"{reason}{hint} Valid ones are: {', '.join(known)}.")


def _filter(
    source: Compiled,
    clauses: Iterable[Clause],
    options: SearchOptions,
    compartment: Target | None,
    *,
    shows_hidden: bool,
) -> Filter:
    found = [live_filter(source, shows_hidden=shows_hidden)]
    if compartment is not None:
        found.append(reference_filter(source.params["patient"], [compartment]))
    found += (options.clauses.filter(source.params.get(each.name), each) for each in clauses)
    return all_of(found)


def live_filter(source: Compiled, *, shows_hidden: bool = False) -> Filter:
    """Match every record of a source that is not deleted, and not hidden unless that is asked."""
    hidden = {} if shows_hidden else source.not_hidden
    return {**source.mapping.where, **source.not_deleted, **hidden}


def names_hidden(clause: Clause) -> bool:
    """Say whether a clause asks for hidden records."""
    return (clause.name, clause.modifier) == ("_tag", None) and any(
        value.rpartition("|")[2] == "hidden" for value in clause.values
    )


def _sort_paths(source: Compiled, sort: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return the stored paths to sort by; nothing after `_id` could change the order."""
    paths: dict[str, int] = {}
    for name, direction in sort:
        path = source.params[name].sort_path
        if path is not None and "_id" not in paths:
            paths.setdefault(path, direction)
    return tuple(paths.items())


def explain_filter(value: Any) -> Any:
    """Return a filter in a form that JSON can show."""
    if isinstance(value, dict):
        return {key: explain_filter(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [explain_filter(each) for each in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
