"""search-type: a page of matches as a searchset.

https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_facade.errors import Issue
from fhir_facade.interactions.includes import MAX_INCLUDED, Included, Resource, included
from fhir_facade.interactions.joins import resolved
from fhir_facade.interactions.people import People
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.runs import Match, Run, run_of, runs_of
from fhir_facade.interactions.shape import Shape
from fhir_facade.rules import kept_tokens
from fhir_facade.rules.filters import all_of
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.kinds.record import odd_id_filter, plain_id_filter
from fhir_facade.rules.text import fhir_id
from fhir_facade.search.paging import Cursor
from fhir_facade.search.plan import Plan, SourcePlan
from fhir_facade.security.principal import SEARCH
from fhir_facade.store.codec import decode
from fhir_facade.store.matching import compile_filter


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource of a page that is stored nowhere."""

    type: str
    id: str
    body: bytes


@dataclass(slots=True)
class Page:
    """A page of a search."""

    entries: list[Resource] = field(default_factory=list)
    included: list[Resource] = field(default_factory=list)
    people: list[Shown] = field(default_factory=list)
    """Whom only references tell of, included too."""
    total: int | None = None
    next: Cursor | None = None
    previous: Cursor | None = None
    unservable: int = 0
    issues: list[Issue] = field(default_factory=list)


async def search(records: Records, plan: Plan, cursor: Cursor | None, base_url: str) -> Page:
    """Run a planned search, from the start or from a cursor; raise TooCostly for a costly join."""
    plan = await resolved(records, plan, base_url)
    page = await _page(records, plan, cursor)
    if plan.links and page.entries:
        found = await included(records, plan, page.entries, base_url)
        page.included = found.resources
        page.people = await _included_people(records, found)
        page.issues += found.issues
    return page


async def _included_people(records: Records, found: Included) -> list[Shown]:
    """Return those whom a page refers to, as far as the caller may know of them."""
    people: list[Shown] = []
    for named, id in found.people[: MAX_INCLUDED - len(found.resources)]:
        await asyncio.sleep(0)  # others have their turn
        one = await People(records, named).one(records.access, SEARCH, id)
        if one is not None:
            people.append(Shown(named.type, id, to_json(one.resource)))
    return people


async def _page(records: Records, plan: Plan, cursor: Cursor | None) -> Page:
    if plan.counts_only:
        matches, total = await tally(records, plan)
        return _finished(Page(total=total, unservable=matches - total), plan)
    runs = runs_of(records, plan)
    if cursor is not None and cursor.anchor:
        values = await runs[cursor.run].values_at(cursor.anchor)
        cursor = Cursor(cursor.run, values, cursor.backward)
    if cursor is not None and cursor.backward:
        page = await _page_before(records, runs, plan, cursor)
    else:
        page = await _page_after(records, runs, plan, cursor)
    if plan.query.total != "none":
        page.total = (await tally(records, plan))[1]
    elif cursor is None and page.next is None:
        page.total = len(page.entries)
    return _finished(page, plan)


def _finished(page: Page, plan: Plan) -> Page:
    page.issues = list(plan.issues)
    if page.unservable:
        where = "" if plan.counts_only else " at this place of the result"
        text = (
            f"Matches{where} that could not be expressed as {plan.name} and were left out: "
            f"{page.unservable}. A read of one says why."
        )
        page.issues.append(Issue("warning", "incomplete", text))
    return page


async def _page_after(records: Records, runs: list[Run], plan: Plan, cursor: Cursor | None) -> Page:
    """Fill a page with what can be served, one match beyond it telling whether there is more."""
    page = Page()
    number = cursor.run if cursor else 0
    values = (cursor.values or None) if cursor else None
    last: Match | None = None
    while number < len(runs):
        wanted = plan.count - len(page.entries) + 1
        matches = await runs[number].after(values, wanted)
        for match in matches:
            if len(page.entries) == plan.count:
                page.next = last.cursor() if last else None
                return _with_previous(page, runs, cursor)
            _add(page, match, records, plan)
            last = match
        if len(matches) < wanted:
            number, values = number + 1, None
        else:
            values = matches[-1].values
    return _with_previous(page, runs, cursor)


def _with_previous(page: Page, runs: list[Run], cursor: Cursor | None) -> Page:
    """Everything before a cursor's place is the page before; only documents are read backwards."""
    if cursor is not None and cursor.values and page.entries and runs[0].reversible:
        first = page.entries[0].match
        if first.run == 0:
            page.previous = first.cursor(backward=True)
    return page


async def _page_before(records: Records, runs: list[Run], plan: Plan, cursor: Cursor) -> Page:
    """Fill a page backwards from a place."""
    page = Page()
    values, more = cursor.values, True
    while more and len(page.entries) < plan.count:
        wanted = plan.count - len(page.entries) + 1
        matches = await runs[cursor.run].after(values, wanted, backward=True)
        more = len(matches) == wanted
        for match in matches[: wanted - 1]:
            _add(page, match, records, plan)
            values = match.values
    page.entries.reverse()
    if not page.entries:  # nothing before can be served: on to the beginning
        page.next = Cursor(0, ())
    else:
        page.next = page.entries[-1].match.cursor()
        if more:
            page.previous = page.entries[0].match.cursor(backward=True)
    return page


def _add(page: Page, match: Match, records: Records, plan: Plan) -> None:
    found = match.translation(records)
    if found.body is None:
        page.unservable += 1
    elif not found.overruled or _still_matches(match, plan):
        page.entries.append(Resource(match.resource, found.id, found.body, match))


def _still_matches(match: Match, plan: Plan) -> bool:
    """Say whether a record matches by what is served of it, not by what is kept and overruled."""
    record = match.record
    document = kept_tokens.current(record.source, record.document)
    filters = [each.filter for each in plan.sources if each.source is record.source]
    return any(compile_filter(each)(document) for each in filters)


async def tally(records: Records, plan: Plan) -> tuple[int, int]:
    """Return how many records match, and how many of them can be served."""
    matches = servable = 0
    for source in plan.sources:
        embedded = source.source.mapping.unwind is not None
        found = await (_tally_embedded if embedded else _tally_documents)(records, source)
        matches, servable = matches + found[0], servable + found[1]
    return matches, servable


async def _tally_documents(records: Records, plan: SourcePlan) -> tuple[int, int]:
    """A text beyond ASCII makes an id whose length no filter can tell: those are looked at."""
    collection, servable = plan.source.mapping.collection, plan.source.servable
    plain = all_of([servable, plain_id_filter("_id")])
    matches, total = await records.store.tally(collection, plan.filter, plain)
    if matches == total:
        return matches, total
    odd = all_of([plan.filter, servable, odd_id_filter("_id")])
    async for batch in records.store.scan(collection, odd):
        total += sum(fhir_id(decode(raw)["_id"]) is not None for raw in batch)
    return matches, total


async def _tally_embedded(records: Records, plan: SourcePlan) -> tuple[int, int]:
    matches = total = 0
    run = run_of(records, replace(plan, sort=()), 0)
    after: tuple[Any, ...] | None = None
    while found := await run.after(after, 1000):
        matches += len(found)
        total += sum(match.translation(records).body is not None for match in found)
        after = found[-1].values
    return matches, total


def _outcome_entry(issues: list[Issue]) -> bytes:
    """Return the entry of the outcome; validators want it to have an identity like the others."""
    resource = to_json(outcome(issues))
    identity = uuid.uuid5(uuid.NAMESPACE_OID, resource.decode()).urn
    return b'{"fullUrl":"%b","resource":%b,"search":{"mode":"outcome"}}' % (
        identity.encode(),
        resource,
    )


def outcome(issues: list[Issue]) -> dict[str, Any]:
    """Return an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(each) for each in issues]}


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "severity": issue.severity,
        "code": issue.code,
        "diagnostics": issue.diagnostics,
        **({"expression": [issue.expression]} if issue.expression else {}),
    }


def searchset(
    page: Page, links: list[tuple[str, str]], base_url: str, shape: Shape | None = None
) -> Served:
    """Return the page as a Bundle, the resources' bytes joined as they are, or cut to a shape."""
    if shape is not None and not shape.whole:
        _cut(page, shape)
    modes: tuple[tuple[bytes, Sequence[Resource | Shown]], ...] = (
        (b"match", page.entries),
        (b"include", page.included),
        (b"include", page.people),
    )
    entries = [
        (f"{base_url}/{entry.type}/{entry.id}", entry.body, mode)
        for mode, found in modes
        for entry in found
    ]
    return joined(entries, page.total, links, page.issues)


def joined(
    entries: Iterable[tuple[str, bytes, bytes]],
    total: int | None,
    links: Iterable[tuple[str, str]],
    issues: list[Issue],
) -> Served:
    """Return a searchset of (full URL, resource, mode), the resources' bytes as they are."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        head["total"] = total
    head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    written = [
        b'{"fullUrl":%b,"resource":%b,"search":{"mode":"%b"}}' % (to_json(url), body, mode)
        for url, body, mode in entries
    ]
    if issues:
        written.append(_outcome_entry(issues))
    body = to_json(head)
    if written:
        body = body[:-1] + b',"entry":[' + b",".join(written) + b"]}"
    return Served(body, "", None)


def _cut(page: Page, shape: Shape) -> None:
    page.entries = [replace(each, body=shape.applied(each.body)) for each in page.entries]
    page.included = [
        replace(each, body=shape.applied(each.body, match=False)) for each in page.included
    ]
    page.people = [
        replace(each, body=shape.applied(each.body, match=False)) for each in page.people
    ]
