"""Mends for invariants that tie two elements of a resource together."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from fhir_facade.rules import dates
from fhir_facade.rules.context import Context
from fhir_facade.rules.elements import fhirpath
from fhir_facade.rules.findings import Finding, Findings, Severity
from fhir_facade.rules.mapping import Finish, Mend


def in_order(first: str, second: str) -> bool:
    """Say whether FHIRPath's `first <= second` is true; of unequal precision it may be empty."""
    if first == second:
        return True
    shared = min(len(first), len(second))
    if shared <= len("YYYY-MM-DD"):
        return first[:shared] < second[:shared]
    if len(first) == len(second) and first[-1] == second[-1] == "Z":
        return first < second
    one, other = _instant(first), _instant(second)
    return one is not None and other is not None and one <= other


def _instant(text: str) -> datetime | None:
    moment = dates.read(text, UTC)
    return None if isinstance(moment, str) else moment.instant


def _leave_out(
    holder: dict[str, Any], name: str, element: str, fields: str, reason: str, findings: Findings
) -> None:
    del holder[name]
    findings.append(Finding(Severity.DEGRADED, fields, element, reason))


def not_before(name: str, earlier: str, field: str) -> Mend:
    """Leave out a dateTime that is not after the one it must follow (inv-1 of Task).

    What a client sent is left out only where it certainly lies before.
    """

    def mend(resource: dict[str, Any], kept: Collection[str], findings: Findings) -> None:
        first, second = resource.get(earlier), resource.get(name)
        if first is None or second is None or in_order(first, second):
            return
        if name not in kept or in_order(second, first):
            element = fhirpath(resource["resourceType"], name)
            _leave_out(resource, name, element, field, f"lies before {earlier}", findings)

    return mend


def period_in_order(*path: str, field: str) -> Finish:
    """Leave out the end of a Period that lies before its start (per-1)."""

    def finish(
        resource: dict[str, Any], document: dict[str, Any], findings: Findings, context: Context
    ) -> None:
        del document, context
        period: Any = resource
        for step in path:
            period = period.get(step)
            if period is None:
                return
        start, end = period.get("start"), period.get("end")
        if start is not None and end is not None and not in_order(start, end):
            element = fhirpath(resource["resourceType"], ".".join((*path, "end")))
            _leave_out(period, "end", element, field, "lies before the period's start", findings)

    return finish


def each_once(name: str) -> Finish:
    """Leave out a value of a list that stands there already, from another stored field."""

    def finish(
        resource: dict[str, Any], document: dict[str, Any], findings: Findings, context: Context
    ) -> None:
        del document, findings, context
        values = resource.get(name, ())
        if len(values) > 1:
            resource[name] = [each for at, each in enumerate(values) if each not in values[:at]]

    return finish
