"""Applications with pages, on prepared stores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from fhir_facade.store.base import Store
from tests.http.serving import asking
from tests.web.fronts import BROWSER, HOST, paged


@pytest.fixture
def web_app(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The application on eight members' documents, with its pages."""
    return paged(clean_store, monkeypatch)


@pytest.fixture
async def browser(web_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that asks as a browser does."""
    async with asking(web_app, HOST) as client:
        client.headers["Accept"] = BROWSER
        del client.headers["Accept-Encoding"]
        yield client


@pytest.fixture
async def program(web_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that asks as a program does."""
    async with asking(web_app, HOST) as client:
        yield client
