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
from typing import Any

from bson import ObjectId

from fhir_facade.rules.dates import CALENDAR_DAY, CLOCK, FRACTION, SEARCHABLE_OFFSETS
from fhir_facade.rules.filters import Filter, any_of, scalar

_MILLISECOND = timedelta(milliseconds=1)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One date value of a search: a prefix and the range [`low`, `high`) of its precision."""

    prefix: str
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Interval:
    """Unit starts from `start` (included) to `end` (excluded); None is open."""

    start: datetime | None
    end: datetime | None

    @property
    def empty(self) -> bool:
        return self.start is not None and self.end is not None and self.start >= self.end


Unit = Callable[[datetime], tuple[datetime, datetime]]
"""Return the start of the unit that holds an instant, and the first unit start at or after it."""


def _clamped(value: datetime, change: timedelta) -> datetime:
    try:
        return value + change
    except OverflowError:
        return _LAST if change > timedelta(0) else _FIRST


def step_unit(step: timedelta) -> Unit:
    def unit(value: datetime) -> tuple[datetime, datetime]:
        surplus = (value - _FIRST) % step
        floor = value - surplus
        return floor, floor if not surplus else _clamped(floor, step)

    return unit


def day_unit(zone: tzinfo) -> Unit:
    def unit(value: datetime) -> tuple[datetime, datetime]:
        try:
            day = value.astimezone(zone).date()
            floor = datetime.combine(day, time(), zone).astimezone(UTC)
            if floor == value:
                return floor, floor
            return floor, datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        except OverflowError:
            return value, value

    return unit


MILLISECONDS = step_unit(_MILLISECOND)
SECONDS = step_unit(timedelta(seconds=1))


def intervals(comparison: Comparison, unit: Unit) -> list[Interval]:
    """Return the unit starts that answer a comparison, as R4 3.1.1.4.7 defines each prefix.

    `starts`, `ends`, `not-after`, `not-before` and `any` serve the two ends of Periods.
    """
    low_floor, low_ceil = unit(comparison.low)
    high_floor, high_ceil = unit(comparison.high)
    contained = low_ceil < high_floor
    table: dict[str, list[Interval]] = {
        "eq": [Interval(low_ceil, high_floor)],
        "ne": [Interval(None, low_ceil), Interval(high_floor, None)]
        if contained
        else [Interval(None, None)],
        "lt": [Interval(None, low_ceil)],
        "gt": [Interval(high_floor, None)],
        "le": [Interval(None, max(low_ceil, high_floor))],
        "ge": [Interval(min(low_ceil, high_floor), None)],
        "sa": [Interval(high_ceil, None)],
        "eb": [Interval(None, low_floor)],
        "ap": [Interval(low_floor, high_ceil)],
        "starts": [Interval(low_ceil, None)],
        "ends": [Interval(None, high_floor)],
        "not-after": [Interval(None, high_ceil)],
        "not-before": [Interval(low_floor, None)],
        "any": [Interval(None, None)],
    }
    return [each for each in table[comparison.prefix] if not each.empty]


def date_filter(path: str, comparison: Comparison, zone: tzinfo, *, whole_days: bool) -> Filter:
    """Compare a stored date; `whole_days` says that FHIR serves only its day (a `date` element)."""
    days = day_unit(zone)
    timed = days if whole_days else None
    branches = [
        scalar(path, _bson_range(each)) for each in intervals(comparison, timed or MILLISECONDS)
    ]
    branches += [
        scalar(path, {"$regex": f"^{CALENDAR_DAY}$", **_text_range(each, _day_writer(zone))})
        for each in intervals(comparison, days)
    ]
    for pattern, offset_zone in _spellings(zone):
        branches += _text_branches(path, comparison, pattern, offset_zone, timed)
    return any_of(branches)


def object_id_filter(path: str, comparison: Comparison) -> Filter:
    """Compare the time, in seconds, that an ObjectId holds."""
    branches: list[Filter] = []
    for each in intervals(comparison, SECONDS):
        bounds: dict[str, Any] = {"$type": "objectId"}
        if each.start is not None:
            bounds["$gte"] = _object_id(each.start)
        if each.end is not None:
            bounds["$lt"] = _object_id(each.end)
        branches.append({path: bounds})
    return any_of(branches)


def _object_id(value: datetime) -> ObjectId:
    seconds = int((value - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    if seconds >= 2**32:
        return ObjectId("f" * 24)
    return ObjectId(f"{max(seconds, 0):08x}" + "0" * 16)


def _bson_range(interval: Interval) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    if interval.start is not None:
        bounds["$gte"] = interval.start
    if interval.end is not None:
        bounds["$lt"] = interval.end
    return bounds or {"$type": "date"}


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
    path: str, comparison: Comparison, suffix: str, zone: tzinfo, timed: Unit | None
) -> list[Filter]:
    """Strings with and without a fraction differ only where a bound has a fraction itself."""
    write = _clock_writer(zone)
    if timed is not None or not (comparison.low.microsecond or comparison.high.microsecond):
        regex = f"^{CALENDAR_DAY}{CLOCK}{FRACTION}?{suffix}$"
        return [
            scalar(path, {"$regex": regex, **_text_range(each, write)})
            for each in intervals(comparison, timed or SECONDS)
        ]
    return [
        scalar(
            path,
            {"$regex": f"^{CALENDAR_DAY}{CLOCK}{fraction}{suffix}$", **_text_range(each, write)},
        )
        for fraction, unit in (("", SECONDS), (FRACTION, MILLISECONDS))
        for each in intervals(comparison, unit)
    ]


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
    return any_of(
        [scalar(path, {"$type": "date"}), scalar(path, {"$regex": regex, "$gte": "0001"})]
    )
