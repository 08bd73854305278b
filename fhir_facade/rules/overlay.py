"""What the stored fields cannot hold of a resource, kept beside them in the document.

A document's `fhir` object has, by resource type, one entry a part that reads differently from what
a client wrote: the part as it came (`kept`) and as the stored fields read then (`mapped`), both as
JSON text. The kept part is served as long as the stored fields still read the same.

A part is an element of the resource with its `_` sibling; extensions are one part for each url.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any, NamedTuple

from fhir_facade.errors import FacadeError
from fhir_facade.rules import dates
from fhir_facade.rules.json_text import comparable, read_json, to_json

FIELD = "fhir"
_EXTENSION = "extension|"
ORDER = "extension order"
_META = "meta."
_CLIENT_META = ("extension", "profile", "security", "source", "tag")
"""What of `meta` is the client's; the rest is the server's."""
_DEEP = 1000

Parts = dict[str, Any]
"""Part → its value and that of its `_` sibling, or the extensions of one url."""


class Entry(NamedTuple):
    """One part that is kept; None is a part that is not there."""

    part: str
    kept: bytes | None
    mapped: bytes | None


def split(resource: dict[str, Any], tags: str = "") -> Parts:
    """Return the parts of a resource but `resourceType`, `id` and what `meta` has of the server.

    `tags` is the system of the tags that the server gives.
    """
    parts: Parts = {}
    for name, value in resource.items():
        if name in ("resourceType", "id", "_id"):
            continue
        if name == "meta":
            parts.update(_meta_parts(value, tags))
        elif name == "extension":
            for each in value:
                parts.setdefault(_EXTENSION + str(each.get("url")), []).append(each)
            parts[ORDER] = [each.get("url") for each in value]
        else:
            own = parts.setdefault(name.removeprefix("_"), [None, None])
            own[name.startswith("_")] = value
    return parts


def _meta_parts(meta: dict[str, Any], tags: str) -> Iterator[tuple[str, Any]]:
    for name in _CLIENT_META:
        value = meta.get(name)
        if name == "tag" and value is not None:
            value = [each for each in value if each.get("system") != tags]
        sibling = meta.get(f"_{name}")
        if value or sibling:
            yield _META + name, [value or None, sibling]


def differing(
    put: Parts, mapped: Parts, ignored: Iterable[str], bare: tuple[Parts, Parts]
) -> list[Entry]:
    """Return an entry for each part that the stored fields do not give back.

    `bare` are both without what a mapping makes up, which is no difference.
    """
    found = []
    known = {*ignored, ORDER}
    for part in (each for each in dict.fromkeys([*put, *mapped]) if each not in known):
        wanted, given = (each.get(part) for each in bare)
        if wanted is None or given is None or comparable(wanted) != comparable(given):
            found.append(Entry(part, _text(put.get(part)), _text(given)))
    order = put.get(ORDER)
    if order is not None and order != _order_after(found, put, mapped):
        found.append(Entry(ORDER, _text(order), None))
    return found


def is_held(sent: Any, stored: Any) -> bool:
    """Say whether everything that was sent is there, beside what a mapping adds to it."""
    if isinstance(sent, dict) and isinstance(stored, dict):
        return all(name in stored and is_held(each, stored[name]) for name, each in sent.items())
    if isinstance(sent, list) and isinstance(stored, list):
        pairs = zip(sent, stored, strict=False)
        return len(sent) == len(stored) and all(is_held(one, other) for one, other in pairs)
    if isinstance(sent, str) and isinstance(stored, str) and sent != stored:
        return _is_same_instant(sent, stored)
    return comparable(sent) == comparable(stored)


def _is_same_instant(sent: str, stored: str) -> bool:
    """A time in UTC may be told in more digits."""
    if not (sent.endswith("Z") and stored.endswith("Z")):
        return False
    moments = [dates.read(each, UTC) for each in (sent, stored)]
    found = [None if isinstance(each, str) else each.instant for each in moments]
    return found[0] is not None and found[0] == found[1]


def _text(value: Any) -> bytes | None:
    return None if value is None else to_json(value)


def _order_after(entries: list[Entry], put: Parts, mapped: Parts) -> list[Any]:
    """Return the order of the extensions that the entries leave: the kept ones come last."""
    replaced = {each.part for each in entries}
    order = [url for url in mapped.get(ORDER, ()) if _EXTENSION + str(url) not in replaced]
    for entry in entries:
        if entry.part.startswith(_EXTENSION) and entry.kept is not None:
            order += [each.get("url") for each in put[entry.part]]
    return order


def stored(entries: Iterable[Entry]) -> list[dict[str, str]]:
    """Return entries as a document holds them."""
    found = []
    for each in entries:
        texts = {"kept": each.kept, "mapped": each.mapped}
        known = {name: text.decode() for name, text in texts.items() if text is not None}
        found.append({"part": each.part, **known})
    return found


def _entries(document: dict[str, Any], resource: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield (part, kept, mapped) of a document; what is none of ours is passed over."""
    for each in elements_of(document, resource):
        part, kept, mapped = each.get("part"), each.get("kept"), each.get("mapped")
        try:
            if isinstance(part, str):
                yield part, _read(kept), _read(mapped)
        except FacadeError:
            continue


def _read(text: Any) -> Any:
    return read_json(text, max_depth=_DEEP) if isinstance(text, str) else None


def elements_of(document: dict[str, Any], resource: str) -> list[dict[str, Any]]:
    """Return the entries that a document holds for a resource type, as they are stored."""
    own = document.get(FIELD)
    own = own.get(resource) if isinstance(own, dict) else None
    found = own.get("elements") if isinstance(own, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def apply(
    resource: dict[str, Any], document: dict[str, Any], parts: Parts, tags: str, assigned: Assigned
) -> list[str]:
    """Put what is kept into a resource; return the kept parts that the platform has overruled.

    `parts` are those that the stored fields give, without what a mapping makes up.
    """
    entries = list(_entries(document, resource["resourceType"]))
    if not entries:
        return []
    extensions: dict[str, list[Any]] = {}
    order: Any = None
    overruled: list[str] = []
    for part, kept, mapped in entries:
        if part == ORDER:
            order = kept
        elif comparable(parts.get(part)) != comparable(mapped):
            overruled.append(part)
        elif part.startswith(_EXTENSION):
            extensions[part.removeprefix(_EXTENSION)] = kept or []
        else:
            _replace(resource, part, kept, assigned, tags)
    if extensions or order:
        _replace_extensions(resource, extensions, order if isinstance(order, list) else [])
    return overruled


def _replace(resource: dict[str, Any], part: str, kept: Any, assigned: Assigned, tags: str) -> None:
    value, sibling = kept or [None, None]
    if part.startswith(_META):
        own = [each for each in resource["meta"].get("tag", ()) if each.get("system") == tags]
        name = part.removeprefix(_META)
        _set(resource["meta"], name, [*own, *(value or [])] if name == "tag" else value)
        _set(resource["meta"], f"_{name}", sibling)
    else:
        _set(resource, part, assigned.beside(resource, part, value))
        _set(resource, f"_{part}", sibling)


def _replace_extensions(
    resource: dict[str, Any], kept: dict[str, list[Any]], order: list[Any]
) -> None:
    """Replace the extensions of some urls, and put all into the order they came in."""
    found = [each for each in resource.get("extension", ()) if each.get("url") not in kept]
    found += [one for own in kept.values() for one in own]
    if order:
        by_url: dict[Any, deque[Any]] = {}
        for each in found:
            by_url.setdefault(each.get("url"), deque()).append(each)
        ordered = [by_url[url].popleft() for url in order if by_url.get(url)]
        found = [*ordered, *(one for left in by_url.values() for one in left)]
    _set(resource, "extension", found)


def _set(holder: dict[str, Any], name: str, value: Any) -> None:
    if value is None or value == []:
        holder.pop(name, None)
    else:
        holder[name] = value


class Assigned:
    """The identifiers that the server gives: always served, and never taken from a client."""

    def __init__(self, systems: dict[str, str]) -> None:
        self._systems = systems
        """Element (`identifier`) → the identifier system that is the server's."""

    def _is_own(self, name: str, value: Any) -> bool:
        return isinstance(value, dict) and value.get("system") == self._systems[name]

    def without(self, parts: Parts) -> Parts:
        """Return the parts less what the server gives."""
        found = dict(parts)
        for name in self._systems.keys() & parts.keys():
            value, sibling = parts[name]
            if isinstance(value, list):
                others = [each for each in value if not self._is_own(name, each)]
                value = others or None
            elif self._is_own(name, value):
                value = None
            if value is None and sibling is None:
                del found[name]
            else:
                found[name] = [value, sibling]
        return found

    def beside(self, resource: dict[str, Any], name: str, kept: Any) -> Any:
        """Return what is kept with what the server gives of the same element."""
        if name not in self._systems:
            return kept
        served = resource.get(name)
        if isinstance(served, list) or isinstance(kept, list):
            own = [each for each in served or () if self._is_own(name, each)]
            return [*own, *(kept or ())]
        return kept if kept is not None else served if self._is_own(name, served) else None
