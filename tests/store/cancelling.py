"""Stores of each kind, and ways to cancel the work on them at many moments."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

C = "c"
MOMENTS = 60
SQLITE = ["sqlite file", "sqlite memory"]
KINDS = [*SQLITE, "pymongo", "motor"]


def open_kind(request: pytest.FixtureRequest, kind: str) -> Store:
    if kind == "sqlite file":
        path: Path = request.getfixturevalue("tmp_path")
        return open_store(f"sqlite:///{path / 'store.db'}")
    if kind == "sqlite memory":
        return open_store("sqlite://:memory:")
    if kind == "motor":
        pytest.importorskip("motor")
    return open_store(request.getfixturevalue("mongo_database"), mongo_driver=kind)


async def ids(store: Store) -> set[str]:
    return {decode(data)["_id"] async for batch in store.scan(C) for data in batch}


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def once(task: asyncio.Task[Any], _moment: int) -> None:
    task.cancel()


async def twice(task: asyncio.Task[Any], moment: int) -> None:
    task.cancel()
    await turns(moment % 5)
    task.cancel()


async def at_every_turn(task: asyncio.Task[Any], _moment: int) -> None:
    """Cancel as the cancel scopes of anyio do."""
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


Cancel = Callable[[asyncio.Task[Any], int], Awaitable[None]]


async def cancelled(work: Coroutine[Any, Any, Any], cancel: Cancel, moment: int) -> bool:
    """Start work, cancel it at a moment and say whether it was done before."""
    task = asyncio.create_task(work)
    await turns(moment % 12)
    await asyncio.sleep(0.0002 * (moment // 3) if moment % 3 else 0)
    await cancel(task, moment)
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True


every_cancel = pytest.mark.parametrize("cancel", [once, twice, at_every_turn])
