"""The few things of a resource that tell what it is, whatever its type.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from fhir_facade.web.links import Links

_LONGEST: Final = 140
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that would show what comes after them backwards."""
MOST_ROWS: Final = 500

_WHAT: Final = (
    *("title", "name", "description", "code", "type", "topic", "category", "activity", "payload"),
    *("valueQuantity", "url", "identifier"),
)
_STATUS: Final = ("status", "lifecycleStatus", "outcome")
_WHO: Final = ("subject", "patient", "for", "beneficiary", "target", "who")
_WHEN: Final = (
    *("authoredOn", "sent", "startDate", "date", "recorded", "occurredDateTime", "period"),
    *("effectiveDateTime", "issued", "created"),
)
_INSIDE: Final = ("text", "display", "contentString", "description", "reference", "value", "code")
_BADGES: Final = {
    "fatal": "bad",
    "error": "bad",
    "warning": "warn",
    "information": "good",
    "success": "good",
}


class Row(NamedTuple):
    """A resource in one line."""

    kind: str
    id: str
    href: str | None
    what: str
    status: str
    who: str
    who_href: str | None
    when: str
    how: str
    """What an entry of a history did, or why an entry of a searchset is there."""


class Issue(NamedTuple):
    """An issue of an OperationOutcome."""

    severity: str
    badge: str
    code: str
    text: str
    expressions: tuple[str, ...]


class Served(NamedTuple):
    """A type of a CapabilityStatement."""

    kind: str
    href: str | None
    """Where all of it is found, where it can be searched."""
    interactions: str
    params: str
    operations: str


def row(resource: Mapping[str, Any], links: Links, how: str = "") -> Row:
    """Return what tells a resource from others."""
    kind, identity = _string(resource.get("resourceType")), _string(resource.get("id"))
    who = _object(_first(resource, _WHO))
    reference = _string(who.get("reference"))
    return Row(
        kind=kind,
        id=identity,
        href=links.resource(kind, identity),
        what=_what(resource),
        status=_words(_first(resource, _STATUS)),
        who=_string(who.get("display")) or reference,
        who_href=links.of(reference, is_reference=True),
        when=_moment(_first(resource, _WHEN)) or _moment(_object(resource.get("meta"))),
        how=how,
    )


def rows(bundle: Mapping[str, Any], links: Links) -> Iterator[Row]:
    """Return a line for each entry of a Bundle but its outcomes."""
    for entry in _objects(bundle.get("entry"))[:MOST_ROWS]:
        resource = _object(entry.get("resource"))
        request = _object(entry.get("request"))
        if resource.get("resourceType") == "OperationOutcome":
            continue
        how = _string(request.get("method")) or _string(_object(entry.get("search")).get("mode"))
        if not resource:
            kind, _, identity = _string(request.get("url")).partition("/")
            resource = {"resourceType": kind, "id": identity}
        yield row(resource, links, "" if how == "match" else how)


def issues(body: Mapping[str, Any]) -> list[Issue]:
    """Return the issues of an OperationOutcome, or of those within a Bundle."""
    outcomes = [body]
    if body.get("resourceType") == "Bundle":
        outcomes = [_object(each.get("resource")) for each in _objects(body.get("entry"))]
    return [
        _issue(each)
        for outcome in outcomes
        if outcome.get("resourceType") == "OperationOutcome"
        for each in _objects(outcome.get("issue"))
    ]


def served(statement: Mapping[str, Any], links: Links) -> list[Served]:
    """Return what a CapabilityStatement says of each type."""
    rest = _object(statement.get("rest"))
    return [_served(each, links) for each in _objects(rest.get("resource"))]


def _served(resource: Mapping[str, Any], links: Links) -> Served:
    kind = _string(resource.get("type"))
    interactions = _names(resource.get("interaction"), "code")
    return Served(
        kind=kind,
        href=links.path(kind) if "search-type" in interactions else None,
        interactions=", ".join(interactions),
        params=", ".join(_names(resource.get("searchParam"), "name")),
        operations=", ".join(_names(resource.get("operation"), "name")),
    )


def page_links(bundle: Mapping[str, Any], links: Links) -> dict[str, str]:
    """Return where the links of a Bundle lead: `first`, `previous`, `next`, `last`."""
    found = {}
    for each in _objects(bundle.get("link")):
        relation = _string(each.get("relation"))
        target = links.of(_string(each.get("url")))
        if target is not None:
            found["previous" if relation == "prev" else relation] = target
    return found


def _issue(issue: Mapping[str, Any]) -> Issue:
    severity = _string(issue.get("severity"))
    text = _string(issue.get("diagnostics")) or _words(issue.get("details"))
    where = issue.get("expression") or issue.get("location") or ()
    places = tuple(map(_string, where)) if isinstance(where, list) else ()
    return Issue(severity, _BADGES.get(severity, "warn"), _string(issue.get("code")), text, places)


def _what(resource: Mapping[str, Any]) -> str:
    for name in _WHAT:
        words = _words(resource.get(name))
        if words:
            return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    return ""


def _words(value: Any, depth: int = 4) -> str:
    """Return the text of a string, CodeableConcept, HumanName, Identifier or Reference."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return _words(value[0], depth - 1) if value and depth else ""
    if not isinstance(value, dict) or not depth:
        return ""
    for name in _INSIDE:
        if isinstance(value.get(name), str) and value[name]:
            return str(value[name])
    if "value" in value and "unit" in value:
        return f"{value['value']} {_string(value['unit'])}"
    return _words(value.get("coding"), depth - 1)


def _moment(value: Any) -> str:
    """Return a date and time as a person reads it, to the minute and in the zone it is told in."""
    if isinstance(value, dict):
        value = value.get("start") or value.get("lastUpdated") or value.get("end")
    text = _string(value)
    return f"{text[:10]} {text[11:16]}" if len(text) > 16 and text[10] == "T" else text


def _names(values: Any, name: str) -> list[str]:
    return [_string(each.get(name)) for each in _objects(values)]


def _first(resource: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((resource[name] for name in names if resource.get(name)), None)


def _object(value: Any) -> Mapping[str, Any]:
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _string(value: Any) -> str:
    return _TURNS.sub("\ufffd", value) if isinstance(value, str) else ""
