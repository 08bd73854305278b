"""The patterns of readable dates, for filters, agree with what is read."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fhir_facade.rules import dates
from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds import Date, DateTime, Kind
from fhir_facade.rules.kinds.base import Site
from fhir_facade.store.matching import compile_filter

ZONES = [ZoneInfo("UTC"), ZoneInfo("America/Chicago"), ZoneInfo("Asia/Kolkata")]


def _two(least: int, most: int) -> st.SearchStrategy[str]:
    """Numbers of two digits, a little beyond what there is."""
    return st.integers(least, most).map("{:02}".format)


def _odd(plain: st.SearchStrategy[str], *others: str) -> st.SearchStrategy[str]:
    return st.one_of(plain, plain, plain, st.sampled_from(others))


YEAR = _odd(
    st.integers(0, 9999).map("{:04}".format),
    *("0000", "0001", "0004", "0100", "0400", "1900", "2000", "2024", "9999", "24", "20245"),
)
MONTH, DAY = _odd(_two(0, 13), "02", "2", "1"), _odd(_two(0, 32), "28", "29", "30", "31", "9")
FRACTION = st.sampled_from(["", "", ".1", ".123", ".123456", ".123456789", ".1234567890", "."])
OFFSET = _odd(
    st.tuples(st.sampled_from("+-"), _two(0, 16), st.sampled_from([":", ""]), _two(0, 61)).map(
        "".join
    ),
    *("", "Z", "z", "+14:00", "+1400", "-14:01", "-00:00", "+5", "UTC"),
)
CLOCK = st.tuples(
    _odd(_two(0, 25), "9", "24"),
    st.just(":"),
    _odd(_two(0, 61), "5"),
    _odd(st.tuples(st.just(":"), _two(0, 61), FRACTION).map("".join), "", ":"),
).map("".join)
DAYS = st.tuples(YEAR, st.just("-"), MONTH, st.just("-"), DAY).map("".join)
US = st.tuples(MONTH, st.just("/"), DAY, st.just("/"), YEAR).map("".join)
TIMES = st.tuples(DAYS, st.sampled_from("TTT t"), CLOCK, OFFSET).map("".join)
PARTIAL = st.one_of(YEAR, st.tuples(YEAR, st.just("-"), MONTH).map("".join))
BLANKS = st.text(" \t\n", max_size=2)
NEAR_DATES = st.tuples(BLANKS, st.one_of(DAYS, US, TIMES, PARTIAL), BLANKS).map("".join)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A near-date, perhaps with one character changed."""
    text = draw(NEAR_DATES)
    if text and draw(st.integers(0, 4)) == 0:
        place = draw(st.integers(0, len(text) - 1))
        text = text[:place] + draw(st.text("0129-/:T.Z+ x\u0661", max_size=1)) + text[place + 1 :]
    return text


def _matches(pattern: str, text: str) -> bool:
    return compile_filter({"x": {"$regex": pattern}})({"x": text})


@settings(max_examples=1200)
@given(texts(), st.sampled_from(ZONES))
@example("2023-02-29", ZONES[0])
@example("2/29/2024", ZONES[0])
@example("02/29/1900", ZONES[0])
@example("0001-01-01T00:00:00+14:00", ZONES[0])
@example("9999-12-31T23:59:59-14:00", ZONES[1])
@example("1880-01-01T00:00:00", ZONES[1])
@example("2024-01-01T00:00:00Z\n", ZONES[0])
def test_a_text_is_readable_exactly_where_the_pattern_matches(text: str, zone: ZoneInfo) -> None:
    moment = dates.read(text, zone)
    assert _matches(dates.READABLE_PARTIAL, text) is not isinstance(moment, str)
    to_the_day = not isinstance(moment, str) and (moment.day or moment.instant) is not None
    assert _matches(dates.READABLE, text) is to_the_day


@settings(max_examples=500)
@given(texts(), st.sampled_from(ZONES))
@pytest.mark.parametrize("kind", [Date(), DateTime(), DateTime("instant")], ids=repr)
def test_a_date_is_present_exactly_where_one_is_served(
    kind: Kind, text: str, zone: ZoneInfo
) -> None:
    site = Site("Task.x", "x", Context(timezone=zone))
    served = kind.encoder(site)(text, [])
    assert compile_filter(kind.present(site))({"x": text}) is (served is not None)
