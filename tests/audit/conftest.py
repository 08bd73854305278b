"""A store of demo data that the tests may write to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from fhir_facade.commands.load import load_documents
from fhir_facade.store import open_store
from fhir_facade.store.base import Store


@pytest.fixture
async def own_store(clean_documents: list[tuple[str, dict[str, Any]]]) -> AsyncIterator[Store]:
    """Eight members' clean documents in a store of the test's own."""
    store = open_store("sqlite:///:memory:")
    await load_documents(store, iter(clean_documents))
    yield store
    await store.close()
