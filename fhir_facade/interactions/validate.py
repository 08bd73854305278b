"""$validate: whether a resource is valid, and whether a write of it would be accepted.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from fhir_facade.errors import FacadeError, Issue
from fhir_facade.interactions.access import Access
from fhir_facade.interactions.case import CASE_TYPE, read_case
from fhir_facade.interactions.case_write import CaseWrites
from fhir_facade.interactions.definitions import definitions_of, known_systems
from fhir_facade.interactions.prepared import Result
from fhir_facade.interactions.read import read
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.trial import TrialStore
from fhir_facade.interactions.write import Writes
from fhir_facade.rules.draft import Resource
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.validation import validate
from fhir_facade.rules.validation.codings import unknown_codes
from fhir_facade.rules.validation.profiles import profile_issues

MODES: Final = ("create", "update", "delete", "profile")
"""What a resource may be validated for; `profile` is the same as nothing in particular."""
BUNDLE: Final = "Bundle"
_DEEP: Final = 1000
_FINE: Final = Issue("information", "informational", "No problems were found.")
_NOT_THERE: Final = "There is nothing under this id; a delete would be answered as done."
_OTHER_ID: Final = "The resource must have the id of the URL."
_NO_ID: Final = "An update names the resource by its id."


@dataclass(frozen=True, slots=True)
class Asked:
    """One validation as it was asked."""

    base_url: str
    resource: Any = None
    """Parsed JSON; None where a stored resource is meant, or a delete."""
    type: str | None = None
    """The type that the URL names."""
    id: str | None = None
    mode: str | None = None
    profiles: tuple[str, ...] = ()


class Validation:
    """Validates resources with the checks of writes, and against profiles; stores nothing."""

    def __init__(
        self,
        records: Records,
        *,
        update_create: bool = False,
        max_entries: int = 1000,
    ) -> None:
        self._records = records
        self._update_create = update_create
        self._max_entries = max_entries

    def seen_by(self, access: Access) -> Validation:
        """Return the same validation as another caller asks for it."""
        if access is self._records.access:
            return self
        seen = copy.copy(self)
        seen._records = self._records.seen_by(access)
        return seen

    def type(self, name: str) -> str:
        """Return the name of a type that is served; raise UnknownType."""
        return self._records.registry.type(name).name

    async def stored(self, type: str, fhir: str, base_url: str) -> Resource:
        """Return a resource as it is served; raise NotFound, Gone, Unservable or UnknownType."""
        registry = self._records.registry
        if type == BUNDLE:
            case = registry.type(CASE_TYPE)
            served = await read_case(self._records, case, fhir, base_url)
        else:
            served = await read(self._records, registry.type(type), fhir)
        resource: Resource = read_json(served.body, max_depth=_DEEP)
        return resource

    async def issues(self, asked: Asked) -> list[Issue]:
        """Return all that is to say of a resource, at least that nothing is wrong with it."""
        found: list[Issue] = []
        if asked.resource is not None:
            found = validate(asked.resource, type=asked.type)
        sound = not any(each.severity == "error" for each in found)
        if asked.resource is not None:
            found += self._by_profiles(asked, found)
        tried: list[Issue] = []
        if asked.mode == "delete":
            tried = await self._tried_delete(asked)
        elif asked.mode in ("create", "update") and sound:
            tried = await self._tried_write(asked)
        said = {(each.expression, each.diagnostics) for each in found}
        found += [each for each in tried if (each.expression, each.diagnostics) not in said]
        return found or [_FINE]

    def _by_profiles(self, asked: Asked, found: list[Issue]) -> list[Issue]:
        """Return what the profiles say that R4 does not say already."""
        said = {(each.code, each.expression) for each in found}
        definitions = definitions_of(self._records.registry)
        served = asked.mode not in ("create", "update")
        more = profile_issues(asked.resource, definitions, asked.profiles, served=served)
        more += unknown_codes(asked.resource, known_systems(self._records.registry))
        return [each for each in more if (each.code, each.expression) not in said]

    def _writes(self) -> Writes:
        """Return the very writes of this server, on a store that keeps nothing."""
        trial = TrialStore(self._records.store)
        records = Records(trial, self._records.registry, access=self._records.access)
        return Writes(records, update_create=self._update_create)

    async def _tried_write(self, asked: Asked) -> list[Issue]:
        name, put = str(asked.resource["resourceType"]), asked.resource
        if asked.mode == "update":
            wrong = _wrong_id(asked)
            if wrong is not None:
                return [Issue("error", "invalid", wrong, f"{name}.id")]
        fhir = asked.id or put.get("id", "")
        if name == BUNDLE:
            return await self._tried(name, self._case_write(asked, fhir))
        resource = self._records.registry.get(name)
        if resource is None:
            return [self._not_written(name)]
        return await self._tried(name, self._write(asked, resource, fhir))

    async def _write(self, asked: Asked, resource: ResourceType, fhir: str) -> Iterable[Issue]:
        writes = self._writes()
        if asked.mode == "create":
            writes.require(resource, "create")
            return (await writes.create(resource, asked.resource, asked.base_url)).issues
        return (await writes.update(resource, fhir, asked.resource, asked.base_url)).issues

    async def _case_write(self, asked: Asked, fhir: str) -> Iterable[Issue]:
        if len(asked.resource.get("entry", ())) > self._max_entries:
            text = f"The bundle has more than {self._max_entries} entries."
            return [Issue("error", "too-long", text, "Bundle.entry")]
        cases = CaseWrites(self._writes())
        if asked.mode == "create":
            return (await cases.create(asked.resource, asked.base_url)).issues
        return (await cases.update(fhir, asked.resource, asked.base_url)).issues

    async def _tried_delete(self, asked: Asked) -> list[Issue]:
        name, fhir = asked.type or "", asked.id or ""
        resource = self._records.registry.get(name)
        if name == BUNDLE:
            return await self._tried(name, _deleted(CaseWrites(self._writes()).delete(fhir)))
        if resource is None:
            return [self._not_written(name)]
        return await self._tried(name, self._delete(resource, fhir))

    async def _delete(self, resource: ResourceType, fhir: str) -> Iterable[Issue]:
        writes = self._writes()
        writes.require(resource, "delete")
        return await _deleted(writes.delete(resource, fhir))

    def _not_written(self, name: str) -> Issue:
        known = ", ".join(
            sorted(each.name for each in self._records.registry if each.sources[0].mapping.writes)
        )
        text = f"This server takes no writes of {name}; it takes them of: {known}."
        return Issue("error", "not-supported", text, name)

    async def _tried(self, name: str, work: Awaitable[Iterable[Issue]]) -> list[Issue]:
        """Return what a write says, or is refused for; raise where it cannot be tried."""
        try:
            return list(await work)
        except FacadeError as error:
            if error.status >= 500:
                raise
            return [
                each if each.expression else replace(each, expression=name) for each in error.issues
            ]


async def _deleted(work: Awaitable[Result | None]) -> Iterable[Issue]:
    """Return what is to say of a delete that was tried."""
    return [] if await work else [Issue("information", "informational", _NOT_THERE)]


def _wrong_id(asked: Asked) -> str | None:
    """Return what is wrong with the id of an update."""
    given = asked.resource.get("id")
    if asked.id is not None:
        return None if given == asked.id else _OTHER_ID
    return None if given is not None else _NO_ID
