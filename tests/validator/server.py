"""Servers in this process that samples are asked of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.main import build_registry
from fhir_facade.store import open_store
from tests.http.serving import serving, settings
from tests.recorded import recorded
from tests.validator.sample import Json
from tests.writing.exact_json import read, write

FHIR = "application/fhir+json"
MOST_RECORDED = 70
"""Entries of the audit trail: each sort of agent with each sort of request."""


class Asking:
    """A client whose answers are JSON with every digit as it came."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def send(self, method: str, url: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a request; header names are written with `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if body is None or isinstance(body, bytes) else write(body).encode()
        if content is not None:
            given = {"content-type": FHIR, **given}
        return await self.client.request(method, url, content=content, headers=given)

    async def get(self, url: str, **headers: str) -> Json:
        """The body of an answer that is 200."""
        response = await self.send("GET", url, **headers)
        assert response.status_code == 200, f"{url}: {response.text}"
        return dict(read(response.content))

    async def resources(self, url: str) -> AsyncIterator[Json]:
        """Every match of a search, page by page."""
        following: str | None = url
        while following is not None:
            page = await self.get(following)
            for entry in page.get("entry", ()):
                if entry["search"]["mode"] == "match":
                    yield entry["resource"]
            links = {each["relation"]: each["url"] for each in page["link"]}
            following = links.get("next")


@asynccontextmanager
async def demo(members: int, dirty: float = 0.0, **given: Any) -> AsyncIterator[Asking]:
    """A server of synthetic documents, in memory."""
    store = open_store("sqlite:///:memory:")
    documents = list(generate(members, 1, dirty))
    documents += recorded(documents, MOST_RECORDED)
    await load_documents(store, iter(documents))
    await store.ensure_indexes(build_registry(settings(**given)).indexes())
    async with serving(store, **given) as client:
        yield Asking(client)
    await store.close()
