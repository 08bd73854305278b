"""Date search decided from the words of R4 alone, on resources as they are served.

https://hl7.org/fhir/R4/search.html#date

A range is a pair of microseconds since the beginning of year 1 in UTC, the upper one excluded; an
end that is not there is infinite.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Any

Range = tuple[float, float]
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EVER = float("inf")
_PARTS = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 0001-01-01, also for 10000-01-01, by counting leap years."""
    years = year - 1
    found = years * 365 + years // 4 - years // 100 + years // 400
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return found + sum(lengths[: month - 1]) + day - 1


def _utc(local: int, zone: tzinfo) -> int:
    """Return a wall-clock time of a zone in UTC."""
    days, rest = divmod(local, _DAY)
    last = _days(9999, 12, 31)
    naive = datetime.fromordinal(min(days, last) + 1).replace(
        hour=rest // (3600 * _SECOND), minute=rest // (60 * _SECOND) % 60
    )
    offset = zone.utcoffset(naive)
    assert offset is not None
    return local - (offset.days * _DAY + offset.seconds * _SECOND)


def value_range(text: str, zone: tzinfo) -> Range:
    """Return the range that a date, dateTime or search value stands for by its precision."""
    found = _PARTS.fullmatch(text)
    assert found is not None, text
    year, month, day = (int(each or 1) for each in found.group(1, 2, 3))
    hour, minute, second, fraction, offset = found.group(4, 5, 6, 7, 8)
    if found[2] is None:
        return _utc(_days(year, 1, 1) * _DAY, zone), _utc(_days(year + 1, 1, 1) * _DAY, zone)
    if found[3] is None:
        following = (year + 1, 1, 1) if month == 12 else (year, month + 1, 1)
        return _utc(_days(year, month, 1) * _DAY, zone), _utc(_days(*following) * _DAY, zone)
    midnight = _days(year, month, day) * _DAY
    if hour is None:
        return _utc(midnight, zone), _utc(midnight + _DAY, zone)
    low = midnight + (int(hour) * 60 + int(minute)) * 60 * _SECOND + int(second or 0) * _SECOND
    width = 60 * _SECOND if second is None else _SECOND
    if fraction is not None:
        low += int(fraction[:6].ljust(6, "0"))
        width = 10 ** max(6 - len(fraction), 0)
    if offset is None:
        low = _utc(low, zone)
    elif offset != "Z":
        away = (int(offset[1:3]) * 60 + int(offset[4:])) * 60 * _SECOND
        low -= away if offset[0] == "+" else -away
    return low, low + width


def instant_range(text: str, zone: tzinfo) -> Range:
    """An instant is a fixed point in time."""
    low = value_range(text, zone)[0]
    return low, low


def period_range(period: dict[str, Any], zone: tzinfo) -> Range:
    """A missing boundary is less, or greater, than any actual date."""
    start, end = period.get("start"), period.get("end")
    return (
        -_EVER if start is None else value_range(start, zone)[0],
        _EVER if end is None else value_range(end, zone)[1],
    )


def contains(outer: Range, inner: Range) -> bool:
    if inner[0] == inner[1]:
        return outer[0] <= inner[0] < outer[1]
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def overlap(one: Range, two: Range) -> bool:
    """Say whether two ranges share a moment; a point in time is one."""
    if two[0] == two[1]:
        return one[0] <= two[0] < one[1]
    return max(one[0], two[0]) < min(one[1], two[1])


def matches(prefix: str, value: Range, target: Range | None) -> bool:
    """Decide one comparison; no target is found by none."""
    if target is None:
        return False
    below, above = (-_EVER, value[0]), (value[1], _EVER)
    contained = contains(value, target)
    return {
        "eq": contained,
        "ne": not contained,
        "gt": overlap(above, target),
        "lt": overlap(below, target),
        "ge": overlap(above, target) or contained,
        "le": overlap(below, target) or contained,
        "sa": not overlap(value, target) and contains(above, target),
        "eb": not overlap(value, target) and contains(below, target),
        "ap": overlap(value, target),
    }[prefix]


def approximate(value: Range, now: float) -> Range:
    """Widen a value by a tenth of its distance from now, as R4 recommends."""
    margin = abs(now - value[0]) / 10
    return value[0] - margin, value[1] + margin
