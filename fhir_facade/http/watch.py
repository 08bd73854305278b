"""What is done with every request once it has been answered: counted, recorded.

A watcher is told before the answer goes out, and may hold it back. An observer is told of what does
go out, and holds nothing back.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fhir_facade.errors import NotRecorded
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply


class Done(NamedTuple):
    """A request and what it is answered with."""

    request: FhirRequest
    reply: Reply
    path: str
    """The line of the URL table, `{type}/{id}`."""
    interaction: str
    at: datetime
    seconds: float

    @property
    def type(self) -> str:
        """The resource type that the URL names; empty for the whole system."""
        return type_of(self.path, self.request.params)


def type_of(path: str, params: Mapping[str, str]) -> str:
    """Return the resource type that a URL names, by its line of the table and its parameters."""
    named = params.get("type")
    first = path.partition("/")[0]
    return named or (first if first[:1].isupper() else "")


logger = logging.getLogger("fhir_facade")

Watcher = Callable[[Done], Awaitable[None] | None]
"""Is told of a request; what it raises is answered instead."""


Observer = Callable[[Done], None]
"""Is told of the answer that goes out; it may add headers to it."""


class Watch:
    """Tells the watchers and then the observers, one after the other."""

    def __init__(
        self, watchers: Sequence[Watcher] = (), observers: Sequence[Observer] = ()
    ) -> None:
        self.watchers = list(watchers)
        self.observers = list(observers)
        self.before: list[Callable[[], None]] = []
        """Asked before a request is answered; what one raises is answered instead."""

    def begin(self) -> None:
        """Raise what stands against answering anything now."""
        for ask in self.before:
            ask()

    async def seen(self, done: Done) -> Reply:
        """Return the answer when every watcher has been told; raise what one of them raises."""
        for tell in self.watchers:
            try:
                waiting = tell(done)
                if waiting is not None:
                    await waiting
            except NotRecorded:
                raise
            except Exception as error:
                text = "request %s: a watcher failed: %s"
                logger.error(text, done.request.id, type(error).__name__)
        return done.reply

    def went(self, done: Done) -> Reply:
        """Tell the observers of the answer that goes out, and return it."""
        for tell in self.observers:
            tell(done)
        return done.reply
