"""create, update, patch, delete: one record changed, its version kept, or nothing done.

https://hl7.org/fhir/R4/http.html#create
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fhir_facade.errors import Conflict, Duplicate, TooLarge, Unprocessable
from fhir_facade.interactions.case import CASE_TYPE
from fhir_facade.interactions.leases import CLASH, leases
from fhir_facade.interactions.prepare import Preparations
from fhir_facade.interactions.prepared import Change, Matches, Prepared, Result, anything
from fhir_facade.interactions.provenance import record_writes
from fhir_facade.interactions.units import attempted, together
from fhir_facade.interactions.versions import append
from fhir_facade.rules.draft import Clash, Resource
from fhir_facade.rules.filters import all_of
from fhir_facade.rules.kinds.links import case_keys
from fhir_facade.rules.registry import ResourceType
from fhir_facade.rules.text import stored_ids
from fhir_facade.security.principal import reach
from fhir_facade.store.base import Overtaken
from fhir_facade.store.codec import DUPLICATE, TooLargeToStore, decode
from fhir_facade.store.finish import finished

_LINKS: Final = "linkedModules"
_TOO_LARGE = "The document that holds the resource would be larger than 16 MiB."


class Writes(Preparations):
    """Changes records of every writable type in one store."""

    async def create(
        self, resource: ResourceType, put: Resource, base_url: str, fhir: str | None = None
    ) -> Result:
        """Create a resource, under a new id if none is given; see `new_id`."""
        return await self._made(lambda: self.prepare_create(resource, put, base_url, fhir))

    async def update(
        self,
        resource: ResourceType,
        fhir: str,
        put: Resource,
        base_url: str,
        expects: Matches = anything,
    ) -> Result:
        """Replace a resource, or create it under its id where that is allowed."""
        return await self._made(lambda: self.prepare_update(resource, fhir, put, base_url, expects))

    async def patch(
        self,
        resource: ResourceType,
        fhir: str,
        change: Change,
        base_url: str,
        expects: Matches = anything,
    ) -> Result:
        """Change a resource as it is now."""
        return await self._made(
            lambda: self.prepare_patch(resource, fhir, change, base_url, expects)
        )

    async def delete(
        self, resource: ResourceType, fhir: str, expects: Matches = anything
    ) -> Result | None:
        """Mark a resource deleted; return None where there is nothing to delete."""

        async def work() -> Result | None:
            prepared = await self.prepare_delete(resource, fhir, expects)
            return None if prepared is None else await self.make(prepared)

        return await attempted(work)

    async def _made(self, prepare: Callable[[], Awaitable[Prepared]]) -> Result:
        async def work() -> Result:
            return await self.make(await prepare())

        return await attempted(work)

    async def make(self, prepared: Prepared, *, within: str | None = None) -> Result:
        """Make a write; raise Overtaken where another writer was first, Duplicate for a clash.

        `within` is the id of a case that is being written as a whole.
        """
        await self._require_cases(prepared, within)
        clash = prepared.clash
        async with leases(self._store, [CLASH + clash.key] if clash else []):
            if clash is not None:
                await self._check(prepared, clash)
            async with together(self._store) as can_undo:
                # what cannot be undone is done to its end, although the client has gone
                await (self._written(prepared) if can_undo else finished(self._written(prepared)))
        return prepared.result

    async def _written(self, prepared: Prepared) -> None:
        await self._store_it(prepared)
        await append(self._store, prepared.versions)
        await record_writes(self.records, prepared.versions)

    async def _require_cases(self, prepared: Prepared, within: str | None) -> None:
        """Raise Unprocessable for a new link into a case that is out of the caller's reach."""
        if not self.records.access.is_limited:
            return
        old = {} if prepared.raw is None else decode(prepared.raw)
        known = {*case_keys(old.get(_LINKS)), within}
        written = prepared.source.resource
        case = self.records.registry.types[CASE_TYPE].sources[0]
        for key in case_keys(prepared.document.get(_LINKS)):
            if key in known:
                continue
            if not await self.records.stored(case, stored_ids(key), reach(written)):
                raise Unprocessable(
                    "There is no EpisodeOfCare that this refers to.",
                    expression=prepared.source.resource,
                )

    async def _check(self, prepared: Prepared, clash: Clash) -> None:
        own = reach(prepared.source.resource)
        may = self.records.access.limit(prepared.source, own)
        filter = all_of([clash.filter, may])
        found = await self._store.find(prepared.collection, filter, limit=2)
        if any(decode(raw)["_id"] != prepared.document["_id"] for raw in found):
            raise Duplicate(clash.text, expression=clash.expression)

    async def _store_it(self, prepared: Prepared) -> None:
        if prepared.raw is not None:
            try:
                replaced = await self._store.replace(
                    prepared.collection, prepared.raw, prepared.document
                )
            except TooLargeToStore:
                raise TooLarge(_TOO_LARGE) from None
            if not replaced:
                raise Overtaken
        elif refused := await self._store.insert(prepared.collection, [prepared.document]):
            if refused[0][1] == DUPLICATE:
                raise Conflict("Another resource has this id.")
            raise TooLarge(_TOO_LARGE)
