"""The page of one FHIR answer: what was asked, what came, and where one can go from there."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, NamedTuple

from fhir_facade.http.interactions import interaction_of
from fhir_facade.web.front import Front
from fhir_facade.web.highlight import highlighted, plain
from fhir_facade.web.layout import page
from fhir_facade.web.links import Links
from fhir_facade.web.searching import Form
from fhir_facade.web.summary import MOST_ROWS, Issue, issues, page_links, row, rows, served

_SEARCHED: Final = (200, 400, 422)
"""Statuses with which a search can be tried another way; the others another one would get too."""
_PAGES: Final = ("first", "previous", "next", "last")


class Answered(NamedTuple):
    """A request and its answer, as the page shows them."""

    url: str
    """Path and query as they were asked for, percent-encoded."""
    json_url: str
    segments: tuple[str, ...]
    """The decoded path below the FHIR base."""
    status: int
    milliseconds: float
    etag: str | None
    last_modified: str | None
    request_id: str | None
    text: str
    body: dict[str, Any] | None
    """The JSON object of the text."""


class Crumb(NamedTuple):
    """A step of the way to a page; the last leads nowhere."""

    name: str
    href: str | None


def answer_page(front: Front, answered: Answered) -> bytes:
    """Return the page of an answer."""
    links = Links(front.fhir, front.types, front.canonical)
    body = answered.body or {}
    kind = body.get("resourceType")
    is_bundle, is_outcome = kind == "Bundle", kind == "OperationOutcome"
    listed = list(rows(body, links)) if is_bundle else []
    entries = body.get("entry")
    total = body.get("total")
    shown = highlighted(answered.text, links) if answered.body is not None else None
    told, form = issues(body), _form(front, answered)
    must_choose = form is not None and "?" not in answered.url and _is_too_much(answered, told)
    return page(
        "answer.html",
        front,
        it=answered,
        heading=answered.segments[0] if must_choose else _heading(answered, kind),
        form=form,
        must_choose=must_choose,
        interaction=interaction_of("/".join(answered.segments), "GET"),
        phrase=_phrase(answered.status),
        badge="good" if answered.status < 400 else "bad",
        crumbs=_crumbs(links, answered.segments),
        issues=told,
        card=row(body, links) if kind and not (is_bundle or is_outcome) else None,
        rows=listed,
        served=served(body, links) if kind == "CapabilityStatement" else [],
        is_bundle=is_bundle,
        cut=isinstance(entries, list) and len(entries) > MOST_ROWS,
        total=total if isinstance(total, int) else None,
        pages=_pages(body, links, is_bundle=is_bundle),
        more=_more(links, answered.segments, body, front),
        json=shown,
        is_json=answered.body is not None,
        plain=plain(answered.text) if shown is None else "",
    )


def _form(front: Front, answered: Answered) -> Form | None:
    """Return what the type of a search can be searched by."""
    if len(answered.segments) != 1 or answered.status not in _SEARCHED:
        return None
    return front.searches.form(answered.segments[0], answered.url.partition("?")[2])


def _is_too_much(answered: Answered, told: list[Issue]) -> bool:
    """Say whether a search was refused for what it would find or cost."""
    return answered.status == 422 and any(each.code == "too-costly" for each in told)


def _heading(answered: Answered, kind: Any) -> str:
    if answered.status >= 400:
        return f"{answered.status} {_phrase(answered.status)}"
    if not answered.segments:
        return "Search"
    return "/".join(answered.segments) if kind else answered.segments[-1]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _crumbs(links: Links, segments: tuple[str, ...]) -> list[Crumb]:
    """Return the way from the landing page; a type's and a resource's own URLs can be read."""
    found = [Crumb("Home", "/"), Crumb("FHIR", links.path("metadata"))]
    for depth, name in enumerate(segments, 1):
        is_place = depth < len(segments) and depth <= 2 and not name.startswith((".", "$", "_"))
        found.append(Crumb(name, links.path(*segments[:depth]) if is_place else None))
    return found


def _pages(body: dict[str, Any], links: Links, *, is_bundle: bool) -> list[Crumb]:
    found = page_links(body, links) if is_bundle else {}
    return [Crumb(name, found[name]) for name in _PAGES if name in found]


def _more(
    links: Links, segments: tuple[str, ...], body: dict[str, Any], front: Front
) -> list[Crumb]:
    """Return what else there is about a resource or a type."""
    kind = segments[0] if segments else ""
    found = []
    if len(segments) == 2 and kind in front.types and body.get("resourceType") == kind:
        meta = body.get("meta")
        if isinstance(meta, dict) and meta.get("versionId"):
            found.append(Crumb("History", links.path(*segments, "_history")))
        if kind == "EpisodeOfCare":
            found.append(Crumb("Whole case", links.path(*segments, "$case")))
        if kind == "Patient":
            found.append(Crumb("Everything", links.path(*segments, "$everything")))
    if kind in front.types:
        found.append(Crumb(f"{kind} in the docs", f"/docs#/{kind}"))
    return found
