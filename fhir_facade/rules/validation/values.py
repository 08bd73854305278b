"""Questions to unchecked JSON, asked as FHIRPath does; whatever the value is, there is an answer.

https://hl7.org/fhir/R4/fhirpath.html
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

_WIDEST_ZONE = timedelta(hours=14)
_LEAP_SECOND = re.compile(r"(?<=:[0-5][0-9]):60(?:\.[0-9]+)?")
"""Python knows none: read as the last instant before the next minute."""


def exists(holder: Any, name: str) -> bool:
    """Say whether an element has a value, children or extensions."""
    if not isinstance(holder, dict):
        return False
    return any(holder.get(key) not in (None, [], {}) for key in (name, f"_{name}"))


def chosen(holder: Any, name: str) -> bool:
    """Say whether a choice, `value[x]`, has a value of any type."""
    if not isinstance(holder, dict):
        return False
    size = len(name)
    return any(
        isinstance(key, str)
        and (key.startswith(name) or key.startswith(f"_{name}"))
        and key.lstrip("_")[size : size + 1].isupper()
        for key in holder
    )


def child(holder: Any, name: str) -> Any:
    """Return what an element has under a name, None if there is nothing."""
    return holder.get(name) if isinstance(holder, dict) else None


def text(holder: Any, name: str) -> str | None:
    """Return a string, None if there is something else."""
    found = child(holder, name)
    return found if isinstance(found, str) else None


def items(holder: Any, name: str) -> list[Any]:
    """Return what a list holds; nothing if it is no list."""
    found = child(holder, name)
    return found if isinstance(found, list) else []


def number(holder: Any, name: str) -> Decimal | None:
    """Return a number exactly, None if there is something else."""
    found = child(holder, name)
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        return None
    # sNaN cannot be compared, and infinities are no numbers of JSON
    exact = Decimal(found)
    return exact if exact.is_finite() else None


def after(first: Any, second: Any) -> bool:
    """Say whether a date or dateTime surely lies after another; unequal precision may hide it."""
    if not (isinstance(first, str) and isinstance(second, str)):
        return False
    try:
        if "T" not in first and "T" not in second:
            shared = min(len(first), len(second))
            return first[:shared] > second[:shared]
        return _span(first)[0] > _span(second)[1]
    except (ValueError, OverflowError):
        return False


def _span(moment: str) -> tuple[datetime, datetime]:
    """Return the first and the last instant that a text may mean, in any zone if it has none."""
    if "T" in moment:
        exact = datetime.fromisoformat(_LEAP_SECOND.sub(":59.999999", moment))
        if exact.tzinfo is None:
            raise ValueError("a time without zone")
        return exact, exact
    year, month, day = moment[:4], moment[5:7], moment[8:10]
    zone = "+00:00"
    first = datetime.fromisoformat(f"{year}-{month or '01'}-{day or '01'}T00:00:00{zone}")
    if day:
        last = first + timedelta(days=1)
    elif month:
        last = (first + timedelta(days=31)).replace(day=1)
    else:
        last = first.replace(year=first.year + 1)
    return first - _WIDEST_ZONE, last + _WIDEST_ZONE
