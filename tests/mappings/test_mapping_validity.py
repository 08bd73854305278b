"""Whatever is stored, what is served is R4: dirty demo data, and values of any kind anywhere."""

from __future__ import annotations

import copy
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from fhir_facade.demo import generate
from fhir_facade.rules.findings import Findings, is_unservable
from tests.mappings.fhir_rules import problems
from tests.mappings.serving import Document, records, registry, stored

LINKED = {"goal": [ObjectId("64b000000000000000000001"), "x" * 70], "task": ["a b"]}
ODD: tuple[Any, ...] = (
    None, "", "  ", "\x07", "a\x00b", "text", "trail ", "x  y", "InProgress", "active", True, False,
    0, 1, -1, 2**31, 2**53, -(2**40), 1.5, -0.5, 7.0, 1e30, float("inf"), float("nan"),
    Decimal128("1.10"), Decimal128("NaN"), Decimal128("1E+40"), Decimal128("-0"), [], {}, [None],
    [[]], [{}], [""], ["a"], [["a"]], {"value": "a"}, {"value": None}, {"id": "M1"},
    {"id": None, "name": "Ann"}, {"id": {"x": 1}}, {"text": "hi", "date": "2026-02-30"},
    {"text": "hi", "by": {"id": "a b", "name": "B"}}, {"text": ["x"]}, uuid.UUID(int=5),
    ObjectId("64b000000000000000000001"), datetime(2026, 1, 16, 9, 30, tzinfo=UTC),
    datetime(2020, 1, 1, tzinfo=UTC), DatetimeMS(253402300800000), DatetimeMS(-(10**15)),
    "2026-01-16", "2026-01", "2026", "0000", "01/16/2026", "2026-01-16T09:30",
    "0001-01-01T00:00:00",     "1850-05-01T10:00:00", "9999-12-31", "2026-01-16 09:30:00.1",
    "2026-01-16T09:30:00-0500",
    "2026-01-16T09:30:00z", "2026-02-30", "7.0 %", ">= 80%", "<140/90", "120-140 mmHg", "1:128",
    "140/90", "120 to 80", "0", Binary(b"x", 0), Regex("a"), Timestamp(1, 1), MinKey(), Int64(5),
    "ü" * 40, "http://x y", "http://x", "\ud7ff", "\u2028", "\x85", "\u00a0x", "x" * 5000,
    {"value": 7, "unit": "%"}, {"value": "7", "unit": "", "code": "%"}, {"low": 5, "high": 1},
    {"low": {"value": 1}, "high": {"value": "<2"}}, {"numerator": 1, "denominator": 0},
    {"code": "c", "system": "http://s"}, {"code": "c d ", "system": "s", "display": ""},
    [{"url": "http://x", "valueString": "ok"}], [{"url": "http://x"}],
    [{"url": "http://x", "valueString": "a", "extension": []}],
    [{"url": "x y", "valueString": "ok"}], {"url": "http://x", "valueDecimal": 1.5},
    [{"url": "http://x", "valueBoolean": True, "_valueBoolean": {"id": "x"}}],
    [{"url": "http://x", "valueCode": " a "}], [{"url": "http://x", "valueInteger": 2**40}],
    [{"url": "http://x", "valueReference": {"reference": "a b"}}],
    [{"url": "http://x", "valueQuantity": {"value": float("inf")}}],
    [{"url": "http://x", "valueDateTime": "2026-13-01"}],
)  # fmt: skip
OTHER_FIELDS = (
    "message", "STATUS", "ENDDATE", "STARTDATE", "VALUE", "CATEGORY", "target_measure", "extension",
    "status_reason", "topic", "encounter_reference", "recorded_by", "partner", "partner_id",
    "duration", "documents", "interactionHistory", "outcome", "addresses", "savingStats", "log",
    "items", "workflow", "participants", "notes", "priority", "completed_on", "start_date",
    "deadline", "summary", "vendorCaseStatus", "linkedModules", "createdAt", "updatedAt", "dueDate",
)  # fmt: skip


def _wrong(collection: str, document: Document, zone: str = "UTC") -> Iterator[str]:
    """Yield what is wrong with anything that is served of a document."""
    for each in registry(zone):
        for source in each.sources:
            if source.mapping.collection != collection:
                continue
            seen = {**document, "linked": LINKED} if source.mapping.links else document
            for record in records(source, seen):
                findings: Findings = []
                resource = source.encode(record, "1", findings)
                assert (resource is None) == is_unservable(findings)
                for problem in () if resource is None else problems(resource):
                    yield f"{each.name} of {document['_id']}: {problem}"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dirty_demo_data(seed: int) -> None:
    pairs = generate(members=60, seed=seed, dirty=0.6)
    wrong = [each for name, document in pairs for each in _wrong(name, stored(document))]
    assert wrong == []


def test_clean_demo_data_is_served_whole() -> None:
    for name, document in generate(members=20):
        for each in registry():
            for source in each.sources:
                if source.mapping.collection != name:
                    continue
                for record in records(source, {**stored(document), "linked": LINKED}):
                    findings: Findings = []
                    resource = source.encode(record, "1", findings)
                    assert resource is not None
                    assert list(problems(resource)) == []
                    assert findings == []


def _spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner if isinstance(value, dict | list) else ():
        yield (*path, key)
        yield from _spots(item, (*path, key)) if isinstance(item, dict | list) else ()


def _spoil(document: Document, dice: random.Random) -> None:
    if dice.random() < 0.2:
        document[dice.choice(OTHER_FIELDS)] = copy.deepcopy(dice.choice(ODD))
        return
    *way, last = dice.choice([path for path in _spots(document) if path[-1] != "type"])
    holder: Any = document
    for step in way:
        holder = holder[step]
    holder[last] = copy.deepcopy(dice.choice(ODD))


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago"])
@pytest.mark.parametrize("seed", [1, 2])
def test_any_value_anywhere(seed: int, zone: str) -> None:
    dice = random.Random(f"{seed} {zone}")
    pairs = list(generate(members=12, seed=seed))
    wrong: list[Any] = []
    for _ in range(900):
        name, clean = dice.choice(pairs)
        document = copy.deepcopy(clean)
        for _ in range(dice.choice((1, 1, 2, 4))):
            _spoil(document, dice)
        if not isinstance(document.get("_id"), list | Regex | dict):
            wrong += _wrong(name, stored(document), zone)
    assert wrong == []


def test_findings_never_hold_a_stored_value() -> None:
    secret = "Hortensia Quibble 19551224"
    fields = (
        "status life_cycle_status name category date_start deadline subject owner message notes"
    )
    fields += " linkedModules target_measure medium priority intent created achievement_status"
    for value in (secret, [secret], {"id": [secret]}, {"value": {"x": secret}}, {"text": [secret]}):
        for kind in ("task", "flag", "goal", "Interaction"):
            document = stored({"_id": "x", "type": kind, **dict.fromkeys(fields.split(), value)})
            for each in registry():
                for source in each.sources:
                    for record in records(source, {**document, "linked": LINKED}):
                        findings: Findings = []
                        source.encode(record, "1", findings)
                        assert not any(
                            part in f"{finding.field} {finding.element} {finding.reason}"
                            for finding in findings
                            for part in ("Hortensia", "19551224")
                        )
