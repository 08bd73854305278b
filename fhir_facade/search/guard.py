"""Which searches no index answers: they would look at every document of a type.

https://hl7.org/fhir/R4/search.html#errors
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_facade.rules.mapping import (
    Compiled,
)
from fhir_facade.rules.registry import indexed_params
from fhir_facade.search.joins import Join
from fhir_facade.search.params import Clause
from fhir_facade.search.plan import Plan, SourcePlan

_UNSUPPORTED = frozenset({"missing", "not", "not-in", "text", "contains"})


def unindexed(plan: Plan) -> list[str]:
    """Return the parameters that no index answers; empty where one narrows the search enough."""
    found = dict.fromkeys(name for join in plan.joins for name in unindexed(join.plan))
    if (
        found
        or plan.compartment is not None
        or any(_narrows_by_ids(plan, each) for each in plan.joins)
    ):
        return list(found)
    for source in plan.sources:
        found.update(dict.fromkeys(_unindexed(source)))
    return list(found)


def _unindexed(plan: SourcePlan) -> Iterable[str]:
    """Yield the clauses' parameters unless an index answers one; each sort has an index anyway."""
    indexed = indexed_params(plan.source)
    if not any(_narrows(plan.source, each, indexed) for each in plan.clauses):
        yield from (each.name for each in plan.clauses)


def _narrows(source: Compiled, clause: Clause, indexed: frozenset[str]) -> bool:
    param = source.params.get(clause.name)
    if param is None:
        return True
    if clause.modifier in _UNSUPPORTED or clause.name not in indexed:
        return False
    return param.type != "date" or not all(value.startswith("ne") for value in clause.values)


def _narrows_by_ids(plan: Plan, join: Join) -> bool:
    """Say whether what a join found is looked up: by id, or by a reference with an index."""
    return not join.forward or all(
        join.param not in each.source.params or join.param in indexed_params(each.source)
        for each in plan.sources
    )
