"""Turns taken by writers, of this process and of others, where a search decides what is written.

A lease is a small document that whoever holds it has marked; it ends by itself, so that a process
that died holds nothing up for long. The store needs no transactions for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fhir_facade.errors import Conflict, StoreUnavailable
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from fhir_facade.store.finish import GRACE, finished, tidied

LEASES: Final = "fhir_leases"
SECONDS: Final = 15.0
"""How long a lease lasts at most; a write takes a fraction of a second."""
_PATIENCE: Final = 30.0
_SLOTS: Final = 4096
"""Leases there are: few enough to leave in the store, enough that two seldom share one."""
_BUSY = "Another request is writing the same thing; repeat this one."
_HELD: ContextVar[frozenset[str]] = ContextVar("leases_held", default=frozenset())
_MAY_WAIT: ContextVar[bool] = ContextVar("leases_may_wait", default=True)


class Needed(RuntimeError):
    """A lease that is not held is wanted where waiting for it could block who holds it."""

    def __init__(self, texts: Iterable[str]) -> None:
        super().__init__("a lease must be taken before the unit of work begins")
        self.texts = tuple(texts)


@contextmanager
def no_waiting() -> Iterator[None]:
    """Inside, as in a unit of work, a lease that is not held already raises Needed."""
    token = _MAY_WAIT.set(False)
    try:
        yield
    finally:
        _MAY_WAIT.reset(token)


CLASH: Final = "clash "
"""What begins the text of a lease that is taken while another is held: those come last."""


def slot(text: str) -> str:
    """Return the lease that goes with a text, which it does not give away."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    order = 2 if text.startswith(CLASH) else 1
    return f"lease-{order}-{int.from_bytes(digest, 'big') % _SLOTS}"


@asynccontextmanager
async def leases(store: Store, texts: Iterable[str]) -> AsyncIterator[None]:
    """Hold the lease of each text, in one order for all so that nobody waits in a circle.

    One that is held further out stays so. Raises Conflict for one that does not come free in time.
    """
    asked, around, holder = list(texts), _HELD.get(), secrets.token_hex(8)
    wanted = sorted(set(map(slot, asked)) - around)
    if wanted and not _MAY_WAIT.get():
        raise Needed(asked)
    async with AsyncExitStack() as held:
        for name in wanted:
            await _acquire(store, name, holder)
            held.push_async_callback(_release, store, name, holder)
        token = _HELD.set(around.union(wanted))
        try:
            yield
        finally:
            _HELD.reset(token)


async def _acquire(store: Store, name: str, holder: str) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while not await _taken(store, name, holder):
        if asyncio.get_running_loop().time() > deadline:
            raise Conflict(_BUSY)
        await asyncio.sleep(random.uniform(0.002, 0.02))


async def _taken(store: Store, name: str, holder: str) -> bool:
    """Try to take a lease; who is cancelled meanwhile gives back what comes of it."""
    try:
        return await finished(_try(store, name, holder), GRACE)
    except asyncio.CancelledError:
        with suppress(StoreUnavailable):  # the lease ends by itself
            await _release(store, name, holder)
        raise


async def _try(store: Store, name: str, holder: str) -> bool:
    now = _now()
    mine = {"_id": name, "holder": holder, "until": now + timedelta(seconds=SECONDS)}
    found = await store.get(LEASES, [name])
    if not found:
        return not await store.insert(LEASES, [mine])
    lease = decode(found[0])
    if _is_held(lease, now):
        return False
    return await store.replace(LEASES, found[0], mine)


def _is_held(lease: dict[str, Any], now: datetime) -> bool:
    until = lease.get("until")
    return bool(lease.get("holder")) and isinstance(until, datetime) and until > now


async def _release(store: Store, name: str, holder: str) -> None:
    await tidied(_give_back(store, name, holder), SECONDS)


async def _give_back(store: Store, name: str, holder: str) -> None:
    found = await store.get(LEASES, [name])
    if found and decode(found[0]).get("holder") == holder:
        await store.replace(LEASES, found[0], {"_id": name, "holder": None})


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
