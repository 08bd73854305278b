"""CodeSystem resources: this guide's own codes, and the platform's spellings of FHIR's.

https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.head import canonical_url, head, title
from fhir_facade.derive.vocabularies import (
    is_local,
    platform_name,
    short_name,
    tables,
    uses,
    vocabularies,
)
from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds.described import Vocabulary
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.value_sets import value_set_url

_CLOSED = "These are all the codes there are."
_KNOWN = "Further codes are whatever the platform has stored."
_OPEN = "The codes are whatever the platform has stored, so none are listed here."


def code_systems(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield the code systems of local codes, then those of the platform's spellings."""
    for each in vocabularies(registry).values():
        if is_local(each.system):
            yield _local(each, registry)
    for name, table in tables(registry).items():
        yield _platform(name, table, registry)


def _local(vocabulary: Vocabulary, registry: Registry) -> dict[str, Any]:
    name, context = vocabulary.system, registry.context
    concepts = [_concept(code, display) for code, display in vocabulary.codes.items()]
    extent = _CLOSED if not vocabulary.is_open else _KNOWN if concepts else _OPEN
    content = "complete" if not vocabulary.is_open else "fragment" if concepts else "not-present"
    places = ", ".join(uses(registry)[name])
    return {
        **head(
            "CodeSystem",
            name,
            context,
            shown=title(name),
            description=f"The platform's own codes in {places}. {extent}",
        ),
        **_body(name, content, context),
        **_concepts(concepts, content),
    }


def _concept(code: str, display: str) -> dict[str, Any]:
    return {"code": code, "display": display or title(code)}


def _body(name: str, content: str, context: Context) -> dict[str, Any]:
    whole = {"valueSet": value_set_url(name, context)} if content == "complete" else {}
    return {"caseSensitive": True, **whole, "content": content}


def _concepts(concepts: list[dict[str, Any]], content: str) -> dict[str, Any]:
    if not concepts:
        return {}
    return {**({"count": len(concepts)} if content == "complete" else {}), "concept": concepts}


def _platform(name: str, table: Codes, registry: Registry) -> dict[str, Any]:
    written = {table.spelling(code) for code in table.stored}
    concepts = [
        {
            "code": spelling,
            "display": spelling,
            "property": [{"code": "written", "valueBoolean": spelling in written}],
        }
        for spelling in table.readings()
    ]
    id = platform_name(name)
    return {
        **head(
            "CodeSystem",
            id,
            registry.context,
            shown=title(id),
            description=f"The spellings that the platform's documents have for the codes of "
            f"{short_name(table.system)} in {', '.join(uses(registry)[table.system])}.",
        ),
        **_body(id, "complete", registry.context),
        "property": [
            {
                "code": "written",
                "uri": f"{canonical_url('CodeSystem', id, registry.context)}#written",
                "description": "Whether this is the spelling that is written for its code; the "
                "others are only read.",
                "type": "boolean",
            }
        ],
        **_concepts(concepts, "complete"),
    }
