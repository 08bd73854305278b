"""What is remembered for a while, and never more than so much of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """A mapping that forgets: what is too old, and the oldest where there is too much."""

    def __init__(self, limit: int, seconds: float, now: Callable[[], float]) -> None:
        self._limit, self._seconds, self._now = limit, seconds, now
        self._found: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def put(self, key: str, value: V) -> None:
        """Remember a value; the oldest one is forgotten where there are too many."""
        self._found[key] = (self._now() + self._seconds, value)
        self._found.move_to_end(key)
        while len(self._found) > self._limit:
            self._found.popitem(last=False)

    def get(self, key: str) -> V | None:
        """Return a value, None where there is none or it is too old."""
        until, value = self._found.get(key, (0.0, None))
        return value if self._now() < until else None

    def pop(self, key: str) -> V | None:
        """Return a value as `get` does, and forget it."""
        value = self.get(key)
        self._found.pop(key, None)
        return value

    def add(self, key: str, value: V) -> bool:
        """Remember a value unless there is one; say whether it was new."""
        if self.get(key) is not None:
            return False
        self.put(key, value)
        return True

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[V]:
        """Yield the values that are not too old, the newest last."""
        now = self._now()
        return iter([value for until, value in self._found.values() if now < until])
