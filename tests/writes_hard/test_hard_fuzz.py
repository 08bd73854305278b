"""Thousands of odd requests: each is refused with reason and leaves no trace, or is read back.

A failure names its seed and place; `fuzzed` repeats it.
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.serving import serving
from tests.writes_hard.judged import fuzzed
from tests.writes_hard.kit import communication, made, task
from tests.writes_hard.samples import documents, official, rich

REQUESTS = 120


async def _problems(store: Store, seed: int, samples: Any, **settings: Any) -> str:
    async with serving(store, **settings) as client:
        parent = await made(client, communication(subject=None, sent=None))
        found = await fuzzed(client, store, seed, samples(parent["id"]), REQUESTS)
    return "\n\n".join(found)


@pytest.mark.parametrize("seed", range(8))
async def test_mutations_of_rich_resources(sqlite_store: Store, seed: int) -> None:
    assert not await _problems(sqlite_store, seed, lambda id: rich() + documents(id))


@pytest.mark.parametrize("seed", range(6))
async def test_mutations_of_official_examples(sqlite_store: Store, seed: int) -> None:
    assert not await _problems(sqlite_store, seed, official)


@pytest.mark.parametrize("seed", range(2))
async def test_mutations_where_nothing_is_kept(sqlite_store: Store, seed: int) -> None:
    plain = [task(**{"for": None}), task(priority="stat", **{"for": None})]
    settings = {"unmapped": "refuse", "update_create": True}
    assert not await _problems(sqlite_store, seed, lambda _: plain, **settings)


async def test_mutations_on_mongodb(mongo_database: str) -> None:
    store = open_store(mongo_database)
    try:
        assert not await _problems(store, 20, lambda id: rich() + documents(id))
    finally:
        await store.close()
