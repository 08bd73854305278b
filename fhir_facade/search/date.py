"""Date search: prefixes, precision from year to millisecond, zones, periods.

https://hl7.org/fhir/R4/search.html#date
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from fhir_facade.errors import BadRequest
from fhir_facade.rules.date_search import PREFIXES, Comparison
from fhir_facade.rules.filters import Filter, absent, all_of, any_of
from fhir_facade.rules.param import (
    Param,
    Place,
)

_VALUE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,9}))?)?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_TENTH = 10


def parse_date(value: str, zone: tzinfo, name: str, now: datetime | None = None) -> Comparison:
    """Read a date value: its prefix and the range its precision stands for; raise BadRequest."""
    prefix = value[:2] if value[:2] in PREFIXES else "eq"
    text = value.removeprefix(prefix) if value[:2] in PREFIXES else value
    # a '+' of a zone that was not percent-encoded arrives as a space
    match = _VALUE.fullmatch(text.replace(" ", "+"))
    try:
        if match is None:
            raise ValueError("not a date")
        low, high = _range(match, zone)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"The value of '{name}' is not a FHIR date: use YYYY, YYYY-MM, YYYY-MM-DD or "
            "YYYY-MM-DDThh:mm:ss with a zone, after an optional prefix "
            f"({', '.join(PREFIXES)})."
        ) from None
    comparison = Comparison(prefix, low, high)
    return _approximate(comparison, now or datetime.now(UTC)) if prefix == "ap" else comparison


def _range(match: re.Match[str], zone: tzinfo) -> tuple[datetime, datetime | None]:
    year = int(match["year"])
    if match["month"] is None:
        return _start(date(year, 1, 1), zone), _first_of(year + 1, 1, zone)
    month = int(match["month"])
    if match["day"] is None:
        following = _first_of(year + month // 12, month % 12 + 1, zone)
        return _start(date(year, month, 1), zone), following
    day = date(year, month, int(match["day"]))
    if match["hour"] is None:
        following = None if day == date.max else _start(day + timedelta(days=1), zone)
        return _start(day, zone), following
    return _clock_range(match, day, zone)


def _clock_range(match: re.Match[str], day: date, zone: tzinfo) -> tuple[datetime, datetime | None]:
    fraction = match["fraction"]
    clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    low = _utc(datetime.combine(day, clock, _zone(match["zone"], zone)))
    if fraction is None:
        step = timedelta(minutes=1) if match["second"] is None else timedelta(seconds=1)
    else:
        low += timedelta(microseconds=int(fraction[:6].ljust(6, "0")) // 1000 * 1000)
        step = timedelta(milliseconds=1)
    try:
        return low, low + step
    except OverflowError:
        return low, None


def _utc(value: datetime) -> datetime:
    """Return the instant in UTC; one just outside the years 1 to 9999 as the nearest inside."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return _FIRST if value.year == 1 else value.replace(tzinfo=UTC)


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if text is None:
        return default
    return UTC if text == "Z" else datetime.strptime(text, "%z").tzinfo or UTC


def _start(day: date, zone: tzinfo) -> datetime:
    return _utc(datetime.combine(day, time(), zone))


def _first_of(year: int, month: int, zone: tzinfo) -> datetime | None:
    return None if year > date.max.year else _start(date(year, month, 1), zone)


def _approximate(comparison: Comparison, now: datetime) -> Comparison:
    """Widen by a tenth of the distance between the value and now, as R4 suggests."""
    margin = abs(now - comparison.low) / _TENTH
    try:
        low = (comparison.low - margin).replace(microsecond=0)
    except OverflowError:
        low = _FIRST
    try:
        high = comparison.high and (comparison.high + margin).replace(microsecond=0)
    except OverflowError:
        high = None
    return Comparison("ap", low, high)


def date_filter(param: Param, value: str, zone: tzinfo) -> Filter:
    """Return the filter of one date value, on a date or on a Period; raise BadRequest."""
    comparison = parse_date(value, zone, param.name)
    if param.end is None:
        return param.filter(lambda kind, site: kind.date(site, comparison))
    return _period_filter(param.targets[0], param.end, comparison)


def _period_filter(start: Place, end: Place, comparison: Comparison) -> Filter:
    """Compare a Period: an end that is not stored is open, an unreadable one matches nothing."""

    def at(target: Place, prefix: str) -> Filter:
        asked = Comparison(prefix, comparison.low, comparison.high)
        return target.filter(lambda kind, site: kind.date(site, asked))

    open_start = all_of([*_absent(start), at(end, "any")])
    open_end = all_of([*_absent(end), at(start, "any")])
    both = all_of([at(start, "any"), at(end, "any")])
    within = all_of([at(start, "starts"), at(end, "ends")])
    before = any_of([at(start, "lt"), open_start])
    after = any_of([at(end, "gt"), open_end])
    table = {
        "eq": lambda: within,
        "ne": lambda: all_of([any_of([both, open_start, open_end]), {"$nor": [within]}]),
        "lt": lambda: before,
        "gt": lambda: after,
        "le": lambda: any_of([before, within]),
        "ge": lambda: any_of([after, within]),
        "sa": lambda: at(start, "sa"),
        "eb": lambda: at(end, "eb"),
        "ap": lambda: all_of(
            [
                any_of([at(start, "not-after"), open_start]),
                any_of([at(end, "not-before"), open_end]),
            ]
        ),
    }
    return table[comparison.prefix]()


def _absent(target: Place) -> list[Filter]:
    return [absent(site.field) for site in target.sites]
