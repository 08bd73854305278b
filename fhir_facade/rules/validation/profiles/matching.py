"""Whether a JSON value is what `fixed[x]` or `pattern[x]` says.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def equals(value: Any, fixed: Any) -> bool:
    """Say whether a value is exactly another."""
    if isinstance(fixed, dict):
        alike = isinstance(value, dict) and value.keys() == fixed.keys()
        return alike and all(equals(value[name], each) for name, each in fixed.items())
    if isinstance(fixed, list):
        alike = isinstance(value, list) and len(value) == len(fixed)
        return alike and all(equals(*pair) for pair in zip(value, fixed, strict=True))
    return _same(value, fixed)


def fits(value: Any, pattern: Any) -> bool:
    """Say whether a value has at least what a pattern has."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and fits(value[name], each) for name, each in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(fits(one, each) for one in value) for each in pattern
        )
    return _same(value, pattern)


def _same(value: Any, other: Any) -> bool:
    if _is_number(value) and _is_number(other):
        one, two = Decimal(str(value)), Decimal(str(other))
        return one.is_finite() and two.is_finite() and one == two
    return type(value) is type(other) and bool(value == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
