"""From a query string to exact filters and sorts: pure, so that it can be tested as text.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_facade.errors import BadRequest, Issue, UnknownParameter
from fhir_facade.rules.context import Context
from fhir_facade.rules.filters import NOTHING, Filter, all_of, any_of, prefixes
from fhir_facade.rules.mapping import Compiled, Param
from fhir_facade.rules.r4_search import r4_search_param
from fhir_facade.rules.registry import ResourceType
from fhir_facade.search.date import date_filter
from fhir_facade.search.params import Clause, Pairs, Query, parse
from fhir_facade.search.reference import reference_filter
from fhir_facade.search.token import token_filter


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What of the server a plan depends on."""

    context: Context
    base_url: str
    lenient: bool = False
    default_count: int = 50
    max_count: int = 1000


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
    """A search, ready to be run."""

    type: ResourceType
    sources: tuple[SourcePlan, ...]
    query: Query
    count: int
    issues: list[Issue] = field(default_factory=list)

    @property
    def counts_only(self) -> bool:
        return self.query.summary == "count" or self.query.count == 0


def plan_search(resource: ResourceType, pairs: Pairs, options: SearchOptions) -> Plan:
    """Plan a search of one type; raise BadRequest or UnknownParameter for what cannot be asked."""
    query = parse(pairs, max_count=options.max_count)
    clauses = [each for each in query.clauses if _usable(resource, each, query, options)]
    sort = _sort_params(resource, query, options)
    query.applied = [each.spelled for each in clauses] + query.applied
    sources = tuple(
        SourcePlan(source, _filter(source, clauses, options), _sort_paths(source, sort), sort)
        for source in resource.sources
    )
    count = options.default_count if query.count is None else query.count
    return Plan(resource, sources, query, count, list(query.issues))


def _usable(resource: ResourceType, clause: Clause, query: Query, options: SearchOptions) -> bool:
    """Say whether a clause can be answered; if not, refuse it or, when lenient, note it."""
    try:
        _check(resource, clause)
    except BadRequest as refusal:
        if not options.lenient:
            raise
        text = f"{refusal} It was left out of the search."
        query.issues.append(Issue("warning", refusal.issues[0].code, text))
        return False
    return True


def _check(resource: ResourceType, clause: Clause) -> None:
    param = resource.params.get(clause.name)
    if param is None:
        raise unknown_parameter(resource, clause.name)
    if clause.modifier is not None:
        raise UnknownParameter(f"The modifier ':{clause.modifier}' is not supported here.")
    if not any(clause.values):
        raise BadRequest(f"The search parameter '{clause.name}' has no value.")


def unknown_parameter(resource: ResourceType, name: str) -> UnknownParameter:
    """Say which parameters there are, and which one may have been meant."""
    known = sorted(resource.params)
    if r4_search_param(resource.name, name) is not None:
        reason = f"The search parameter '{_shown(name)}' of {resource.name} is not supported here."
    else:
        reason = f"{resource.name} has no search parameter '{_shown(name)}'."
    close = difflib.get_close_matches(name[:64], known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return UnknownParameter(f"{reason}{hint} Valid ones are: {', '.join(known)}.")


def _shown(name: str) -> str:
    kept = "".join(letter if letter.isprintable() else "?" for letter in name[:64])
    return kept + ("…" if len(name) > 64 else "")


def _filter(source: Compiled, clauses: Iterable[Clause], options: SearchOptions) -> Filter:
    found: list[Filter] = [{**source.mapping.where, **source.not_deleted}]
    clauses = list(clauses)
    if not any(_names_hidden(each) for each in clauses):
        found[0] = {**found[0], **source.not_hidden}
    for each in clauses:
        param = source.params.get(each.name)
        found.append(NOTHING if param is None else clause_filter(param, each, options))
    return all_of(found)


def _names_hidden(clause: Clause) -> bool:
    return clause.name == "_tag" and any(
        value.rpartition("|")[2] == "hidden" for value in clause.values
    )


def clause_filter(param: Param, clause: Clause, options: SearchOptions) -> Filter:
    """Return the filter of a clause: any of its values."""
    return any_of(_value_filter(param, value, options) for value in clause.values if value)


def _value_filter(param: Param, value: str, options: SearchOptions) -> Filter:
    context = options.context
    if param.type == "token":
        return token_filter(param, value)
    if param.type == "reference":
        return reference_filter(param, value, options.base_url, context.reference_base)
    return date_filter(param, value, context.timezone)


def _sort_params(
    resource: ResourceType, query: Query, options: SearchOptions
) -> tuple[tuple[str, int], ...]:
    found = []
    for name, direction in query.sort:
        if resource.can_sort_by(name):
            found.append((name, direction))
            continue
        known = sorted(filter(resource.can_sort_by, resource.params))
        text = f"'{_shown(name)}' cannot be sorted by. _sort takes: {', '.join(known)}."
        if not options.lenient:
            raise UnknownParameter(text)
        query.issues.append(Issue("warning", "not-supported", f"{text} It was left out."))
    if len(found) != len(query.sort):
        query.applied = [each for each in query.applied if each[0] != "_sort"]
        if found:
            spelled = ",".join(("-" if way < 0 else "") + name for name, way in found)
            query.applied.append(("_sort", spelled))
    return tuple(found)


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
