"""Clients of an application on prepared stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson import Decimal128
from fastapi import FastAPI

from fhir_facade.commands.load import load_documents
from fhir_facade.main import create_app
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.declared_documents import Documents, documents, tidied
from tests.http.linked_documents import LINKED
from tests.http.serving import asking, serving, settings

TASK: dict[str, Any] = {
    "_id": "t1",
    "type": "task",
    "status": "Ready",
    "intent": "Order",
    "message": "Call back",
    "subject": {"id": "M1", "name": "Ann"},
    "updated": datetime(2026, 1, 16, 9, 30, 0, 678000, tzinfo=UTC),
}
GOAL: dict[str, Any] = {
    "_id": "g1",
    "type": "goal",
    "name": "Lower A1c",
    "life_cycle_status": "Active",
    "subject": {"id": "M1"},
    "date_start": "2026-01-16",
    "target_measure": {"type": "quantity", "value": {"value": Decimal128("7.10"), "unit": "%"}},
    "updated": datetime(2026, 2, 1, tzinfo=UTC),
}
DELETED = {**TASK, "_id": "gone", "is_deleted": True}
UNSERVABLE = {**TASK, "_id": "stray", "status": "Parked"}
HIDDEN = {**TASK, "_id": "hidden", "is_hidden": True}
SMALL = [TASK, GOAL, DELETED, UNSERVABLE, HIDDEN]


@pytest.fixture
async def small_store(sqlite_store: Store) -> Store:
    """One task, one goal, one deleted, one unservable and one hidden task."""
    assert not await sqlite_store.insert("work_queue", SMALL)
    return sqlite_store


@pytest.fixture(scope="session")
def shared_store() -> Iterator[Store]:
    """The small store's documents, for tests that only read."""
    store = open_store("sqlite:///:memory:")
    asyncio.run(store.insert("work_queue", SMALL))
    yield store
    asyncio.run(store.close())


@pytest.fixture(scope="session")
def shared_app(shared_store: Store) -> FastAPI:
    return create_app(settings(), shared_store)


@pytest.fixture
async def client(shared_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(shared_app) as client:
        yield client


@pytest.fixture
async def lenient_client(shared_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(shared_store, search_handling="lenient") as client:
        yield client


@pytest.fixture(scope="session")
def declared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded store in which every declared search finds something, for reading alone."""
    return _file(tmp_path_factory, documents())


@pytest.fixture(scope="session")
def tidy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, each value in the spelling that sorts compare."""
    return _file(tmp_path_factory, [(name, tidied(each)) for name, each in documents()])


def _file(tmp_path_factory: pytest.TempPathFactory, documents: Documents) -> Path:
    path = tmp_path_factory.mktemp("declared") / "store.db"

    async def fill() -> None:
        store = open_store(f"sqlite:///{path}")
        await load_documents(store, iter(documents))
        await store.close()

    asyncio.run(fill())
    return path


@pytest.fixture
async def tidy_store(tidy_file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{tidy_file}")
    yield store
    await store.close()


@pytest.fixture
async def declared_store(declared_file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{declared_file}")
    yield store
    await store.close()


@pytest.fixture
async def declared_client(declared_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(declared_store) as client:
        yield client


@pytest.fixture(scope="session")
def linked_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded store of a few documents that refer to each other, for reading alone."""
    return _file(tmp_path_factory, LINKED)


@pytest.fixture
async def linked_store(linked_file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{linked_file}")
    yield store
    await store.close()


@pytest.fixture
async def linked_client(linked_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(linked_store) as client:
        yield client
