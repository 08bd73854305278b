"""Date comparison of R4 search, as MongoDB filters over every searchable stored spelling.

Each stored spelling has a unit (a day, a second, a millisecond): it stands for the range from its
own start to the start of the next unit. A comparison therefore is a set of half-open intervals of
unit starts, and an interval is rendered once for each spelling.

https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from enum import Enum
from typing import Any

from bson import ObjectId
from bson.datetime_ms import DatetimeMS

from fhir_facade.rules.dates import (
    CALENDAR_DAY,
    CLOCK,
    FRACTION,
    READABLE,
    READABLE_PARTIAL,
    SEARCHABLE_OFFSETS,
)
from fhir_facade.rules.filters import Filter, any_of, scalar

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
"""The prefixes that a date value may begin with."""

_MILLISECOND = timedelta(milliseconds=1)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_YEAR_10000 = DatetimeMS(253_402_300_800_000)
"""BSON holds later dates, but FHIR cannot write them."""


class Precision(Enum):
    """What range a stored date stands for."""

    DAY = "day"  # a `date` element: the whole day, whatever is stored
    SPELLED = "spelled"  # a `dateTime`: as precise as it is spelled
    POINT = "point"  # an `instant`: a point in time


@dataclass(frozen=True, slots=True)
class Comparison:
    """One date value of a search: a prefix and the range [`low`, `high`) of its precision.

    `high` None is the end of time.
    """

    prefix: str
    low: datetime
    high: datetime | None


@dataclass(frozen=True, slots=True)
class Interval:
    """Unit starts from `start` (included) to `end` (excluded); None is open."""

    start: datetime | None
    end: datetime | None

    @property
    def empty(self) -> bool:
        return self.start is not None and self.end is not None and self.start >= self.end


Bound = datetime | None
Unit = Callable[[datetime], tuple[datetime, Bound]]
"""Return the start of the unit that holds an instant, and the first unit start at or after it.

That is None where it would lie beyond the end of time."""


def step_unit(step: timedelta) -> Unit:
    def unit(value: datetime) -> tuple[datetime, Bound]:
        surplus = (value - _FIRST) % step
        floor = value - surplus
        try:
            return floor, floor + step if surplus else floor
        except OverflowError:
            return floor, None

    return unit


def day_unit(zone: tzinfo) -> Unit:
    def unit(value: datetime) -> tuple[datetime, Bound]:
        try:
            day = value.astimezone(zone).date()
            floor = datetime.combine(day, time(), zone).astimezone(UTC)
        except OverflowError:
            return value, value
        if floor == value:
            return floor, floor
        try:
            return floor, datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        except OverflowError:
            return floor, None

    return unit


MILLISECONDS = step_unit(_MILLISECOND)
SECONDS = step_unit(timedelta(seconds=1))


def _before(bound: Bound) -> list[Interval]:
    """Everything is before the end of time."""
    return [Interval(None, bound)]


def _since(bound: Bound) -> list[Interval]:
    """Nothing is at or after the end of time."""
    return [] if bound is None else [Interval(bound, None)]


def _later(one: Bound, other: Bound) -> Bound:
    return None if one is None or other is None else max(one, other)


def _earlier(one: Bound, other: Bound) -> Bound:
    return one if other is None else other if one is None else min(one, other)


def intervals(comparison: Comparison, unit: Unit) -> list[Interval]:
    """Return the unit starts that answer a comparison, as R4 3.1.1.4.7 defines each prefix.

    `starts`, `ends`, `not-after`, `not-before` and `any` serve the two ends of Periods.
    """
    low_floor, low = unit(comparison.low)
    high, high_ceil = (None, None) if comparison.high is None else unit(comparison.high)
    contained = [] if low is None else [Interval(low, high)]
    within = bool(contained) and not contained[0].empty
    table: dict[str, list[Interval]] = {
        "eq": contained,
        "ne": [*_before(low), *_since(high)] if within else [Interval(None, None)],
        "lt": _before(low),
        "gt": _since(high),
        "le": _before(_later(low, high)),
        "ge": _since(_earlier(low, high)),
        "sa": _since(high_ceil),
        "eb": _before(low_floor),
        "ap": [Interval(low_floor, high_ceil)],
        "starts": _since(low),
        "ends": _before(high),
        "not-after": _before(high_ceil),
        "not-before": _since(low_floor),
        "any": [Interval(None, None)],
    }
    return [each for each in table[comparison.prefix] if not each.empty]


def date_filter(path: str, comparison: Comparison, zone: tzinfo, precision: Precision) -> Filter:
    """Compare a stored date in every spelling that searches know."""
    days = day_unit(zone)
    if precision is Precision.DAY:
        found = [_calendar(each, zone) for each in intervals(comparison, days)]
    else:
        found = intervals(comparison, MILLISECONDS)
    branches = [scalar(path, _bson_range(each)) for each in found]
    write_day = _day_writer(zone)
    for each in intervals(comparison, MILLISECONDS if precision is Precision.POINT else days):
        start, end = _up_to_day(each.start, days), _up_to_day(each.end, days)
        if each.start is None or start is not None:  # else it starts after the last day
            text = _text_range(Interval(start, end), write_day)
            branches.append(scalar(path, {"$regex": f"^{CALENDAR_DAY}$", **text}))
    for pattern, offset_zone in _spellings(zone):
        branches += _text_branches(path, comparison, pattern, offset_zone, precision, days)
    return any_of(branches)


def _calendar(interval: Interval, zone: tzinfo) -> Interval:
    """Return the same calendar days in UTC, where a stored datetime has its day."""

    def in_utc(bound: Bound) -> Bound:
        return None if bound is None else _local(bound, zone).replace(tzinfo=UTC)

    return Interval(in_utc(interval.start), in_utc(interval.end))


def _up_to_day(bound: Bound, days: Unit) -> Bound:
    return None if bound is None else days(bound)[1]


def object_id_filter(path: str, comparison: Comparison) -> Filter:
    """Compare the time that an ObjectId holds: a point, on whole seconds."""
    branches: list[Filter] = []
    for each in intervals(comparison, MILLISECONDS):
        bounds: dict[str, Any] = {"$type": "objectId"}
        if each.start is not None:
            bounds["$gte"] = _object_id(each.start)
        if each.end is not None:
            bounds["$lt"] = _object_id(each.end)
        branches.append({path: bounds})
    return any_of(branches)


def _object_id(value: datetime) -> ObjectId:
    """Return the least ObjectId of the first whole second at or after an instant."""
    seconds = -((datetime(1970, 1, 1, tzinfo=UTC) - value) // timedelta(seconds=1))
    if seconds >= 2**32:
        return ObjectId("f" * 24)
    return ObjectId(f"{max(seconds, 0):08x}" + "0" * 16)


def _bson_range(interval: Interval) -> dict[str, Any]:
    return {"$gte": interval.start or _FIRST, "$lt": interval.end or _YEAR_10000}


def _text_range(interval: Interval, write: Callable[[datetime], str]) -> dict[str, Any]:
    start = "0001" if interval.start is None else write(interval.start)
    end = {} if interval.end is None else {"$lt": write(interval.end)}
    return {"$gte": start, **end}


def _spellings(zone: tzinfo) -> Iterator[tuple[str, tzinfo]]:
    yield "", zone
    yield "(Z|[+-]00:00)", UTC
    for offset in SEARCHABLE_OFFSETS:
        yield offset, timezone(timedelta(hours=int(offset[:3])))


def _text_branches(
    path: str,
    comparison: Comparison,
    suffix: str,
    zone: tzinfo,
    precision: Precision,
    days: Unit,
) -> list[Filter]:
    """Strings with and without a fraction differ only where a bound has a fraction itself."""
    write = _clock_writer(zone)

    def branches(fraction: str, unit: Unit) -> list[Filter]:
        regex = {"$regex": f"^{CALENDAR_DAY}{CLOCK}{fraction}{suffix}$"}
        found = intervals(comparison, unit)
        return [scalar(path, {**regex, **_text_range(each, write)}) for each in found]

    if precision is Precision.DAY:
        return branches(f"{FRACTION}?", days)
    bounds = (comparison.low, comparison.high)
    if not any(bound is not None and bound.microsecond for bound in bounds):
        return branches(f"{FRACTION}?", SECONDS)
    if precision is Precision.POINT:
        whole = [_whole_seconds(each) for each in intervals(comparison, MILLISECONDS)]
        regex = {"$regex": f"^{CALENDAR_DAY}{CLOCK}{suffix}$"}
        points = [scalar(path, {**regex, **_text_range(each, write)}) for each in whole]
        return [*points, *branches(FRACTION, MILLISECONDS)]
    return [*branches("", SECONDS), *branches(FRACTION, MILLISECONDS)]


def _whole_seconds(interval: Interval) -> Interval:
    """Return the interval whose bounds are the first whole seconds at or after those given."""
    start, end = interval.start, interval.end
    return Interval(
        None if start is None else SECONDS(start)[1] or start,
        None if end is None else SECONDS(end)[1],
    )


def _day_writer(zone: tzinfo) -> Callable[[datetime], str]:
    return lambda value: _local(value, zone).date().isoformat()


def _clock_writer(zone: tzinfo) -> Callable[[datetime], str]:
    def write(value: datetime) -> str:
        local = _local(value, zone).replace(tzinfo=None)
        return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")

    return write


def _local(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone)
    except OverflowError:
        return value


def comparable(path: str) -> Filter:
    """Match where a date is stored that searches can compare."""
    texts = [f"{CLOCK}{FRACTION}?{suffix}" for suffix, _ in _spellings(UTC)]
    regex = f"^{CALENDAR_DAY}({'|'.join(texts)})?$"
    stored = _bson_range(Interval(None, None))
    return any_of([scalar(path, stored), scalar(path, {"$regex": regex, "$gte": "0001"})])


def readable(path: str, *, partial: bool = True) -> Filter:
    """Match where a date is stored that is served, whether or not searches can compare it."""
    pattern = READABLE_PARTIAL if partial else READABLE
    return any_of(
        [scalar(path, _bson_range(Interval(None, None))), scalar(path, {"$regex": pattern})]
    )
