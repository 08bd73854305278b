"""A server in this process on an empty store, asked from tests that are not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import httpx

from fhir_facade.main import create_app
from fhir_facade.store import open_store
from fhir_facade.store.codec import decode
from tests.http.serving import settings, started
from tests.writing.exact_json import Json, read, write

FHIR = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"


class World:
    """A client and the store behind the server."""

    def __init__(self, url: str = "sqlite:///:memory:", **given: Any) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.store = open_store(url)
        app = create_app(settings(**given), self.store)
        self.client = self.run(self._stack.enter_async_context(started(app)))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self.run(self.store.close())
        self._runner.close()

    def ask(self, method: str, url: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a request; header names are written with `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return self.run(self.client.request(method, url, headers=given))
        given = {"content-type": FHIR, **given}
        return self.run(
            self.client.request(method, url, content=write(body).encode(), headers=given)
        )

    def create(self, resource: Json) -> Json:
        """POST, and return the resource as it is read then."""
        response = self.ask("POST", f"/{resource['resourceType']}", resource)
        assert response.status_code == 201, f"{write(resource)}\n{response.text}"
        return self.read(resource["resourceType"], response.headers["location"].split("/")[-3])

    def update(self, id: str, resource: Json) -> Json:
        """PUT, and return the resource as it is read then."""
        type_ = resource["resourceType"]
        response = self.ask("PUT", f"/{type_}/{id}", {**resource, "id": id})
        assert response.status_code == 200, f"{write(resource)}\n{response.text}"
        return self.read(type_, id)

    def patch(self, type_: str, id: str, body: Any, content_type: str) -> Json:
        """PATCH, and return the resource as it is read then."""
        response = self.ask("PATCH", f"/{type_}/{id}", body, content_type=content_type)
        assert response.status_code == 200, f"{write(body)}\n{response.text}"
        return self.read(type_, id)

    def read(self, type_: str, id: str) -> Json:
        response = self.ask("GET", f"/{type_}/{id}")
        assert response.status_code == 200, response.text
        found: Json = read(response.content)
        return found

    def etag(self, type_: str, id: str) -> str:
        return str(self.ask("GET", f"/{type_}/{id}").headers["etag"])

    def found(self, query: str) -> list[str]:
        """The ids of what a search matches, sorted."""
        response = self.ask("GET", f"/{query}")
        assert response.status_code == 200, f"{query}: {response.text}"
        entries = response.json().get("entry", [])
        return sorted(
            each["resource"]["id"] for each in entries if each["search"]["mode"] == "match"
        )

    def documents(self, collection: str) -> list[Json]:
        """Every stored document of a collection."""

        async def scanned() -> list[Json]:
            return [decode(each) async for some in self.store.scan(collection) for each in some]

        return self.run(scanned())

    def stored(self, collection: str, id: Any) -> Json:
        (raw,) = self.run(self.store.get(collection, [id]))
        return decode(raw)

    def insert(self, collection: str, *documents: Json) -> None:
        assert not self.run(self.store.insert(collection, list(documents)))

    def overwrite(self, collection: str, document: Json) -> None:
        """Replace a document as other software would."""
        (raw,) = self.run(self.store.get(collection, [document["_id"]]))
        assert self.run(self.store.replace(collection, raw, document))


@contextmanager
def new_world(url: str = "sqlite:///:memory:", **given: Any) -> Iterator[World]:
    world = World(url, **given)
    try:
        yield world
    finally:
        world.close()
