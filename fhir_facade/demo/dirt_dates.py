"""Dates as other software and old imports left them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bson.datetime_ms import DatetimeMS

from fhir_facade.demo.dice import Dice, Document, day
from fhir_facade.demo.dirt_paths import DATES, is_datetime, look, places, put

GARBAGE = ("TBD", "n/a", "unknown", "next week", "0000-00-00", "Q3")
IMPOSSIBLE = ("2026-02-30", "2026-13-01", "2026-06-31T10:00:00Z", "2026-01-16T25:61:00")
LAST_OF_PYTHON = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
YEAR_10000 = 253402300800000
"""Milliseconds from 1970 to the first moment that Python's datetime cannot hold."""


def _respell(document: Document, dice: Dice, spell: Callable[[datetime], Any]) -> bool:
    """Write one datetime of the document another way."""
    found = places(document, DATES, is_datetime)
    if not found:
        return False
    path = dice.choice(found)
    try:
        spelled = spell(look(document, path))
    except OverflowError:  # another row of dirt has made it the last moment there is
        return False
    put(document, path, spelled)
    return True


def date_text(document: Document, dice: Dice) -> bool:
    """`2026-01-16`."""
    return _respell(document, dice, day)


def date_naive_text(document: Document, dice: Dice) -> bool:
    """`2026-01-16T09:30:00`."""
    return _respell(document, dice, lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}")


def date_zulu_text(document: Document, dice: Dice) -> bool:
    """`2026-01-16T09:30:00Z`."""
    return _respell(document, dice, lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z")


def date_offset_text(document: Document, dice: Dice) -> bool:
    """`2026-01-16T04:30:00-05:00`, sometimes with the offset of a country on the half hour."""
    offset = timezone(timedelta(hours=dice.choice((-8, -5, -4, 2, 5.5))))
    return _respell(
        document, dice, lambda moment: moment.astimezone(offset).isoformat(timespec="seconds")
    )


def date_fraction_text(document: Document, dice: Dice) -> bool:
    """`2026-01-16T09:30:00.123456`, with one to nine digits and with or without a zone."""
    digits = "".join(dice.choices("0123456789", k=dice.choice((1, 3, 6, 9))))
    zone = dice.choice(("", "Z", "+00:00"))
    return _respell(document, dice, lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.{digits}{zone}")


def date_space_text(document: Document, dice: Dice) -> bool:
    """`2026-01-16 09:30:00`, as SQL writes it."""
    return _respell(document, dice, lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}")


def date_us_text(document: Document, dice: Dice) -> bool:
    """`01/16/2026`."""
    return _respell(document, dice, lambda moment: f"{moment:%m/%d/%Y}")


def date_garbage(document: Document, dice: Dice) -> bool:
    """A text that is no date."""
    return _respell(document, dice, lambda moment: dice.choice(GARBAGE))


def date_impossible(document: Document, dice: Dice) -> bool:
    """The right pattern with a day or an hour that does not exist."""
    return _respell(document, dice, lambda moment: dice.choice(IMPOSSIBLE))


def date_epoch_number(document: Document, dice: Dice) -> bool:
    """Milliseconds since 1970 as a number."""
    return _respell(document, dice, lambda moment: int(moment.timestamp() * 1000))


def date_naive(document: Document, dice: Dice) -> bool:
    """A datetime without a zone, which BSON stores as UTC."""
    return _respell(document, dice, lambda moment: moment.replace(tzinfo=None))


def date_far_future(document: Document, dice: Dice) -> bool:
    """The last millisecond of the year 9999, meaning `never`."""
    return _respell(document, dice, lambda moment: LAST_OF_PYTHON)


def date_beyond_python(document: Document, dice: Dice) -> bool:
    """A BSON date after the year 9999, which Python's datetime cannot hold."""
    beyond = DatetimeMS(YEAR_10000 + dice.randrange(10**12))
    return _respell(document, dice, lambda moment: beyond)
