"""The Server-Timing header, where the settings want it."""

from __future__ import annotations

import re

from fhir_facade.store import open_store
from tests.http.conftest import TASK
from tests.http.serving import serving

_HEADER = re.compile(r"(\w+);dur=(\d+\.\d\d)")


async def test_answers_say_what_took_how_long() -> None:
    store = open_store("sqlite:///:memory:")
    await store.insert("work_queue", [TASK])
    async with serving(store, server_timing=True) as client:
        for target in ("/Task/t1", "/Task/none", "/Task?nonsense=1", "/metadata"):
            response = await client.get(target)
            found = _HEADER.findall(response.headers["server-timing"])
            assert [name for name, _ in found] == ["total", "store", "map", "auth"]
            took = {name: float(shown) for name, shown in found}
            assert took["total"] + 0.01 >= took["store"] + took["map"] + took["auth"]
    await store.close()


async def test_a_batch_has_one_header_and_its_entries_none() -> None:
    store = open_store("sqlite:///:memory:")
    await store.insert("work_queue", [TASK])
    entry = {"request": {"method": "GET", "url": "Task/t1"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry, entry]}
    async with serving(store, server_timing=True) as client:
        response = await client.post("", json=batch)
        assert len(response.headers.get_list("server-timing")) == 1
        assert "dur=" not in response.text
    await store.close()


async def test_nobody_is_told_by_default() -> None:
    store = open_store("sqlite:///:memory:")
    async with serving(store) as client:
        assert "server-timing" not in (await client.get("/metadata")).headers
    await store.close()
