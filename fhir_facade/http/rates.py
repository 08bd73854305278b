"""How many requests a client may make in a window of time, counted in bounded memory.

https://www.rfc-editor.org/rfc/rfc6585#section-4
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal

from limits import parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from fhir_facade.errors import TooManyRequests

Bucket = Literal["address", "refused", "client"]
"""Requests of an address without a token; tokens of an address that were refused; a client's."""

MOST_CLIENTS: Final = 50_000
"""Clients a bucket remembers; beyond it the oldest windows are forgotten."""

_OF_ONE_NETWORK: Final = 64
"""Bits that the addresses of one IPv6 subscriber share: each of them has 2^64 to choose from."""


class _Windows(Storage):
    """Counts in memory: the library's own store keeps a thread, and every key it ever saw."""

    STORAGE_SCHEME = None

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to the key's window, which begins with its first request, and return the sum."""
        now = self._now()
        count, ends = self._windows.get(key, (0, 0.0))
        if ends <= now:
            self._make_room(key, now)
            count, ends = 0, now + expiry
        self._windows[key] = (count + amount, ends)
        return count + amount

    def _make_room(self, key: str, now: float) -> None:
        """Windows are as long as each other, so the first of the dictionary end first."""
        self._windows.pop(key, None)
        while self._windows:
            oldest = next(iter(self._windows))
            if len(self._windows) < MOST_CLIENTS and self._windows[oldest][1] > now:
                return
            del self._windows[oldest]

    def get(self, key: str) -> int:
        """Return the sum of the key's window."""
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > self._now() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the key's window ends, in seconds since 1970."""
        return self._windows.get(key, (0, self._now()))[1]

    def check(self) -> bool:
        """Say that it works."""
        return True

    def reset(self) -> int:
        """Forget every window, and return how many there were."""
        gone = len(self._windows)
        self._windows.clear()
        return gone

    def clear(self, key: str) -> None:
        """Forget the key's window."""
        self._windows.pop(key, None)


class ClientRates:
    """Windows for each kind of client, apart: a flood of addresses makes no client forgotten."""

    def __init__(self, limit: str, now: Callable[[], float] = time.time) -> None:
        self._item = parse(limit)
        self._now = now
        kinds: tuple[Bucket, ...] = ("address", "refused", "client")
        self._windows = {kind: FixedWindowRateLimiter(_Windows(now)) for kind in kinds}

    def count(self, bucket: Bucket, client: str) -> None:
        """Count a request; raise TooManyRequests where it is one too many."""
        key = _key(bucket, client)
        if not self._windows[bucket].hit(self._item, key):
            raise self._refusal(bucket, key)

    def check(self, bucket: Bucket, client: str) -> None:
        """Raise TooManyRequests where another request would be one too many."""
        key = _key(bucket, client)
        if not self._windows[bucket].test(self._item, key):
            raise self._refusal(bucket, key)

    def _refusal(self, bucket: Bucket, key: str) -> TooManyRequests:
        ends = self._windows[bucket].get_window_stats(self._item, key).reset_time
        wait = max(1, math.ceil(ends - self._now()))
        what = "refused tokens of one address" if bucket == "refused" else "requests of one client"
        every = self._item.get_expiry()
        limit = f"{self._item.amount} {what} in {every} second{'' if every == 1 else 's'}"
        return TooManyRequests(
            f"This server takes up to {limit}; try again in {wait} seconds.",
            headers={"Retry-After": str(wait)},
        )


def open_rates(limit: str) -> ClientRates | None:
    """Return what counts the requests of clients, None where there is no limit."""
    return ClientRates(limit) if limit else None


def _key(bucket: Bucket, client: str) -> str:
    return client if bucket == "client" else _network(client)


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """Return what the addresses of one client share; what is no address counts as one client."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _OF_ONE_NETWORK), strict=False))
