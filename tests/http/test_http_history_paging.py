"""The pages of a history: nothing twice, nothing left out, whatever is written meanwhile."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.interactions import history_rows
from fhir_facade.interactions.history_rows import Kept, Rows
from fhir_facade.search.paging import Cursor
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import BASE, Json, error, link, pages, serving

TASK: Json = {
    "resourceType": "Task",
    "status": "ready",
    "intent": "order",
    "for": {"reference": "Patient/M1"},
}


async def write(client: httpx.AsyncClient, id: str, description: str) -> None:
    resource = {**TASK, "id": id, "description": description}
    response = await client.put(f"/Task/{id}", json=resource)
    assert response.status_code in (200, 201), response.text


async def change(store: Store, key: str, **fields: Any) -> None:
    (raw,) = await store.get("work_queue", [key])
    assert await store.replace("work_queue", raw, {**decode(raw), **fields})


def told(found: list[Json]) -> list[str]:
    """The descriptions of the versions, in order."""
    return [each["resource"]["description"] for page in found for each in page.get("entry", ())]


URLS = ["/Task/a/_history", "/Task/_history", "/_history"]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
async def test_the_pages_hold_every_version_once(empty_store: Store, url: str, count: int) -> None:
    async with serving(empty_store, update_create=True) as client:
        for number in range(7):
            await write(client, "a", f"{number}")
        found = await pages(client, f"{url}?_count={count}")
        assert told(found) == ["6", "5", "4", "3", "2", "1", "0"]
        assert [len(page["entry"]) for page in found[:-1]] == [count] * (len(found) - 1)
        assert len(found) == -(-7 // count)
        assert link(found[0], "self") == f"{BASE}{url}?_count={count}"
        totals = {page.get("total") for page in found}
        assert totals == ({7} if url == URLS[0] or count >= 7 else {None})


@pytest.mark.parametrize("url", URLS)
async def test_a_writer_between_the_pages_moves_nothing(empty_store: Store, url: str) -> None:
    async with serving(empty_store, update_create=True) as client:
        for number in range(6):
            await write(client, "a", f"{number}")
        found = []
        following: str | None = f"{url}?_count=2"
        while following is not None:
            found.append((await client.get(following)).json())
            following = link(found[-1], "next")
            await write(client, "a", f"new {len(found)}")
            await write(client, "b", f"other {len(found)}")
        assert told(found) == ["5", "4", "3", "2", "1", "0"]


async def test_other_softwares_version_stays_first_when_it_is_kept_meanwhile(
    empty_store: Store,
) -> None:
    async with serving(empty_store, update_create=True) as client:
        for number in range(3):
            await write(client, "a", f"{number}")
        await change(empty_store, "a", message="theirs")
        found = [(await client.get("/Task/a/_history?_count=1")).json()]
        await write(client, "a", "ours")  # keeps theirs
        while (following := link(found[-1], "next")) is not None:
            found.append((await client.get(following)).json())
        assert told(found) == ["theirs", "2", "1", "0"]
        assert {page["total"] for page in (found[0], found[2], found[3])} <= {4, 5}
        everything = (await client.get("/Task/a/_history")).json()
        assert sorted(told([everything])) == ["0", "1", "2", "ours", "theirs"]


async def test_no_entries_but_their_number(empty_store: Store) -> None:
    async with serving(empty_store, update_create=True) as client:
        for number in range(3):
            await write(client, "a", f"{number}")
        await change(empty_store, "a", message="theirs")
        for url, total in zip(URLS, (4, 3, 3), strict=True):
            for asked in ("_count=0", "_summary=count"):
                assert (await client.get(f"{url}?{asked}")).json() == {
                    "resourceType": "Bundle",
                    "type": "history",
                    "total": total,
                    "link": [{"relation": "self", "url": f"{BASE}{url}?{asked}"}],
                }
        asked = await client.get("/_history?_count=1&_total=accurate")
        assert asked.json()["total"] == 3
        assert (await client.get("/Task/nothing/_history?_count=0")).status_code == 404


async def test_a_page_link_of_another_history_is_refused(empty_store: Store) -> None:
    async with serving(empty_store, update_create=True) as client:
        for number in range(3):
            await write(client, "a", f"{number}")
            await write(client, "b", f"{number}")
        following = link((await client.get("/Task/a/_history?_count=1")).json(), "next")
        assert following is not None
        token = following.partition("_cursor=")[2]
        text = "The page link was changed or is of another search; start again without _cursor."
        for url in (
            "/Task/b/_history?_count=1",
            "/Task/_history?_count=1",
            "/Task/a/_history?_since=2020-01-01T00:00:00Z",
        ):
            joint = "&" if "?" in url else "?"
            response = await client.get(f"{url}{joint}_cursor={token}")
            assert (response.status_code, response.json()) == (400, error("invalid", text))
        more = await client.get(f"/Task/a/_history?_count=5&_cursor={token}")
        assert told([more.json()]) == ["1", "0"]


async def test_the_limits_of_a_page(empty_store: Store) -> None:
    async with serving(empty_store, update_create=True, default_count=2, max_count=3) as client:
        for number in range(5):
            await write(client, "a", f"{number}")
        assert len((await client.get("/_history")).json()["entry"]) == 2
        most = (await client.get("/_history?_count=999")).json()
        assert len(most["entry"]) == 3
        assert link(most, "self") == f"{BASE}/_history?_count=3"


async def test_a_page_that_looked_at_enough_says_where_to_go_on(
    empty_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what was there when a period began, many versions are none that it asks for."""
    monkeypatch.setattr(history_rows, "_BATCH", 2)
    monkeypatch.setattr(history_rows, "MOST_EXAMINED", 4)
    async with serving(empty_store, update_create=True) as client:
        await write(client, "quiet", "quiet")
        for number in range(9):
            await write(client, "busy", f"{number}")
        found = await pages(client, "/Task/_history?_at=2999")
        assert told(found) == ["8", "quiet"]
        assert len(found) == 3
        total = await client.get("/Task/_history?_at=2999&_total=accurate")
        assert total.json()["total"] == 2


async def test_a_version_that_is_kept_while_the_page_is_read_appears_once(
    empty_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(empty_store, update_create=True) as client:
        await write(client, "a", "0")
        await change(empty_store, "a", message="theirs")
        read = Kept.rows

        async def late(self: Kept, cursor: Cursor | None, wanted: int) -> Rows:
            monkeypatch.setattr(Kept, "rows", read)
            await write(client, "a", "ours")
            return await read(self, cursor, wanted)

        monkeypatch.setattr(Kept, "rows", late)
        bundle = (await client.get("/Task/a/_history")).json()
        assert told([bundle]) == ["ours", "theirs", "0"]
        assert bundle["total"] == 3
