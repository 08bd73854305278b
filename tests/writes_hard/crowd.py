"""Many clients at once, of one or several applications on one store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx

from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.serving import serving

T = TypeVar("T")

AGAIN = (409, 412)
"""What a client answers by reading again and trying again."""


@dataclass(frozen=True)
class Crowd:
    """Clients of two applications on one store, and a way to the store that is nobody's."""

    clients: list[httpx.AsyncClient]
    beside: Store
    many: int = 64
    """How many may write to one document at once and still be done in a few seconds."""

    def of(self, number: int) -> httpx.AsyncClient:
        """The client with a number: the applications in turn."""
        return self.clients[number % len(self.clients)]

    @property
    def first(self) -> httpx.AsyncClient:
        return self.clients[0]


@asynccontextmanager
async def crowd(url: str) -> AsyncIterator[Crowd]:
    async with AsyncExitStack() as stack:
        stores = [open_store(url) for _ in range(3)]
        for store in stores:
            stack.push_async_callback(store.close)
        await stores[0].ping()
        clients = [await stack.enter_async_context(serving(each)) for each in stores[:2]]
        yield Crowd(clients, stores[2], 24 if url.startswith("mongodb") else 64)


async def all_at_once(
    number: int, work: Callable[[int], Awaitable[T]], seconds: float = 60
) -> list[T]:
    """Do the same many times at once; the results are in order."""
    async with asyncio.timeout(seconds):
        return list(await asyncio.gather(*(work(each) for each in range(number))))


def statuses(responses: Iterable[httpx.Response]) -> dict[int, int]:
    """How often each status was answered."""
    found: dict[int, int] = {}
    for each in responses:
        found[each.status_code] = found.get(each.status_code, 0) + 1
    return found


async def until_done(
    write: Callable[[], Awaitable[httpx.Response]], attempts: int = 2000
) -> httpx.Response:
    """Repeat a write that others got in the way of."""
    for _ in range(attempts):
        response = await write()
        if response.status_code not in AGAIN:
            assert response.is_success, response.text
            return response
        await asyncio.sleep(random.uniform(0, 0.3))
    raise AssertionError("it never came to its turn")
