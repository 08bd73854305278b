"""Each prefix on each kind of date: the bounds in every stored spelling, as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_facade.errors import UnknownParameter
from fhir_facade.rules.date_search import Comparison, Precision, date_filter
from fhir_facade.rules.dates import CALENDAR_DAY, CLOCK, FRACTION
from fhir_facade.search.plan import explain_filter
from tests.search.plans import LIVE, added, both, either, is_empty, nor, plan, scalar

NOTHING = "nothing"
LAST = "DatetimeMS(253402300800000)"
FIRST_BSON, FIRST = "0001-01-01 00:00:00+00:00", "0001"
OFFSETS = {"local": "", "Z": "(Z|[+-]00:00)", "-05:00": "-05:00"}
SPELLED = {
    "day": f"^{CALENDAR_DAY}$",
    **{name: f"^{CALENDAR_DAY}{CLOCK}{FRACTION}?{end}$" for name, end in OFFSETS.items()},
}
Bounds = list[tuple[str, str | None]]


def bounds(found: Any, field: str) -> dict[str, Bounds]:
    """Return the bounds in each spelling that is looked at here; every other is an offset."""
    spelled: dict[str, Bounds] = {"bson": [], **{name: [] for name in SPELLED}}
    names = {pattern: name for name, pattern in SPELLED.items()}
    for branch in found["$or"]:
        condition = branch[field]
        assert branch == scalar(field, condition)
        name = "bson" if "$regex" not in condition else names.get(condition["$regex"])
        if name is not None:
            assert condition.keys() <= {"$regex", "$gte", "$lt"}
            spelled[name].append((condition["$gte"], condition.get("$lt")))
    return spelled


A_DAY: dict[str, list[tuple[str | None, str | None]]] = {
    # prefix: (from, to) of the first instants of each day, or of its seconds, that fit
    "eq": [("2026-01-16", "2026-01-17")],
    "ne": [(None, "2026-01-16"), ("2026-01-17", None)],
    "gt": [("2026-01-17", None)],
    "lt": [(None, "2026-01-16")],
    "ge": [("2026-01-16", None)],
    "le": [(None, "2026-01-17")],
    "sa": [("2026-01-17", None)],
    "eb": [(None, "2026-01-16")],
}


def written(pairs: list[tuple[str | None, str | None]], shape: str) -> Bounds:
    """Write the first instant of each day as one spelling has it."""

    def write(day: str | None, open_end: str | None) -> str | None:
        return open_end if day is None else shape.format(day)

    is_bson = shape.startswith("{} ")
    first, last = (FIRST_BSON, LAST) if is_bson else (FIRST, None)
    return [(write(start, first) or "", write(end, last)) for start, end in pairs]


@pytest.mark.parametrize(
    ("search", "field"),
    [
        ("Observation?date", "outcomeDate"),  # a date
        ("Communication?sent", "sent_on"),  # a dateTime
        ("DocumentReference?date", "updated_on"),  # an instant
    ],
)
@pytest.mark.parametrize("prefix", A_DAY)
def test_a_day(search: str, field: str, prefix: str) -> None:
    found = bounds(added(f"{search}={prefix}2026-01-16"), field)
    pairs = A_DAY[prefix]
    assert found["bson"] == written(pairs, "{} 00:00:00+00:00")
    assert found["day"] == written(pairs, "{}")
    assert found["local"] == found["Z"] == written(pairs, "{}T00:00:00")
    if search != "Observation?date":  # a date element is its day, wherever its clock stands
        before = [(_day_before(start), _day_before(end)) for start, end in pairs]
        assert found["-05:00"] == written(before, "{}T19:00:00")


def _day_before(day: str | None) -> str | None:
    return day and f"2026-01-{int(day[-2:]) - 1:02}"


@pytest.mark.parametrize("value", ["2026-01-16", "eq2026-01-16"])
def test_without_a_prefix_it_is_eq(value: str) -> None:
    assert added(f"Task?due={value}") == added("Task?due=eq2026-01-16")


@pytest.mark.parametrize(
    ("value", "first", "after"),
    [
        ("2026", "2026-01-01 00:00:00+00:00", "2027-01-01 00:00:00+00:00"),
        ("2026-12", "2026-12-01 00:00:00+00:00", "2027-01-01 00:00:00+00:00"),
        ("2024-02", "2024-02-01 00:00:00+00:00", "2024-03-01 00:00:00+00:00"),
        ("2026-12-31", "2026-12-31 00:00:00+00:00", "2027-01-01 00:00:00+00:00"),
        ("2026-01-16T09:30", "2026-01-16 09:30:00+00:00", "2026-01-16 09:31:00+00:00"),
        ("2026-01-16T09:30:07", "2026-01-16 09:30:07+00:00", "2026-01-16 09:30:08+00:00"),
        (
            "2026-01-16T09:30:07.25Z",
            "2026-01-16 09:30:07.250000+00:00",
            "2026-01-16 09:30:07.251000+00:00",
        ),
        ("2026-01-16T09:30:07+14:00", "2026-01-15 19:30:07+00:00", "2026-01-15 19:30:08+00:00"),
        ("2026-01-16T09:30:07-05:00", "2026-01-16 14:30:07+00:00", "2026-01-16 14:30:08+00:00"),
        ("9999", "9999-01-01 00:00:00+00:00", LAST),
    ],
)
def test_the_range_that_a_precision_stands_for(value: str, first: str, after: str) -> None:
    found = added(f"Communication?sent={value}")["$or"][0]
    assert found == scalar("sent_on", {"$gte": first, "$lt": after})


def test_about_a_day_is_a_tenth_of_its_distance_to_now() -> None:
    found = added("Communication?sent=ap2016-01-16")["$or"][0]["sent_on"]
    asked = datetime(2016, 1, 16, tzinfo=UTC)
    margin = (datetime.now(UTC) - asked) / 10
    start, end = (datetime.fromisoformat(found[each]) for each in ("$gte", "$lt"))
    assert abs((asked - start) - margin).total_seconds() < 60
    assert abs((end - asked) - margin).total_seconds() < 86_460


def test_alternatives() -> None:
    whole = added("Task?due=2026-01-16,gt2027")
    parts = [added("Task?due=2026-01-16"), added("Task?due=gt2027")]
    assert whole == either(*parts)


START, END = "start_date", "completed_on"


def at(field: str, prefix: str) -> Any:
    day = Comparison(prefix, datetime(2026, 1, 16, tzinfo=UTC), datetime(2026, 1, 17, tzinfo=UTC))
    return explain_filter(date_filter(field, day, UTC, Precision.SPELLED))


OPEN_START = both(is_empty(START), at(END, "any"))
OPEN_END = both(is_empty(END), at(START, "any"))
WITHIN = both(at(START, "starts"), at(END, "ends"))
BEFORE, AFTER = either(at(START, "lt"), OPEN_START), either(at(END, "gt"), OPEN_END)
PERIOD = {
    "": WITHIN,
    "eq": WITHIN,
    "ne": both(either(both(at(START, "any"), at(END, "any")), OPEN_START, OPEN_END), nor(WITHIN)),
    "lt": BEFORE,
    "gt": AFTER,
    "le": either(BEFORE, WITHIN),
    "ge": either(AFTER, WITHIN),
    "sa": at(START, "sa"),
    "eb": at(END, "eb"),
    "ap": None,
}


@pytest.mark.parametrize("prefix", PERIOD)
def test_a_period(prefix: str) -> None:
    """A half that is not stored is open, one that cannot be read matches nothing."""
    found = added(f"Task?period={prefix}2026-01-16")
    if prefix != "ap":
        assert found == PERIOD[prefix]
        return
    text = json.dumps(found)
    assert [each["$or"][1] for each in found["$and"]] == [OPEN_START, OPEN_END]
    assert text.count('"$in": [null, ""]') == 2


@pytest.mark.parametrize("prefix", ["", "eq", "sa"])
def test_no_step_begins_on_or_after_a_day(prefix: str) -> None:
    """A step's period has no start, so that nothing contains it and it comes after nothing."""
    assert added(f"CarePlan?activity-date={prefix}2026-01-16") == NOTHING


@pytest.mark.parametrize(
    ("prefix", "end"), [("lt", "any"), ("le", "any"), ("ne", "any"), ("gt", "gt"), ("eb", "eb")]
)
def test_steps_by_their_end(prefix: str, end: str) -> None:
    day = Comparison(end, datetime(2026, 1, 16, tzinfo=UTC), datetime(2026, 1, 17, tzinfo=UTC))
    due = explain_filter(date_filter("case_workflow_due_date", day, UTC, Precision.DAY))
    found = added(f"CarePlan?activity-date={prefix}2026-01-16")
    assert found == {"workflow": {"$elemMatch": both(due, LIVE)}}


@pytest.mark.parametrize("modifier", ["not", "exact", "text", "in", "below", "identifier"])
@pytest.mark.parametrize("name", ["due", "period", "_lastUpdated"])
def test_dates_take_no_modifier_but_missing(name: str, modifier: str) -> None:
    with pytest.raises(UnknownParameter, match="it takes: :missing"):
        plan(f"Task?{name}:{modifier}=2026")
