"""Whole resources of the types that are written, valid in R4 and as odd as R4 allows.

https://hl7.org/fhir/R4/resourcelist.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.writing.datatypes import (
    COMPLEX,
    alien_extensions,
    codings,
    extensions,
    languages,
    mimes,
    places,
    references,
)
from tests.writing.exact_json import Json
from tests.writing.primitives import PRIMITIVES, date_times_from, uris
from tests.writing.shapes import SHAPES

WRITTEN = ("Task", "Flag", "Goal", "Communication", "DocumentReference")
"""The types that are created by a POST of their own."""


@dataclass(frozen=True)
class Element:
    """A line of a shape."""

    name: str
    required: bool
    many: bool
    types: tuple[str, ...]


@cache
def elements(type_: str) -> tuple[Element, ...]:
    found = []
    for line in filter(None, map(str.strip, SHAPES[type_].splitlines())):
        name, types = line.split()
        plain = name.rstrip("!*")
        marks = name[len(plain) :]
        found.append(Element(plain, "!" in marks, "*" in marks, _types(plain, types)))
    return tuple(found)


def _types(name: str, written: str) -> tuple[str, ...]:
    """The types of a choice; the references stand last in it."""
    if not name.endswith("[x]"):
        return (written,)
    simple, colon, targets = written.partition("Reference:")
    return (*(each for each in simple.split("|") if each), *([colon + targets] if colon else []))


def of_type(type_: str) -> st.SearchStrategy[Any]:
    """Values of a type as shapes name it."""
    base, _, names = type_.partition(":")
    if base == "code" and names:
        return st.sampled_from(names.split("|"))
    if base == "Reference":
        return references(names.split("|")) if names else references()
    if base == "later":
        return date_times_from(9991)
    special = {"mime": mimes, "language": languages, "place": places}
    if base in special:
        return special[base]
    if base in SHAPES:
        return objects(base)
    return (PRIMITIVES | COMPLEX)[base]


def _is_primitive(type_: str) -> bool:
    base = type_.partition(":")[0]
    return base in PRIMITIVES or base in ("later", "mime", "language", "place")


_twins = st.fixed_dictionaries(
    {"extension": st.lists(alien_extensions(), min_size=1, max_size=2)},
    optional={"id": st.just("t1")},
)


@st.composite
def objects(draw: st.DrawFn, type_: str, most: int = 3) -> Json:
    """An object of a shape: what is required, and up to some of the rest."""
    known = elements(type_)
    optional = [each for each in known if not each.required]
    chosen = [each for each in known if each.required]
    if optional:
        chosen += draw(st.lists(st.sampled_from(optional), max_size=most, unique=True))
    found: Json = {}
    for each in chosen:
        _put(draw, found, each)
    if not found or draw(st.integers(0, 9)) == 0:
        found["extension"] = draw(st.lists(alien_extensions(), min_size=1, max_size=2))
    return found


def _put(draw: st.DrawFn, found: Json, element: Element) -> None:
    type_ = draw(st.sampled_from(element.types))
    base = type_.partition(":")[0]
    name = element.name.replace("[x]", base[0].upper() + base[1:])
    one = of_type(type_)
    if not element.many:
        if _is_primitive(type_) and draw(st.integers(0, 9)) == 0:
            found[f"_{name}"] = draw(_twins)
            if not element.required and draw(st.booleans()):
                return
        found[name] = draw(one)
    elif _is_primitive(type_) and draw(st.integers(0, 3)) == 0:
        found[name], found[f"_{name}"] = draw(_pairs(one))
    else:
        found[name] = draw(st.lists(one, min_size=1, max_size=3))


@st.composite
def _pairs(draw: st.DrawFn, one: st.SearchStrategy[Any]) -> tuple[list[Any], list[Any]]:
    """A list of primitives and that of their extensions, with gaps in both."""
    value, twin = draw(one), draw(_twins)
    both = [(value, None), (None, twin), (draw(one), draw(_twins))]
    order = draw(st.permutations(both))
    return [each for each, _ in order], [each for _, each in order]


_divs = st.sampled_from(
    [
        "plain",
        "<p>a &amp; b &#160;\u00a0</p>\n<table><tr><td>\U0001f600</td></tr></table>",
        "<ul><li>\u05e9\u05dc\u05d5\u05dd</li></ul>",
    ]
).map(lambda each: f'<div xmlns="http://www.w3.org/1999/xhtml">{each}</div>')
_narratives = st.fixed_dictionaries(
    {"status": st.sampled_from(["generated", "extensions", "additional"]), "div": _divs}
)
_metas = st.fixed_dictionaries(
    {"source": uris},
    optional={
        "profile": st.lists(st.just("http://example.org/profile|1.0"), min_size=1, max_size=2),
        "tag": st.lists(codings(), min_size=1, max_size=3),
        "security": st.lists(codings(), min_size=1, max_size=2),
        "extension": st.lists(alien_extensions(), min_size=1, max_size=2),
    },
)
_inner: dict[str, Json] = {
    "Patient": {"active": True, "name": [{"family": "\u00d8stergaard", "given": ["A", "B"]}]},
    "Practitioner": {"telecom": [{"system": "phone", "value": " 1 "}]},
    "Organization": {"name": "Clinic"},
    "Location": {"name": "Room", "mode": "instance"},
}


@st.composite
def contained(draw: st.DrawFn, resource: Json) -> Json:
    """The resource with others within it, each named by a reference."""
    found = dict(resource)
    types = draw(st.lists(st.sampled_from(list(_inner)), min_size=1, max_size=2, unique=True))
    found["contained"] = [
        {"resourceType": each, "id": f"c{at}", **_inner[each]} for at, each in enumerate(types)
    ]
    for at, each in enumerate(types):
        link = {"reference": f"#c{at}", **draw(st.sampled_from([{}, {"display": "within"}]))}
        fitting = [
            one.name
            for one in elements(found["resourceType"])
            if one.types[0].startswith("Reference") and each in one.types[0].split(":")[-1]
            if not one.many
        ]
        if fitting and draw(st.booleans()):
            found[draw(st.sampled_from(fitting))] = link
    used = str(found)
    more = [
        {"url": "http://example.org/within", "valueReference": {"reference": f"#c{at}"}}
        for at, _ in enumerate(types)
        if f"'#c{at}'" not in used
    ]
    if more:
        found["extension"] = [*found.get("extension", []), *more]
    return found


@st.composite
def resources(draw: st.DrawFn, type_: str) -> Json:
    """A resource of a type."""
    found: Json = {"resourceType": type_, **draw(objects(type_, most=7))}
    found.pop("extension", None)
    if draw(st.integers(0, 2)) == 0:
        found["meta"] = draw(_metas)
    if draw(st.integers(0, 5)) == 0:
        found["text"] = draw(_narratives)
    if draw(st.integers(0, 9)) == 0:
        found["language"] = draw(languages)
    if draw(st.booleans()):
        found["extension"] = draw(extensions(type_))
    if draw(st.integers(0, 4)) == 0:
        found = draw(contained(found))
    return found
