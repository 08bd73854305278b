"""The audit trail of this process: a queue in memory, and a task that writes it in batches.

What is recorded has its place at once; it is worked out, hashed and stored off the path of answers.
A process that is killed loses what it has not written, the last moments' entries; with `require` no
answer of those has gone out.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

from fhir_facade.audit.chain import Now
from fhir_facade.audit.writer import Fields, Limits, Make, Writer
from fhir_facade.errors import NotRecorded
from fhir_facade.store.base import Store

logger = logging.getLogger("fhir_facade")

Mode = Literal["record", "require"]

_NOT_RECORDED: Final = "What you ask cannot be recorded now, so it is not answered; try again soon."
_LOST: Final = "lost"


class Lag(NamedTuple):
    """How far the writing is behind."""

    entries: int
    seconds: float
    """The age of the oldest entry that is not written."""


class _Waiting(NamedTuple):
    """An entry that is not written yet."""

    make: Make
    size: int
    stored: asyncio.Future[None] | None
    since: float


def _utc() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """Appends entries to a chain of this process; starts by itself with the first entry."""

    def __init__(
        self,
        store: Store,
        *,
        mode: Mode = "record",
        anchors: Path | None = None,
        now: Now = _utc,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._writer = Writer(store, anchors, now, self._limits)
        self._now = now
        self.requires = mode == "require"
        self._queue: deque[_Waiting] = deque()
        self._batch: list[_Waiting] = []
        self._held = 0
        self._untold = 0
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._is_stopping = False
        self.written = 0
        """Entries that are in the store."""
        self.lost = 0
        """Entries that will never be."""

    @property
    def lag(self) -> Lag:
        """How many entries wait, and since when."""
        oldest = self._batch or self._queue
        age = time.monotonic() - oldest[0].since if oldest else 0.0
        return Lag(len(self._batch) + len(self._queue), age)

    @property
    def is_failing(self) -> bool:
        """Say whether the store has refused entries for longer than it is waited for."""
        since = self._writer.failing_since
        return since is not None and time.monotonic() - since > self._limits.patience

    @property
    def _is_full(self) -> bool:
        return len(self._queue) + len(self._batch) >= self._limits.entries

    def admit(self) -> None:
        """Raise NotRecorded where entries are required and cannot be written at present."""
        if self.requires and (self._is_full or self.is_failing):
            raise _not_recorded()

    def record(self, make: Make, size: int = 0) -> None:
        """Take down an entry; its fields are made later, `size` bytes of an answer kept for it.

        Where no more can wait it is lost, and a later entry says how many were.
        """
        self._add(make, size, None)

    async def require(self, make: Make, size: int = 0) -> None:
        """Take down an entry, and wait until it is stored; raise NotRecorded if it is not soon."""
        stored = asyncio.get_running_loop().create_future()
        if not self._add(make, size, stored) or self.is_failing:
            raise _not_recorded()
        try:
            async with asyncio.timeout(self._limits.wait):
                await stored
        except TimeoutError:
            raise _not_recorded() from None

    def _add(self, make: Make, size: int, stored: asyncio.Future[None] | None) -> bool:
        self.start()
        if self._is_full:
            self.lost += 1
            self._untold += 1
            return False
        if self._held + size > self._limits.held:
            make, size = _known(make()), 0
        self._held += size
        self._queue.append(_Waiting(make, size, stored, time.monotonic()))
        self._wake.set()
        return True

    def start(self) -> None:
        """Start the task that writes, in the running loop; it may be running already."""
        loop, task = asyncio.get_running_loop(), self._task
        if task is not None and not task.done() and task.get_loop() is loop:
            return
        self._is_stopping = False
        self._wake = asyncio.Event()
        # a task that was cancelled may have left a hole: its chain is not gone on with
        self._writer.abandon()
        self._queue.extendleft(reversed(self._batch))
        self._batch = []
        # a context of its own: whoever happens to be first may be inside of a unit of work
        self._task = loop.create_task(self._run(), context=contextvars.Context())

    async def stop(self) -> None:
        """Write what waits, and the chain's last anchor; what the store refuses is lost, loudly."""
        if self._task is None:
            return
        self._is_stopping = True
        self._wake.set()
        try:
            await asyncio.wait_for(self._task, self._limits.stop)
        except TimeoutError:
            waiting = self.lag.entries
            self.lost += waiting
            logger.error("%d entries of the audit trail could not be written", waiting)
            self._queue.clear()
            self._batch.clear()
        self._task = None

    async def _run(self) -> None:
        while not self._is_stopping or self._queue:
            await self._woken()
            if self._queue:
                await self._write()
            if self._writer.due == 0:
                await self._writer.anchor()
        await self._writer.anchor(closing=True)

    async def _woken(self) -> None:
        """Wait for entries, or for the time of an anchor; let a few entries gather."""
        if not self._queue and not self._is_stopping:
            self._wake.clear()
            await _at_most(self._wake.wait, self._writer.due)
        if not (self.requires or self._is_stopping) and len(self._queue) < self._limits.batch:
            await asyncio.sleep(self._limits.linger)

    async def _write(self) -> None:
        untold, self._untold = self._untold, 0
        several = min(len(self._queue), self._limits.batch)
        self._batch = [self._queue.popleft() for _ in range(several)]
        makes = [each.make for each in self._batch]
        if untold:
            makes.insert(0, _known(self._lost_entry(untold)))
        refused = await self._writer.write(makes)
        self.lost += refused
        self.written += len(makes) - refused
        for each in self._batch:
            self._held -= each.size
            if each.stored is not None and not each.stored.done():
                each.stored.set_result(None)
        self._batch = []

    def _lost_entry(self, several: int) -> Fields:
        return {
            "at": self._now(),
            "interaction": _LOST,
            "action": "E",
            "outcome": "12",
            "status": 503,
            "reason": f"{several} entries were lost: the audit trail could not be written.",
            "count": several,
            "agent": {},
            "request": secrets.token_hex(8),
        }


def _known(fields: Fields) -> Make:
    return lambda: fields


def _not_recorded() -> NotRecorded:
    return NotRecorded(_NOT_RECORDED, headers={"Retry-After": "2"})


async def _at_most(wait: Callable[[], Awaitable[object]], seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wait()
    except TimeoutError:
        pass
