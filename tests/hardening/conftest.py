"""A server on a few documents, and requests as they arrive at its edge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_facade.http.request import FhirRequest
from fhir_facade.store.base import Store

TASK: dict[str, Any] = {
    "_id": "t1",
    "type": "task",
    "status": "Ready",
    "intent": "Order",
    "message": "Call back",
    "subject": {"id": "M1", "name": "Ann"},
    "updated": datetime(2026, 1, 16, 9, 30, tzinfo=UTC),
}
NEW_TASK = {
    "resourceType": "Task",
    "status": "ready",
    "intent": "order",
    "description": "Call again",
    "for": {"reference": "Patient/M1"},
}


@pytest.fixture
async def small_store(sqlite_store: Store) -> Store:
    """A store of one task."""
    assert not await sqlite_store.insert("work_queue", [TASK])
    return sqlite_store


async def nothing() -> dict[str, Any]:
    """What a request without a body receives."""
    return {"type": "http.request", "body": b""}


def request_of(
    *,
    address: str | None = "127.0.0.1",
    scheme: str = "http",
    base_url: str | None = None,
    **headers: str,
) -> FhirRequest:
    """A GET of /Task from an address, with headers whose names have `_` for `-`."""
    lines = {"host": "localhost:8000", **{key.replace("_", "-"): headers[key] for key in headers}}
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": scheme,
        "path": "/fhir/Task",
        "root_path": "/fhir",
        "query_string": b"",
        "client": None if address is None else (address, 50_000),
        "server": ("127.0.0.1", 8000),
        "headers": [(key.encode(), value.encode()) for key, value in lines.items()],
    }
    return FhirRequest(scope, nothing, base_url)
