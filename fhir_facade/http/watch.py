"""What is done with every request once it has been answered: counted, recorded.

A watcher is told before the answer goes out, and may hold it back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply


@dataclass(frozen=True, slots=True)
class Done:
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
        named = self.request.params.get("type")
        first = self.path.partition("/")[0]
        return named or ("" if first[:1] in ("", "_", "$", "{", ".") else first)


Watcher = Callable[[Done], Awaitable[None] | None]
"""Is told of a request; what it raises is answered instead."""


class Watch:
    """Tells the watchers, one after the other."""

    def __init__(self, watchers: Sequence[Watcher] = ()) -> None:
        self.watchers = list(watchers)

    async def seen(self, done: Done) -> Reply:
        """Return the answer when every watcher has been told; raise what one of them raises."""
        for tell in self.watchers:
            waiting = tell(done)
            if waiting is not None:
                await waiting
        return done.reply
