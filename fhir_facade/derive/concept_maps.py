"""ConceptMap resources: the platform's spellings and FHIR's codes, each as the other.

https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.head import head, title
from fhir_facade.derive.vocabularies import every_line, platform_name, tables, uses
from fhir_facade.rules.codes import Codes, variants
from fhir_facade.rules.kinds import Code
from fhir_facade.rules.kinds.concepts import system_url
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.value_sets import value_set_url


def concept_maps(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield two maps for each code table: how it is read, and how it is written."""
    for name, table in tables(registry).items():
        yield _reading(name, table, registry)
        yield _writing(name, table, registry)


def _reading(name: str, table: Codes, registry: Registry) -> dict[str, Any]:
    places = ", ".join(uses(registry)[table.system])
    source, target = platform_name(name), system_url(table.system, registry.context)
    elements = [
        _element(spelling, code, _read_as(table, spelling, code))
        for spelling, code in table.readings().items()
    ]
    group = {
        "source": registry.context.code_system(source),
        "target": target,
        "element": elements,
        **_unmapped(table, registry),
    }
    return {
        **head(
            "ConceptMap",
            f"{source}-to-fhir",
            registry.context,
            shown=f"{title(name)}: what the platform's spellings are read as",
            description=f"The code that each stored spelling is served as, in {places}.",
        ),
        "sourceCanonical": value_set_url(source, registry.context),
        "targetCanonical": value_set_url(name, registry.context),
        "group": [group],
    }


def _writing(name: str, table: Codes, registry: Registry) -> dict[str, Any]:
    places = ", ".join(uses(registry)[table.system])
    target, source = platform_name(name), system_url(table.system, registry.context)
    elements = [
        _element(code, spelling, _written_as(table, code, spelling))
        for code in table.stored
        if (spelling := table.spelling(code)) is not None
    ]
    return {
        **head(
            "ConceptMap",
            f"fhir-to-{target}",
            registry.context,
            shown=f"{title(name)}: what is stored for a code",
            description=f"The spelling that is stored for a code that a client writes, in "
            f"{places}. An update that keeps the code keeps the spelling that is there; where the "
            "stored word says less than the code, the code itself is kept beside it.",
        ),
        "sourceCanonical": value_set_url(name, registry.context),
        "targetCanonical": value_set_url(target, registry.context),
        "group": [
            {
                "source": source,
                "target": registry.context.code_system(target),
                "element": elements,
            }
        ],
    }


def _element(code: str, target: str, equivalence: str) -> dict[str, Any]:
    return {"code": code, "target": [{"code": target, "equivalence": equivalence}]}


def _read_as(table: Codes, spelling: str, code: str) -> str:
    """Return what the code is to a stored word: an alias means less than its code."""
    if spelling == code:
        return "equal"
    return "equivalent" if spelling in variants(table.stored[code]) else "wider"


def _written_as(table: Codes, code: str, spelling: str) -> str:
    """Return what the stored word is to a code: the nearest one there is means more."""
    if spelling == code:
        return "equal"
    return "equivalent" if spelling == table.stored[code] else "wider"


def _unmapped(table: Codes, registry: Registry) -> dict[str, Any]:
    """Where every element says the same of what it cannot read, so does the map."""
    found = {
        line.kind.otherwise if line.kind.otherwise_system is None else None
        for line in every_line(registry)
        if isinstance(line.kind, Code) and line.kind.codes is table
    }
    code = next(iter(found)) if len(found) == 1 else None
    return {} if code is None else {"unmapped": {"mode": "fixed", "code": code}}
