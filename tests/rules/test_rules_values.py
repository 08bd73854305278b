"""Dates, numbers and quantities one by one, where no table shows each case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Decimal128, Int64
from bson.datetime_ms import DatetimeMS

from fhir_facade.rules import dates
from fhir_facade.rules.context import Context
from fhir_facade.rules.findings import Finding, Severity, is_unservable
from fhir_facade.rules.invariants import in_order
from fhir_facade.rules.kinds import Boolean, Integer, Key, Measure, Money, Text
from fhir_facade.rules.kinds.base import Site, type_name
from fhir_facade.rules.kinds.primitives import as_decimal, json_number
from fhir_facade.rules.kinds.quantities import number, read_quantity, read_range, read_ratio

CHICAGO = ZoneInfo("America/Chicago")
SITE = Site("Task.x", "x", Context())


def encoded(kind: Any, value: Any) -> tuple[Any, int]:
    findings: list[Finding] = []
    return kind.encoder(SITE)(value, findings), len(findings)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 16, 9, 30, tzinfo=UTC), "2026-01-16T09:30:00.000Z"),
        (datetime(2026, 1, 16, 9, 30, 0, 123999, tzinfo=UTC), "2026-01-16T09:30:00.123Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (datetime(2026, 1, 16, tzinfo=timezone(timedelta(0))), "2026-01-16T00:00:00.000Z"),
        (datetime(2026, 1, 16, tzinfo=CHICAGO), "2026-01-16T00:00:00.000-06:00"),
    ],
)
def test_datetime_text(value: datetime, text: str) -> None:
    assert dates.datetime_text(value) == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (DatetimeMS(253402300800000), dates.OUT_OF_RANGE),
        (1768550400000, dates.UNREADABLE),
        (None, dates.UNREADABLE),
        ("2026-02-30", dates.UNREADABLE),
        ("0000", dates.UNREADABLE),
    ],
)
def test_a_reason_why_it_is_no_date(value: Any, reason: str) -> None:
    assert dates.read(value, UTC) == reason


@pytest.mark.parametrize(
    ("value", "zone", "day"),
    [
        ("2026-01-16", CHICAGO, "2026-01-16"),
        (datetime(2026, 1, 16, tzinfo=UTC), CHICAGO, "2026-01-16"),
        (datetime(2026, 1, 16, 23, 59, tzinfo=UTC), CHICAGO, "2026-01-16"),
        ("2026-01-16T05:59:00Z", CHICAGO, "2026-01-15"),
        ("2026-01", UTC, "2026-01"),
        ("0001-01-01T00:00:00Z", CHICAGO, "0001-01-01"),
        ("9999-12-31T23:59:59-10:00", UTC, "9999-12-31"),
    ],
)
def test_the_day_in_a_zone(value: Any, zone: Any, day: str) -> None:
    moment = dates.read(value, zone)
    assert not isinstance(moment, str)
    assert dates.local_day(moment, zone) == day


def test_where_a_day_starts() -> None:
    assert dates.start_of_day(date(2026, 7, 4), CHICAGO) == "2026-07-04T05:00:00.000Z"
    assert dates.start_of_day(date(1, 1, 1), timezone(timedelta(hours=5))).startswith("0001-01-01T")


@pytest.mark.parametrize(
    ("first", "second", "ordered"),
    [
        ("2026-01-16", "2026-01-16", True),
        ("2026-01", "2026-01-16", False),
        ("2026-01", "2026-02-16", True),
        ("2026-01-16T10:00:00Z", "2026-01-16T04:00:00-06:00", True),
        ("2026-01-16T10:00:00.5Z", "2026-01-16T10:00:00.25Z", False),
        ("2026-01-16T10:00:00.123456Z", "2026-01-16T10:00:00.123457Z", True),
    ],
)
def test_in_order(first: str, second: str, ordered: bool) -> None:
    assert in_order(first, second) is ordered


@pytest.mark.parametrize(
    ("value", "decimal"),
    [
        (7, Decimal(7)),
        (7.5, Decimal("7.5")),
        (Decimal128("7.10"), Decimal("7.10")),
        (Int64(7), Decimal(7)),
        (True, None),
        ("7", None),
        (float("nan"), None),
        (Decimal128("Infinity"), None),
    ],
)
def test_decimals(value: Any, decimal: Decimal | None) -> None:
    assert as_decimal(value) == decimal
    found = json_number(value)
    assert found == decimal
    assert type(found) in (int, float, Decimal, type(None))


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), (" 7.50 ", Decimal("7.50")), ("-1", -1), ("7e3", None), ("", None), (None, None)],
)
def test_a_number_in_a_text(text: Any, value: Any) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (Boolean(), True, True),
        (Boolean(), "FALSE", False),
        (Boolean(), 1, True),
        (Boolean(), "yes", None),
        (Boolean(), 2, None),
        (Boolean(), [], None),
        (Integer(), 7, 7),
        (Integer(), 7.0, 7),
        (Integer(), Decimal128("7.0"), 7),
        (Integer(), 7.5, None),
        (Integer(), 2**31, None),
        (Integer(), -(2**31), -(2**31)),
        (Integer("positiveInt", least=1), 0, None),
        (Integer(), True, None),
        (Money(), 10, {"value": 10, "currency": "USD"}),
        (Money(), float("inf"), None),
        (Key(), 7, "7"),
        (Key(), 7.5, None),
        (
            Measure("min", "min"),
            5,
            {"value": 5, "unit": "min", "system": "http://unitsofmeasure.org", "code": "min"},
        ),
        (Measure("min", "min"), -5, None),
        (Text(), "a\x00", "a"),
        (Text(), 7, None),
    ],
)
def test_a_value_or_a_finding(kind: Any, value: Any, found: Any) -> None:
    assert encoded(kind, value) == (found, 0 if found is not None else 1)


@pytest.mark.parametrize(
    "value", [None, [], True, "x", {"value": "x"}, {"value": {}}, float("nan")]
)
def test_no_quantity(value: Any) -> None:
    assert read_quantity(value) is None


@pytest.mark.parametrize("value", [None, {}, {"low": "x"}, 7, "x", {"low": 2, "high": 1}])
def test_no_range(value: Any) -> None:
    assert read_range(value) is None


@pytest.mark.parametrize("value", [None, {}, {"numerator": 1}, 7, "x", "1:0x"])
def test_no_ratio(value: Any) -> None:
    assert read_ratio(value) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [(True, "boolean"), ("x", "text"), ([], "list"), ({}, "object"), (7, "number"), (7.5, "number"),
     (Int64(7), "number"), (Decimal128("1"), "Decimal128"), (None, "NoneType")],
)  # fmt: skip
def test_type_names(value: Any, name: str) -> None:
    assert type_name(value) == name


def test_severities() -> None:
    site = Site("Task.x", "x", Context())
    assert not is_unservable([site.noted("n"), site.degraded("d")])
    assert is_unservable([site.noted("n"), site.unservable("u")])
    assert site.degraded("d") == Finding(Severity.DEGRADED, "x", "Task.x", "d")
    assert site.at("y").field == "y"
