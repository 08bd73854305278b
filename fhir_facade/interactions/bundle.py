"""transaction: all entries of a Bundle or none, in the order that R4 gives.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Generic

from fhir_facade.errors import (
    BadRequest,
    FacadeError,
    Issue,
    MultipleMatches,
    NotFound,
    PreconditionFailed,
    Unprocessable,
    Unsupported,
)
from fhir_facade.interactions.bundle_entries import Entry, about, pairs_of
from fhir_facade.interactions.bundle_plan import NO_ENTRY, Means, Plan, R, Write, planned
from fhir_facade.interactions.bundle_references import Criterion, Link, links, swapped
from fhir_facade.interactions.conditional import Criteria, criteria, the_match, unchanged
from fhir_facade.interactions.locate import locate
from fhir_facade.interactions.prepared import Change, Prepared, Result, new_id
from fhir_facade.interactions.units import all_or_nothing
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.rules.draft import Resource
from fhir_facade.search.options import SearchOptions

_NO_TRANSACTIONS: Final = (
    "This server's database has no multi-document transactions, so it cannot do all of a Bundle or "
    "nothing: a transaction is refused, and nothing was done. Send a batch, or single requests."
)
_TWICE: Final = "Another entry of the transaction is about the same resource."
_OVERLAP: Final = "The criteria match another resource that the transaction itself writes."
_CIRCLE: Final = "The version that this names is not known before the reference itself is written."
_NO_MATCH: Final = "Nothing matches this conditional reference."
_SEVERAL: Final = "Several resources match this conditional reference."
_UNSETTLED: Final = "What the transaction writes changes what this conditional reference matches."


async def transaction(
    writes: Writes, entries: Sequence[Entry], base_url: str, means: Means[R]
) -> list[Result | R | None]:
    """Do all that the entries ask or nothing; return what became of each, in their order.

    None stands for a DELETE of what is not there. Raises Unsupported where the store has no
    transactions, otherwise the error of the entry that failed.
    """
    if getattr(writes.records.store, "transactions", None) is False:
        raise Unsupported(_NO_TRANSACTIONS)
    plan = await planned(writes, entries, base_url, means)

    async def work(can: bool) -> dict[int, Result | R | None]:
        if not can:
            raise Unsupported(_NO_TRANSACTIONS)
        return await _Attempt(writes, plan, base_url, means).done()

    done = await all_or_nothing(writes.records.store, work, plan.leases)
    return [done[each.at] for each in entries]


class _Attempt(Generic[R]):
    """One attempt at a transaction, inside its unit of work."""

    def __init__(self, writes: Writes, plan: Plan, base_url: str, means: Means[R]) -> None:
        self._writes = writes
        self._records = writes.records
        self._plan = plan
        self._by_place = {each.entry.at: each for each in plan.writes}
        self._base_url = base_url
        self._means = means
        self._ids: dict[int, str] = {}
        """What each entry that writes is about."""
        self._matched: set[int] = set()
        """The entries whose criteria matched something before."""
        self._results: dict[int, Result | None] = {}
        self._stored: dict[int, tuple[str, Any]] = {}
        """The document that each entry wrote."""
        self._found: dict[tuple[str, str], str] = {}
        """What each conditional reference stands for."""

    async def done(self) -> dict[int, Result | R | None]:
        for step in (self._identify_deleted, self._delete):
            for write in self._plan.deletes:
                with about(write.entry):
                    await step(write)
        for write in self._plan.writes:
            with about(write.entry):
                await self._identify(write)
        self._no_overlap()
        for write in self._plan.writes:
            with about(write.entry):
                await self._make(write)
        for write in self._plan.writes:
            with about(write.entry):
                await self._verify(write)
        await self._refresh()
        answers: dict[int, Result | R | None] = {**self._results}
        for entry in self._plan.reads:
            with about(entry):
                answers[entry.at] = await self._means.read(entry)
        return answers

    async def _identify_deleted(self, write: Write) -> None:
        """Settle the id of what an entry deletes; there may be nothing."""
        fhir = write.fhir
        if write.asked is not None:
            fhir = await self._match(write.asked, write.entry)
        if fhir is not None:
            self._ids[write.entry.at] = fhir

    async def _delete(self, write: Write) -> None:
        at = write.entry.at
        self._results[at] = None
        if at in self._ids:
            expects = self._means.expects(write.entry)
            prepared = await self._writes.prepare_delete(write.resource, self._ids[at], expects)
            if prepared is not None:
                await self._written(at, prepared)

    async def _match(self, asked: Criteria, entry: Entry) -> str | None:
        """Return the one match of an entry's criteria, and say where they stand if it fails."""
        try:
            found = await the_match(self._records, asked)
            return None if found is None else found.id
        except FacadeError as error:
            name = "ifNoneExist" if entry.method == "POST" else "url"
            error.issues = tuple(
                replace(each, expression=f"{entry.place}.request.{name}") for each in error.issues
            )
            raise

    async def _identify(self, write: Write) -> None:
        """Settle the id of what an entry creates or changes."""
        at, entry = write.entry.at, write.entry
        if write.fhir is not None:
            self._ids[at] = write.fhir
            return
        match = None if write.asked is None else await self._match(write.asked, entry)
        if match is not None:
            self._matched.add(at)
            if write.method == "PUT" and write.given not in (None, match):
                text = "The resource that matches has another id than the one sent."
                raise BadRequest(text, expression=f"{entry.place}.resource.id")
        elif write.method == "PATCH":
            text = f"No {write.resource.name} matches the criteria."
            raise NotFound(text, expression=f"{entry.place}.request.url")
        given = write.given if write.method == "PUT" else None
        self._ids[at] = match or given or new_id()

    def _no_overlap(self) -> None:
        """Raise BadRequest where two entries are about one resource."""
        seen: set[tuple[str, str]] = set()
        twice = []
        for write in [*self._plan.deletes, *self._plan.writes]:
            at = write.entry.at
            if at in self._ids:
                identity = (write.resource.name, self._ids[at])
                if identity in seen:
                    twice.append(at)
                seen.add(identity)
        if twice:
            raise BadRequest(
                _TWICE,
                issues=[
                    Issue("error", "invalid", _TWICE, f"Bundle.entry[{at}].request.url")
                    for at in sorted(twice)
                ],
            )

    async def _make(self, write: Write) -> None:
        at, entry, method = write.entry.at, write.entry, write.method
        resource, fhir = write.resource, self._ids[at]
        if method == "POST" and at in self._matched:
            self._results[at] = await unchanged(self._records, resource, fhir)
            return
        expects = self._means.expects(entry)
        if method == "PATCH":
            prepared = await self._writes.prepare_patch(
                resource, fhir, self._patch(write), self._base_url, expects
            )
        else:
            put = await self._resolved(write)
            named = write.fhir or write.given or at in self._matched
            if method == "POST" or not named:
                prepared = await self._writes.prepare_create(resource, put, self._base_url, fhir)
            else:
                prepared = await self._writes.prepare_update(
                    resource, fhir, put, self._base_url, expects
                )
        await self._written(at, prepared)

    async def _written(self, at: int, prepared: Prepared) -> None:
        self._results[at] = await self._writes.make(prepared)
        self._stored[at] = (prepared.collection, prepared.document["_id"])

    async def _resolved(self, write: Write) -> Resource:
        """Return the resource of an entry with its links set to what they stand for."""
        resource: Resource = write.entry.resource or {}
        for link in write.links:
            criterion = self._plan.urls.criterion(link)
            if criterion is not None:
                await self._look_up(criterion)
        path = f"{write.entry.place}.resource"
        changed = swapped(resource, path, lambda link: self._target(link, write))
        if changed == resource:
            return resource
        return self._means.checked(changed, write.resource.name)

    def _patch(self, write: Write) -> Change:
        """Return the change of a patch, with the links set that it put in."""
        change, place = write.change, f"{write.entry.place}.resource"

        def changed(current: Resource | None) -> Resource:
            before = {each.value for each in links(current or {}, place)}
            patched = change(current)
            for link in links(patched, place):
                unknown = self._plan.urls.pointed(link, write.entry) is None
                if link.is_urn and link.value not in before and unknown:
                    raise BadRequest(
                        NO_ENTRY, issues=[Issue("error", "not-found", NO_ENTRY, place)]
                    )
            resolved = swapped(patched, place, lambda link: self._target(link, write))
            if resolved == patched:
                return patched
            return self._means.checked(resolved, write.resource.name)

        return changed

    def _target(self, link: Link, write: Write) -> str:
        """Return what a link is to be."""
        criterion = self._plan.urls.criterion(link)
        if criterion is not None:
            return self._found.get(criterion[:2], link.value)
        pointed = self._plan.urls.pointed(link, write.entry)
        if pointed is None:
            return link.value
        at = pointed.at
        target = self._by_place[at]
        name = f"{target.resource.name}/{self._ids[at]}"
        if not pointed.versioned:
            return name
        result = self._results.get(at)
        if result is None:
            raise Unprocessable(_CIRCLE, expression=link.path)
        return f"{name}/_history/{result.version}"

    async def _look_up(self, criterion: Criterion) -> None:
        """Find what a conditional reference stands for; raise PreconditionFailed."""
        if criterion[:2] not in self._found:
            fhir = await self._searched(criterion)
            if fhir is None:
                raise PreconditionFailed(
                    _NO_MATCH,
                    issues=[Issue("error", "not-found", _NO_MATCH, criterion.path)],
                )
            self._found[criterion[:2]] = f"{criterion.type}/{fhir}"

    async def _searched(self, criterion: Criterion) -> str | None:
        registry = self._records.registry
        options = SearchOptions(registry, self._base_url)
        pairs = pairs_of(criterion.query, criterion.path)
        try:
            asked = criteria(registry.type(criterion.type), pairs, options)
            found = await the_match(self._records, asked)
            return None if found is None else found.id
        except MultipleMatches:
            raise MultipleMatches(_SEVERAL, expression=criterion.path) from None
        except FacadeError as error:
            error.issues = tuple(replace(each, expression=criterion.path) for each in error.issues)
            raise

    async def _verify(self, write: Write) -> None:
        """Raise PreconditionFailed where the outcome hangs on the order of the entries."""
        if write.asked is not None and write.method in ("POST", "PUT"):
            match = await self._match(write.asked, write.entry)
            if match not in (None, self._ids[write.entry.at]):
                raise PreconditionFailed(_OVERLAP, expression=f"{write.entry.place}.request")
        for link in write.links:
            criterion = self._plan.urls.criterion(link)
            if criterion is not None:
                fhir = await self._searched(criterion)
                if self._found.get(criterion[:2]) != f"{criterion.type}/{fhir}":
                    raise PreconditionFailed(_UNSETTLED, expression=link.path)

    async def _refresh(self) -> None:
        """Give the versions as they are now to resources whose document was written again."""
        last = {document: at for at, document in self._stored.items()}
        for write in self._plan.writes:
            at = write.entry.at
            result, document = self._results.get(at), self._stored.get(at)
            if result is None or document is None or last[document] == at:
                continue
            located = await locate(self._records, write.resource, result.id)
            if located is not None and located.translation.body is not None:
                now = located.translation
                self._results[at] = replace(
                    result, version=now.version, last_updated=now.last_updated, body=now.body
                )
