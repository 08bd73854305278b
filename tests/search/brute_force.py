"""Every search decided from the words of R4 alone, by looking at each resource as it is served.

https://hl7.org/fhir/R4/search.html and the SearchParameters' own expressions. Where R4 leaves a
choice, docs/architecture.md says which one was made. Nothing here knows how anything is stored.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from tests.search import oracle
from tests.search.elements import (
    PARAMS,
    TYPES,
    Codes,
    Param,
    Resource,
    Token,
    current,
    elements,
    target_type,
    texts,
    tokens,
    values,
)

Pairs = list[tuple[str, str]]
Holds = Callable[[Resource, str, Any], bool]
"""Whether an element of a resource, at a path, is one that is asked for."""
Doubt = Literal["missed", "compared", "held"]
"""A value that search perhaps does not find; that it compares as it is stored, not as it is served;
or that it compares though it is not served at all."""


class World(NamedTuple):
    """What a server serves of each type, hidden resources too, and where."""

    base: str
    resources: dict[str, list[Resource]]
    doubts: dict[tuple[str, str, str], Doubt]
    """By type, id and path."""
    value_sets: dict[str, Codes]
    now: float


_INSTANTS = ("AuditEvent.recorded", "DocumentReference.date", "Provenance.recorded")
_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d.*)")
_CLOSE = 10_000_000  # microseconds by which `ap` may differ: the clock runs on
_UTC = ZoneInfo("UTC")
_value_range = cache(partial(oracle.value_range, zone=_UTC))


def split(text: str, at: str) -> list[str]:
    """Split at a character where no backslash stands before it; the parts stay escaped."""
    pieces = re.findall(r"\\.|.", text, re.DOTALL)
    return "".join("\udfff" if each == at else each for each in pieces).split("\udfff")


def unescape(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)


def fold(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFD", text.lower())
    bare = "".join(each for each in apart if not "\u0300" <= each <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def _is_hidden(resource: Resource) -> bool:
    return any(each.get("code") == "hidden" for each in elements(resource, "meta.tag"))


def _asks_for_hidden(pairs: Pairs) -> bool:
    return any(
        unescape(split(each, "|")[-1]) == "hidden"
        for name, value in pairs
        if name == "_tag"
        for each in split(value, ",")
    )


def _asks(value: str) -> Callable[[Iterable[Token]], bool]:
    """What `code`, `system|code`, `|code` or `system|` says of tokens."""
    parts = [unescape(each) for each in split(value, "|")]
    if len(parts) == 1:
        return lambda held: any(code == parts[0] for _, code in held)
    wanted, code = parts[0] or None, parts[1]
    return lambda held: any(each[0] == wanted and code in ("", each[1]) for each in held)


def _target(path: str, value: Any) -> oracle.Range:
    if isinstance(value, dict):
        return oracle.period_range(value, _UTC)
    is_instant = path.endswith(".meta.lastUpdated") or path in _INSTANTS
    return oracle.instant_range(value, _UTC) if is_instant else _value_range(value)


class _Search:
    """One way to decide: generously, a resource in doubt is found, otherwise it is not."""

    def __init__(self, world: World, *, generous: bool) -> None:
        self.world = world
        self.generous = generous

    def found(self, type_: str, pairs: Pairs) -> list[Resource]:
        clauses = [self.clause(type_, name, value) for name, value in pairs]
        shown = _asks_for_hidden(pairs)
        return [
            each
            for each in self.world.resources[type_]
            if (shown or not _is_hidden(each)) and all(holds(each) for holds in clauses)
        ]

    def clause(self, type_: str, name: str, value: str) -> Callable[[Resource], bool]:
        if name.startswith("_has:"):
            return self.reverse_chain(type_, name, value)
        if "." in name:
            return self.chain(type_, name, value)
        name, _, modifier = name.partition(":")
        param = PARAMS[type_][name]
        if modifier == "missing":
            wanted = value == "true"
            return lambda resource: self.decided(
                {"held"}, resource, param, wanted == (not values(resource, param))
            )
        if modifier in ("not", "not-in"):
            other = self.clause(type_, name + (":in" if modifier == "not-in" else ""), value)
            return lambda resource: not other(resource)
        if param.type == "composite":
            return self.composite(param, value)
        decide = getattr(self, param.type)
        asked: list[Holds] = [decide(modifier, each) for each in split(value, ",")]

        def found(resource: Resource) -> bool:
            places = self.considered(resource, param)
            held = any(holds(resource, *place) for place in places for holds in asked)
            return self.decided({"compared", "held"}, resource, param, held)

        return found

    def decided(self, doubts: set[Doubt], resource: Resource, param: Param, held: bool) -> bool:
        """What R4 says, but generously or not where one of the doubts leaves it open."""
        place = (resource["resourceType"], resource["id"])
        is_open = any(self.world.doubts.get((*place, path)) in doubts for path in param.paths)
        return self.generous if is_open else held

    def considered(self, resource: Resource, param: Param) -> list[tuple[str, Any]]:
        """The values, and generously the other primary organizations of a case."""
        found = values(resource, param)
        if self.generous and param == PARAMS["EpisodeOfCare"]["organization"]:
            for each in self.world.resources["CareTeam"]:
                if each["id"] == resource["id"]:
                    found += values(each, param)
        return found

    def token(self, modifier: str, value: str) -> Holds:
        if modifier == "text":
            start = fold(unescape(value))
            return lambda _, __, each: any(fold(text).startswith(start) for text in texts(each))
        if modifier == "in":
            codes = self.world.value_sets[unescape(value)]
            return lambda resource, path, each: any(
                held in codes or (held[0], None) in codes
                for held in tokens(resource["resourceType"], path, each)
            )
        if modifier == "of-type":
            *kind, key = split(value, "|")
            is_kind, key = _asks("|".join(kind)), unescape(key)
            return lambda _, path, each: (
                each.get("value") == key and is_kind(tokens("", path, each.get("type", {})))
            )
        if modifier == "below":
            wanted = unescape(value)
            return lambda _, __, each: each == wanted or each.startswith(wanted + "/")
        asks = _asks(value)
        return lambda resource, path, each: asks(tokens(resource["resourceType"], path, each))

    def composite(self, param: Param, value: str) -> Callable[[Resource], bool]:
        """Two tokens of the resource itself; that they belong together follows from it."""
        asked = [[self.token("", part) for part in split(each, "$")] for each in split(value, ",")]
        return lambda resource: any(
            all(
                any(holds(resource, path, each) for each in elements(resource, path))
                for path, holds in zip(param.paths, parts, strict=True)
            )
            for parts in asked
        )

    def string(self, modifier: str, value: str) -> Holds:
        wanted = unescape(value)
        if modifier == "exact":
            return lambda _, __, each: wanted in texts(each)
        folded, contains = fold(wanted), modifier == "contains"
        return lambda _, __, each: any(
            folded in text if contains else text.startswith(folded)
            for text in map(fold, texts(each))
        )

    def uri(self, modifier: str, value: str) -> Holds:
        wanted = unescape(value)
        if modifier == "above":
            return lambda _, __, each: wanted.startswith(each)
        return lambda _, __, each: each.startswith(wanted) if modifier else each == wanted

    def reference(self, modifier: str, value: str) -> Holds:
        if modifier == "identifier":
            asks = _asks(value)
            return lambda _, path, each: (
                "identifier" in each and asks(tokens("", path, each["identifier"]))
            )
        wanted = unescape(value)
        wanted = f"{modifier}/{wanted}" if modifier else wanted.removeprefix(f"{self.world.base}/")

        def holds(_: Resource, __: str, each: Resource) -> bool:
            to, spelled = self.link(each), each.get("reference")
            return bool(to) and wanted in (to, to.rpartition("/")[2], spelled)

        return holds

    def link(self, reference: Resource) -> str:
        """`Type/id` of a resource of this server."""
        return current(reference.get("reference", "")).removeprefix(f"{self.world.base}/")

    def date(self, modifier: str, value: str) -> Holds:
        found = _PREFIX.fullmatch(value)
        assert found is not None, value
        prefix, asked = found[1] or "eq", _value_range(found[2])

        def holds(resource: Resource, path: str, each: Any) -> bool:
            place = (resource["resourceType"], resource["id"], path)
            if self.world.doubts.get(place) == "missed" and not self.generous:
                return False
            target = _target(f"{place[0]}.{path}", each)
            if prefix != "ap":
                return oracle.matches(prefix, asked, target)
            low, high = oracle.approximate(asked, self.world.now)
            more = _CLOSE if self.generous else -_CLOSE
            return oracle.overlap((low - more, high + more), target)

        return holds

    def chain(self, type_: str, name: str, value: str) -> Callable[[Resource], bool]:
        head, _, rest = name.partition(".")
        name, _, to = head.partition(":")
        inner, at = re.split("[:.]", rest)[0], PARAMS[type_][name]
        able = [of for of in TYPES if to in ("", of) and inner in ("_has", *PARAMS[of])]
        links = {f"{of}/{each['id']}" for of in able for each in self.found(of, [(rest, value)])}
        known = [self.reference("identifier", each) for each in split(value, ",")]

        def reaches(resource: Resource, path: str, each: Resource) -> bool:
            of = target_type(each)  # that of a type served elsewhere is known by its identifier
            if rest != "identifier" or of in TYPES or to not in ("", of):
                return self.link(each) in links
            return any(holds(resource, path, each) for holds in known)

        return lambda resource: any(reaches(resource, *each) for each in values(resource, at))

    def reverse_chain(self, type_: str, name: str, value: str) -> Callable[[Resource], bool]:
        _, source, link, rest = name.split(":", 3)
        links = {
            self.link(each)
            for resource in self.found(source, [(rest, value)])
            for _, each in values(resource, PARAMS[source][link])
        }
        return lambda resource: f"{type_}/{resource['id']}" in links


def search(world: World, type_: str, pairs: Pairs, *, generous: bool = False) -> list[str]:
    """The ids found, sorted, an id served twice twice; generously, with those in doubt."""
    return sorted(each["id"] for each in _Search(world, generous=generous).found(type_, pairs))
