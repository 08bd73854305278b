"""/health/live and /health/ready."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from fhir_facade.http.tools import Check, add_tools
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.serving import HOST, asking, serving, settings
from tests.security.issuer import TestIssuer


def _client(store: Store, *checks: Check) -> httpx.AsyncClient:
    app = FastAPI()
    add_tools(app, store, settings(), checks=checks)
    return asking(app, HOST)


async def test_a_process_that_answers_is_live_and_ready(sqlite_store: Store) -> None:
    async with _client(sqlite_store, Check("audit", lambda: True)) as client:
        for path, status in (("/health/live", "up"), ("/health/ready", "ready")):
            response = await client.get(path)
            assert (response.status_code, response.json()) == (200, {"status": status})
            assert response.headers["cache-control"] == "no-store"


async def test_a_process_whose_store_is_away_is_live_and_not_ready() -> None:
    store = open_store("sqlite:///:memory:")
    await store.close()
    async with _client(store) as client:
        assert (await client.get("/health/live")).status_code == 200
        response = await client.get("/health/ready")
        assert response.status_code == 503
        assert response.json() == {"status": "store unavailable"}
        assert response.headers["retry-after"] == "2"


@pytest.mark.parametrize(
    ("required", "status", "word"), [(False, 200, "degraded"), (True, 503, "not ready")]
)
async def test_an_unwell_part_is_named(
    sqlite_store: Store, required: bool, status: int, word: str
) -> None:
    parts = (
        Check("audit", lambda: False, required),
        Check("issuers", lambda: False),
        Check("other", lambda: True, required=True),
    )
    async with _client(sqlite_store, *parts) as client:
        response = await client.get("/health/ready")
        assert response.status_code == status
        assert response.json() == {"status": word, "unwell": ["audit", "issuers"]}


async def test_a_server_that_knows_no_keys_is_degraded_until_it_does(sqlite_store: Store) -> None:
    with TestIssuer() as issuer:
        known = issuer.issuer(introspection_url=None)
        issuer.down()
        async with serving(sqlite_store, **{**issuer.settings, "issuers": [known]}) as client:
            response = await client.get(f"{HOST}/health/ready")
            assert response.json() == {"status": "degraded", "unwell": ["issuers"]}
            assert response.status_code == 200
        issuer.up()
        async with serving(sqlite_store, **{**issuer.settings, "issuers": [known]}) as client:
            async with asyncio.timeout(30):
                while (await client.get(f"{HOST}/health/ready")).json() != {"status": "ready"}:
                    await asyncio.sleep(0.01)


async def test_a_head_has_the_status_alone(sqlite_store: Store) -> None:
    async with _client(sqlite_store, Check("audit", lambda: False, required=True)) as client:
        for path, status in (("/health/live", 200), ("/health/ready", 503)):
            response = await client.head(path)
            assert (response.status_code, response.content) == (status, b"")
