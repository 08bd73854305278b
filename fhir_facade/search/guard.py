"""Which searches no index answers: they would look at every document of a type.

https://hl7.org/fhir/R4/search.html#errors
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_facade.rules.mapping import Compiled
from fhir_facade.rules.registry import indexed_params
from fhir_facade.search.params import Clause
from fhir_facade.search.plan import Plan, SourcePlan

_UNSUPPORTED = frozenset({"missing", "not", "not-in", "text", "contains"})
_SELECTIVE = ("reference",)
_SELECTIVE_TOKENS = frozenset({"_id", "identifier"})


def unindexed(plan: Plan) -> list[str]:
    """Return the parameters that no index answers; empty where one narrows the search enough."""
    if plan.compartment is not None or any(_is_indexed(plan, join.param) for join in plan.joins):
        return []
    found: dict[str, None] = {}
    for source in plan.sources:
        found.update(dict.fromkeys(_unindexed(source)))
    return list(found)


def _unindexed(plan: SourcePlan) -> Iterable[str]:
    indexed = indexed_params(plan.source)
    usable = [each for each in plan.clauses if _narrows(each, indexed)]
    if any(_is_selective(plan.source, each) for each in usable):
        return
    if plan.clauses and not usable:
        yield from (each.name for each in plan.clauses)
    unwound = plan.source.mapping.unwind is not None
    yield from (name for name, _ in plan.sorted_by[:1] if name not in indexed and not unwound)


def _narrows(clause: Clause, indexed: frozenset[str]) -> bool:
    if clause.modifier in _UNSUPPORTED or clause.name not in indexed:
        return False
    return not all(value.startswith("ne") for value in clause.values)


def _is_selective(source: Compiled, clause: Clause) -> bool:
    param = source.params.get(clause.name)
    return param is None or param.type in _SELECTIVE or clause.name in _SELECTIVE_TOKENS


def _is_indexed(plan: Plan, param: str) -> bool:
    return all(
        param not in each.source.params or param in indexed_params(each.source)
        for each in plan.sources
    )
