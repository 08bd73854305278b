"""One store of each kind, opened empty for a test and closed after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fhir_facade.store import open_store
from fhir_facade.store.base import Store


@pytest.fixture
async def sqlite_file_store(tmp_path: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    await store.close()


@pytest.fixture
async def sqlite_memory_store() -> AsyncIterator[Store]:
    store = open_store("sqlite://:memory:")
    yield store
    await store.close()


@pytest.fixture
async def mongo_pymongo_store(mongo_database: str) -> AsyncIterator[Store]:
    store = open_store(mongo_database)
    yield store
    await store.close()


@pytest.fixture
async def mongo_motor_store(mongo_database: str) -> AsyncIterator[Store]:
    pytest.importorskip("motor")
    store = open_store(mongo_database, mongo_driver="motor")
    yield store
    await store.close()
