"""Part of what a server holds: few enough resources to be fetched many times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx

from tests.spec.live import total

ENOUGH = 120
"""Resources of a type that are looked at; a type that has more is narrowed to the newest."""
ENOUGH_BUNDLES = 15
"""The same of Bundles, each of which carries many resources."""
NAMED = 60
"""The same of resources whose ids are put into one query."""

_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """What narrows the searches of a type, as query parameters; of a small type, nothing."""

    since: str | None

    @property
    def query(self) -> dict[str, str]:
        return {"_lastUpdated": f"ge{self.since}"} if self.since else {}


class Windows:
    """The window of each type, found by halving the time until what is newer is few enough."""

    def __init__(self, server: httpx.Client) -> None:
        self._server = server
        self.of = cache(self._of)

    def _of(self, type_: str, enough: int = ENOUGH) -> Window:
        """The window of a type that at most so many resources are in."""
        enough = ENOUGH_BUNDLES if type_ == "Bundle" else enough
        if total(self._server, f"/{type_}") <= enough:
            return Window(None)
        too_many, few = _FIRST, _LAST
        while few - too_many > timedelta(seconds=1):
            middle = too_many + (few - too_many) / 2
            found = total(self._server, f"/{type_}", _lastUpdated=f"ge{_instant(middle)}")
            if enough / 2 <= found <= enough:
                return Window(_instant(middle))
            too_many, few = (middle, few) if found > enough else (too_many, middle)
        # so many were changed in the same second that all of them must do
        return Window(_instant(too_many))

    def common(self, types: list[str]) -> Window:
        """One window for several types: the newest of theirs."""
        return Window(max((each for each in map(self._since, types) if each), default=None))

    def _since(self, type_: str) -> str | None:
        return self.of(type_).since


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
