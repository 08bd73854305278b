"""search-type among the published artefacts: they are few, and in memory.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import difflib
import uuid
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any, Final

from fhir_facade.derive.capability_types import ARTEFACT_PARAMS, ArtefactParam
from fhir_facade.errors import BadRequest, Issue, TooCostly, UnknownParameter
from fhir_facade.interactions.conformance import Artefact, Conformance
from fhir_facade.interactions.conformance_shape import shaped
from fhir_facade.interactions.search import outcome
from fhir_facade.rules.date_search import Comparison
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.text_match import TextMatch
from fhir_facade.search.clauses import shown
from fhir_facade.search.date import parse_date
from fhir_facade.search.params import Clause, Pairs, Query, parse, unescape
from fhir_facade.search.token import read_token

Json = dict[str, Any]

_MOST_SHOWN: Final = 10
_MOST_VALUES: Final = 200
"""What a search may compare every artefact with."""
_LONGEST: Final = 2048
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How a search is handled, and how long a page may be."""

    lenient: bool
    default_count: int
    max_count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A search of one published type, ready to be run."""

    type: str
    query: Query
    clauses: list[Clause]
    sort: list[tuple[ArtefactParam, int]]
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page of artefacts."""

    artefacts: list[Artefact]
    total: int
    previous: int | None
    """Where the page before starts."""
    next: int | None


def plan(conformance: Conformance, type_: str, pairs: Pairs, limits: Limits) -> Plan:
    """Plan a search; raise BadRequest or UnknownParameter for what cannot be asked."""
    query = parse(pairs, max_count=limits.max_count)
    asked = _Asked(type_, query, limits.lenient)
    clauses, sort = asked.clauses(), asked.sort()
    asked.leave_out_includes()
    asked.note_elements(conformance)
    query.applied = [each.spelled for each in clauses] + query.applied
    count = limits.default_count if query.count is None else query.count
    return Plan(type_, query, clauses, sort, 0 if query.summary == "count" else count)


def find(conformance: Conformance, plan: Plan, start: int) -> Found:
    """Return the page that starts at a place of the result."""
    params = ARTEFACT_PARAMS[plan.type]
    found = [
        each
        for each in conformance.of_type(plan.type).values()
        if all(_matches(params[clause.name], clause, each.resource) for clause in plan.clauses)
    ]
    for param, direction in reversed(plan.sort):
        found.sort(key=partial(_sort_key, param), reverse=direction < 0)
    end = start + plan.count
    before = max(start - plan.count, 0) if start else None
    after = end if plan.count and end < len(found) else None
    return Found(found[start:end], len(found), before, after)


def artefact_bundle(
    found: Found, query: Query, links: list[tuple[str, str]], base_url: str
) -> bytes:
    """Return the page as a Bundle."""
    entries = [
        {
            "fullUrl": f"{base_url}/{each.resource['resourceType']}/{each.id}",
            "resource": shaped(each.resource, query.summary, query.elements),
            "search": {"mode": "match"},
        }
        for each in found.artefacts
    ]
    if query.issues:
        entries.append(_outcome_entry(query.issues))
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": found.total,
        "link": [{"relation": relation, "url": url} for relation, url in links],
    }
    return to_json({**bundle, "entry": entries} if entries else bundle)


def _outcome_entry(issues: list[Issue]) -> Json:
    resource = outcome(issues)
    identity = uuid.uuid5(uuid.NAMESPACE_OID, to_json(resource).decode()).urn
    return {"fullUrl": identity, "resource": resource, "search": {"mode": "outcome"}}


class _Asked:
    """Sorts what was asked into what can be answered, what is refused and what is left out."""

    def __init__(self, type_: str, query: Query, lenient: bool) -> None:
        self._type, self._query, self._lenient = type_, query, lenient
        self.params = ARTEFACT_PARAMS[type_]

    def clauses(self) -> list[Clause]:
        """Return the clauses that are filters; raise TooCostly for too many values."""
        found = []
        if sum(len(each.values) for each in self._query.clauses) > _MOST_VALUES:
            raise TooCostly(f"A search of {self._type} takes up to {_MOST_VALUES} values.")
        for clause in self._query.clauses:
            try:
                self._check(clause)
            except BadRequest as refusal:
                self._left_out(refusal)
            else:
                _check_values(self.params[clause.name], clause)
                found.append(clause)
        return found

    def _check(self, clause: Clause) -> None:
        param = self.params.get(clause.name)
        if param is None:
            raise self._unknown(clause.name)
        if clause.chain is not None:
            raise UnknownParameter(f"Searches of {self._type} take no chains and no _has.")
        if clause.modifier is not None and clause.modifier not in param.modifiers:
            known = ", ".join(f":{each}" for each in param.modifiers)
            raise UnknownParameter(
                f"The modifier ':{shown([clause.modifier])}' is not supported here for "
                f"'{param.name}'; it takes: {known}."
            )
        if not any(clause.values):
            raise BadRequest(f"The search parameter '{param.name}' has no value.")

    def _unknown(self, name: str) -> UnknownParameter:
        close = difflib.get_close_matches(name[:64], self.params, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        return UnknownParameter(
            f"{self._type} has no search parameter '{shown([name])}' here.{hint} "
            f"Valid ones are: {', '.join(self.params)}."
        )

    def sort(self) -> list[tuple[ArtefactParam, int]]:
        query, found = self._query, []
        known = [each.name for each in self.params.values() if each.sortable]
        for name, direction in query.sort:
            if name in known:
                found.append((self.params[name], direction))
                continue
            text = f"'{shown([name])}' cannot be sorted by. _sort takes: {', '.join(known)}."
            self._left_out(UnknownParameter(text))
        if len(found) != len(query.sort):
            query.applied = [each for each in query.applied if each[0] != "_sort"]
            spelled = ",".join(("-" if way < 0 else "") + param.name for param, way in found)
            query.applied += [("_sort", spelled)] if found else []
        return found

    def leave_out_includes(self) -> None:
        for include in self._query.includes:
            name, value = include.spelled
            text = f"Searches of {self._type} take no {name}={shown([value])}."
            self._left_out(UnknownParameter(text))
            self._query.applied.remove(include.spelled)

    def note_elements(self, conformance: Conformance) -> None:
        """Say which of the elements that were asked for no artefact of the type has."""
        known = {name for each in conformance.all(self._type) for name in each}
        unknown = [
            each
            for each in self._query.elements
            if each.removeprefix(f"{self._type}.") not in known
        ]
        if unknown:
            text = f"_elements names what is not served here: {shown(unknown[:_MOST_SHOWN])}."
            self._query.issues.append(Issue("warning", "not-found", text))

    def _left_out(self, refusal: BadRequest) -> None:
        """Refuse what cannot be answered or, when lenient, note that it is left out."""
        if not self._lenient:
            raise refusal
        text = f"{refusal} It was left out of the search."
        self._query.issues.append(Issue("warning", refusal.issues[0].code, text))


def _check_values(param: ArtefactParam, clause: Clause) -> None:
    """Raise BadRequest for a value that cannot be read."""
    for value in filter(None, clause.values):
        if len(value) > _LONGEST:
            raise BadRequest(f"'{param.name}' takes up to {_LONGEST} characters.")
        if clause.modifier == "missing" and value not in ("true", "false"):
            raise BadRequest(f"'{param.name}:missing' is true or false.")
        if clause.modifier is None and param.type == "date":
            parse_date(value, UTC, param.name)


def _matches(param: ArtefactParam, clause: Clause, resource: Json) -> bool:
    """Say whether one of a clause's values fits one of the resource's."""
    values = [each for each in clause.values if each]
    if clause.modifier == "missing":
        absent = not any(True for _ in param.values(resource))
        return any(absent is (value == "true") for value in values)
    fits = any(_fits(param, clause.modifier, value, resource) for value in values)
    return not fits if clause.modifier == "not" else fits


def _fits(param: ArtefactParam, modifier: str | None, value: str, resource: Json) -> bool:
    if param.type == "token":
        system, code = read_token(value)
        return any(_is_token(found, system, code) for found in param.tokens(resource))
    if param.type == "date":
        asked = parse_date(value, UTC, param.name)
        return any(_is_date(each, asked, param.name) for each in param.values(resource))
    wanted = unescape(value)
    if param.type == "string":
        text = TextMatch(wanted, modifier or "prefix")
        return any(text.matches(each) for each in param.values(resource))
    if param.type == "reference":
        return any(_is_canonical(each, wanted) for each in param.values(resource))
    return any(_is_uri(each, wanted, modifier) for each in param.values(resource))


def _is_token(found: tuple[str | None, str], system: str | None, code: str | None) -> bool:
    """Compare tokens; a system that was not asked for is any, an empty one is none."""
    own_system, own_code = found
    if system is not None and (own_system or "") != system:
        return False
    return code is None or own_code == code


def _is_date(stored: str, asked: Comparison, name: str) -> bool:
    """Compare ranges as R4 says; None is the end of time."""
    own = parse_date(stored, UTC, name)
    low, high = own.low, own.high
    within = asked.low <= low and (asked.high is None or (high is not None and high <= asked.high))
    before, after = low < asked.low, asked.high is not None and (high is None or high > asked.high)
    later = asked.high is not None and low >= asked.high
    earlier = high is not None and high <= asked.low
    return {
        "eq": within,
        "ne": not within,
        "lt": before,
        "gt": after,
        "le": before or within,
        "ge": after or within,
        "sa": later,
        "eb": earlier,
        "ap": not (later or earlier),
    }[asked.prefix]


def _is_canonical(stored: str, wanted: str) -> bool:
    """Compare canonical URLs; one without a version is any version."""
    url, _, version = stored.partition("|")
    asked, _, of_version = wanted.partition("|")
    return url == asked and of_version in ("", version)


def _is_uri(stored: str, wanted: str, modifier: str | None) -> bool:
    if modifier == "below":
        return stored == wanted or stored.startswith(f"{wanted.rstrip('/')}/")
    if modifier == "above":
        return stored == wanted or wanted.startswith(f"{stored.rstrip('/')}/")
    return stored == wanted


def _sort_key(param: ArtefactParam, artefact: Artefact) -> tuple[bool, str]:
    """What has no value comes first, as in other searches."""
    value = next(param.values(artefact.resource), None)
    return (value is not None, str(value or ""))
