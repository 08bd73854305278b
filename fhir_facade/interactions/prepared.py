"""A write that is ready to be made, and what it did.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bson import ObjectId

from fhir_facade.errors import Issue, PreconditionFailed
from fhir_facade.interactions.versions import Version
from fhir_facade.rules.draft import Clash, Document, Resource
from fhir_facade.rules.mapping import Compiled

Change = Callable[[Resource | None], Resource]
"""Makes the new resource of the one that is there, if there is one."""

Matches = Callable[[str | None], bool]
"""Says whether a version (None: there is none) is one that the client expects."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a write did."""

    type: str
    id: str
    version: str
    last_updated: str | None
    body: bytes | None
    created: bool = False
    changed: bool = True
    issues: tuple[Issue, ...] = ()
    patient: str | None = None
    """Whose it is."""
    tenant: str | None = None
    method: str | None = None
    """The HTTP method that made the version."""


def anything(version: str | None) -> bool:
    """The client expects no version in particular."""
    del version
    return True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A write that is ready to be made, if nobody is first."""

    source: Compiled
    raw: bytes | None
    """The stored bytes that the document replaces; None for a new one."""
    document: Document
    versions: tuple[Version, ...]
    result: Result
    clash: Clash | None = None

    @property
    def collection(self) -> str:
        return self.source.mapping.collection


def new_id() -> str:
    """Return an id for a resource that is yet to be created."""
    return str(ObjectId())


def expect(expects: Matches, version: str | None) -> None:
    """Raise PreconditionFailed where a version is not one that the client expects."""
    if not expects(version):
        raise PreconditionFailed(
            "The resource is not in the version that the request names; read it again."
            if version is not None
            else "The request names a version of a resource that is not there."
        )
