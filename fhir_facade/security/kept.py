"""What an issuer publishes, kept: fetched once for all who wait, renewed behind their backs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from fhir_facade.security.remote import RETRY, IssuerUnavailable, Unreachable

T = TypeVar("T")
Fetched = tuple[T, float]
"""A value, and the seconds after which it is renewed."""

STALE: Final = 24 * 3600
"""Seconds for which a value is used that could not be renewed."""

logger = logging.getLogger("fhir_facade")


class Kept(Generic[T]):
    """One value of an issuer's.

    A value that is due is renewed in the background while the old one is used, for a day if need
    be. However many ask, one request is under way at a time.
    """

    def __init__(
        self, what: str, fetch: Callable[[], Awaitable[Fetched[T]]], now: Callable[[], float]
    ) -> None:
        self._what, self._fetch, self._now = what, fetch, now
        self._value: T | None = None
        self._fetched = 0.0
        self._due = 0.0
        self._asked_again = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self.failed = False
        """Whether the last request brought nothing."""
        self.changed: Callable[[], None] = lambda: None
        """Is called when another value has come in place of the one before."""

    def current(self) -> T | None:
        """Return the value without waiting, None where there is none; renew it if that is due."""
        now = self._now()
        if self._value is None or now >= self._fetched + STALE:
            return None
        if now >= self._due:
            self._renewal()
        return self._value

    def start(self) -> None:
        """Fetch the value in the background."""
        self._renewal()

    def want(self) -> None:
        """Fetch the value in the background, unless that has just failed."""
        if not self.failed or self._now() >= self._due:
            self._renewal()

    async def get(self) -> T:
        """Return the value; raise IssuerUnavailable."""
        found = self.current()
        if found is None:
            if not self.failed or self._now() >= self._due:
                await asyncio.shield(self._renewal())
            found = self.current()
        if found is None:
            raise IssuerUnavailable
        return found

    async def again(self) -> None:
        """Renew the value although it is not due.

        All who ask at a time wait for one request, and for a while after it there is no other: who
        asks may be anybody.
        """
        if self._task is not None or self._now() >= self._asked_again + RETRY:
            self._asked_again = self._now()
            await asyncio.shield(self._renewal())

    async def close(self) -> None:
        """Give up a request that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _renewal(self) -> asyncio.Task[None]:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._renew())
        return self._task

    async def _renew(self) -> None:
        try:
            value, seconds = await self._fetch()
        except (Unreachable, IssuerUnavailable) as error:
            if not self.failed:
                logger.warning("%s: %s", self._what, error)
            self.failed, self._due = True, self._now() + RETRY
            return
        finally:
            self._task = None
        if self.failed:
            logger.warning("%s: answers again", self._what)
        before, self._value = self._value, value
        self.failed, self._fetched = False, self._now()
        self._due = self._fetched + seconds
        if before != value:
            self.changed()
