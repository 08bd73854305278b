"""What the entries of a transaction ask for, known before anything is read or written.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from fhir_facade.errors import BadRequest, FacadeError, Issue, Unsupported
from fhir_facade.interactions.bundle_entries import (
    READS,
    Entry,
    about,
    pairs_of,
    together_refused,
)
from fhir_facade.interactions.bundle_references import FullUrls, Link, links
from fhir_facade.interactions.conditional import Criteria, criteria
from fhir_facade.interactions.prepared import Change, Matches
from fhir_facade.interactions.write import (
    Writes,
)
from fhir_facade.rules.draft import Resource
from fhir_facade.rules.registry import CASE_ALIASES, Registry, ResourceType
from fhir_facade.search.options import SearchOptions

INTERACTIONS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
NO_ENTRY: Final = "No entry of the Bundle has this fullUrl."
_NOT_HERE: Final = (
    "This server does not hold the type that this conditional reference searches for; send the "
    "reference itself, or an identifier. It holds: "
)
_WHOLE_CASE: Final = (
    "A whole case is written by a request of its own, or in a batch; a transaction takes its parts."
)

R = TypeVar("R")


def _as_it_is(current: Resource | None) -> Resource:
    return current or {}


@dataclass(frozen=True, slots=True)
class Means(Generic[R]):
    """What the transaction needs of the protocol it came by."""

    expects: Callable[[Entry], Matches]
    """The versions that a request's conditions allow."""
    change: Callable[[Entry], Awaitable[Change]]
    """The change that an entry's patch makes."""
    checked: Callable[[Any, str], Resource]
    """The resource if it is valid; raises what is wrong with it."""
    read: Callable[[Entry], Awaitable[R]]
    """The answer to a request that writes nothing; raises where it fails."""


@dataclass(slots=True)
class Write:
    """One entry that writes."""

    entry: Entry
    resource: ResourceType
    fhir: str | None = None
    """The id in the URL."""
    asked: Criteria | None = None
    change: Change = _as_it_is
    links: list[Link] = field(default_factory=list)

    @property
    def method(self) -> str:
        return self.entry.method

    @property
    def given(self) -> str | None:
        """The id in the resource."""
        found = (self.entry.resource or {}).get("id")
        return found if isinstance(found, str) else None

    @property
    def has_parent(self) -> bool:
        """Say whether the resource is stored inside that of another one."""
        return self.resource.sources[0].mapping.unwind is not None


@dataclass(slots=True)
class Plan:
    """A transaction in the order that R4 wants."""

    deletes: list[Write]
    writes: list[Write]
    """Those that create or change, each after what it cannot do without."""
    reads: list[Entry]
    urls: FullUrls
    leases: set[str]


async def planned(writes: Writes, entries: Sequence[Entry], base_url: str, means: Means[R]) -> Plan:
    """Return what a transaction asks for; raise all that is wrong with it at once."""
    options = SearchOptions(writes.records.registry, base_url)
    reads = [each for each in entries if _is_read(each)]
    errors: list[FacadeError] = []
    found: list[Write] = []
    for each in (entry for entry in entries if not _is_read(entry)):
        try:
            with about(each):
                found.append(await _write(writes, each, options, means))
        except FacadeError as error:
            errors.append(error)
    named = [each.entry for each in found if each.method != "DELETE"]
    urls = FullUrls(named, base_url)
    for write in found:
        errors += _unresolvable(write, urls, writes.records.registry)
    if errors:
        raise together_refused(errors)
    return Plan(
        deletes=[each for each in found if each.method == "DELETE"],
        writes=_ordered([each for each in found if each.method != "DELETE"], urls),
        reads=reads,
        urls=urls,
        leases={each.asked.key for each in found if each.asked and each.method in ("POST", "PUT")},
    )


def _is_read(entry: Entry) -> bool:
    """Say whether an entry changes nothing: operations and searches here do not."""
    return entry.method in READS or (entry.method == "POST" and entry.is_operation)


async def _write(writes: Writes, entry: Entry, options: SearchOptions, means: Means[R]) -> Write:
    place = f"{entry.place}.request.url"
    registry = writes.records.registry
    segments, method = entry.segments, entry.method
    by_id = method != "POST" and len(segments) == 2 and not entry.query
    if not by_id and (len(segments) != 1 or bool(entry.query) != (method != "POST")):
        wanted = "[type]" if method == "POST" else "[type]/[id] or [type]?[criteria]"
        raise BadRequest(f"The url of a {method} is {wanted}.", expression=place)
    if segments[0] in CASE_ALIASES:
        raise Unsupported(_WHOLE_CASE, expression=place)
    write = Write(entry, registry.type(segments[0]))
    writes.require(write.resource, INTERACTIONS[method])
    if by_id:
        write.fhir = segments[1]
    if method == "PATCH":
        write.change = await means.change(entry)
    elif entry.resource is not None and method != "DELETE":
        write.links = links(entry.resource, f"{entry.place}.resource")
    if method in ("POST", "PUT") and (entry.resource or {}).get("resourceType") != segments[0]:
        text = "The resource is of another type than the url."
        raise BadRequest(text, expression=f"{entry.place}.resource")
    if method == "PUT" and by_id and write.given != write.fhir:
        text = "The resource must have the id of the URL."
        raise BadRequest(text, expression=f"{entry.place}.resource.id")
    write.asked = _criteria(write, options)
    return write


def _criteria(write: Write, options: SearchOptions) -> Criteria | None:
    entry = write.entry
    query, place = entry.query, f"{entry.place}.request.url"
    if write.method == "POST":
        given = entry.condition("ifNoneExist")
        if given is None:
            return None
        query = given.partition("?")[2 if "?" in given else 0]
        place = f"{entry.place}.request.ifNoneExist"
    elif write.fhir is not None:
        return None
    try:
        return criteria(write.resource, pairs_of(query, place), options)
    except FacadeError as error:
        error.issues = tuple(
            Issue(each.severity, each.code, each.diagnostics, place) for each in error.issues
        )
        raise


def _unresolvable(write: Write, urls: FullUrls, registry: Registry) -> Iterable[FacadeError]:
    """Yield an error for each link that nothing can be set to."""
    for link in write.links:
        if link.is_urn and urls.pointed(link, write.entry) is None:
            yield BadRequest(NO_ENTRY, issues=[Issue("error", "not-found", NO_ENTRY, link.path)])
        criterion = urls.criterion(link)
        if criterion is not None and registry.get(criterion.type) is None:
            known = ", ".join(sorted(each.name for each in registry))
            yield Unsupported(f"{_NOT_HERE}{known}.", expression=link.path)


def _ordered(found: Sequence[Write], urls: FullUrls) -> list[Write]:
    """Return POSTs before PUTs and PATCHes, those with conditional references after the others.

    What another one needs comes before it: the document around an embedded record, and whatever a
    reference names a version of.
    """
    by_place = {each.entry.at: each for each in found}
    ranked = sorted(found, key=lambda each: (_searches(each, urls), each.method != "POST"))
    done: dict[int, Write] = {}
    entered: set[int] = set()
    waiting = list(reversed(ranked))
    while waiting:
        write = waiting[-1]
        needed = [by_place[at] for at in _needed(write, urls) if at not in entered]
        if write.entry.at not in entered and needed:
            entered.add(write.entry.at)
            waiting += needed
        else:
            entered.add(write.entry.at)
            done.setdefault(write.entry.at, waiting.pop())
    return list(done.values())


def _searches(write: Write, urls: FullUrls) -> bool:
    return any(urls.criterion(each) is not None for each in write.links)


def _needed(write: Write, urls: FullUrls) -> Iterable[int]:
    for link in write.links:
        pointed = urls.pointed(link, write.entry)
        needed = pointed is not None and (write.has_parent or pointed.versioned)
        if pointed is not None and needed and pointed.at != write.entry.at:
            yield pointed.at
