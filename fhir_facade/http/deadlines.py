"""How long a request may take: one timer looks at all of them, where a timer each would cost more.

https://docs.python.org/3/library/asyncio-task.html#task-cancellation
"""

from __future__ import annotations

import asyncio
from typing import Final

_LOOKS: Final = 4
"""How often within the limit the requests are looked at."""
_OFTEN_ENOUGH: Final = 1.0
"""Seconds between two looks, at most."""

Task = asyncio.Task[object]


class Deadlines:
    """Cancels the requests that take longer than a number of seconds; None: none of them."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._due: dict[Task, float] = {}
        """In the order in which they are due."""
        self._overdue: set[Task] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> Task | None:
        """Take down that the current task answers a request from now on; see `end`."""
        task = asyncio.current_task()
        if self._seconds is None or task is None or task in self._due:
            return None
        loop = task.get_loop()
        if self._loop is not loop:
            self._loop = loop
            self._due.clear()
            loop.call_later(self._pause, self._look, loop)
        self._due[task] = loop.time() + self._seconds
        return task

    def end(self, task: Task | None) -> bool:
        """Take down that a request is done; say whether it was cancelled for being late."""
        if task is None:
            return False
        self._due.pop(task, None)
        if task not in self._overdue:
            return False
        self._overdue.remove(task)
        task.uncancel()
        return True

    @property
    def _pause(self) -> float:
        return min(_OFTEN_ENOUGH, (self._seconds or _OFTEN_ENOUGH) / _LOOKS)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is late, and come back while there is anything to look at."""
        if self._loop is not loop:
            return
        now = loop.time()
        for task, due in [*self._due.items()]:
            if due > now:
                break
            if task not in self._overdue:
                self._overdue.add(task)
                task.cancel()
        if self._due:
            loop.call_later(self._pause, self._look, loop)
        else:
            self._loop = None
