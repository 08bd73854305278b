"""Units of work, and another try where another writer was first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

from fhir_facade.errors import Conflict
from fhir_facade.store.base import Overtaken, Store, TransactionsUnsupported

_ATTEMPTS: Final = 12
_LONGEST_PAUSE: Final = 0.2

T = TypeVar("T")


async def attempted(work: Callable[[], Awaitable[T]]) -> T:
    """Do work that may be overtaken, again and again with growing pauses; then raise Conflict."""
    pause = 0.002
    for _ in range(_ATTEMPTS):
        try:
            return await work()
        except Overtaken:
            await asyncio.sleep(random.uniform(0, pause))
            pause = min(2 * pause, _LONGEST_PAUSE)
    raise Conflict("Other writers kept changing the resource; repeat the request.")


@asynccontextmanager
async def together(store: Store) -> AsyncIterator[bool]:
    """Write all or nothing where the store can; say whether it can."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(store.unit_of_work())
        except TransactionsUnsupported:
            yield False
            return
        yield True
