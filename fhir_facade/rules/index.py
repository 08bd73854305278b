"""The description of an index that a search needs, the same for every store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Index:
    """An index over stored paths; an array anywhere on a path gives one entry per element."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    """(dotted path, 1 ascending | -1 descending) pairs, as MongoDB's `createIndexes` takes them."""

    @property
    def name(self) -> str:
        """MongoDB's own default name, `type_1_subject.id_1`."""
        return "_".join(f"{path}_{direction}" for path, direction in self.keys)
