"""Links between the entries of a transaction: found, and set to what the entries became.

https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape, unescape
from typing import Any, Final, NamedTuple

from fhir_facade.interactions.bundle_entries import Entry
from fhir_facade.rules.draft import Resource
from fhir_facade.rules.validation import schema
from fhir_facade.rules.validation.bindings import RESOURCE_TYPES
from fhir_facade.rules.validation.differences import UNCHECKED

_URIS: Final = frozenset({"uri", "url", "oid", "uuid"})
"""The primitives that R4 has servers replace; `canonical` is not among them."""
_URN: Final = re.compile(r"urn:(?:uuid|oid):")
_RESTFUL: Final = re.compile(r"(?P<root>https?://\S+)/[A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_RELATIVE: Final = re.compile(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_VERSION: Final = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}$")
_CRITERIA: Final = re.compile(r"(?P<type>[A-Za-z]+)\?(?P<query>\S+)")
_IN_XHTML: Final = re.compile(
    r"""(?P<before><(?:a|img)\s(?:[^<>]*\s)?(?:href|src)\s*=\s*)(?P<quote>["'])(?P<url>.*?)(?P=quote)""",
    re.DOTALL,
)


class Link(NamedTuple):
    """Something in a resource that may point to an entry."""

    value: str
    path: str
    is_reference: bool
    """Whether it is Reference.reference; others match a fullUrl exactly."""

    @property
    def is_urn(self) -> bool:
        return self.is_reference and _URN.match(self.value) is not None


Swap = Callable[[Link], str]


class Pointed(NamedTuple):
    """Which entry a link points to, and whether it names a version of it."""

    at: int
    versioned: bool


class Criterion(NamedTuple):
    """A conditional reference: a search in place of an id."""

    type: str
    query: str
    path: str


def links(resource: Resource, path: str) -> list[Link]:
    """Return every link in a valid resource that stands at a path."""
    found: list[Link] = []

    def note(link: Link) -> str:
        found.append(link)
        return link.value

    swapped(resource, path, note)
    return found


def swapped(resource: Resource, path: str, swap: Swap) -> Resource:
    """Return a valid resource with other links in it."""
    name = resource.get("resourceType")
    if name not in RESOURCE_TYPES or name in UNCHECKED:
        return resource
    return _object(resource, schema.shape_of_resource(str(name)), path, swap)


def _object(holder: Resource, shape: schema.Shape, path: str, swap: Swap) -> Resource:
    found = dict(holder)
    for key, value in holder.items():
        element = shape.elements.get(key)
        if element is not None:
            where = f"{path}.{element.name}"
            found[key] = _values(value, where, _swapper(shape, element, swap))
        elif (twin := shape.twins.get(key)) is not None:
            inside = _into(schema.shape_of(schema.ELEMENT), swap)
            found[key] = _values(value, f"{path}.{twin.name}", inside)
    return found


def _values(value: Any, path: str, change: Callable[[Any, str], Any]) -> Any:
    if isinstance(value, list):
        return [change(each, f"{path}[{at}]") for at, each in enumerate(value)]
    return change(value, path)


def _into(shape: schema.Shape, swap: Swap) -> Callable[[Any, str], Any]:
    return lambda each, path: _object(each, shape, path, swap) if isinstance(each, dict) else each


def _swapper(shape: schema.Shape, element: schema.Element, swap: Swap) -> Callable[[Any, str], Any]:
    """Return what changes one value of an element."""
    if element.model == schema.RESOURCE:
        return lambda each, path: swapped(each, path, swap)
    if element.model:
        return _into(schema.shape_of(element.model), swap)
    if element.primitive == "xhtml":
        return lambda each, path: _narrative(each, path, swap)
    is_reference = shape.name == "Reference" and element.key == "reference"
    if is_reference or element.primitive in _URIS:
        return lambda each, path: (
            swap(Link(each, path, is_reference)) if isinstance(each, str) else each
        )
    return lambda each, path: each


def _narrative(text: str, path: str, swap: Swap) -> str:
    def change(found: re.Match[str]) -> str:
        old = unescape(found["url"])
        new = swap(Link(old, path, False))
        if new == old:
            return found[0]
        return f"{found['before']}{found['quote']}{escape(new)}{found['quote']}"

    return _IN_XHTML.sub(change, text)


class FullUrls:
    """The identities that the entries of a Bundle have in it."""

    def __init__(self, entries: Iterable[Entry], base_url: str) -> None:
        self._base_url = base_url
        self._entries = {each.full_url: each for each in entries if each.full_url}

    def pointed(self, link: Link, referrer: Entry) -> Pointed | None:
        """Return the entry that a link in another entry's resource points to."""
        if not link.is_reference:
            entry = self._entries.get(link.value)
            return None if entry is None else Pointed(entry.at, False)
        name = _VERSION.sub("", link.value)
        entry = self._entries.get(self._absolute(name, referrer))
        return None if entry is None else Pointed(entry.at, name != link.value)

    def _absolute(self, name: str, referrer: Entry) -> str:
        """Return a reference with its entry's base; one that has none is relative to ours."""
        if not _RELATIVE.fullmatch(name):
            return name
        of_entry = _RESTFUL.fullmatch(referrer.full_url or "")
        return f"{of_entry['root'] if of_entry else self._base_url}/{name}"

    def criterion(self, link: Link) -> Criterion | None:
        """Return the search that stands in place of a reference, if one does."""
        if not link.is_reference:
            return None
        found = _CRITERIA.fullmatch(link.value.removeprefix(f"{self._base_url}/"))
        if found is None or found["type"] not in RESOURCE_TYPES:
            return None
        return Criterion(found["type"], found["query"], link.path)
