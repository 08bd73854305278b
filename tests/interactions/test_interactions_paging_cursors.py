"""A page link is signed, and belongs to one search of one server."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import Json, all_ids, error, ids, link, serving

BAD_CURSOR = error(
    "invalid", "The page link was changed or is of another search; start again without _cursor."
)


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
