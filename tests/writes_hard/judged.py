"""Whether an answer to an odd request is one that a client can live with."""

from __future__ import annotations

import json
import logging
from importlib import import_module
from typing import Any

import httpx
from pydantic import ValidationError

from fhir_facade.store.base import Store
from tests.http.serving import BASE
from tests.writes_hard.fuzz import MARKER, Fuzzer, Request
from tests.writes_hard.kit import contents, made, url_of

REFUSALS = frozenset({400, 404, 405, 406, 409, 410, 412, 413, 415, 422})


async def ask(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    return await client.request(
        request.method, request.url, content=request.body, headers=request.headers
    )


def model_problems(resource: Any) -> list[str]:
    """What the R4B model finds wrong with a resource."""
    name = resource["resourceType"]
    model = getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    try:
        model.model_validate(resource)
    except ValidationError as error:
        return [f"{each['loc']}: {each['msg']}" for each in error.errors()]
    return []


def outcome_problem(response: httpx.Response, markers: bool = True) -> str | None:
    """What is wrong with the OperationOutcome of a refusal."""
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        return "no JSON"
    if not isinstance(body, dict) or body.get("resourceType") != "OperationOutcome":
        return "no OperationOutcome"
    if wrong := model_problems(body):
        return f"the OperationOutcome is not valid: {wrong}"
    if markers and MARKER in response.text:
        return "the OperationOutcome quotes what was sent"
    if response.headers["content-type"] != "application/fhir+json; charset=utf-8":
        return "the content type is another"
    return None


async def problem(client: httpx.AsyncClient, store: Store, request: Request) -> str | None:
    """Send a request and say what is wrong with the answer, or with the store after it."""
    before = await contents(store)
    response = await ask(client, request)
    status = response.status_code
    if status >= 400:
        if status not in REFUSALS:
            return f"status {status}"
        quotes = MARKER in request.url or MARKER in str(request.headers)
        if wrong := outcome_problem(response, markers=not quotes):
            return f"{status}: {wrong}"
        if await contents(store) != before:
            return f"{status}: the store was changed"
        return None
    return await _accepted(client, response)


async def _accepted(client: httpx.AsyncClient, response: httpx.Response) -> str | None:
    where = response.headers.get("location") or response.headers.get("content-location")
    if response.status_code == 204 or where is None:
        return None
    url = where.removeprefix(BASE).partition("/_history")[0]
    read = await client.get(url)
    if read.status_code != 200:
        return f"{response.status_code}: reading it answers {read.status_code}"
    if read.headers["etag"] != response.headers["etag"]:
        return f"{response.status_code}: it is read in another version"
    if wrong := model_problems(read.json()):
        return f"{response.status_code}: what is served is not valid: {wrong[:3]}"
    return None


async def fuzzed(
    client: httpx.AsyncClient, store: Store, seed: int, samples: list[Any], number: int
) -> list[str]:
    """Send a number of odd requests; return what went wrong, with enough to repeat it."""
    there = [await made(client, each) for each in samples]
    fuzzer = Fuzzer(seed, samples, there)
    found = []
    for place in range(number):
        request = fuzzer.request()
        if wrong := await problem(client, store, request):
            shown = (request.body or b"")[:3000]
            found.append(f"{seed}/{place} {request.method} {request.url} {wrong}\n{shown!r}")
        if place % 40 == 39:
            await _restore(client, there)
    return found


async def _restore(client: httpx.AsyncClient, there: list[Any]) -> None:
    """Put back what the requests changed or deleted."""
    for each in there:
        await client.put(url_of(each), json=each)


def quoted(records: list[logging.LogRecord]) -> list[str]:
    """The log lines that hold what was sent."""
    lines = [f"{each.name}: {each.getMessage()} {each.exc_text or ''}" for each in records]
    return [line for line in lines if MARKER in line]
