"""What could not be said in FHIR of a stored document, and why; never the stored value itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding costs the reader of the resource."""

    NOTED = "noted"  # served whole, but worth tidying: cannot be searched by date, for instance
    DEGRADED = "degraded"  # served without this value
    UNSERVABLE = "unservable"  # FHIR has no honest way to serve the document


@dataclass(frozen=True, slots=True)
class Finding:
    """One value of one stored document that FHIR cannot carry as it stands."""

    severity: Severity
    field: str
    element: str
    reason: str


Findings = list[Finding]
Encode = Callable[[Any, Findings], Any]
"""Turns a stored value into a FHIR value; None means there is nothing to serve."""

Decode = Callable[[Any, Any], Any]
"""Turns a FHIR value into a stored value, given what is stored now; None stores nothing."""


def is_unservable(findings: Findings) -> bool:
    return any(finding.severity is Severity.UNSERVABLE for finding in findings)
