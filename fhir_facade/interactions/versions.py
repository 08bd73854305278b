"""The versions that this server wrote, or found when it wrote over them: appended, never changed.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fhir_facade.errors import Conflict
from fhir_facade.interactions.locate import Located
from fhir_facade.interactions.records import Translation
from fhir_facade.rules import dates
from fhir_facade.rules.registry import HISTORY
from fhir_facade.rules.text import is_set
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode

_TICK = timedelta(milliseconds=1)
_CHANGED: Final = ("updated", "updatedAt", "updated_at")
_DELETED: Final = ("is_deleted", "isDeleted")


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
    patient: str | None = None
    """Whose it was in this version."""
    tenant: str | None = None

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
            "patient": self.patient,
            "tenant": self.tenant,
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
        document.get("patient"),
        document.get("tenant"),
    )


def seen(resource: str, located: Located, at: datetime) -> Version | None:
    """Return the version that a write found, if it can be served; `at` is when it was found."""
    translation, owner = located.translation, located.whose
    if translation.deleted:
        moment = deleted_at(located) or at
        return Version(resource, located.id, translation.version, moment, None, None, *owner)
    if translation.body is None:
        return None
    moment = last_updated(translation) or at
    body = translation.body
    return Version(resource, located.id, translation.version, moment, None, body, *owner)


def last_updated(translation: Translation) -> datetime | None:
    """Return when a resource was last updated: UTC, without a zone."""
    if translation.last_updated is None:
        return None
    moment = dates.read(translation.last_updated, UTC)
    known = None if isinstance(moment, str) else moment.instant
    return None if known is None else dates.stored_instant(known)


def deleted_at(located: Located) -> datetime | None:
    """Return when a deleted record, or the deleted document around it, was last changed: UTC."""
    mapping = located.source.mapping
    own = any(is_set(located.element.get(name)) for name in _DELETED)
    changed = (mapping.stamp, *_CHANGED) if own else _CHANGED
    document = located.element if own else decode(located.raw)
    stored = next((document[name] for name in changed if document.get(name)), None)
    moment = dates.read(stored, located.source.context.timezone)
    known = None if isinstance(moment, str) else moment.instant
    return None if known is None else dates.stored_instant(known)


async def append(store: Store, versions: Sequence[Version]) -> None:
    """Add the versions that are not there; raise Conflict where the store refuses one."""
    for place, each in enumerate(versions):
        if await store.get(HISTORY, [each.key]):
            continue
        after = versions[place + 1] if place + 1 < len(versions) else None
        version = each
        if each.method is None and after is not None:
            version = replace(each, at=await _between(store, each, after.at))
        refused = await store.insert(HISTORY, [version.document()])
        if refused and not await store.get(HISTORY, [each.key]):
            raise Conflict("The version could not be added to the history.")


async def _between(store: Store, found: Version, until: datetime) -> datetime:
    """Return the time of a version that other software made: after the last that is kept.

    Other software may change a document without saying when.
    """
    same = {"$and": [{"type": found.type}, {"id": found.id}]}
    newest = [("at", -1), ("_id", -1)]
    kept = await store.find(HISTORY, same, sort=newest, limit=1)
    at = found.at if not kept else max(found.at, decode(kept[0])["at"] + _TICK)
    return min(at, until - _TICK)
