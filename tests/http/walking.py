"""A store to walk over, what /metadata declares of it, and one resource of a type."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.asker import PUBLISHED, SERVED
from tests.http.serving import Json, matches

TYPES = (*SERVED, *PUBLISHED, "Bundle")


@asynccontextmanager
async def copied(file: Path, folder: Path) -> AsyncIterator[Store]:
    """A store of clean documents that may be written to."""
    copy = shutil.copy(file, folder / "store.db")
    store = open_store(f"sqlite:///{copy}")
    yield store
    await store.close()


async def statement_of(client: httpx.AsyncClient) -> Json:
    return dict((await client.get("/metadata")).json())


async def declaration(client: httpx.AsyncClient, type_: str) -> Json:
    (rest,) = (await statement_of(client))["rest"]
    (found,) = (each for each in rest["resource"] if each["type"] == type_)
    return dict(found)


async def one_of(client: httpx.AsyncClient, type_: str) -> Json:
    found = matches((await client.get(f"/{type_}?_count=1")).json())
    return found[0] if found else {"resourceType": type_, "id": "nothing"}


def as_new(resource: Json) -> Json:
    """The same as a client would create it: without the server's id, and no duplicate."""
    return {name: each for name, each in resource.items() if name not in ("id", "identifier")}
