"""Clients of the dirty and the clean documents, and what is known of each document."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.serving import serving


@pytest.fixture
async def dirty_client(dirty_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(dirty_store) as client:
        yield client


@pytest.fixture
async def smaller_client(smaller_dirty_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(smaller_dirty_store) as client:
        yield client


@pytest.fixture
async def clean_client(clean_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(clean_store) as client:
        yield client
