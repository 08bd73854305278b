"""Who is stored nowhere, as HTTP endpoints: read, and search by id or name.

https://hl7.org/fhir/R4/http.html#read
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from urllib.parse import urlencode

from fhir_facade.errors import BadCursor, Issue, NotFound, TooCostly
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, bundle_reply, resource_reply
from fhir_facade.interactions.access import require
from fhir_facade.interactions.people import MOST, People, people_query
from fhir_facade.interactions.people_names import NAME
from fhir_facade.interactions.read import Served
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import joined
from fhir_facade.interactions.shape import Shape
from fhir_facade.rules.json_text import to_json
from fhir_facade.search.params import Query, parse
from fhir_facade.security.principal import SEARCH
from fhir_facade.settings import Settings

logger = logging.getLogger("fhir_facade")

Handler = Callable[[FhirRequest], Awaitable[Reply]]


def people_lines(settings: Settings, records: Records) -> Iterator[tuple[str, dict[str, Handler]]]:
    """Yield the URLs of the types that only references tell of."""
    for named in records.registry.people:
        people = People(records, named)
        yield named.type, {"GET": partial(_search, people, settings)}
        yield f"{named.type}/_search", {"POST": partial(_search_by_post, people, settings)}
        histories: dict[str, Handler] = {"GET": partial(_no_history, named.type)}
        for path in ("_history", "{id}/_history", "{id}/_history/{vid}"):
            yield f"{named.type}/{path}", histories
        yield f"{named.type}/{{id}}", {"GET": partial(_read, people)}


async def _no_history(type: str, request: FhirRequest) -> Reply:
    del request
    text = f"This server keeps no versions of {type}: it keeps none at all, only references to one."
    raise NotFound(text, issues=[Issue("error", "not-supported", text)])


async def _read(people: People, request: FhirRequest) -> Reply:
    """GET [base]/Patient/[id]"""
    request.require_json()
    if request.params["id"][0] in _NO_ID:
        raise NotFound("There is nothing at this URL; /metadata lists what this server offers.")
    served, request.tenants = await people.read(request.access, request.params["id"])
    query = parse([pair for pair in request.pairs if pair[0] in _SHAPES], max_count=MOST)
    body = Shape(query.summary, query.elements).applied(served.body)
    return resource_reply(request, Served(body, served.version, None))


_SHAPES = ("_summary", "_elements")
_DIGITS = 3
_NO_ID = "$_"
"""What an operation or an interaction begins with."""


async def _search_by_post(people: People, settings: Settings, request: FhirRequest) -> Reply:
    """POST [base]/Patient/_search"""
    await request.add_form(settings.max_body)
    return await _search(people, settings, request)


async def _search(people: People, settings: Settings, request: FhirRequest) -> Reply:
    """GET [base]/Patient?_id=…, GET [base]/Patient?name=…"""
    request.require_json()
    query = people_query(request.pairs)
    start = _start(query)
    require(request.access, people.named.type, SEARCH)
    if not people.check(query, lenient=request.is_lenient(settings.search_handling)):
        _guard(people.named.type, settings, request, query)
    persons = await people.find(request.access, query)
    shape, type = Shape(query.summary, query.elements), people.named.type
    is_counted = shape.summary == "count" or query.count == 0
    end = start + (MOST if query.count is None else query.count)
    page = [] if is_counted else persons[start:end]
    request.tenants = (*dict.fromkeys(tenant for each in persons for tenant in each.tenants),)
    base = f"{request.base_url}/{type}"
    bodies = [shape.applied(to_json(each.resource)) for each in page]
    urls = (f"{base}/{each.resource['id']}" for each in page)
    entries = [(url, body, b"match") for url, body in zip(urls, bodies, strict=True)]
    links = [("self", _link(base, query, start))]
    if page and end < len(persons):
        links.append(("next", _link(base, query, end)))
    request.shown = bodies, len(persons)
    served = joined(entries, len(persons), links, query.issues)
    return bundle_reply(request, served)


def _start(query: Query) -> int:
    """Return how many a page comes after; raise BadCursor for what is no such number."""
    if query.cursor is None:
        return 0
    if not query.cursor.isascii() or not query.cursor.isdigit() or len(query.cursor) > _DIGITS:
        raise BadCursor("This _cursor is none that this search gave; start again without it.")
    return int(query.cursor)


def _link(base: str, query: Query, start: int) -> str:
    applied = [(each.spelled[0], each.spelled[1]) for each in query.clauses] + query.applied
    place = [("_cursor", str(start))] if start else []
    return f"{base}?{urlencode(applied + place, safe=',:/*$|')}"


def _guard(type: str, settings: Settings, request: FhirRequest, query: Query) -> None:
    """Log a search by name, which no index answers; or refuse it."""
    if not query.clauses:
        return
    logger.info("request %s: no index answers %s by %s", request.id, type, NAME)
    if settings.unindexed_search == "refuse":
        raise TooCostly(f"No index answers a search of {type} by {NAME}: give an id.")
