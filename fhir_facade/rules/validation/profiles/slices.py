"""Which slice of a profile each element of a list belongs to.

https://hl7.org/fhir/R4/profiling.html#slicing
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fhir_facade.rules.validation.profiles import bindings, matching
from fhir_facade.rules.validation.profiles.compiled import Discriminator, Node, Profile
from fhir_facade.rules.validation.profiles.items import EXTENSION, Item, children, url_of
from fhir_facade.rules.validation.values import items

if TYPE_CHECKING:
    from fhir_facade.rules.validation.profiles.check import Checker

_STEP = re.compile(r"extension\('([^']*)'\)|ofType\((\w+)\)|([A-Za-z$]+)(?:\(\))?")
_HERE = "$this"
_RESOLVE = "resolve"


class Slices:
    """The slices of one element of a profile."""

    def __init__(self, checker: Checker, node: Node, profile: Profile) -> None:
        self._checker = checker
        self._node = node
        self._profile = profile
        self._by = node.told_apart_by

    def check(self, found: Sequence[Item], path: str) -> None:
        """Check each element against its slice, and how many each slice has."""
        if not self._by:
            self._checker.notes.once(
                "not-supported", f"the slices of {self._profile.name} cannot be checked here", path
            )
            return
        names = list(self._node.slices)
        chosen = [self._slice_of(each) for each in found]
        for item, name in zip(found, chosen, strict=True):
            if name is not None:
                self._checker.one(self._node.slices[name], item, self._profile)
        for name, node in self._node.slices.items():
            self._checker.count(node, chosen.count(name), path, self._profile)
        self._arranged(found, [None if each is None else names.index(each) for each in chosen])

    def _slice_of(self, item: Item) -> str | None:
        for name, node in self._node.slices.items():
            if all(self._is(each, node, item) for each in self._by or ()):
                return name
        return None

    def _arranged(self, found: Sequence[Item], places: Sequence[int | None]) -> None:
        """Note what is in no slice where that is forbidden, and what is out of order."""
        last, ended = 0, False
        for item, place in zip(found, places, strict=True):
            if place is None and self._node.rules == "closed":
                self._note(item, "is in none of the slices that are allowed")
            if place is None:
                ended = self._node.rules == "openAtEnd"
            elif ended:
                self._note(item, "must stand before what is in no slice")
            elif self._node.ordered and place < last:
                self._note(item, "must stand before what is in a later slice")
            else:
                last = place

    def _note(self, item: Item, text: str) -> None:
        self._checker.notes.error("structure", f"{text} (profile {self._profile.name})", item.path)

    def _is(self, by: Discriminator, node: Node, item: Item) -> bool:
        """Say whether an element is of a slice, as far as one discriminator tells."""
        expected = _node_at(node, by.path)
        if by.type == "exists":
            there = bool(_items_at(item, by.path))
            return there if expected is None or expected.min else not there
        if by.type == "value" and by.path == "url" and item.type == EXTENSION:
            return url_of(item) in _urls(node, expected)
        if expected is None:
            return False
        if by.type == "type":
            return self._has_type(by.path, expected, item)
        found = _items_at(item, by.path)
        if by.type == "profile":
            return any(self._has_profile(expected, each) for each in found)
        return any(self._has_value(expected, each) for each in found)

    def _has_type(self, path: str, expected: Node, item: Item) -> bool:
        found = _items_at(item, path)
        if _RESOLVE not in path:
            return any(each.type in expected.codes for each in found)
        urls = [url for each in expected.types for url in each.targets]
        wanted = {self._checker.definitions.target_type(url) for url in urls}
        return any(self._checker.pointed(each) in wanted - {None} for each in found)

    def _has_profile(self, expected: Node, item: Item) -> bool:
        if expected.codes and item.type not in expected.codes:
            return False
        claims = items(item.holder.get("meta"), "profile")
        for url in (url for each in expected.types for url in each.profiles):
            profile = self._checker.definitions.profile(url)
            if profile is None and url in claims:
                return True
            if profile is not None and profile.type == item.type:
                return self._checker.conforms(profile, item)
        return False

    def _has_value(self, expected: Node, item: Item) -> bool:
        """Compare an element with the fixed value, pattern or value set that marks a slice."""
        if expected.fixed is not None:
            return matching.equals(item.value, expected.fixed)
        if expected.pattern is not None:
            return matching.fits(item.value, expected.pattern)
        if expected.strength == "required" and expected.value_set is not None:
            codes = self._checker.definitions.terminology.codes(expected.value_set)
            return bindings.holds(item, codes) is True
        nested = bool(expected.children)
        return nested and self._checker.conforms(self._profile, item, expected)


def _urls(node: Node, expected: Node | None) -> list[str]:
    """Return the URL of an extension's slice: it is said there, or is that of its definition."""
    if expected is not None and isinstance(expected.fixed, str):
        return [expected.fixed]
    if expected is not None and isinstance(expected.pattern, str):
        return [expected.pattern]
    return [url.partition("|")[0] for each in node.types for url in each.profiles]


def _steps(path: str) -> list[tuple[str, str, str]]:
    return [step for step in _STEP.findall(path) if step[2] not in (_HERE, _RESOLVE)]


def _node_at(node: Node, path: str) -> Node | None:
    """Return what a slice says of the element at a discriminator's path."""
    found: Node | None = node
    for url, _, name in _steps(path):
        if found is None:
            return None
        if url:
            slices = found.children.get("extension", Node("extension")).slices.values()
            found = next((each for each in slices if url in _urls(each, None)), None)
        elif name:
            found = found.children.get(name) or found.children.get(f"{name}[x]")
    return found


def _items_at(item: Item, path: str) -> list[Item]:
    """Return the elements at a discriminator's path."""
    found = [item]
    for url, type_, name in _steps(path):
        if url:
            inside = [one for each in found for one in children(each, "extension")]
            found = [each for each in inside if url_of(each) == url]
        elif type_:
            found = [each for each in found if each.type == type_]
        else:
            found = [one for each in found for one in children(each, name)]
    return found
