"""Pages by any sort are the whole in order, whatever is stored where a sort value belongs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from bson import Decimal128, Int64, MinKey, ObjectId

from fhir_facade.main import build_registry
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from fhir_facade.store.mongo import MongoStore
from tests.http.serving import all_ids, error, ids, link, matches, pages, serving, settings
from tests.interactions.numbered_tasks import insert_tasks

REGISTRY = build_registry(settings())
SORTS = [
    (each.name, name) for each in REGISTRY for name in sorted(each.params) if each.can_sort_by(name)
]


@pytest.mark.parametrize(("type_", "name"), SORTS)
async def test_every_sort_both_ways_over_dirty_documents(
    smaller_client: httpx.AsyncClient, type_: str, name: str
) -> None:
    unsorted = await all_ids(smaller_client, f"/{type_}?_count=1000")
    for sort in (name, f"-{name}"):
        whole = await all_ids(smaller_client, f"/{type_}?_sort={sort}&_count=1000")
        assert len(whole) == len(set(whole))
        assert set(whole) == set(unsorted)
        assert await all_ids(smaller_client, f"/{type_}?_sort={sort}&_count=29") == whole


@pytest.mark.parametrize(
    "url",
    [
        "Task?_sort=status,-due",
        "Task?_sort=-status,due,-_id",
        "Task?_sort=period,-_lastUpdated,priority,status",
        "Task?_sort=_id,status",
        "Task?_sort=due,due,-due",
        "Goal?_sort=-lifecycle-status,start-date",
        "Communication?_sort=status,-sent",
        "EpisodeOfCare?_sort=-date,due",
        "CarePlan?_sort=status,-date",
        "DocumentReference?_sort=type,-date",
        "DocumentReference?_sort=-_lastUpdated,description",
        "Provenance?_sort=-recorded,_lastUpdated",
        "Observation?_sort=-date,identifier",
    ],
)
async def test_several_keys(smaller_client: httpx.AsyncClient, url: str) -> None:
    whole = await all_ids(smaller_client, f"/{url}&_count=1000")
    assert len(whole) == len(set(whole))
    type_ = url.partition("?")[0]
    assert set(whole) == set(await all_ids(smaller_client, f"/{type_}?_count=1000"))
    assert await all_ids(smaller_client, f"/{url}&_count=31") == whole


@pytest.mark.parametrize(
    ("type_", "sort", "element"),
    [
        ("Task", "authored-on", "authoredOn"),
        ("Task", "modified", "lastModified"),
        ("Communication", "sent", "sent"),
        ("DocumentReference", "date", "date"),
    ],
)
async def test_a_sort_by_date_is_the_order_of_time(
    clean_client: httpx.AsyncClient, type_: str, sort: str, element: str
) -> None:
    for way in (1, -1):
        url = f"/{type_}?_count=1000&_sort={'-' if way < 0 else ''}{sort}"
        found = [each.get(element) for each in matches((await clean_client.get(url)).json())]
        present = [each for each in found if each is not None]
        assert len(present) > 2
        assert present == sorted(present, reverse=way < 0)
        absent = [None] * (len(found) - len(present))
        assert found == (absent + present if way > 0 else present + absent)


MIXED: list[Any] = [
    None,
    "",
    "2026-01-16",
    "2026-01-16T09:30:00",
    "01/16/2026",
    "soon",
    datetime(2026, 1, 16, tzinfo=UTC),
    datetime(2026, 1, 16, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    0,
    -1.5,
    2**40,
    True,
    False,
    ObjectId("0" * 24),
    [],
    [None],
    ["2026-01-16"],
    ["2026-01-16", "2025-01-16"],
    [{"id": "M1"}],
    {},
    {"id": "M1"},
    {"id": ["M1"]},
    {"id": None},
    {"id": {"id": 1}},
    {"id": ObjectId("1" * 24), "name": "x"},
]


ODD: list[Any] = [float("nan"), float("inf"), [[1]], [[]], Decimal128("1.10"), MinKey(), Int64(9)]
"""What the tests' substitute for MongoDB cannot hold; tools/mongo/README.md lists it."""


@pytest.mark.parametrize(
    ("field", "sort"),
    [
        ("deadline", "due"),
        ("start_date", "period"),
        ("priority", "priority"),
    ],
)
async def test_any_value_where_a_sort_value_belongs(
    empty_store: Store, field: str, sort: str
) -> None:
    values = MIXED * 2 if isinstance(empty_store, MongoStore) else [*MIXED, *ODD] * 2
    await insert_tasks(empty_store, values, field)
    async with serving(empty_store) as asking:
        for way in ("", "-"):
            whole = await all_ids(asking, f"/Task?_sort={way}{sort}")
            assert sorted(whole) == [f"Task/t{number:02}" for number in range(len(values))]
            for count in (2,) if isinstance(empty_store, MongoStore) else (1, 2, 7):
                url = f"/Task?_sort={way}{sort}&_count={count}"
                assert await all_ids(asking, url) == whole


async def test_equal_sort_values_are_told_apart_by_id(empty_store: Store) -> None:
    await insert_tasks(empty_store, ["2026-01-16"] * 9)
    expected = [f"Task/t{number:02}" for number in range(9)]
    async with serving(empty_store) as asking:
        assert await all_ids(asking, "/Task?_sort=due&_count=2") == expected
        assert sorted(await all_ids(asking, "/Task?_sort=-due&_count=2")) == expected


async def test_a_long_sort_value_makes_no_link_that_is_too_long(sqlite_store: Store) -> None:
    await insert_tasks(sqlite_store, [f"{'x' * 20_000}{n}" for n in range(4)], "priority")
    async with serving(sqlite_store) as asking:
        for sort in ("priority", "-priority", "priority,due"):
            found = await all_ids(asking, f"/Task?_sort={sort}&_count=1")
            assert sorted(found) == [f"Task/t{number:02}" for number in range(4)]


@pytest.mark.parametrize("sort", ["type", "-type,date"])
async def test_a_long_sort_value_of_an_embedded_record(sqlite_store: Store, sort: str) -> None:
    documents = [{"document_id": f"d{n}", "document_type": "x" * 20_000} for n in range(5)]
    case = {"_id": "c", "status": {"state": "active"}, "subject": "M1", "documents": documents}
    await sqlite_store.insert("patient_case", [case])
    async with serving(sqlite_store) as asking:
        found = await all_ids(asking, f"/DocumentReference?_sort={sort}&_count=2")
        assert sorted(found) == [f"DocumentReference/d{n}" for n in range(5)]
        first = (await asking.get(f"/DocumentReference?_sort={sort}&_count=2")).json()
        (old,) = await sqlite_store.get("patient_case", ["c"])
        assert await sqlite_store.replace("patient_case", old, {**decode(old), "documents": []})
        after = await asking.get(link(first, "next") or "")
        assert after.status_code in (200, 400)  # its place is gone: said, or passed over


async def test_previous_with_long_sort_values(sqlite_store: Store) -> None:
    await insert_tasks(sqlite_store, [f"{'x' * 20_000}{n}" for n in range(6)], "priority")
    async with serving(sqlite_store) as asking:
        forth = await pages(asking, "/Task?_sort=priority&_count=2")
        before = link(forth[2], "previous")
        assert before is not None
        assert ids((await asking.get(before)).json()) == ids(forth[1])


async def test_more_embedded_matches_than_are_sorted(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_facade.interactions.runs.MAX_SORTED", 3)
    documents = [{"document_id": f"d{n}", "updated_on": f"2026-01-0{n + 1}"} for n in range(4)]
    case = {"_id": "c", "status": {"state": "active"}, "subject": "M1", "documents": documents}
    await sqlite_store.insert("patient_case", [case])
    async with serving(sqlite_store) as asking:
        refused = await asking.get("/DocumentReference?_sort=date")
        assert refused.status_code == 422
        assert refused.json() == error(
            "too-costly",
            "More than 3 matches would have to be sorted; add a patient or a date, "
            "or leave out _sort.",
        )
        assert len(await all_ids(asking, "/DocumentReference?_count=1")) == 4
        found = await all_ids(asking, "/DocumentReference?_sort=-date&date=ge2026-01-02&_count=1")
        assert found == [f"DocumentReference/d{n}" for n in (3, 2, 1)]
