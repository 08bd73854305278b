"""The value sets that this guide publishes: one for each code table that a mapping reads.

https://hl7.org/fhir/R4/valueset.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds import Code, Concept, Kind, Many
from fhir_facade.rules.kinds.concepts import system_url
from fhir_facade.rules.mapping import (
    Compiled,
)

ValueSets = Mapping[str, tuple[tuple[str, str | None], ...]]
"""Canonical URL → the (system, code) pairs in it; without a code, any of the system."""


def code_tables(kind: Kind) -> tuple[Codes, ...]:
    """Return the code tables a kind reads."""
    one = kind.of if isinstance(kind, Many) else kind
    if isinstance(one, Code):
        return (one.codes,)
    return one.codes if isinstance(one, Concept) else ()


def bound_tables(sources: Iterable[Compiled]) -> dict[str, Codes]:
    """Return name → code table of every element that is read through one.

    A table is named after its code system, `task-status`; raises ValueError where two would be.
    """
    found: dict[str, Codes] = {}
    for source in sources:
        for rule in source.mapping.rules:
            for table in code_tables(rule.kind):
                name = table.system.rsplit("/", 1)[-1].lower()
                if found.setdefault(name, table) is not table:
                    raise ValueError(f"two code tables would give the value set {name}")
    return found


def value_set_url(name: str, context: Context) -> str:
    return f"{context.canonical}/ValueSet/{name}"


def value_sets(sources: Iterable[Compiled], context: Context) -> ValueSets:
    """Return every published value set."""
    return {
        value_set_url(name, context): tuple(
            (system_url(table.system, context), code) for code in table.stored
        )
        for name, table in bound_tables(sources).items()
    }
