"""Work that goes on to its end although whoever waits for it is cancelled, perhaps repeatedly.

https://docs.python.org/3/library/asyncio-task.html#task-cancellation
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Final, TypeVar

GRACE: Final = 5.0
"""Seconds that a server which does not answer may hold up somebody who is cancelled."""

T = TypeVar("T")


async def finished(work: Awaitable[T], grace: float | None = None) -> T:
    """Return what work comes to; a cancellation of the caller is raised once the work has ended.

    With `grace`, the work itself is cancelled that many seconds after the caller was. An error of
    the work is not raised to a caller who was cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        await _seen_out(task, grace)
        raise
    return task.result()


async def tidied(work: Awaitable[object], seconds: float) -> None:
    """Do what must be done after a success, an error or a cancellation alike, if it can be done.

    It goes on however often the caller is cancelled, and is given up after so many seconds.
    """
    with suppress(TimeoutError):
        await finished(asyncio.wait_for(work, seconds))


async def _seen_out(task: asyncio.Future[Any], grace: float | None) -> None:
    """Wait for a task however often the caller is cancelled: one cancellation is raised anyway."""
    loop = asyncio.get_running_loop()
    timer = None if grace is None else loop.call_later(grace, task.cancel)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    if timer is not None:
        timer.cancel()
    if not task.cancelled():
        task.exception()  # otherwise asyncio complains that nobody has looked at it
