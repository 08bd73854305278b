"""Conditions that only another search can tell: chains, `_has`, and links held by the other side.

A join is planned like any search; whoever runs the plan runs the join first, and turns what it
finds into a filter on ids.

https://hl7.org/fhir/R4/search.html#chaining
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.rules.filters import Filter, any_of
from fhir_facade.rules.kinds.base import Target
from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.param import (
    Param,
)
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.text import is_id
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.params import Clause, split_values
from fhir_facade.search.reference import parse_reference, reference_filter

if TYPE_CHECKING:
    from fhir_facade.search.plan import Plan

NO_ID = "!"
"""What no id can be: a search for it finds nothing."""

MOST_JOINS = 4
"""How many steps a chain may have."""


class PlanType(Protocol):
    """Plans the search on the other type."""

    def __call__(
        self,
        resource: ResourceType,
        pairs: list[tuple[str, str]],
        depth: int,
        hidden: bool = False,
    ) -> Plan: ...


@dataclass(frozen=True)
class Join:
    """A search on another type, and how its result selects here."""

    plan: Plan
    param: str
    """A chain's reference parameter, here; or that of the other type, which names what is found."""
    forward: bool
    """True for a chain: the other type's matches are what `param` refers to."""
    named: str | None = None
    """Of `_has`: the type of what is named; other references do not count."""
    same_id: bool = False
    """The matches share their id with what `param` refers to, not their type."""

    def filter(self, source: Compiled, targets: Sequence[Target]) -> Filter:
        """Return the filter on one source, once the other search's ids are known."""
        if self.forward:
            param = source.params.get(self.param)
            if self.same_id:
                targets = [Target(None, each.id) for each in targets]
            return any_of([]) if param is None else reference_filter(param, targets)
        wanted = (each for each in targets if self.named in (None, each.type))
        return source.with_ids(dict.fromkeys(each.id for each in wanted))


def join_of(
    resource: ResourceType, clause: Clause, options: SearchOptions, plan: PlanType, depth: int
) -> Join | Clause | None:
    """Return the join that a clause asks for, another clause that says the same, or None."""
    if clause.chain is None:
        param = resource.params.get(clause.name)
        held_by = None if param is None else held(param)
        return None if held_by is None else _held(clause, held_by, options, plan, depth)
    if depth >= MOST_JOINS:
        raise BadRequest(f"A chain has up to {MOST_JOINS} steps.")
    if clause.name == "_has":
        return _has(resource, clause, options, plan, depth)
    return _chain(resource, clause, options, plan, depth)


def held(param: Param) -> tuple[str, str] | None:
    """Return the type and the parameter that hold the link a parameter asks for."""
    return param.targets[0].kind.held_by if param.targets else None


def _held(
    clause: Clause, held_by: tuple[str, str], options: SearchOptions, plan: PlanType, depth: int
) -> Join:
    """`CarePlan?goal=x` asks for the case that the goal x names."""
    name, param = held_by
    if clause.modifier not in (None, name):
        raise UnknownParameter(f"'{clause.name}' takes no modifier but ':{name}' here.")
    bases = options.context.reference_base
    named = [parse_reference(each, options.base_url, bases) for each in clause.values if each]
    if not named:
        raise BadRequest(f"The search parameter '{clause.name}' has no value.")
    own = [each for each in named if each is not None and each.type in (None, name)]
    ids = [each.id for each in own if is_id(each.id)]
    pairs = [("_id", ",".join(ids) or NO_ID)]
    other = options.registry.types[name]
    return Join(plan(other, pairs, depth + 1, hidden=True), param, forward=False)


def _has(
    resource: ResourceType, clause: Clause, options: SearchOptions, plan: PlanType, depth: int
) -> Join:
    name, _, param = (clause.modifier or "").partition(":")
    other = options.registry.get(name)
    if other is None:
        raise UnknownParameter("_has names a type that is not served here.")
    known = other.params.get(param)
    if known is None or resource.name not in known.refers_to:
        usable = [each for each, found in other.params.items() if resource.name in found.refers_to]
        raise UnknownParameter(
            f"_has takes a parameter of {name} that refers to {resource.name}: "
            f"{', '.join(sorted(usable)) or 'none does'}."
        )
    inner = plan(other, [(clause.chain or "", clause.values[0])], depth + 1)
    holder = held(known)
    if holder is not None:
        return Join(inner, holder[1], forward=True, same_id=True)
    return Join(inner, param, forward=False, named=resource.name)


def references(resource: ResourceType) -> list[str]:
    """Return the parameters that refer to something."""
    return [name for name, each in resource.params.items() if each.type == "reference"]


def _chain(
    resource: ResourceType, clause: Clause, options: SearchOptions, plan: PlanType, depth: int
) -> Join | Clause:
    param = resource.params.get(clause.name)
    if param is None or param.type != "reference":
        raise UnknownParameter(
            f"{resource.name} has no reference parameter of that name to chain from; "
            f"it has: {', '.join(sorted(references(resource)))}."
        )
    named = [clause.modifier] if clause.modifier else list(param.refers_to)
    if not set(named) <= set(param.refers_to):
        known = ", ".join(param.refers_to)
        raise UnknownParameter(f"'{param.name}' refers to: {known}.")
    served = [name for name in named if options.registry.get(name) is not None]
    one_kind = clause.modifier is None or len(param.refers_to) == 1
    if not served and clause.chain == "identifier" and one_kind:
        values = split_values(clause.values[0])
        return replace(clause, modifier="identifier", chain=None, values=values)
    if len(served) != 1:
        raise UnknownParameter(
            f"'{param.name}' refers to {', '.join(named)}; a chain goes through one type that is "
            "served here (or, as .identifier, through any)."
        )
    other = options.registry.types[served[0]]
    pairs = [(clause.chain or "", clause.values[0])]
    holder = held(param)
    if holder is not None:
        return Join(plan(other, pairs, depth + 1), holder[1], forward=False)
    return Join(plan(other, pairs, depth + 1), param.name, forward=True)
