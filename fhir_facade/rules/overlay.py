"""What the stored fields cannot hold of a resource, kept beside them in the document.

A document's `fhir` object has, by resource type, one entry a part that reads differently from what
a client wrote: the part as it came, as JSON text (`kept`), and digests of the stored fields that
it is read from (`beside`) and of how they read (`mapped`). The kept part is served as long as one
of the two is what it was: a field may hold more than the part, a release may read it otherwise.

A part is an element of the resource with its `_` sibling; extensions are one part for each url.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any, NamedTuple

from fhir_facade.errors import FacadeError
from fhir_facade.rules import dates
from fhir_facade.rules.json_text import comparable, read_json, to_json
from fhir_facade.rules.own import Own, still_referred_to

FIELD = "fhir"
_EXTENSION = "extension|"
ORDER = "extension order"
NARRATIVE = "text"
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
    beside: str
    """The digest of the stored fields."""
    mapped: str
    """The digest of what they read as."""
    hides: tuple[str, ...] = ()
    """The records shown in the element that the client left out."""


class ServerMeta(NamedTuple):
    """What of `meta` the server gives, whatever a client sends."""

    tags: str
    """The system of its tags."""
    profiles: frozenset[str]


def split(resource: dict[str, Any], server: ServerMeta) -> Parts:
    """Return the parts of a resource but `resourceType`, `id` and what `meta` has of the server."""
    parts: Parts = {}
    for name, value in resource.items():
        if name in ("resourceType", "id", "_id"):
            continue
        if name == "meta":
            parts.update(_meta_parts(value, server))
        elif name == "extension":
            for each in value:
                parts.setdefault(_EXTENSION + str(each.get("url")), []).append(each)
            parts[ORDER] = [each.get("url") for each in value]
        else:
            own = parts.setdefault(name.removeprefix("_"), [None, None])
            own[name.startswith("_")] = value
    return parts


def _meta_parts(meta: dict[str, Any], server: ServerMeta) -> Iterator[tuple[str, Any]]:
    for name in _CLIENT_META:
        value, sibling = meta.get(name), meta.get(f"_{name}")
        if name == "tag" and value is not None:
            value = [each for each in value if each.get("system") != server.tags]
        elif name == "profile" and value is not None:
            value, sibling = _profiles(value, sibling, server.profiles)
        if value or sibling:
            yield _META + name, [value or None, sibling]


def _is_own(profile: Any, own: frozenset[str]) -> bool:
    """Say whether a canonical, of any version, is of a profile that the server claims itself."""
    return str(profile).partition("|")[0] in own


def _profiles(value: list[Any], sibling: Any, own: frozenset[str]) -> tuple[list[Any], Any]:
    """Return the profiles that are the client's; beside siblings they keep their places."""
    if not isinstance(sibling, list):
        return [each for each in value if not _is_own(each, own)], sibling
    left = list(value)
    beside = list(sibling)
    while left and _is_own(left[-1], own) and beside[len(left) - 1 :] in ([], [None]):
        left.pop()
        del beside[len(left) :]
    return left, beside


Digest = Callable[[str], str]
"""Gives the digest of the stored fields that a part is read from."""


def differing(
    put: Parts,
    bare: tuple[Parts, Parts],
    ignored: Iterable[str],
    digest: Digest,
    order: list[Any],
    missing: Mapping[str, list[str]],
) -> list[Entry]:
    """Return an entry for each part that the stored fields do not give back.

    `bare` are what was sent and what is read, without what a mapping makes up, which is no
    difference; `order` are the urls of the extensions that are read; `missing` are by element the
    shown records that were not sent.
    """
    found = []
    known = {*ignored, ORDER}
    for part in (each for each in dict.fromkeys([*put, *bare[1], *missing]) if each not in known):
        wanted, given = (each.get(part) for each in bare)
        hides = tuple(missing.get(part, ()))
        if hides or wanted is None or given is None or comparable(wanted) != comparable(given):
            mapped = digest_of(read_part(bare[1], part))
            found.append(Entry(part, _text(put.get(part)), digest(part), mapped, hides))
    sent = put.get(ORDER)
    if sent is not None and sent != _order_after(found, put, order):
        found.append(Entry(ORDER, _text(sent), "", ""))
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


def read_part(parts: Parts, part: str) -> Any:
    """Return what a part reads as; a narrative tells of all the others."""
    if part == NARRATIVE:
        return {name: each for name, each in parts.items() if name != NARRATIVE}
    return parts.get(part)


def digest_of(part: Any) -> str:
    """Return the digest of what a part reads as."""
    return hashlib.blake2b(comparable(part), digest_size=8).hexdigest()


def _text(value: Any) -> bytes | None:
    return None if value is None else to_json(value)


def _order_after(entries: list[Entry], put: Parts, order: list[Any]) -> list[Any]:
    """Return the order of the extensions that the entries leave: the kept ones come last."""
    replaced = {each.part for each in entries}
    left = [url for url in order if _EXTENSION + str(url) not in replaced]
    for entry in entries:
        if entry.part.startswith(_EXTENSION) and entry.kept is not None:
            left += [each.get("url") for each in put[entry.part]]
    return left


def stored(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return entries as a document holds them."""
    found: list[dict[str, Any]] = []
    for each in entries:
        kept: dict[str, Any] = {} if each.kept is None else {"kept": each.kept.decode()}
        digests = {"beside": each.beside, "mapped": each.mapped}
        hides = {"hides": list(each.hides)} if each.hides else {}
        found.append({"part": each.part, **kept, **digests, **hides})
    return found


def _entries(document: dict[str, Any], resource: str) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield (part, kept, beside, mapped) of a document; what is none of ours is passed over."""
    for each in elements_of(document, resource):
        part, kept = each.get("part"), each.get("kept")
        try:
            if isinstance(part, str):
                yield part, _read(kept), each.get("beside"), each.get("mapped")
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
    resource: dict[str, Any],
    document: dict[str, Any],
    digests: tuple[Digest, Digest],
    tags: str,
    own: Own,
) -> tuple[Collection[str], list[str]]:
    """Put what is kept into a resource; return those parts, and those that are overruled.

    `digests` are of the stored fields of a part, and of what they read as.
    """
    valid: dict[str, Any] = {}
    overruled: list[str] = []
    for part, kept, beside, mapped in _entries(document, resource["resourceType"]):
        is_same = part != NARRATIVE and digests[0](part) == beside
        if part == ORDER or is_same or digests[1](part) == mapped:
            valid[part] = kept
        else:
            overruled.append(part)
    order = valid.pop(ORDER, None)
    hidden = {
        each["part"]: each["hides"]
        for each in elements_of(document, resource["resourceType"])
        if isinstance(each.get("hides"), list)
    }
    extensions = {}
    for part, kept in valid.items():
        if part.startswith(_EXTENSION):
            extensions[part.removeprefix(_EXTENSION)] = kept or []
        else:
            _replace(resource, part, kept, own, tags, hidden.get(part, ()))
    if extensions or order:
        _replace_extensions(resource, extensions, order if isinstance(order, list) else [])
    if overruled and "contained" in resource:
        _set(resource, "contained", still_referred_to(resource))
    return valid.keys(), overruled


def _replace(
    resource: dict[str, Any], part: str, kept: Any, own: Own, tags: str, hidden: Iterable[str]
) -> None:
    value, sibling = kept or [None, None]
    if part.startswith(_META):
        ours = [each for each in resource["meta"].get("tag", ()) if each.get("system") == tags]
        name = part.removeprefix(_META)
        _set(resource["meta"], name, [*ours, *(value or [])] if name == "tag" else value)
        _set(resource["meta"], f"_{name}", sibling)
    else:
        _set(resource, part, own.beside(resource, part, value, hidden))
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
