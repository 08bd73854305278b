"""The one source of chance: every draw, id and moment of the demo data comes from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from bson import ObjectId

Document = dict[str, Any]
T = TypeVar("T")


class Dice(Random):
    """A seeded random source that also makes ids and moments; `key` is any text."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.neighbours: list[Document] = []
        """The documents of the member at hand, for what depends on more than one of them."""

    def chance(self, probability: float) -> bool:
        """Return true with the given probability."""
        return self.random() < probability

    def weigh(self, weights: Mapping[T, int]) -> T:
        """Return one key, each as likely as its weight."""
        return self.choices(tuple(weights), tuple(weights.values()))[0]

    def some(self, rows: Sequence[T], count: int) -> list[T]:
        """Return `count` rows, without repetition as long as there are enough."""
        whole, rest = divmod(count, len(rows))
        return [*rows] * whole + self.sample(rows, rest)

    def object_id(self, created: datetime) -> ObjectId:
        """Return an ObjectId whose time part is `created`."""
        return ObjectId(int(created.timestamp()).to_bytes(4, "big") + self.randbytes(8))

    def uuid(self) -> UUID:
        """Return a version 4 UUID."""
        return UUID(bytes=self.randbytes(16), version=4)

    def moment(self, start: datetime, end: datetime) -> datetime:
        """Return a time within [start, end], in office hours where the span allows it."""
        somewhere = start + (end - start) * self.random()
        at_work = somewhere.replace(
            hour=self.randrange(13, 22),
            minute=self.randrange(60),
            second=self.randrange(60),
            microsecond=self.randrange(1000) * 1000,
        )
        if start <= at_work <= end:
            return at_work
        return somewhere.replace(microsecond=somewhere.microsecond // 1000 * 1000)

    def within(self, start: datetime, days: int, end: datetime) -> datetime:
        """Return a time at most `days` after `start` and not after `end`."""
        return self.moment(start, min(start + timedelta(days=days), end))


def midnight(moment: datetime) -> datetime:
    """Return the beginning of that day, in UTC."""
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def day(moment: datetime) -> str:
    """Return the date as `YYYY-MM-DD`."""
    return moment.date().isoformat()
