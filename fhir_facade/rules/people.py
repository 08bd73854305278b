"""Who is stored nowhere, but named by what is: members, care managers, organizations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """A type of which only the id and a denormalised name are known, from references to it."""

    type: str
    sid: str
    """The name of the identifier system that its keys belong to."""
    by: tuple[str, ...]
    """The searches that find what refers to it, `Task.owner`; the first that has a name counts."""
