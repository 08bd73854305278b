"""What the CapabilityStatement says of types that are stored nowhere, but named by references.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from typing import Any, Final

from fhir_facade.derive.capability_operations import operations
from fhir_facade.rules.r4_search import DEFINITIONS
from fhir_facade.rules.registry import Registry

Json = dict[str, Any]

_PATIENT: Final = "Patient"
_MINIMAL: Final = (
    "Minimal and read-only: no record of one is kept here, only references to one, and what they "
    "say is served: the id, an identifier and a name where one is stored. One exists while "
    "something that is found refers to it. There is no list of all, and a name that more than 50 "
    "have is refused."
)
_BELONGS: Final = "What belongs to a patient is at Patient/[id]/[type] and Patient/[id]/*."
_ELSEWHERE: Final = "Patients are served by another server, which references name."


def people_resources(registry: Registry) -> list[Json]:
    """Return the entries of these types; Patient has one in any case, for its compartment."""
    found = [_resource(each.type, registry) for each in registry.people]
    if all(each["type"] != _PATIENT for each in found):
        text = f"{_ELSEWHERE} {_BELONGS}"
        own = operations(_PATIENT, registry.context)
        found.append({"type": _PATIENT, "documentation": text, **own})
    return found


def _resource(type: str, registry: Registry) -> Json:
    return {
        "type": type,
        "documentation": f"{_MINIMAL} {_BELONGS}" if type == _PATIENT else _MINIMAL,
        "interaction": [
            {"code": "read", "documentation": "HEAD and If-None-Match are honoured."},
            {
                "code": "search-type",
                "documentation": "By GET, and by POST to _search; by ids or a name.",
            },
        ],
        "versioning": "no-version",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalRead": "not-match",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [
            _token("_id", "Resource-id", f"{type}.id."),
            _token("identifier", f"{type}-identifier", f"{type}.identifier."),
            {
                "name": "name",
                "definition": f"{DEFINITIONS}{type}-name",
                "type": "string",
                "documentation": f"{type}.name: the beginning of any of its words, without regard "
                "to case and accents. Several values are alternatives; :contains, :exact.",
            },
        ],
        **operations(type, registry.context),
    }


def _token(name: str, definition: str, text: str) -> Json:
    return {
        "name": name,
        "definition": DEFINITIONS + definition,
        "type": "token",
        "documentation": f"{text} Several values are alternatives; no modifiers.",
    }
