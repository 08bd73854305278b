"""Apply a JSON Merge Patch.

https://www.rfc-editor.org/rfc/rfc7386
"""

from __future__ import annotations

from typing import Any

from fhir_facade.errors import BadRequest
from fhir_facade.rules.patch.common import Emptied, copied, still_a_resource


def merge_patch(resource: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return the resource with the change merged in; `null` removes, an array replaces an array."""
    if not isinstance(change, dict):
        raise BadRequest("A merge patch must be a JSON object with the elements to change.")
    result, emptied = copied(resource), Emptied()
    _merge(result, change, emptied)
    emptied.prune(result)
    return still_a_resource(resource, result)


def _merge(target: dict[str, Any], change: dict[str, Any], emptied: Emptied) -> None:
    for name, value in change.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, dict):
            inner = target.get(name)
            if not isinstance(inner, dict):
                inner = target[name] = {}
            _merge(inner, value, emptied)
        else:
            target[name] = copied(value)
    if any(value is None for value in change.values()):
        emptied.note(target)
