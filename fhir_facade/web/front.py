"""What the pages need to know of the server that they are about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fhir_facade.web.searching import Searches

Counts = Callable[[], Awaitable[Mapping[str, int]]]
"""Returns how many resources of each type there are."""

Health = Callable[[], Awaitable[str]]
"""Returns one word: `ready`, `degraded`, or what else the server is."""


@dataclass(frozen=True)
class Front:
    """The server, as its pages speak of it."""

    title: str
    version: str
    fhir: str
    """The path of the FHIR base, `/fhir`."""
    apps: Mapping[str, str]
    """The name of each app that is served → its client id."""
    auth: str | None
    """The path of the development authorization server, `/auth`, where it runs."""
    demo: bool
    open: bool
    """Whether requests are answered without tokens: counts and example queries may be shown."""
    types: Sequence[str]
    """The resource types that are served."""
    connect: Sequence[str]
    """Origins beside the server's own that apps must reach: those of the issuers."""
    canonical: str = ""
    """The URL below which the definitions of this server are published."""
    base_url: str | None = None
    """The URL of the FHIR base where it is set, else what the request says counts."""
    definitions: bool = False
    """Whether profiles and value sets are answered without a token where other requests are not."""
    searches: Searches = field(default_factory=Searches)
    """What each type is searched by."""
