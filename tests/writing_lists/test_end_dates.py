"""Ends that the server sets: anew on each finish; the client's own stay."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.writing.exact_json import Json
from tests.writing.world import MERGE_PATCH, World
from tests.writing_lists.stored_cases import case_of, stored_case, stored_item

OLD = dt.datetime(2026, 1, 1, 10)  # noqa: DTZ001
CASES: list[tuple[str, str, str, str]] = [
    ("EpisodeOfCare", "period", "active", "finished"),
    ("Task", "executionPeriod", "in-progress", "completed"),
]
BOTH = pytest.mark.parametrize(("type_", "period", "opened", "done"), CASES, ids=["case", "task"])


def ended(world: World, type_: str) -> None:
    if type_ == "Task":
        stored_item(world, "c1", "task", None, status="Completed", intent="Order", completed_on=OLD)
    else:
        stored_case(world, status={"state": "resolved"}, closedDate=OLD)


def stored_end(world: World, type_: str) -> Any:
    if type_ == "Task":
        return world.stored("work_queue", "c1").get("completed_on")
    return case_of(world).get("closedDate")


def patched(world: World, type_: str, **change: Any) -> Json:
    return world.patch(type_, "c1", change, MERGE_PATCH)


@BOTH
def test_an_end_that_the_patch_gives_is_taken(
    world: World, type_: str, period: str, opened: str, done: str
) -> None:
    ended(world, type_)
    patched(world, type_, status=opened)
    end = "2026-02-03T10:00:00Z"
    after = patched(world, type_, status=done, **{period: {"end": end}})
    assert after[period]["end"][:16] == end[:16]


@BOTH
def test_ended_twice_keeps_the_first_end(
    world: World, type_: str, period: str, opened: str, done: str
) -> None:
    del opened
    ended(world, type_)
    after = patched(world, type_, status=done)
    assert after[period]["end"][:10] == "2026-01-01"
    assert stored_end(world, type_) == OLD


@BOTH
def test_put_without_an_end_ends_now(
    world: World, type_: str, period: str, opened: str, done: str
) -> None:
    ended(world, type_)
    one = patched(world, type_, status=opened)
    begun = {name: each for name, each in one.get(period, {}).items() if name != "end"}
    without = {name: each for name, each in one.items() if name != period}
    put = {**without, "status": done, **({period: begun} if begun else {})}
    after = world.update("c1", put)
    assert after[period]["end"][:16] == after["meta"]["lastUpdated"][:16]


@BOTH
def test_reopened_and_ended_again_ends_now(
    world: World, type_: str, period: str, opened: str, done: str
) -> None:
    ended(world, type_)
    patched(world, type_, status=opened)
    again = patched(world, type_, status=done)
    assert again[period]["end"][:16] == again["meta"]["lastUpdated"][:16]
    assert stored_end(world, type_) > OLD
