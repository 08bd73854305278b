"""ValueSet resources: the codes that each code table reads.

https://hl7.org/fhir/R4/valueset.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_facade import __released__, __version__
from fhir_facade.rules.kinds.concepts import system_url
from fhir_facade.rules.registry import Registry
from fhir_facade.rules.value_sets import bound_tables, value_set_url


def value_set_resources(registry: Registry) -> Iterator[dict[str, Any]]:
    """Yield a ValueSet for each code table."""
    context = registry.context
    for name, table in sorted(bound_tables(registry.sources).items()):
        words = "".join(part.capitalize() for part in re.split("[^a-z0-9]", name))
        yield {
            "resourceType": "ValueSet",
            "id": name,
            "url": value_set_url(name, context),
            "version": __version__,
            "name": words,
            "title": name.replace("-", " ").capitalize(),
            "status": "active",
            "experimental": False,
            "date": __released__,
            "publisher": "Wellnecity",
            "description": "The codes that the platform's own spellings are read as.",
            "compose": {
                "include": [
                    {
                        "system": system_url(table.system, context),
                        "concept": [{"code": code} for code in table.stored],
                    }
                ]
            },
        }
