"""Date filters against R4's own words, over every spelling that is stored and every precision.

The oracle sees only what is served. A search may find less than it where a finding says that the
spelling cannot be searched by date, or where a boundary of a Period is stored but no date can be
read from it (the served Period then looks open, which nobody said it is). What is asserted neither
way: a Period whose stored end lies before its start, which is served without its end (filters
cannot compare two fields), and a text without a zone in the hour that a clock change repeats.
Nothing else may differ.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId

from fhir_facade.rules.dates import NOT_SEARCHABLE, OUT_OF_RANGE, UNREADABLE
from fhir_facade.rules.findings import Findings
from fhir_facade.search.plan import SearchOptions, plan_search
from fhir_facade.store.matching import compile_filter
from tests.mappings.serving import records, registry, stored
from tests.search import date_samples, oracle
from tests.search.date_samples import PLACES, Place, search_value, spelling

PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
ROUNDS = 10
DOCUMENTS = 14
QUERIES = 9
CLOSE = 10 * 1_000_000
"""Microseconds by which `ap` may differ: the clock runs on, and bounds are rounded."""
REPEATED_HOUR = "2026-11-01T01:"
REVERSED = "lies before the period's start"
_ZONED = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
BASE: dict[str, dict[str, Any]] = {
    "Task": {"type": "task", "status": "Ready"},
    "Flag": {"type": "flag", "status": "active"},
    "Goal": {"type": "goal", "life_cycle_status": "Active"},
    "Communication": {"type": "Interaction", "status": "Completed"},
    "EpisodeOfCare": {"status": {"state": "active"}},
    "CareTeam": {"status": {"state": "active"}},
    "CarePlan": {"status": {"state": "active"}},
    "Observation": {},
    "DocumentReference": {},
    "Provenance": {},
}


def _document(place: Place, dice: random.Random) -> dict[str, Any]:
    made = dice.choice((0x695F0000, 0x69600000, 0))
    key = dice.choice(("legacy", ObjectId(f"{made:08x}" + "a" * 16)))
    document = {**BASE[place.resource], "_id": key}
    row = document if place.unwind is None else {"document_id": "d1"}
    for names in place.fields:
        if dice.random() < 0.9:
            row[dice.choice(names)] = spelling(dice)
    if place.unwind is not None:
        document[place.unwind] = [row]
    return document


def _target(place: Place, served: Any, zone: ZoneInfo) -> oracle.Range | None:
    if served is None:
        return None
    if place.kind == "Period":
        return oracle.period_range(served, zone)
    if place.kind == "instant":
        return oracle.instant_range(served, zone)
    return oracle.value_range(served, zone)


def _expected(prefix: str, value: str, target: oracle.Range | None, zone: ZoneInfo) -> set[bool]:
    asked = oracle.value_range(value, zone)
    if prefix != "ap":
        return {oracle.matches(prefix or "eq", asked, target)}
    if target is None:
        return {False}
    now = oracle.value_range(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", zone)[0]
    low, high = oracle.approximate(asked, now)
    return {
        oracle.overlap((low + more, high - more), target) for more in (-CLOSE, 0, CLOSE)
    }  # fmt: skip


def _may_miss(findings: Findings, place: Place) -> bool:
    reasons = {NOT_SEARCHABLE}
    if place.kind == "Period":
        reasons |= {UNREADABLE, OUT_OF_RANGE}
    return any(finding.reason in reasons for finding in findings)


def _is_repeated(record: dict[str, Any], place: Place) -> bool:
    values = [record.get(name) for names in place.fields for name in names]
    return any(
        isinstance(value, str) and value.startswith(REPEATED_HOUR) and not _ZONED.search(value)
        for value in values
    )


def _differences(place: Place, zone_name: str, dice: random.Random) -> list[str]:
    zone, of = ZoneInfo(zone_name), registry(zone_name)
    source = of.types[place.resource].sources[0]
    options = SearchOptions(of, "https://example.org/fhir")
    pool = []
    for _ in range(DOCUMENTS):
        document = stored(_document(place, dice))
        for record in records(source, document):
            findings: Findings = []
            served = source.encode(record, "1", findings)
            if served is None or any(each.reason == REVERSED for each in findings):
                continue
            if zone_name != "UTC" and _is_repeated(record, place):
                continue
            target = _target(place, place.served(served), zone)
            pool.append((record, target, _may_miss(findings, place), place.served(served)))
    found = []
    for _ in range(QUERIES):
        prefix, value = dice.choice(PREFIXES), search_value(dice)
        plan = plan_search(of.types[place.resource], [(place.param, prefix + value)], options)
        matches = compile_filter(plan.sources[0].filter)
        for record, target, may_miss, shown in pool:
            got, wanted = matches(record), _expected(prefix, value, target, zone)
            if got not in wanted and (got or not may_miss):
                fields = {n: record.get(n) for names in place.fields for n in names if n in record}
                found.append(f"{prefix}{value} finds={got}: {fields} served as {shown}")
    return found


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago"])
@pytest.mark.parametrize("place", PLACES, ids=lambda each: f"{each.resource}.{each.param}")
def test_every_comparison_is_r4s(place: Place, zone: str) -> None:
    dice = random.Random(f"{place.resource} {place.param} {zone}")
    differences = [each for _ in range(ROUNDS) for each in _differences(place, zone, dice)]
    assert differences == []


CLOSE_CLOCKS = ((0, 59, 59), (1, 0, 0), (1, 30, 0), (2, 0, 0), (6, 45, 0), (7, 0, 0), (7, 30, 0),
                (8, 30, 0))  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago"])
@pytest.mark.parametrize("place", PLACES, ids=lambda each: f"{each.resource}.{each.param}")
def test_moments_within_hours_of_a_clock_change(
    place: Place, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = (datetime(2026, 11, 1, tzinfo=UTC).date(), datetime(2026, 3, 8, tzinfo=UTC).date())
    monkeypatch.setattr(date_samples, "DAYS", days)
    monkeypatch.setattr(date_samples, "EDGES", days)
    monkeypatch.setattr(date_samples, "CLOCKS", CLOSE_CLOCKS)
    monkeypatch.setattr(date_samples, "MILLIS", (0, 0, 500))
    dice = random.Random(f"{place.resource} {place.param} {zone}")
    differences = [each for _ in range(ROUNDS // 3) for each in _differences(place, zone, dice)]
    assert differences == []
