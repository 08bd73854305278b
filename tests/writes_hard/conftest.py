"""Clients of an application on an empty store of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import serving


@pytest.fixture
async def client(sqlite_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(sqlite_store) as client:
        yield client


@pytest.fixture
async def creating_client(sqlite_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that lets clients choose ids."""
    async with serving(sqlite_store, update_create=True) as client:
        yield client
