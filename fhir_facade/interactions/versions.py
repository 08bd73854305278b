"""The versions that this server wrote, or found when it wrote over them: appended, never changed.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fhir_facade.errors import Conflict
from fhir_facade.interactions.locate import Located
from fhir_facade.interactions.records import Translation
from fhir_facade.rules import dates
from fhir_facade.rules.registry import HISTORY
from fhir_facade.store.base import Store


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one resource; `body` is None for a deletion."""

    type: str
    id: str
    version: str
    at: datetime
    """When it came about: UTC, without a zone."""
    method: str | None
    """The HTTP method that made it; None for one that other software made."""
    body: bytes | None

    @property
    def key(self) -> str:
        return f"{self.type}/{self.id}/{self.version}"

    def document(self) -> dict[str, Any]:
        """Return the version as it is stored."""
        found = {
            "_id": self.key,
            "type": self.type,
            "id": self.id,
            "version": self.version,
            "at": self.at,
            "method": self.method,
            "body": None if self.body is None else self.body.decode(),
        }
        return {name: value for name, value in found.items() if value is not None}


def read_version(document: dict[str, Any]) -> Version:
    """Return a version that is stored."""
    body = document.get("body")
    return Version(
        document["type"],
        document["id"],
        document["version"],
        document["at"],
        document.get("method"),
        None if body is None else body.encode(),
    )


def seen(resource: str, located: Located, at: datetime) -> Version | None:
    """Return the version that a write found, if it can be served; `at` is when it was found."""
    translation = located.translation
    if translation.body is None:
        return None
    moment = last_updated(translation) or at
    return Version(resource, located.id, translation.version, moment, None, translation.body)


def last_updated(translation: Translation) -> datetime | None:
    """Return when a resource was last updated: UTC, without a zone."""
    if translation.last_updated is None:
        return None
    moment = dates.read(translation.last_updated, UTC)
    known = None if isinstance(moment, str) else moment.instant
    return None if known is None else dates.stored_instant(known)


async def append(store: Store, versions: Sequence[Version]) -> None:
    """Add the versions that are not there; raise Conflict where the store refuses one."""
    for each in versions:
        if not await store.get(HISTORY, [each.key]):
            refused = await store.insert(HISTORY, [each.document()])
            if refused and not await store.get(HISTORY, [each.key]):
                raise Conflict("The version could not be added to the history.")
