"""Who may be logged in as, what is served, and the apps that are there from the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Person(NamedTuple):
    """A member or a practitioner; the id is that of the resource, `M100001`."""

    id: str
    name: str
    employers: tuple[str, ...]


class People(Protocol):
    """Where the login page finds them; asked anew for each page."""

    async def members(self) -> Sequence[Person]: ...

    async def practitioners(self) -> Sequence[Person]: ...


class Served(NamedTuple):
    """The types that the FHIR server serves: no scope for another one is granted."""

    types: frozenset[str]
    told_of: frozenset[str] = frozenset()
    """Those that only references tell of: to a scope with a query they show nothing."""


class DemoApp(NamedTuple):
    """A public client that needs no registration."""

    client_id: str
    name: str
    launch_url: str
    redirect_uri: str
    scope: str
