"""Random stored spellings of dates, search values, and where each date parameter is served."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from bson import ObjectId
from bson.datetime_ms import DatetimeMS

from tests.mappings.serving import extension

Resource = dict[str, Any]

DAYS = (
    date(2026, 1, 16), date(2026, 1, 17), date(2026, 1, 1), date(2025, 12, 31), date(2026, 1, 31),
    date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1), date(2024, 2, 29), date(2026, 3, 8),
    date(2026, 11, 1), date(2026, 10, 31), date(2026, 7, 4), date(1970, 1, 1), date(1969, 12, 31),
    date(1900, 2, 28), date(2026, 12, 31), date(2027, 1, 1),
)  # fmt: skip
EDGES = (date(1, 1, 1), date(1, 1, 2), date(9999, 12, 31), date(9999, 12, 30), date(9999, 1, 1))
CLOCKS = ((0, 0, 0), (0, 0, 1), (5, 0, 0), (6, 0, 0), (9, 30, 0), (9, 30, 59), (18, 0, 0),
          (23, 59, 59), (12, 0, 0), (1, 30, 0), (7, 10, 0), (2, 30, 0))  # fmt: skip
MILLIS = (0, 0, 0, 123, 500, 999)
OFFSETS = ("-04:00", "-05:00", "-06:00", "-10:00", "+00:00", "-00:00", "Z", "Z", "")
ODD_OFFSETS = ("+02:00", "+05:30", "-03:00", "-0500", "+14:00", "z", "-11:00")
GARBAGE: tuple[Any, ...] = (
    "TBD", "2026-02-30", "2026-13-01", "2026-06-31T10:00:00Z", "2026-01-16T25:61:00",
    "0000-00-00", "0000-01-01", "2023-02-29", "1900-02-29", "2026-01-16T24:00:00Z",
    "2026-01-16T23:59:60Z", "2026-1-6", "20260116", "13/45/2026", "2026-01-16T09:30:00+15:00",
    "2026-01-16T09:30:00Zx", "x2026-01-16", "\u0662\u0660\u0662\u0666-01-16", "2026-01-16T09",
    1768550400000, 1.5, True, {}, {"$date": "x"}, [], "   ", DatetimeMS(253402300800000),
    DatetimeMS(-10**15),
    ["2026-01-16"], [datetime(2026, 1, 16, tzinfo=UTC)], [None], [""], ObjectId("f" * 24),
)  # fmt: skip


def _day(dice: random.Random) -> date:
    return dice.choice(EDGES if dice.random() < 0.08 else DAYS)


def _moment(dice: random.Random) -> datetime:
    clock = dice.choice(CLOCKS)
    found = datetime.combine(_day(dice), datetime.min.time(), UTC)
    return found.replace(
        hour=clock[0], minute=clock[1], second=clock[2], microsecond=dice.choice(MILLIS) * 1000
    )


def searchable(dice: random.Random) -> Any:
    """Return a stored spelling that a search can compare."""
    moment = _moment(dice)
    day, clock = f"{moment:%m-%d}", f"{moment:%H:%M:%S}"
    text = f"{moment.year:04d}-{day}"
    match dice.randrange(6):
        case 0 | 1:
            return moment
        case 2:
            return text
        case 3:
            return f"{text}T{clock}{dice.choice(OFFSETS)}"
        case 4:
            return f"{text}T{clock}.{moment.microsecond // 1000:03d}{dice.choice(OFFSETS)}"
        case _:
            return f"{text}T{clock}.{moment.microsecond // 1000:03d}456{dice.choice(OFFSETS)}"


def unsearchable(dice: random.Random) -> Any:
    """Return a stored spelling that is served but cannot be compared."""
    moment = _moment(dice)
    text, clock = f"{moment.year:04d}-{moment:%m-%d}", f"{moment:%H:%M:%S}"
    match dice.randrange(7):
        case 0:
            return f"{moment:%m/%d}/{moment.year:04d}"
        case 1:
            return f"{text} {clock}"
        case 2:
            return f"{text}T{clock}{dice.choice(ODD_OFFSETS)}"
        case 3:
            return f"{text}T{clock}.{dice.choice(('1', '123456789', '12'))}Z"
        case 4:
            return f"{text}T{clock[:5]}"
        case 5:
            return text[: dice.choice((4, 7))]
        case _:
            return f" {text}"


def spelling(dice: random.Random) -> Any:
    """Return any stored value of a date field."""
    chance = dice.random()
    if chance < 0.72:
        return searchable(dice)
    if chance < 0.84:
        return unsearchable(dice)
    return dice.choice(GARBAGE) if chance < 0.95 else dice.choice((None, ""))


def search_value(dice: random.Random, *, fraction: bool = True) -> str:
    """Return a search value of any precision, without its prefix."""
    moment = _moment(dice)
    text = f"{moment.year:04d}-{moment:%m-%d}"
    offset = dice.choice(("", "Z", "Z", "-05:00", "+02:00", "-06:00", "+14:00", "-12:00"))
    precise = dice.choice((4, 7, 10, 10, 10, 16, 19, 19, 23))
    if precise <= 10:
        return text[:precise]
    if precise == 16:
        return f"{text}T{moment:%H:%M}{offset}"
    if precise == 19 or not fraction:
        return f"{text}T{moment:%H:%M:%S}{offset}"
    return f"{text}T{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}{offset}"


class Place(NamedTuple):
    """A date parameter: the stored fields that decide it, and its served value."""

    resource: str
    param: str
    kind: str
    """date, instant, dateTime or Period."""
    fields: tuple[tuple[str, ...], ...]
    """The names of each stored field, the start of a Period before its end."""
    served: Callable[[Resource], Any]
    unwind: str | None = None


def _path(*names: str) -> Callable[[Resource], Any]:
    def served(resource: Resource) -> Any:
        found: Any = resource
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    return served


def _target_date(resource: Resource) -> Any:
    return resource.get("target", [{}])[0].get("dueDate")


def _due(resource: Resource) -> Any:
    return next((each["valueDate"] for each in extension(resource, "due-date")), None)


UPDATED = ("updated", "updatedAt", "updated_at", "created", "createdAt", "created_at")
CASE_PERIOD = (("initiatedDate",), ("closedDate",))
PLACES = (
    Place("Task", "authored-on", "dateTime", (UPDATED[3:],), _path("authoredOn")),
    Place("Task", "modified", "dateTime", (UPDATED[:3],), _path("lastModified")),
    Place("Task", "due", "dateTime", (("deadline",),), _path("restriction", "period", "end")),
    Place(
        "Task", "period", "Period", (("start_date",), ("completed_on",)), _path("executionPeriod")
    ),
    Place("Task", "_lastUpdated", "instant", (UPDATED,), _path("meta", "lastUpdated")),
    Place(
        "Flag",
        "date",
        "Period",
        (("date_start", "STARTDATE"), ("date_end", "ENDDATE")),
        _path("period"),
    ),
    Place("Goal", "start-date", "date", (("date_start",),), _path("startDate")),
    Place("Goal", "target-date", "date", (("target_due_date",),), _target_date),
    Place("Communication", "sent", "dateTime", (("sent_on",),), _path("sent")),
    Place("EpisodeOfCare", "date", "Period", CASE_PERIOD, _path("period")),
    Place("EpisodeOfCare", "due", "date", (("dueDate",),), _due),
    Place("CareTeam", "date", "Period", CASE_PERIOD, _path("period")),
    Place("CarePlan", "date", "Period", CASE_PERIOD, _path("period")),
    Place("Observation", "date", "date", (("outcomeDate",),), _path("effectiveDateTime")),
    Place("DocumentReference", "date", "instant", (("updated_on",),), _path("date"), "documents"),
    Place("Provenance", "recorded", "instant", (("log_date", "date"),), _path("recorded"), "log"),
)
