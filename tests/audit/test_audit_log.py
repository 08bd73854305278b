"""Nothing is lost, nothing is twice, and what cannot be kept is said."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.audit.anchor_file import read_anchors
from fhir_facade.audit.entry import ANCHORS, CHAINS, Place
from fhir_facade.audit.log import AuditLog
from fhir_facade.audit.verify import verify
from fhir_facade.audit.writer import Limits
from fhir_facade.errors import NotRecorded
from fhir_facade.rules.registry import AUDIT
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.audit.kit import QUICK, Faulty, all_of, recorded


def fields(number: int) -> dict[str, Any]:
    return {"at": datetime(2026, 3, 4, tzinfo=UTC), "status": 200, "request": f"r{number}"}


def fill(log: AuditLog, several: int, start: int = 0) -> None:
    for number in range(start, start + several):
        log.record(lambda number=number: fields(number))  # type: ignore[misc]


async def until_written(log: AuditLog, several: int) -> None:
    async with asyncio.timeout(20):
        while log.written < several:
            await asyncio.sleep(0.002)


async def test_entries_are_stored_in_the_order_in_which_they_were_recorded(
    empty_store: Store,
) -> None:
    log = AuditLog(empty_store)
    fill(log, 1200)
    assert log.lag.entries == 1200
    entries = await recorded(empty_store, log)
    assert [each["request"] for each in entries] == [f"r{n}" for n in range(1200)]
    assert [each["seq"] for each in entries] == list(range(1, 1201))
    assert (log.written, log.lost, log.lag) == (1200, 0, (0, 0.0))
    report = await verify(empty_store)
    assert (report.findings, report.notes, report.chains) == ([], [], 1)


@pytest.mark.parametrize("seed", range(3))
async def test_a_store_that_fails_now_and_then_gets_each_entry_once(
    sqlite_store: Store, seed: int
) -> None:
    faulty = Faulty(sqlite_store, seed, often=0.6)
    log = AuditLog(faulty, limits=replace(QUICK, batch=40, anchor_entries=100))
    for start in range(0, 600, 60):
        fill(log, 60, start)
        await asyncio.sleep(0.003)
    entries = await recorded(sqlite_store, log)
    assert faulty.failures > 10
    assert [each["request"] for each in entries] == [f"r{n}" for n in range(600)]
    report = await verify(sqlite_store)
    assert (report.findings, report.notes, report.chains) == ([], [], 1)
    assert report.anchors > 3


async def test_stopping_writes_what_waits_and_an_anchor_that_ends_the_chain(
    sqlite_store: Store,
) -> None:
    log = AuditLog(sqlite_store)
    fill(log, 3)
    await log.stop()
    (anchor,) = await all_of(sqlite_store, ANCHORS)
    *_, last = await all_of(sqlite_store)
    assert (anchor["seq"], anchor["head"], anchor["closing"]) == (3, last["hash"], True)


async def test_a_log_that_recorded_nothing_writes_nothing(sqlite_store: Store) -> None:
    log = AuditLog(sqlite_store)
    log.start()
    await log.stop()
    await log.stop()
    assert [await all_of(sqlite_store, name) for name in (AUDIT, CHAINS, ANCHORS)] == [[], [], []]


async def test_after_a_stop_a_new_chain_begins(sqlite_store: Store) -> None:
    log = AuditLog(sqlite_store, limits=QUICK)
    for _ in range(2):
        fill(log, 2)
        await log.stop()
    assert len(await all_of(sqlite_store, CHAINS)) == 2
    assert (await verify(sqlite_store)).findings == []


async def test_several_processes_write_chains_of_their_own(tmp_path: Path) -> None:
    url, anchors = f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "anchors"
    stores = [open_store(url) for _ in range(3)]
    limits = replace(QUICK, anchor_entries=20, batch=10)
    logs = [AuditLog(store, anchors=anchors, limits=limits) for store in stores]
    for start in range(0, 100, 5):
        for log in logs:
            fill(log, 5, start)
        await asyncio.sleep(0.002)
    for log in logs:
        await log.stop()
    report = await verify(stores[0], anchors=anchors)
    assert (report.findings, report.notes, report.chains, report.entries) == ([], [], 3, 300)
    stored = [each["_id"] for each in await all_of(stores[0], ANCHORS)]
    assert sorted(each["_id"] for each in read_anchors(anchors)[0]) == stored
    for store in stores:
        await store.close()


async def test_a_trail_can_be_verified_while_it_is_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    writing, reading = open_store(url), open_store(url)
    log = AuditLog(writing, limits=replace(QUICK, anchor_entries=50, batch=20))
    for start in range(0, 400, 40):
        fill(log, 40, start)
        await asyncio.sleep(0.005)
        assert (await verify(reading)).findings == []
    await log.stop()
    for store in (writing, reading):
        await store.close()


async def test_anchors_are_written_after_some_time_too(sqlite_store: Store) -> None:
    log = AuditLog(sqlite_store, limits=replace(QUICK, anchor_seconds=0.02))
    fill(log, 2)
    async with asyncio.timeout(10):
        while not await all_of(sqlite_store, ANCHORS):
            await asyncio.sleep(0.005)
    anchor, *_ = await all_of(sqlite_store, ANCHORS)
    assert (anchor["seq"], anchor["closing"]) == (2, False)
    await log.stop()
    assert (await verify(sqlite_store)).findings == []


async def test_anchors_that_the_file_does_not_take_are_in_it_later(
    sqlite_store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "elsewhere"
    log = AuditLog(
        sqlite_store, anchors=folder / "anchors", limits=replace(QUICK, anchor_entries=1)
    )
    fill(log, 1)
    said = "the file of audit anchors cannot be written: No such file or directory"
    async with asyncio.timeout(20):
        while said not in caplog.text:
            await asyncio.sleep(0.002)
    folder.mkdir()
    await log.stop()
    found, unreadable = read_anchors(folder / "anchors")
    assert ([each["number"] for each in found], unreadable) == ([1, 2], [])


async def test_heads_are_logged(sqlite_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fhir_facade")
    log = AuditLog(sqlite_store)
    fill(log, 2)
    *_, last = await recorded(sqlite_store, log)
    assert f"audit chain {last['chain']}: entry 2 is {last['hash']}" in caplog.text


async def test_what_is_beyond_the_limit_is_counted_and_said(sqlite_store: Store) -> None:
    faulty = Faulty(sqlite_store, 1)
    log = AuditLog(faulty, limits=replace(QUICK, entries=50))
    with faulty.outage():
        fill(log, 10)
        await asyncio.sleep(0.03)
        fill(log, 70, 10)
        assert (log.lost, log.lag.entries) == (30, 50)
        assert log.lag.seconds > 0
    await until_written(log, 50)
    fill(log, 1, 80)
    entries = await recorded(sqlite_store, log)
    told = [each for each in entries if each.get("interaction") == "lost"]
    assert sum(each["count"] for each in told) == log.lost == 30
    assert told[0]["reason"] == "30 entries were lost: the audit trail could not be written."
    kept = [each["request"] for each in entries if each not in told]
    assert kept == [*(f"r{n}" for n in range(50)), "r80"]
    assert (await verify(sqlite_store)).findings == []


async def test_a_stop_during_an_outage_ends_and_says_how_many_are_lost(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = Faulty(sqlite_store, 1)
    log = AuditLog(faulty, limits=replace(QUICK, stop=0.1))
    with faulty.outage():
        fill(log, 7)
        await log.stop()
    assert (log.lost, log.lag.entries) == (7, 0)
    assert "7 entries of the audit trail could not be written" in caplog.text
    assert await all_of(sqlite_store) == []


async def test_answers_beyond_a_limit_are_looked_at_at_once(sqlite_store: Store) -> None:
    log = AuditLog(sqlite_store, limits=replace(QUICK, held=100))
    made = []

    def make() -> dict[str, Any]:
        made.append(log.lag.entries)
        return fields(len(made))

    for _ in range(3):
        log.record(make, 60)
    assert made == [1, 2], "the first is kept, the others are made when they are recorded"
    entries = await recorded(sqlite_store, log)
    assert len(entries) == 3
    log.record(make, 60)
    assert len(made) == 3, "what was written is not held any more"
    await log.stop()


async def test_an_entry_that_cannot_be_made_is_not_left_out(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(sqlite_store)

    def fail() -> dict[str, Any]:
        raise ValueError("what nobody may read")

    fill(log, 1)
    log.record(fail)
    log.record(lambda: {**fields(2), "count": 2**70})
    fill(log, 1, 3)
    entries = await recorded(sqlite_store, log)
    assert [each.get("interaction") for each in entries] == [None, "unknown", "unknown", None]
    assert "what nobody may read" not in caplog.text
    assert (await verify(sqlite_store)).findings == []


async def test_where_a_place_is_taken_a_new_chain_goes_on(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(sqlite_store, limits=QUICK)
    fill(log, 2)
    await until_written(log, 2)
    ((chain, *_),) = [each["_id"].split(".") for each in await all_of(sqlite_store, CHAINS)]
    await sqlite_store.insert(AUDIT, [{"_id": Place(chain, 4).id, "request": "forged"}])
    fill(log, 3, 2)
    entries = await recorded(sqlite_store, log)
    found = Counter(each["request"] for each in entries)
    assert found == Counter([*(f"r{n}" for n in range(5)), "forged"])
    assert log.lost == 0
    assert "1 places are taken by other entries" in caplog.text
    (finding,) = (await verify(sqlite_store)).findings
    assert (finding.kind, finding.id) == ("changed", Place(chain, 4).id)


async def test_required_entries_are_stored_when_the_wait_ends(sqlite_store: Store) -> None:
    log = AuditLog(sqlite_store, mode="require")

    async def one(number: int) -> None:
        await log.require(lambda: fields(number))
        stored = await sqlite_store.find(AUDIT, {"request": f"r{number}"}, limit=2)
        assert len(stored) == 1

    await asyncio.gather(*(one(number) for number in range(100)))
    assert len(await recorded(sqlite_store, log)) == 100


async def test_required_entries_that_are_not_stored_are_refused_and_still_kept(
    sqlite_store: Store,
) -> None:
    faulty = Faulty(sqlite_store, 1)
    log = AuditLog(faulty, mode="require", limits=replace(QUICK, wait=0.02, patience=0.05))
    with faulty.outage():
        with pytest.raises(NotRecorded) as refused:
            await log.require(lambda: fields(0))
        async with asyncio.timeout(10):
            while not log.is_failing:
                await asyncio.sleep(0.005)
        with pytest.raises(NotRecorded):
            log.admit()
        with pytest.raises(NotRecorded):
            await log.require(lambda: fields(1))
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "2"})
    await until_written(log, 2)
    log.admit()
    await log.require(lambda: fields(2))
    assert [each["request"] for each in await recorded(sqlite_store, log)] == ["r0", "r1", "r2"]


async def test_no_more_is_admitted_than_can_wait(sqlite_store: Store) -> None:
    faulty = Faulty(sqlite_store, 1)
    log = AuditLog(faulty, mode="require", limits=replace(QUICK, entries=2))
    with faulty.outage():
        fill(log, 2)
        with pytest.raises(NotRecorded):
            log.admit()
        with pytest.raises(NotRecorded):
            await log.require(lambda: fields(2))
    entries = await recorded(sqlite_store, log)
    assert [each.get("count") for each in entries if "count" in each] == [1]


def test_a_log_can_be_used_in_one_event_loop_after_the_other(tmp_path: Path) -> None:
    async def use(log: AuditLog, store: Store) -> None:
        fill(log, 1)
        await until_written(log, log.written + 1)
        assert len(await all_of(store)) == log.written

    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    log = AuditLog(store, limits=Limits(linger=0.001))
    for _ in range(2):
        asyncio.run(use(log, store))
    asyncio.run(store.close())
