"""Date searches at their edges: precision, leap days, zones, open ends, a deployment's own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.serving import all_ids, serving, the_issue


def _task(id: str, **more: Any) -> dict[str, Any]:
    plain = {"type": "task", "status": "Ready", "intent": "Order", "subject": {"id": "M1"}}
    return {"_id": id, **plain, **more}


def _at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


TASKS = [
    _task("a-last-second-of-2025", created=_at(2025, 12, 31, 23, 59, 59)),
    _task("b-first-of-2026", created=_at(2026, 1, 1)),
    _task("c-february", created=_at(2026, 2, 28, 23, 59, 59)),
    _task("d-march", created=_at(2026, 3, 1)),
    _task("e-leap-day", created=_at(2024, 2, 29, 12)),
    _task("f-after-leap-day", created=_at(2024, 3, 1)),
    _task("g-end-of-2026", created=_at(2026, 12, 31, 12)),
]
GOALS = [
    {"_id": id, "type": "flag", "name": "X", "status": "active", "subject": {"id": "M1"}, **dates}
    for id, dates in {
        "both": {"date_start": "2026-02-01", "date_end": "2026-02-10"},
        "open-end": {"date_start": "2026-02-01"},
        "open-start": {"date_end": "2026-02-10"},
        "none": {},
    }.items()
]


@pytest.fixture
async def store() -> Any:
    store = open_store("sqlite:///:memory:")
    assert not await store.insert("work_queue", [*TASKS, *GOALS])
    yield store
    await store.close()


@pytest.fixture
async def dates(store: Store) -> Any:
    async with serving(store) as client:
        yield client


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026", "bcdg"),
        ("eq2026", "bcdg"),
        ("ne2026", "aef"),
        ("2025", "a"),
        ("2026-02", "c"),
        ("2026-02-28", "c"),
        ("2026-02-28T23:59:59Z", "c"),
        ("2026-02-28T23:59:59.000Z", "c"),
        ("2026-02-28T23:59Z", "c"),
        ("2026-03", "d"),
        ("2026-12", "g"),
        ("2024-02", "e"),
        ("2024-02-29", "e"),
        ("gt2024-02-29", "abcdfg"),
        ("ge2024-02-29", "abcdefg"),
        ("le2024-02-29", "e"),
        ("lt2024-02-29", ""),
        ("sa2024-02", "abcdfg"),
        ("eb2024-03-01", "e"),
        ("lt2026", "aef"),
        ("le2026", "abcdefg"),
        ("gt2026", ""),
        ("ge2026", "bcdg"),
        # 2026-01-01T00:00Z is the afternoon of its day fourteen hours east of it
        ("2026-01-01T14:00:00+14:00", "b"),
        ("2026-01-01T13:59:59+14:00", "a"),
        ("2025-12-31T12:00:00-12:00", "b"),
        ("2026-01-01T14:00:00 14:00", "b"),  # a '+' that was not encoded
        ("2026-02,2026-03", "cd"),
        ("lt2025,gt2026-12-30", "efg"),
        ("0001", ""),
        ("9999-12-31", ""),
        ("le9999", "abcdefg"),
        ("ge0001-01-01T00:00:00Z", "abcdefg"),
        ("1900-02-28", ""),
    ],
)
async def test_an_instant(dates: httpx.AsyncClient, value: str, found: str) -> None:
    query = {"authored-on": value}
    bundle = (await dates.get("/Task", params=query)).json()
    assert sorted(each["resource"]["id"][0] for each in bundle.get("entry", ())) == [*found]


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-28T24:00:00Z",
        "2026-02-28T24:00",
        "2026-02-28T23:60:00Z",
        "2026-02-28T23:59:60Z",
        "2026-02-29",
        "1900-02-29",
        "2026-00",
        "2026-13",
        "2026-01-00",
        "2026-1-1",
        "26",
        "20260101",
        "0000",
        "10000",
        "-2026",
        "2026-02-28T",
        "2026-02-28T10",
        "2026-02-28T10Z",
        "2026-02-28 10:00",
        "2026-02-28T10:00:00+24:00",
        "2026-02-28T10:00:00+1400",
        "2026-02-28T10:00:00+14",
        "2026-02-28T10:00:00.Z",
        "2026Z",
        "2026-02-28Z",
        "ge",
        "GE2026",
        "gege2026",
        "ge 2026",
        "\uff12\uff10\uff12\uff16",
        "now",
    ],
)
async def test_what_is_no_date(dates: httpx.AsyncClient, value: str) -> None:
    response = await dates.get("/Task", params={"authored-on": value})
    assert response.status_code == 400
    assert "is not a FHIR date" in the_issue(response)["diagnostics"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026", {"both"}),
        ("2026-02", {"both"}),
        ("2026-02-05", set()),
        ("ne2026-02", {"open-end", "open-start"}),
        ("lt2026-02", {"open-start"}),
        ("lt2026-02-05", {"both", "open-end", "open-start"}),
        ("gt2026-02", {"open-end"}),
        ("gt2026-02-05", {"both", "open-end", "open-start"}),
        ("ge2026-03", {"open-end"}),
        ("le2026-01", {"open-start"}),
        ("sa2026-01", {"both", "open-end"}),
        ("sa2026-02-01", set()),
        ("eb2026-03", {"both", "open-start"}),
        ("eb2026-02-10", set()),
        ("gt3000", {"open-end"}),
        ("lt1000", {"open-start"}),
    ],
)
async def test_a_period(dates: httpx.AsyncClient, value: str, found: set[str]) -> None:
    ids = await all_ids(dates, f"/Flag?date={value}")
    assert {each.partition("/")[2] for each in ids} == found


async def test_a_period_that_is_missing(dates: httpx.AsyncClient) -> None:
    assert await all_ids(dates, "/Flag?date:missing=true") == ["Flag/none"]
    assert len(await all_ids(dates, "/Flag?date:missing=false")) == 3


@pytest.mark.parametrize(
    ("zone", "value", "found"),
    [
        ("UTC", "2025-12-31", "a"),
        ("UTC", "2026-01-01", "b"),
        # in Chicago both are on the afternoon of the last day of 2025
        ("America/Chicago", "2025-12-31", "ab"),
        ("America/Chicago", "2026-01-01", ""),
        ("America/Chicago", "2025", "ab"),
        ("America/Chicago", "2026-02", "cd"),
        ("America/Chicago", "2025-12-31T18:00", "b"),
        ("America/Chicago", "2025-12-31T18:00:00-06:00", "b"),
        ("America/Chicago", "2026-01-01T00:00:00Z", "b"),
        # and east of UTC on the first day of 2026
        ("Pacific/Kiritimati", "2026-01-01", "ab"),
        ("Pacific/Kiritimati", "2026-01", "ab"),
        ("Pacific/Kiritimati", "2025", ""),
        ("Pacific/Kiritimati", "2026-01-01T14:00", "b"),
        ("Pacific/Kiritimati", "2024-03-01", "ef"),
    ],
)
async def test_days_are_those_of_the_deployment(
    store: Store, zone: str, value: str, found: str
) -> None:
    async with serving(store, timezone=zone) as client:
        ids = await all_ids(client, f"/Task?authored-on={value}")
    assert sorted(each.partition("/")[2][0] for each in ids) == [*found]


async def test_it_is_sorted_across_day_and_instant(dates: httpx.AsyncClient) -> None:
    up = await all_ids(dates, "/Task?_sort=authored-on")
    down = await all_ids(dates, "/Task?_sort=-authored-on")
    assert [each.partition("/")[2][0] for each in up] == [*"efabcdg"]
    assert up == down[::-1]
