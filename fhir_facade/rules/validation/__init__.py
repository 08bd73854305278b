"""Whether a resource is valid FHIR R4 4.0.1: structure, codes, reference targets, invariants.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from typing import Any

from fhir_facade.errors import Issue
from fhir_facade.rules.validation.report import MOST_ISSUES, Full, Report
from fhir_facade.rules.validation.walk import Walk

__all__ = ["MOST_ISSUES", "validate"]


def validate(resource: Any, *, type: str | None = None) -> list[Issue]:
    """Return all that is wrong with a parsed resource; without an error it is acceptable.

    `resource` is what `json_text.read_json` gives, and is left as it is; `type` is the type it must
    have. Diagnostics never quote the resource; no more than `MOST_ISSUES` issues are returned.
    """
    report = Report()
    try:
        if type is None or not isinstance(resource, dict) or _is(resource, type):
            Walk(report).resource(resource, "", None, 0)
        else:
            report.error("invalid", f"resourceType must be {type}", type)
    except Full:
        pass
    return report.issues


def _is(resource: dict[str, Any], type: str) -> bool:
    return resource.get("resourceType") == type
