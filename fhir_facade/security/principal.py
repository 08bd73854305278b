"""Who asks: what a token says of a caller, and what its scopes grant.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

CREATE: Final = "c"
READ: Final = "r"
UPDATE: Final = "u"
DELETE: Final = "d"
SEARCH: Final = "s"
_WRITE: Final = CREATE + UPDATE
_REACH: Final = re.compile(r"\*([a-z]+)\.(\w+)")


class Reach(NamedTuple):
    """Something else is looked at for the sake of interactions with a type."""

    interactions: str
    """One of these letters must be allowed."""
    resource: str


def reach(resource: str) -> str:
    """Return what stands for an interaction where something else is looked at to write a type.

    It reaches the patients and tenants of every scope that lets the type be written.
    """
    return f"*{_WRITE}.{resource}"


def reach_to_read(resource: str, interaction: str) -> str:
    """Return what stands for an interaction where what refers to a type tells of it.

    It reaches the patients and tenants of the scopes for the interaction that have no query.
    """
    return f"*{interaction}.{resource}"


def reached_for(interaction: str) -> Reach | None:
    """Return for whose sake something is reached, None for an interaction itself."""
    found = _REACH.fullmatch(interaction)
    return None if found is None else Reach(found[1], found[2])


AUDIT_EVENT: Final = "AuditEvent"
"""The type that `*` does not stand for: who did what is seen by those whom a scope says it to."""

Level = Literal["patient", "user", "system"]


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: interactions with a type (`*`: any) at a level, perhaps for a query's matches."""

    level: Level
    resource: str
    interactions: frozenset[str]
    """Letters of SMART v2: c, r, u, d, s."""
    query: tuple[tuple[str, str], ...] = ()
    """Decoded search parameters that a resource must match."""
    spelled: str = ""
    """The scope as the token has it."""

    def covers(self, resource: str, interaction: str) -> bool:
        """Say whether the scope is about an interaction with a type."""
        named = self.resource == resource
        any_type = self.resource == "*" and resource != AUDIT_EVENT
        return (named or any_type) and interaction in self.interactions


@dataclass(frozen=True, slots=True, eq=False)
class Principal:
    """A caller whose token has been verified; each verification makes another one."""

    issuer: str
    scopes: tuple[Scope, ...]
    expires: float
    """Seconds since 1970."""
    subject: str | None = None
    client: str | None = None
    patient: str | None = None
    """The id of the patient in the launch context."""
    user: str | None = None
    """The `fhirUser`, relative: `Practitioner/7`."""
    tenants: frozenset[str] | None = frozenset()
    """The ids of the organizations whose data may be touched; None for all."""

    @property
    def identity(self) -> str:
        """What two tokens of one caller have in common: a page link of one is good for the other.

        Scopes are not in it, since every page is limited by those of the token that asks for it.
        """
        tenants = "*" if self.tenants is None else sorted(self.tenants)
        return f"{(self.issuer, self.subject, self.client, self.patient, self.user, tenants)}"
