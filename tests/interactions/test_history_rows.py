"""Which kept versions a period holds, page by page, against a plain reading of R4's words."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fhir_facade.interactions import history_rows
from fhir_facade.interactions.history_rows import Kept, Period, creations
from fhir_facade.interactions.versions import Version
from fhir_facade.rules.registry import HISTORY, HISTORY_INDEXES
from fhir_facade.search.paging import Cursor, Cursors
from fhir_facade.store.base import Store

START = datetime(2026, 1, 16)  # noqa: DTZ001 - stores decode to naive UTC
TYPES = ("Task", "Goal")


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def version(id: str, minute: int, method: str | None = "PUT", type: str = "Task") -> Version:
    body = None if method == "DELETE" else b'{"resourceType":"Task"}'
    return Version(type, id, f"{id}-{minute}", at(minute), method, body)


async def keep(store: Store, versions: list[Version]) -> None:
    assert not await store.insert(HISTORY, [each.document() for each in versions])


def some_versions(chance: random.Random) -> list[Version]:
    found = []
    for type in TYPES:
        for id in ("a", "b", "c"):
            minutes = chance.sample(range(40), chance.randrange(9))
            for minute in sorted(minutes):
                method = chance.choice(["PUT", "PUT", "PATCH", "DELETE", "POST", None])
                found.append(version(id, minute, method, type))
    chance.shuffle(found)
    return found


def expected(versions: list[Version], period: Period) -> list[str]:
    """Those current at some time of the period: from their time until that of the next one."""
    found = []
    for each in versions:
        later = [
            other.at
            for other in versions
            if (other.type, other.id) == (each.type, each.id) and other.at > each.at
        ]
        until = min(later, default=None)
        if period.since is not None and each.at < period.since:
            continue
        if period.end is not None and each.at >= period.end:
            continue
        if period.start is not None and each.at < period.start:
            overtaken = until is not None and until <= period.start
            if overtaken or each.body is None:
                continue
        found.append((each.at, each.key))
    return [key for _, key in sorted(found, reverse=True)]


async def pages(kept: Kept, count: int) -> list[list[str]]:
    """Every page, the cursors written and read as a client carries them."""
    cursors = Cursors("secret")
    found: list[list[str]] = []
    cursor: Cursor | None = None
    while True:
        rows = await kept.rows(cursor, count + 1)
        shown = rows.found[:count]
        found.append([row.version.key for row in shown])
        following = shown[-1].cursor() if len(rows.found) > count else rows.rest
        if following is None:
            return found
        cursor = cursors.read(cursors.write(following, b"key"), b"key")
        assert len(found) < 1000, "the pages do not end"


def periods() -> list[Period]:
    marks = [at(0), at(7), at(20), at(50)]
    found = [Period(since=since) for since in (None, *marks)]
    for start in marks:
        found += [Period(None, start, end) for end in (None, *marks) if end is None or start < end]
    return [*found, Period(at(10), at(20)), Period(at(20), at(10), at(30))]


@pytest.mark.parametrize("seed", range(3))
async def test_the_versions_of_a_period(empty_store: Store, seed: int) -> None:
    await empty_store.ensure_indexes(HISTORY_INDEXES)
    chance = random.Random(seed)
    versions = some_versions(chance)
    await keep(empty_store, versions)
    for period in periods():
        for types, id in ((TYPES, None), (TYPES[:1], None), (TYPES[:1], "a")):
            kept = Kept(empty_store, types, id, period)
            own = [each for each in versions if each.type in types and id in (None, each.id)]
            wanted = expected(own, period)
            got = await pages(kept, chance.choice([1, 2, 3, 100]))
            assert [key for page in got for key in page] == wanted, period
            assert await kept.count() == len(wanted)


async def test_what_a_page_looks_at_is_limited(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the period, every version of many is followed by another: pages may be short."""
    monkeypatch.setattr(history_rows, "_BATCH", 5)
    monkeypatch.setattr(history_rows, "MOST_EXAMINED", 10)
    busy = [version("busy", minute) for minute in range(30)]
    quiet = [version("quiet", -1), version("gone", -2, "DELETE"), version("later", -3)]
    last = [version("busy", 100), version("later", 60)]
    await keep(sqlite_store, [*busy, *quiet, *last])
    kept = Kept(sqlite_store, ("Task",), None, Period(None, at(50), at(110)))
    got = await pages(kept, 3)
    assert [page for page in got if page] == [
        ["Task/busy/busy-100", "Task/later/later-60", "Task/busy/busy-29"],
        ["Task/quiet/quiet--1", "Task/later/later--3"],
    ]
    assert [] in got
    assert await kept.count() == 5


async def test_a_version_may_be_left_out(sqlite_store: Store) -> None:
    await keep(sqlite_store, [version("a", 1), version("a", 2)])
    kept = Kept(sqlite_store, ("Task",), "a", Period())
    assert await pages(kept, 5) == [["Task/a/a-2", "Task/a/a-1"]]
    assert await pages(replace(kept, without="Task/a/a-2"), 5) == [["Task/a/a-1"]]
    newest = await kept.newest()
    assert newest == version("a", 2)


@pytest.mark.parametrize("count", [1, 2, 9])
async def test_which_versions_began_a_resource(sqlite_store: Store, count: int) -> None:
    versions = [
        version("a", 1, "PUT"),
        version("a", 2, "PUT"),
        version("a", 3, "DELETE"),
        version("a", 4, "PUT"),
        version("a", 5, "PATCH"),
        version("b", 1, "POST"),
        version("b", 6, "PUT"),
        version("c", 2, None),
        version("c", 7, "PUT"),
    ]
    await keep(sqlite_store, versions)
    kept = Kept(sqlite_store, ("Task",), None, Period())
    began: set[str] = set()
    cursor: Cursor | None = None
    while True:
        rows = await kept.rows(cursor, count + 1)
        shown = rows.found[:count]
        keys = {row.version.key for row in shown}
        began |= keys & await creations(kept, rows.found)
        if len(rows.found) <= count:
            break
        cursor = shown[-1].cursor()
    assert began == {"Task/a/a-1", "Task/a/a-4", "Task/b/b-1"}


async def test_a_deep_page_examines_no_more_than_the_first(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sqlite_store.ensure_indexes(HISTORY_INDEXES)
    versions = [version(f"t{minute % 3}", minute) for minute in range(2000)]
    await keep(sqlite_store, versions)

    async def refuse(*_: object) -> None:
        raise AssertionError("more was examined than a short page takes")

    monkeypatch.setattr(sqlite_store, "_in_thread", refuse)
    for types, id in ((TYPES[:1], None), (TYPES, None), (TYPES[:1], "t1")):
        kept = Kept(sqlite_store, types, id, Period())
        got = await pages(kept, 50)
        wanted = [each for each in versions if id in (None, each.id)]
        assert [key for page in got for key in page] == expected(wanted, Period())
