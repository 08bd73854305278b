"""NamingSystem resources: the identifier systems of served resources and their references.

R4 gives a NamingSystem neither url nor version, so they are published, but found by their id alone.

https://hl7.org/fhir/R4/namingsystem.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade.derive.head import head
from fhir_facade.derive.vocabularies import every_line
from fhir_facade.rules.registry import Registry


def naming_systems(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield one for each identifier system, in the order of their names."""
    found: dict[str, dict[str, None]] = {}
    for line in every_line(registry):
        for sid in line.kind.sids:
            found.setdefault(sid, {})[line.element] = None
    for sid, places in sorted(found.items()):
        yield _naming_system(sid, list(places), registry)


def _naming_system(sid: str, places: list[str], registry: Registry) -> dict[str, Any]:
    description = f"The platform's identifiers of the kind {sid}, in {', '.join(places)}."
    made = head("NamingSystem", f"sid-{sid}", registry.context, description=description)
    names = ("resourceType", "id", "text", "name", "status")
    return {
        **{name: made[name] for name in names},
        "kind": "identifier",
        "date": made["date"],
        "publisher": made["publisher"],
        "description": description,
        "uniqueId": [
            {
                "type": "uri",
                "value": registry.context.identifier_system(sid),
                "preferred": True,
            }
        ],
    }
