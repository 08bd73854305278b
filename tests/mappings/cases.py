"""The least case that can be served, and what the tests of its parts read of them."""

from __future__ import annotations

from typing import Any

from tests.mappings.serving import BASE, extension

CASE = {"_id": "c1", "status": {"state": "active"}, "subject": "M1"}
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def values(resource: dict[str, Any], name: str) -> list[Any]:
    return [
        next(each[key] for key in each if key.startswith("value"))
        for each in extension(resource, name)
    ]


def coding(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{BASE}/CodeSystem/{system}", "code": code, **more}]}
