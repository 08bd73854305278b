"""Following `next` visits every match once, from any `_count`; `previous` leads back."""

from __future__ import annotations

import httpx
import pytest

from fhir_facade.main import build_registry
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import ids, link, outcomes, pages, serving, settings
from tests.interactions.numbered_tasks import insert_tasks

REGISTRY = build_registry(settings())
TYPES = [each.name for each in REGISTRY]


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
    await insert_tasks(sqlite_store, ["2026-01-16"] * 4)
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
