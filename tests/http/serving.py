"""An application on a store, spoken to without a socket, and what the tests read of its answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI

from fhir_facade.main import create_app
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store

HOST = "http://fhir.test"
BASE = f"{HOST}/fhir"

Json = dict[str, Any]


def settings(**given: Any) -> Settings:
    """Settings that no `.env` of the folder changes, with page links that stay readable."""
    return Settings(_env_file=None, **{"cursor_secret": "for the tests", **given})


def asking(app: FastAPI, base_url: str = BASE) -> httpx.AsyncClient:
    """A client that asks an application below its FHIR base."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base_url)


@asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Run the application's start and end around a client of it."""
    async with app.router.lifespan_context(app), asking(app) as client:
        yield client


@asynccontextmanager
async def serving(store: Store, **given: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application on a store."""
    async with started(create_app(settings(**given), store)) as client:
        yield client


async def raw_get(client: httpx.AsyncClient, target: str) -> httpx.Response:
    """GET a path and query below the base exactly as written, nothing of it re-encoded."""
    path = urlsplit(str(client.base_url)).path.rstrip("/")
    url = client.base_url.copy_with(raw_path=f"{path}/{target}".encode("latin-1"))
    return await client.get(url)


def ids(bundle: Json) -> list[str]:
    """The matches of a searchset, `Type/id`, in order."""
    return [f"{each['resourceType']}/{each['id']}" for each in matches(bundle)]


def matches(bundle: Json) -> list[Json]:
    return [
        entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"
    ]


def outcomes(bundle: Json) -> list[Json]:
    """The issues a searchset mentions."""
    return [
        issue
        for entry in bundle.get("entry", ())
        if entry["search"]["mode"] == "outcome"
        for issue in entry["resource"]["issue"]
    ]


def link(bundle: Json, relation: str) -> str | None:
    """A link of a Bundle, None where it has none of that relation."""
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), None)


async def pages(client: httpx.AsyncClient, url: str) -> list[Json]:
    """The first page and every one that `next` leads to."""
    found = []
    following: str | None = url
    while following is not None:
        response = await client.get(following)
        assert response.status_code == 200, response.text
        found.append(response.json())
        following = link(found[-1], "next")
        assert len(found) < 2000, "the pages do not end"
    return found


async def all_ids(client: httpx.AsyncClient, url: str) -> list[str]:
    return [each for page in await pages(client, url) for each in ids(page)]


def error(code: str, diagnostics: str, expression: str | None = None) -> Json:
    """The OperationOutcome of one error."""
    issue: Json = {"severity": "error", "code": code, "diagnostics": diagnostics}
    if expression is not None:
        issue["expression"] = [expression]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def the_issue(response: httpx.Response) -> Json:
    """The single issue of an answer that is an OperationOutcome."""
    assert response.headers["content-type"] == "application/fhir+json; charset=utf-8"
    body = json.loads(response.content)
    assert body["resourceType"] == "OperationOutcome"
    (issue,) = body["issue"]
    return dict(issue)
