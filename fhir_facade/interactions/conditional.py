"""Conditional create, update, patch and delete: a search says which resource is meant.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fhir_facade.errors import BadRequest, MultipleMatches, NotFound, UnknownParameter
from fhir_facade.interactions.leases import leases
from fhir_facade.interactions.locate import locate
from fhir_facade.interactions.prepared import Change, Matches, Result, anything, expect
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import search
from fhir_facade.interactions.units import attempted
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.rules.draft import Resource
from fhir_facade.rules.registry import ResourceType
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.plan import plan_types
from fhir_facade.security.principal import SEARCH
from fhir_facade.store.base import Overtaken

NOT_CRITERIA = ("_format", "_pretty")
_SEVERAL = "The criteria match several resources; name more, or name one by its id."

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a conditional interaction searches for."""

    resource: ResourceType
    pairs: Pairs
    options: SearchOptions

    @property
    def key(self) -> str:
        """What two requests that must take turns have in common."""
        return f"{self.resource.name}?{sorted(self.pairs)}"


def criteria(resource: ResourceType, pairs: Pairs, options: SearchOptions) -> Criteria:
    """Return the criteria of a conditional interaction; raise BadRequest where there are none."""
    kept = [pair for pair in pairs if pair[0] not in NOT_CRITERIA]
    if not kept:
        raise BadRequest("A conditional interaction needs search criteria of the resource.")
    if any(_first_name(name) not in (*resource.params, "_has") for name, _ in kept):
        known = ", ".join(sorted(resource.params))
        raise UnknownParameter(f"Criteria are search parameters of {resource.name}: {known}.")
    return Criteria(resource, kept, options)


def _first_name(name: str) -> str:
    return re.split("[:.]", name, maxsplit=1)[0]


class Found(NamedTuple):
    """The one resource that criteria match, in the version in which they do."""

    id: str
    version: str


async def the_match(records: Records, asked: Criteria) -> Found | None:
    """Return the one match, None if there is none; raise MultipleMatches."""
    plan = plan_types(
        (asked.resource,), [*asked.pairs, ("_count", "2")], asked.options, hidden=True
    )
    page = await search(records, plan, None, asked.options.base_url)
    if len(page.entries) + page.unservable > 1:
        raise MultipleMatches(_SEVERAL)
    if page.unservable:
        raise MultipleMatches("The criteria match a document that FHIR cannot express.")
    if not page.entries:
        return None
    (entry,) = page.entries
    return Found(entry.id, entry.match.translation(records).version)


def _still(found: Found, expects: Matches) -> Matches:
    """Return what the client expects of the very version that matched; another is overtaken."""

    def matches(version: str | None) -> bool:
        if version != found.version:
            raise Overtaken
        return expects(version)

    return matches


async def create(writes: Writes, asked: Criteria, put: Resource, base_url: str) -> Result:
    """Create a resource unless one matches; return that one unchanged."""
    writes.require(asked.resource, "create")
    async with leases(writes.records.store, [asked.key]):
        found = await the_match(writes.records, asked)
        if found is None:
            return await writes.create(asked.resource, put, base_url)
    return await unchanged(writes.records, asked.resource, found.id)


async def unchanged(records: Records, resource: ResourceType, fhir: str) -> Result:
    """Return a resource that is there already."""
    located = await locate(records, resource, fhir, SEARCH)
    if located is None or located.translation.body is None:
        raise NotFound(f"The {resource.name} that matches has just been removed.")
    found = located.translation
    return Result(resource.name, fhir, found.version, found.last_updated, found.body, changed=False)


async def update(
    writes: Writes, asked: Criteria, put: Resource, base_url: str, expects: Matches = anything
) -> Result:
    """Update the one match, or create the resource where there is none."""
    writes.require(asked.resource, "update")

    async def work() -> Result:
        given, found = put.get("id"), await the_match(writes.records, asked)
        if found is None:
            expect(expects, None)
            if given is None:
                return await writes.create(asked.resource, put, base_url)
            return await writes.update(asked.resource, str(given), put, base_url, expects)
        if given not in (None, found.id):
            raise BadRequest(
                "The resource that matches has another id than the one sent.",
                expression=f"{asked.resource.name}.id",
            )
        still = _still(found, expects)
        prepared = await writes.prepare_update(asked.resource, found.id, put, base_url, still)
        return await writes.make(prepared)

    async with leases(writes.records.store, [asked.key]):
        return await attempted(work)


async def patch(
    writes: Writes, asked: Criteria, change: Change, base_url: str, expects: Matches = anything
) -> Result:
    """Patch the one match; raise NotFound where there is none."""
    writes.require(asked.resource, "patch")

    async def work() -> Result:
        found = await the_match(writes.records, asked)
        if found is None:
            raise NotFound(f"No {asked.resource.name} matches the criteria.")
        still = _still(found, expects)
        prepared = await writes.prepare_patch(asked.resource, found.id, change, base_url, still)
        return await writes.make(prepared)

    return await attempted(work)


async def delete(writes: Writes, asked: Criteria, expects: Matches = anything) -> Result | None:
    """Delete the one match; return None where there is none."""
    writes.require(asked.resource, "delete")

    async def work() -> Result | None:
        found = await the_match(writes.records, asked)
        if found is None:
            expect(expects, None)
            return None
        still = _still(found, expects)
        prepared = await writes.prepare_delete(asked.resource, found.id, still)
        return None if prepared is None else await writes.make(prepared)

    return await attempted(work)
