"""Following `next` visits every match once, in order, from any `_count` and by any sort."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from bson import Decimal128, Int64, MinKey, ObjectId

from fhir_facade.main import build_registry
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from fhir_facade.store.mongo import MongoStore
from tests.http.serving import (
    Json,
    all_ids,
    error,
    ids,
    link,
    matches,
    outcomes,
    pages,
    serving,
    settings,
)

REGISTRY = build_registry(settings())
TYPES = [each.name for each in REGISTRY]
SORTS = [
    (each.name, name) for each in REGISTRY for name in sorted(each.params) if each.can_sort_by(name)
]
BAD_CURSOR = error(
    "invalid", "The page link was changed or is of another search; start again without _cursor."
)


@pytest.mark.parametrize("type_", [*(each for each in TYPES if each != "AuditEvent"), "Case"])
@pytest.mark.parametrize("count", [1, 7, 50, 1000])
async def test_pages_of_any_size_are_the_whole_in_order(
    clean_client: httpx.AsyncClient, type_: str, count: int
) -> None:
    whole = await clean_client.get(f"/{type_}?_count=1000&_total=accurate")
    expected = ids(whole.json())
    assert len(expected) == len(set(expected)) == whole.json()["total"] > 0
    if type_ == "Case" and count == 1:
        count = 3
    found = await pages(clean_client, f"/{type_}?_count={count}")
    assert [each for page in found for each in ids(page)] == expected
    assert all(len(ids(page)) == count for page in found[:-1])
    assert ids(found[-1])


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


async def _insert(store: Store, values: list[Any], field: str = "deadline") -> None:
    documents = [
        {"_id": f"t{number:02}", "type": "task", "status": "Ready", field: value}
        for number, value in enumerate(values)
    ]
    assert not await store.insert("work_queue", documents)


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
    await _insert(empty_store, values, field)
    async with serving(empty_store) as asking:
        for way in ("", "-"):
            whole = await all_ids(asking, f"/Task?_sort={way}{sort}")
            assert sorted(whole) == [f"Task/t{number:02}" for number in range(len(values))]
            for count in (2,) if isinstance(empty_store, MongoStore) else (1, 2, 7):
                url = f"/Task?_sort={way}{sort}&_count={count}"
                assert await all_ids(asking, url) == whole


async def test_equal_sort_values_are_told_apart_by_id(empty_store: Store) -> None:
    await _insert(empty_store, ["2026-01-16"] * 9)
    expected = [f"Task/t{number:02}" for number in range(9)]
    async with serving(empty_store) as asking:
        assert await all_ids(asking, "/Task?_sort=due&_count=2") == expected
        assert sorted(await all_ids(asking, "/Task?_sort=-due&_count=2")) == expected


async def test_a_long_sort_value_makes_no_link_that_is_too_long(sqlite_store: Store) -> None:
    await _insert(sqlite_store, [f"{'x' * 20_000}{n}" for n in range(4)], "priority")
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
    await _insert(sqlite_store, [f"{'x' * 20_000}{n}" for n in range(6)], "priority")
    async with serving(sqlite_store) as asking:
        forth = await pages(asking, "/Task?_sort=priority&_count=2")
        before = link(forth[2], "previous")
        assert before is not None
        assert ids((await asking.get(before)).json()) == ids(forth[1])


@pytest.mark.parametrize("type_", ["Case", "Bundle"])
async def test_a_page_holds_so_many_whole_cases(sqlite_store: Store, type_: str) -> None:
    cases = [
        {"_id": f"c{number:02}", "status": {"state": "active"}, "subject": "M1"}
        for number in range(60)
    ]
    assert not await sqlite_store.insert("patient_case", cases)
    async with serving(sqlite_store) as asking:
        for asked, held in ((49, [49, 11]), (50, [50, 10]), (51, [50, 10]), (1000, [50, 10])):
            found = await pages(asking, f"/{type_}?_count={asked}")
            assert [len(ids(page)) for page in found] == held
            assert f"_count={held[0]}" in (link(found[0], "self") or "")
        assert len(ids((await asking.get("/EpisodeOfCare?_count=1000")).json())) == 60


async def test_nothing_is_left_before_a_page(sqlite_store: Store) -> None:
    await _insert(sqlite_store, ["2026-01-16"] * 4)
    async with serving(sqlite_store) as asking:
        _, second = await pages(asking, "/Task?_count=2")
        for id in ("t00", "t01"):
            (old,) = await sqlite_store.get("work_queue", [id])
            await sqlite_store.replace("work_queue", old, {**decode(old), "is_deleted": True})
        before = (await asking.get(link(second, "previous") or "")).json()
        assert ids(before) == []
        assert link(before, "previous") is None
        beginning = (await asking.get(link(before, "next") or "")).json()
        assert ids(beginning) == ids(second)
        assert link(beginning, "previous") is None


async def test_pages_that_hold_nothing_servable_are_passed_over(sqlite_store: Store) -> None:
    documents = [
        {"_id": f"t{n:03}", "type": "task", "status": "Ready" if n % 50 == 49 else "Parked"}
        for n in range(200)
    ]
    await sqlite_store.insert("work_queue", documents)
    async with serving(sqlite_store) as asking:
        found = await pages(asking, "/Task?_count=1")
        expected = ["Task/t049", "Task/t099", "Task/t149", "Task/t199"]
        assert [each for page in found for each in ids(page)] == expected
        told = [int(issue["diagnostics"].split(": ")[1].split(".")[0]) for page in found
                for issue in outcomes(page)]  # fmt: skip
        assert sum(told) == 196


PREVIOUS = (
    "Task?_count=10",
    "Task?_count=10&_sort=-due",
    "Task?_count=13&_sort=status,-authored-on",
    "Flag?_count=3&_sort=_lastUpdated",
    "EpisodeOfCare?_count=2&_sort=-date",
    "Case?_count=3",
)


@pytest.mark.parametrize("url", PREVIOUS)
async def test_previous_leads_back_to_the_same_pages(
    clean_client: httpx.AsyncClient, url: str
) -> None:
    forth = await pages(clean_client, f"/{url}")
    assert len(forth) > 2
    assert link(forth[0], "previous") is None
    back = [forth[-1]]
    while (before := link(back[-1], "previous")) is not None:
        back.append((await clean_client.get(before)).json())
        assert len(back) <= len(forth)
    assert [ids(page) for page in reversed(back)] == [ids(page) for page in forth]
    onwards = link(back[-1], "next")
    assert onwards is not None
    assert ids((await clean_client.get(onwards)).json()) == ids(forth[1])


@pytest.mark.parametrize("sort", ["_lastUpdated", "-due", "status", "-priority,identifier"])
async def test_previous_over_dirty_documents_loses_nothing(
    dirty_client: httpx.AsyncClient, sort: str
) -> None:
    forth = await pages(dirty_client, f"/Task?_count=40&_sort={sort}")
    whole = [each for page in forth for each in ids(page)]
    for page in forth[1:]:
        before = link(page, "previous")
        if before is None:
            continue
        found = ids((await dirty_client.get(before)).json())
        first = whole.index(ids(page)[0])
        assert found == whole[max(0, first - 40) : first]


class TestWriters:
    """Somebody else changes documents while a client goes from page to page."""

    async def _write(self, store: Store, id: str, **change: Any) -> None:
        (old,) = await store.get("work_queue", [id])
        assert await store.replace("work_queue", old, {**decode(old), **change})

    @pytest.mark.parametrize("sort", ["", "&_sort=due", "&_sort=-due,status"])
    async def test_changes_on_other_pages_repeat_and_hide_nothing(
        self, empty_store: Store, sort: str
    ) -> None:
        days = [datetime(2026, 1, 1 + number // 3, tzinfo=UTC) for number in range(30)]
        await _insert(empty_store, list(days))
        async with serving(empty_store) as asking:
            expected = await all_ids(asking, f"/Task?_count=100{sort}")
            found: list[str] = []
            following: str | None = f"/Task?_count=4{sort}"
            while following is not None:
                bundle = (await asking.get(following)).json()
                found += ids(bundle)
                following = link(bundle, "next")
                for id in (expected[0], expected[-1], found[-1]):
                    await self._write(
                        empty_store, id.partition("/")[2], message=f"seen {len(found)}"
                    )
        assert found == expected

    async def test_what_leaves_the_search_behind_a_page_moves_nothing(
        self, empty_store: Store
    ) -> None:
        await _insert(empty_store, [f"2026-01-{day:02}" for day in range(1, 21)])
        async with serving(empty_store) as asking:
            expected = await all_ids(asking, "/Task?_sort=due&_count=100")
            found: list[str] = []
            following: str | None = "/Task?_sort=due&_count=3"
            while following is not None:
                bundle = (await asking.get(following)).json()
                found += ids(bundle)
                following = link(bundle, "next")
                # the very document whose place the link remembers goes away
                await self._write(empty_store, found[-1].partition("/")[2], is_deleted=True)
        assert found == expected

    @pytest.mark.parametrize("sort", ["", "&_sort=-date"])
    async def test_embedded_records_while_their_documents_change(
        self, empty_store: Store, sort: str
    ) -> None:
        cases = [
            {
                "_id": f"c{case:02}",
                "status": {"state": "active"},
                "subject": {"id": "M1"},
                "documents": [
                    {"document_id": f"d{case:02}-{place}", "updated_on": f"2026-01-{1 + case:02}"}
                    for place in range(3)
                ],
            }
            for case in range(12)
        ]
        await empty_store.insert("patient_case", cases)
        async with serving(empty_store) as asking:
            expected = await all_ids(asking, f"/DocumentReference?_count=100{sort}")
            assert len(expected) == 36
            found: list[str] = []
            following: str | None = f"/DocumentReference?_count=4{sort}"
            while following is not None:
                bundle = (await asking.get(following)).json()
                found += ids(bundle)
                following = link(bundle, "next")
                for case in ("c00", "c11"):
                    (old,) = await empty_store.get("patient_case", [case])
                    new = {**decode(old), "name": f"seen {len(found)}"}
                    assert await empty_store.replace("patient_case", old, new)
        assert found == expected


class TestCursors:
    """A page link is signed, and belongs to one search."""

    async def _next(self, client: httpx.AsyncClient, query: str) -> tuple[str, str]:
        bundle: Json = (await client.get(f"/Task?{query}")).json()
        url = link(bundle, "next")
        assert url is not None
        return url, url.partition("_cursor=")[2]

    async def test_a_changed_cursor_is_refused(self, clean_client: httpx.AsyncClient) -> None:
        _, cursor = await self._next(clean_client, "_count=1")
        for place in range(0, len(cursor), 5):
            other = "A" if cursor[place] != "A" else "B"
            changed = f"{cursor[:place]}{other}{cursor[place + 1 :]}"
            if place == len(cursor) - 1:
                continue  # its last bits may be padding
            response = await clean_client.get("/Task", params={"_count": 1, "_cursor": changed})
            assert response.status_code == 400
            assert response.json() == BAD_CURSOR

    @pytest.mark.parametrize(
        "change",
        ["{cut_end}", "{cut_start}", "{all}AAAA", "{all} ", ".{all}", "{all}.", "{all}{all}"],
    )
    async def test_a_cut_or_longer_cursor_is_refused(
        self, clean_client: httpx.AsyncClient, change: str
    ) -> None:
        _, cursor = await self._next(clean_client, "_count=1")
        changed = change.format(all=cursor, cut_end=cursor[:-4], cut_start=cursor[4:])
        query = urlencode({"_count": 1, "_cursor": changed})
        response = await clean_client.get(f"/Task?{query}")
        assert response.status_code == 400
        assert response.json() == BAD_CURSOR

    @pytest.mark.parametrize(
        "foreign",
        [
            "/Task?_sort=-due",
            "/Task?_sort=due&status=ready",
            "/Task?status=ready,completed",
            "/Goal?_sort=_lastUpdated",
            "/Goal?",
            "/Task?_tag=hidden",
        ],
    )
    async def test_a_cursor_of_another_search_is_refused(
        self, clean_client: httpx.AsyncClient, foreign: str
    ) -> None:
        _, cursor = await self._next(clean_client, "_count=1&_sort=due")
        response = await clean_client.get(f"{foreign}&_cursor={cursor}")
        assert response.status_code == 400
        assert response.json() == BAD_CURSOR

    async def test_a_cursor_of_another_server_is_refused(
        self, clean_client: httpx.AsyncClient, clean_store: Store
    ) -> None:
        url, _ = await self._next(clean_client, "_count=1")
        async with serving(clean_store, cursor_secret="another") as other:
            assert (await other.get(url)).status_code == 400
        async with serving(clean_store) as same:
            assert (await same.get(url)).status_code == 200

    async def test_a_page_may_be_asked_for_in_another_shape(
        self, clean_client: httpx.AsyncClient
    ) -> None:
        _, cursor = await self._next(clean_client, "_count=2")
        whole = await all_ids(clean_client, "/Task?_count=1000")
        response = await clean_client.get(f"/Task?_count=5&_pretty=true&_cursor={cursor}")
        assert ids(response.json()) == whole[2:7]

    async def test_a_page_by_post(self, clean_client: httpx.AsyncClient) -> None:
        url, cursor = await self._next(clean_client, "_count=2")
        posted = await clean_client.post("/Task/_search", data={"_count": "2", "_cursor": cursor})
        assert posted.content == (await clean_client.get(url)).content

    async def test_the_self_link_of_a_page_is_that_page(
        self, clean_client: httpx.AsyncClient
    ) -> None:
        url, _ = await self._next(clean_client, "_count=2&_sort=-due")
        bundle = (await clean_client.get(url)).json()
        again = link(bundle, "self")
        assert again is not None
        assert (await clean_client.get(again)).json() == bundle

    async def test_an_invented_cursor_names_no_stored_value(
        self, clean_client: httpx.AsyncClient
    ) -> None:
        response = await clean_client.get("/Task", params={"_cursor": "SECRET"})
        assert response.status_code == 400
        assert "SECRET" not in response.text


class TestTotals:
    @pytest.mark.parametrize("url", ["Task", "DocumentReference", "Provenance", "Case"])
    async def test_a_total_only_where_it_is_cheap_or_asked_for(
        self, clean_client: httpx.AsyncClient, url: str
    ) -> None:
        part = (await clean_client.get(f"/{url}?_count=1")).json()
        assert "total" not in part
        whole = (await clean_client.get(f"/{url}?_count=1000")).json()
        assert whole["total"] == len(ids(whole))
        for total in ("accurate", "estimate"):
            asked = await pages(clean_client, f"/{url}?_count=11&_total={total}")
            assert {page["total"] for page in asked} == {whole["total"]}

    @pytest.mark.parametrize("query", ["_summary=count", "_count=0"])
    async def test_a_count_has_no_entries_and_no_pages(
        self, clean_client: httpx.AsyncClient, query: str
    ) -> None:
        bundle = (await clean_client.get(f"/Task?{query}")).json()
        assert bundle["total"] > 0
        assert "entry" not in bundle
        assert [each["relation"] for each in bundle["link"]] == ["self"]

    async def test_nothing_found(self, clean_client: httpx.AsyncClient) -> None:
        bundle = (await clean_client.get("/Task?patient=nobody")).json()
        assert bundle == {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": 0,
            "link": [{"relation": "self", "url": "http://fhir.test/fhir/Task?patient=nobody"}],
        }


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
