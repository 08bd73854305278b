"""ValueSet resources: the codes of each element, of each code table and of the platform.

https://hl7.org/fhir/R4/valueset.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.head import head, title
from fhir_facade.derive.vocabularies import (
    Systems,
    bound_systems,
    included,
    is_local,
    platform_name,
    short_name,
    tables,
    value_set_id,
    vocabularies,
)
from fhir_facade.rules.kinds.described import Vocabulary
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.value_sets import ValueSets


def value_set_resources(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield the value sets in the order of their ids."""
    known = vocabularies(registry)
    single = {(name,) for name, each in known.items() if is_local(name) or each.table is not None}
    for systems in sorted(single | bound_systems(registry), key=value_set_id):
        yield _value_set(systems, known, registry)
    for name in tables(registry):
        yield _of_platform(name, registry)


def searched_value_sets(registry: Registry) -> ValueSets:
    """Return what `:in` takes: the codes of each value set, of a whole code system any."""
    return {
        each["url"]: tuple(
            (include["system"], code)
            for include in each["compose"]["include"]
            for code in [concept["code"] for concept in include.get("concept", ())] or [None]
        )
        for each in value_set_resources(registry)
    }


def _value_set(
    systems: Systems, known: dict[str, Vocabulary], registry: Registry
) -> dict[str, Any]:
    id = value_set_id(systems)
    names = " or ".join(map(short_name, systems))
    has_table = any(known[each].table is not None for each in systems)
    read = " that the platform's own spellings are read as" if has_table else ""
    return {
        **head(
            "ValueSet",
            id,
            registry.context,
            shown=title(id),
            description=f"The codes of {names}{read}.",
        ),
        "compose": {"include": [included(known[each], registry.context) for each in systems]},
    }


def _of_platform(name: str, registry: Registry) -> dict[str, Any]:
    id = platform_name(name)
    return {
        **head(
            "ValueSet",
            id,
            registry.context,
            shown=title(id),
            description=f"Every spelling of the platform that is read as a code of {name}.",
        ),
        "compose": {"include": [{"system": registry.context.code_system(id)}]},
    }
