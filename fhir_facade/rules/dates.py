"""Stored dates: what they mean, and how FHIR writes them.

https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_DATETIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})([T ])(\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?"
    r"(Z|z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_PARTIAL = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?", re.ASCII)
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)

SEARCHABLE_OFFSETS = ("-04:00", "-05:00", "-06:00", "-07:00", "-08:00", "-09:00", "-10:00")
"""Offsets beside UTC under which a stored string is found by date: those of the United States."""

_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
CALENDAR_DAY = (
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
"""A day that is in the calendar, so that a search never finds what a read cannot serve."""
CLOCK = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
FRACTION = r"(\.[0-9]{3}|\.[0-9]{6})"

_SEARCHABLE = re.compile(
    f"{CALENDAR_DAY}({CLOCK}{FRACTION}?(Z|[+-]00:00|{'|'.join(SEARCHABLE_OFFSETS)})?)?"
)

_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_YEAR_FIRST = CALENDAR_DAY.replace("[0-9]{4}", _YEAR, 1)
_DAY_FIRST = (
    f"((0?[13578]|1[02])/(0?[1-9]|[12][0-9]|3[01])|(0?[469]|11)/(0?[1-9]|[12][0-9]|30)"
    f"|0?2/(0?[1-9]|1[0-9]|2[0-8]))/{_YEAR}|0?2/29/{_LEAP_YEAR}"
)
_ANY_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?"
_ANY_OFFSET = "(Z|z|[+-](0[0-9]|1[0-3]):?[0-5][0-9]|[+-]14:?00)"
_ANY_DAY = f"{_YEAR_FIRST}([T ]{_ANY_CLOCK}{_ANY_OFFSET}?)?|{_DAY_FIRST}"
READABLE = f"^\\s*({_ANY_DAY})\\s*$"
"""Every spelling that `read` reads to the day."""
READABLE_PARTIAL = f"^\\s*({_ANY_DAY}|{_YEAR}(-(0[1-9]|1[0-2]))?)\\s*$"
"""The same, and years and months."""

UNREADABLE = "no date could be read from it"
OUT_OF_RANGE = "a date outside the years 1 to 9999"
NOT_SEARCHABLE = "served, but its spelling cannot be searched by date"


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or datetime read from a stored value."""

    day: date | None
    """Set where the value has day precision."""
    instant: datetime | None
    """Set, with its zone, where the value has a time."""
    text: str
    """The value as a FHIR dateTime."""
    searchable: bool
    stored_utc: bool = False
    """A BSON datetime: its day is its day in UTC, whatever the deployment's zone is."""


def datetime_text(value: datetime) -> str:
    """Write an aware datetime to the millisecond, which is what BSON stores."""
    text = value.isoformat(timespec="milliseconds")
    return f"{text[:-6]}Z" if value.tzinfo is UTC or text.endswith("+00:00") else text


def read(value: Any, zone: tzinfo) -> Moment | str:
    """Read any stored spelling of a date; a string result is the reason why it cannot be read."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return Moment(None, aware, datetime_text(aware), True, stored_utc=True)
    if isinstance(value, str):
        return _read_text(value.strip(), value, zone) or UNREADABLE
    if type(value).__name__ == "DatetimeMS":
        return OUT_OF_RANGE
    return UNREADABLE


def _read_text(text: str, stored: str, zone: tzinfo) -> Moment | None:
    searchable = _SEARCHABLE.fullmatch(stored) is not None
    try:
        if _DATE.fullmatch(text):
            return Moment(date.fromisoformat(text), None, text, searchable)
        if (found := _US.fullmatch(text)) is not None:
            month, day, year = map(int, found.groups())
            read_day = date(year, month, day)
            return Moment(read_day, None, read_day.isoformat(), False)
        if _PARTIAL.fullmatch(text) and text[:4] != "0000":
            return Moment(None, None, text, False)
        return _read_datetime(text, zone, searchable)
    except (ValueError, OverflowError):
        return None


def _read_datetime(text: str, zone: tzinfo, searchable: bool) -> Moment | None:
    found = _DATETIME.fullmatch(text)
    if found is None:
        return None
    day, _, hour, minute, second, fraction, offset = found.groups()
    clock = f"{day}T{hour}:{minute}:{second or '00'}"
    local = datetime.fromisoformat(clock)
    if fraction:
        local = local.replace(microsecond=int(fraction[1:7].ljust(6, "0")))
    if offset is None:
        aware = local.replace(tzinfo=zone)
        shown = _offset_text(aware)
        if shown is None:  # a zone of old, off by seconds, which FHIR cannot write
            return Moment(None, aware, datetime_text(aware.astimezone(UTC)), searchable)
        return Moment(None, aware, clock + (fraction or "") + shown, searchable)
    written = _written_offset(offset)
    aware = local.replace(tzinfo=_offset_zone(written))
    return Moment(None, aware, clock + (fraction or "") + written, searchable)


def _written_offset(offset: str) -> str:
    if offset in "Zz":
        return "Z"
    return offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"


def _offset_zone(offset: str) -> tzinfo:
    if offset == "Z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if minutes > 59 or hours > 14 or (hours == 14 and minutes):
        raise ValueError("no zone has this offset")
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if offset[0] == "-" else distance)


def _offset_text(value: datetime) -> str | None:
    """Return the offset as FHIR writes it; None for one that has seconds."""
    offset = value.utcoffset()
    if not offset:
        return "Z"
    return None if offset % timedelta(minutes=1) else value.isoformat()[-6:]


def start_of_day(day: date, zone: tzinfo) -> str:
    """Return the instant a day starts at."""
    start = datetime.combine(day, datetime.min.time(), zone)
    try:
        return datetime_text(start.astimezone(UTC))
    except OverflowError:
        return datetime_text(start.replace(tzinfo=UTC))


def local_day(moment: Moment, zone: tzinfo) -> str:
    """Return the calendar day, `YYYY-MM-DD` (or the partial date that is stored)."""
    if moment.day is not None:
        return moment.day.isoformat()
    if moment.instant is None:
        return moment.text
    zone = UTC if moment.stored_utc else zone
    try:
        return moment.instant.astimezone(zone).date().isoformat()
    except OverflowError:
        return moment.instant.date().isoformat()


def stored_instant(instant: datetime) -> datetime | None:
    """Return a point in time as BSON stores it: UTC, to the millisecond; None if it cannot."""
    try:
        moment = instant.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def midnight(day: str) -> datetime | None:
    """Return the midnight, in UTC, at which a day begins; None for a month or a year."""
    try:
        return datetime.strptime(day, "%Y-%m-%d")  # noqa: DTZ007 - stores decode to naive UTC
    except ValueError:
        return None
