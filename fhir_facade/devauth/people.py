"""Who may be logged in as, and the apps that are there from the start."""

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


class DemoApp(NamedTuple):
    """A public client that needs no registration."""

    client_id: str
    name: str
    launch_url: str
    redirect_uri: str
    scope: str
