"""A generated narrative: the main elements of a resource as a short table.

https://hl7.org/fhir/R4/narrative.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import escape
from typing import Any

from fhir_facade.rules.text import clean

_START = '<div xmlns="http://www.w3.org/1999/xhtml" class="fhir-facade">'
_MOST_ROWS = 20
_MOST_VALUES = 10
_LONGEST = 500
_UNTOLD = frozenset(
    {"resourceType", "id", "meta", "implicitRules", "language", "text", "contained"}
    | {"extension", "modifierExtension", "identifier", "masterIdentifier"}
)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def narrative(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return the Narrative of a resource; every string of it is escaped."""
    rows = [
        f"<tr><td><b>{_label(name)}</b></td><td>{'<br/>'.join(words)}</td></tr>"
        for name, value in resource.items()
        if name not in _UNTOLD and not name.startswith("_")
        if (words := [escape(each) for each in _words(value)][:_MOST_VALUES])
    ]
    title = f"<p><b>{escape(_label(str(resource['resourceType'])))}</b></p>"
    table = f"<table><tbody>{''.join(rows[:_MOST_ROWS])}</tbody></table>" if rows else ""
    return {"status": "generated", "div": f"{_START}{title}{table}</div>"}


def is_own_narrative(text: Any) -> bool:
    """Say whether a Narrative is one that was generated here, and so says nothing of its own."""
    if not isinstance(text, dict) or text.keys() != {"status", "div"}:
        return False
    return text["status"] == "generated" and str(text["div"]).startswith(_START)


@lru_cache(maxsize=1024)
def _label(name: str) -> str:
    """Return `lifecycleStatus` as `Lifecycle status`."""
    return escape(" ".join(each.lower() for each in _WORD.findall(name)).capitalize())


def _words(value: Any) -> Iterator[str]:
    """Yield what a person reads of a value."""
    if isinstance(value, list):
        for each in value:
            yield from _words(each)
    elif isinstance(value, dict):
        yield from _object_words(value)
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif value is not None and (text := clean(str(value))) is not None:
        yield text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _object_words(value: Mapping[str, Any]) -> Iterator[str]:
    for fits, told in _DATATYPES:
        if fits & value.keys():
            yield from told(value)
            return
    parts = [
        f"{_label(name)}: {', '.join(found)}"
        for name, each in value.items()
        if name not in _UNTOLD and not name.startswith("_") and (found := list(_words(each)))
    ]
    if parts:
        yield "; ".join(parts)


def _concept(value: Mapping[str, Any]) -> Iterator[str]:
    codings = value.get("coding") or [{}]
    shown = (each.get("display", each.get("code")) for each in codings)
    yield from _words(value.get("text") or next((each for each in shown if each), None))


def _reference(value: Mapping[str, Any]) -> Iterator[str]:
    """A bare id tells a person nothing."""
    yield from _words(value.get("display"))


def _period(value: Mapping[str, Any]) -> Iterator[str]:
    ends = [next(_words(value.get(name)), "…") for name in ("start", "end")]
    yield " to ".join(ends)


def _quantity(value: Mapping[str, Any]) -> Iterator[str]:
    parts = [value.get("comparator"), value.get("value"), value.get("unit", value.get("code"))]
    yield " ".join(str(each) for each in parts if each is not None)


def _annotation(value: Mapping[str, Any]) -> Iterator[str]:
    yield from _words(value.get("text"))


def _attachment(value: Mapping[str, Any]) -> Iterator[str]:
    yield from _words(value.get("title") or value.get("url"))


def _coding(value: Mapping[str, Any]) -> Iterator[str]:
    yield from _words(value.get("display", value.get("code")))


_DATATYPES = (
    ({"time", "authorReference", "authorString"}, _annotation),
    ({"coding", "text"}, _concept),
    ({"reference"}, _reference),
    ({"start", "end"}, _period),
    ({"contentType", "url"}, _attachment),
    ({"low", "high", "numerator"}, lambda value: _parts(value)),
    ({"unit", "comparator"}, _quantity),
    ({"system", "display"}, _coding),
)
"""Elements that tell a datatype, and what a person reads of it."""


def _parts(value: Mapping[str, Any]) -> Iterator[str]:
    """Tell a Range or a Ratio."""
    for pair, between in ((("low", "high"), " to "), (("numerator", "denominator"), " / ")):
        found = [next(_words(value[name]), "") for name in pair if name in value]
        if found:
            yield between.join(found)
