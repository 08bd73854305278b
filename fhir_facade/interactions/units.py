"""Units of work, and another try where another writer was first."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

from fhir_facade.errors import Conflict
from fhir_facade.interactions.leases import Needed, leases, no_waiting
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


async def all_or_nothing(
    store: Store, work: Callable[[bool], Awaitable[T]], names: Iterable[str] = ()
) -> T:
    """Do work of several writes in one unit, repeated as a whole where another writer was first.

    The work is told whether the store can undo it. Leases are taken before the unit begins: those
    of `names`, and any that the work turns out to need.
    """
    taken = set(names)

    async def attempt() -> T:
        async with together(store) as can:
            with no_waiting():
                return await work(can)

    while True:
        try:
            async with leases(store, taken):
                return await attempted(attempt)
        except Needed as more:
            taken.update(more.texts)
