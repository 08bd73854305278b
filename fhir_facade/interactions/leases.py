"""Turns taken by writers, of this process and of others, where a search decides what is written.

A lease is a small document that whoever holds it has marked; it ends by itself, so that a process
that died holds nothing up for long. The store needs no transactions for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fhir_facade.errors import Conflict
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

LEASES: Final = "fhir_leases"
SECONDS: Final = 15.0
"""How long a lease lasts at most; a write takes a fraction of a second."""
_PATIENCE: Final = 30.0
_SLOTS: Final = 4096
"""Leases there are: few enough to leave in the store, enough that two seldom share one."""
_BUSY = "Another request is writing the same thing; repeat this one."


def slot(text: str) -> str:
    """Return the lease that goes with a text, which it does not give away."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return f"lease-{int.from_bytes(digest, 'big') % _SLOTS}"


@asynccontextmanager
async def leases(store: Store, texts: Iterable[str]) -> AsyncIterator[None]:
    """Hold the lease of each text, in one order for all so that nobody waits in a circle.

    Raises Conflict for one that does not come free in time.
    """
    holder = secrets.token_hex(8)
    async with AsyncExitStack() as held:
        for name in sorted(set(map(slot, texts))):
            await _acquire(store, name, holder)
            held.push_async_callback(_release, store, name, holder)
        yield


async def _acquire(store: Store, name: str, holder: str) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while not await _try(store, name, holder):
        if asyncio.get_running_loop().time() > deadline:
            raise Conflict(_BUSY)
        await asyncio.sleep(random.uniform(0.002, 0.02))


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
    found = await store.get(LEASES, [name])
    if found and decode(found[0]).get("holder") == holder:
        await store.replace(LEASES, found[0], {"_id": name, "holder": None})


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
