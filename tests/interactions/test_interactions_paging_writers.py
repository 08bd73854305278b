"""Following `next` repeats and hides nothing while somebody else writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import all_ids, ids, link, serving
from tests.interactions.numbered_tasks import insert_tasks


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
        await insert_tasks(empty_store, list(days))
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
        await insert_tasks(empty_store, [f"2026-01-{day:02}" for day in range(1, 21)])
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
