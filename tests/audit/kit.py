"""An application whose audit trail the tests hold in their hands, and a store that fails."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest.mock import patch

import httpx

from fhir_facade import main
from fhir_facade.audit.entry import ANCHORS, CHAINS
from fhir_facade.audit.log import AuditLog
from fhir_facade.audit.writer import Limits
from fhir_facade.errors import StoreUnavailable, Unauthorized
from fhir_facade.http.gate import Gate
from fhir_facade.main import create_app
from fhir_facade.rules.registry import AUDIT
from fhir_facade.security.principal import Principal
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import settings, started

Json = dict[str, Any]

QUICK = Limits(linger=0.005, slowest=0.02)
TRAIL = (AUDIT, CHAINS, ANCHORS)


class Tokens:
    """Knows a few tokens; the words of the others are wrong."""

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._principals = principals

    async def principal(self, token: str) -> Principal:
        """Return whose token it is."""
        if token not in self._principals:
            raise Unauthorized("The token is not one of this server's.")
        return self._principals[token]

    def known(self, token: str) -> Principal | None:
        """Return whose token it is."""
        return self._principals.get(token)


@asynccontextmanager
async def audited(
    store: Store, log: AuditLog, tokens: Mapping[str, Principal] | None = None, **given: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application on a store, whose requests a log records."""
    known = None if tokens is None else Tokens(tokens)
    with (
        patch.object(main, "_audit_log", lambda *_: log),
        patch.object(main, "Gate", lambda settings, registry, *_: Gate(settings, registry, known)),
    ):
        app = create_app(settings(**given), store)
    async with started(app) as client:
        yield client


async def all_of(store: Store, collection: str = AUDIT) -> list[Json]:
    """Every document of a collection, in the order of their ids."""
    return [decode(raw) async for batch in store.scan(collection) for raw in batch]


async def recorded(store: Store, log: AuditLog) -> list[Json]:
    """The entries of a log that ends here."""
    await log.stop()
    return await all_of(store)


class Faulty:
    """A real store whose writes to the audit trail fail now and then, or all of them."""

    def __init__(self, store: Store, seed: int, often: float = 0.0) -> None:
        self._store = store
        self._dice = random.Random(seed)
        self._often = often
        self.down = False
        self.failures = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def insert(
        self, collection: str, documents: Sequence[Mapping[str, Any]]
    ) -> list[tuple[int, str]]:
        """Insert; or nothing, a part, or everything, and fail."""
        if collection not in TRAIL or not (self.down or self._dice.random() < self._often):
            return await self._store.insert(collection, documents)
        self.failures += 1
        kept = 0 if self.down else self._dice.choice([0, len(documents) // 2, len(documents)])
        if kept:
            await self._store.insert(collection, documents[:kept])
        raise StoreUnavailable("The store does not answer.")

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Inside, nothing can be written to the trail."""
        self.down = True
        try:
            yield
        finally:
            self.down = False
