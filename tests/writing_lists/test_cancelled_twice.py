"""A write that is cancelled again while it is undone takes no later write with it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from fhir_facade.store import open_store
from fhir_facade.store.codec import decode


async def test_what_was_acknowledged_after_a_second_cancel_is_there(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")

    async def unit(number: int) -> None:
        async with store.unit_of_work():
            await store.insert("a", [{"_id": f"x{number}"}])
            await asyncio.sleep(0.001)
            await store.insert("a", [{"_id": f"y{number}"}])

    for number in range(60):
        task = asyncio.create_task(unit(number))
        await asyncio.sleep(0.0005 * (number % 8))
        task.cancel()
        for _ in range(number % 4):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert not await store.insert("a", [{"_id": f"z{number}"}])
    found = {decode(each)["_id"] for each in await store.find("a", {}, limit=10_000)}
    assert {f"z{number}" for number in range(60)} <= found
    assert [n for n in range(60) if (f"x{n}" in found) != (f"y{n}" in found)] == []
    await store.close()
