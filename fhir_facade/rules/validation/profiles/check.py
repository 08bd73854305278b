"""Checks the elements of a resource against compiled profiles.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhir_facade.rules.validation import references
from fhir_facade.rules.validation.bindings import RESOURCE_TYPES
from fhir_facade.rules.validation.profiles import bindings, invariants, matching
from fhir_facade.rules.validation.profiles.compiled import UNLIMITED, Constraint, Node, Profile
from fhir_facade.rules.validation.profiles.definitions import R4, Definitions
from fhir_facade.rules.validation.profiles.items import EXTENSION, REFERENCE, Item, children
from fhir_facade.rules.validation.profiles.notes import Notes
from fhir_facade.rules.validation.profiles.slices import Slices
from fhir_facade.rules.validation.report import Full
from fhir_facade.rules.validation.scope import Scope, scope_of
from fhir_facade.rules.validation.values import text

_DEEPEST = 20
"""Profiles that lead to one another."""
_BACKBONE = frozenset({"BackboneElement", "Element", "Resource", "DomainResource"})


class Checker:
    """Checks one outermost resource; issues go to its notes."""

    def __init__(
        self, definitions: Definitions, resource: Any, scope: Scope, notes: Notes, depth: int = 0
    ) -> None:
        self.definitions = definitions
        self.resource = resource
        self.scope = scope
        self.notes = notes
        self._depth = depth
        self._done: set[tuple[str, str]] = set()
        """What was checked against which profile: place and URL."""

    def against(self, profile: Profile, item: Item) -> None:
        """Check an element against a whole profile, and those that it is based on."""
        done = (item.path, profile.url)
        if done in self._done or self._depth > _DEEPEST:
            return
        if is_apart(item) and item.value is not self.resource:
            self.inside(item).against(profile, item)
            return
        self._done.add(done)
        if item.is_resource and item.type != profile.type:
            problem = f"is no {profile.type}, which the profile {profile.name} is for"
            self.notes.error("invalid", problem, item.path)
            return
        base = None if profile.base is None else self.definitions.profile(profile.base)
        self._depth += 1
        if base is not None:
            self.against(base, item)
        self.one(profile.root, item, profile)
        self._depth -= 1

    def inside(self, item: Item) -> Checker:
        """Return what checks a resource of a Bundle, which may refer to what it contains."""
        scope = scope_of(item.value, item.type)
        inner = Checker(self.definitions, item.value, scope, self.notes, self._depth)
        inner._done = self._done  # places are told from the outermost resource
        return inner

    def conforms(self, profile: Profile, item: Item, node: Node | None = None) -> bool:
        """Say whether an element would pass, without noting what is wrong with it."""
        notes = Notes()
        trial = Checker(self.definitions, self.resource, self.scope, notes, self._depth + 1)
        try:
            if node is None:
                trial.against(profile, item)
            else:
                trial.one(node, item, profile)
        except Full:
            return False
        return not notes.failed

    def one(self, node: Node, item: Item, profile: Profile) -> None:
        """Check one element and all that is inside it."""
        if node.types:
            self._typed(node, item, profile)
        self._valued(node, item, profile)
        if node.value_set is not None and node.strength in ("required", "extensible"):
            bindings.check(node, item, self.definitions.terminology, self.notes, profile)
        for each in node.constraints:
            self._invariant(each, item, profile)
        for child in node.children.values():
            self.all(child, children(item, child.name), item, profile)

    def all(self, node: Node, found: Sequence[Item], around: Item, profile: Profile) -> None:
        """Check all elements of one name: how many they are, each, and their slices."""
        path = f"{around.path}.{node.name.removesuffix('[x]')}"
        self.count(node, len(found), path, profile)
        for each in found:
            self.one(node, each, profile)
        if node.slices:
            Slices(self, node, profile).check(found, path)

    def count(self, node: Node, number: int, path: str, profile: Profile) -> None:
        """Note where there are too few or too many of an element or slice."""
        what = f" of the slice {node.slice}" if node.slice else ""
        if number < node.min:
            problem = f"must be there at least {node.min} times{what}"
            if node.min == 1:
                problem = f"must be there{', an element' + what if what else ''}"
            self.notes.error("required", f"{problem} (profile {profile.name})", path)
        if node.max < UNLIMITED and number > node.max:
            most = f"may be there {node.max} times at most"
            problem = "must not be there" if node.max == 0 else most
            self.notes.error("structure", f"{problem}{what} (profile {profile.name})", path)

    def _typed(self, node: Node, item: Item, profile: Profile) -> None:
        if item.choice and item.type not in node.codes and not _BACKBONE & set(node.codes):
            allowed = ", ".join(node.codes)
            self.notes.error(
                "value", f"must be of type {allowed} (profile {profile.name})", item.path
            )
            return
        if item.type == REFERENCE:
            self._referring(node, item, profile)
        if item.type != EXTENSION:
            wanted = {url for each in node.types for url in each.profiles if _is_profile(url)}
            self._profiled(wanted, item)

    def _profiled(self, urls: set[str], item: Item) -> None:
        """Check a value against the profiles of its type, of which it must fit one."""
        known = [profile for url in sorted(urls) if (profile := self.definitions.profile(url))]
        if len(known) < len(urls):
            problem = "is to fit a profile that is not known here"
            self.notes.once("not-supported", problem, item.path)
        elif known and not (len(known) > 1 and any(self.conforms(each, item) for each in known)):
            self.against(known[0], item)

    def _referring(self, node: Node, item: Item, profile: Profile) -> None:
        """Check which type a Reference points to, where it tells."""
        wanted = [url for each in node.types if each.code == REFERENCE for url in each.targets]
        actual = self.pointed(item)
        if not wanted or actual is None:
            return
        types = [self.definitions.target_type(url) for url in wanted]
        if actual in types or "Resource" in types:
            return
        if None in types:
            problem = "may point to a type that is not known here"
            self.notes.once("not-supported", problem, item.path)
            return
        allowed = ", ".join(sorted({each for each in types if each}))
        problem = f"may point to {allowed} only, not to {actual} (profile {profile.name})"
        self.notes.error("value", problem, item.path)

    def pointed(self, item: Item) -> str | None:
        """Return the type that a Reference points to; None if it does not tell."""
        target, named = text(item.holder, "reference"), text(item.holder, "type")
        found = references.pointed(target, self.scope) if target else None
        name = (named or "").removeprefix(R4)
        return found or (name if name in RESOURCE_TYPES else None)

    def _valued(self, node: Node, item: Item, profile: Profile) -> None:
        if node.fixed is not None and not matching.equals(item.value, node.fixed):
            problem = f"must have the value that the profile {profile.name} fixes"
            self.notes.error("value", problem, item.path)
        if node.pattern is not None and not matching.fits(item.value, node.pattern):
            problem = f"must have all that the pattern of the profile {profile.name} has"
            self.notes.error("value", problem, item.path)

    def _invariant(self, each: Constraint, item: Item, profile: Profile) -> None:
        kept = invariants.holds(each.expression, item, self.resource)
        if kept:
            return
        if kept is None:
            unclear = f"the invariant {each.key} of {profile.name} cannot be evaluated here"
            self.notes.warning("not-supported", unclear, item.path)
            return
        note = self.notes.error if each.severity == "error" else self.notes.warning
        broken = f"{each.text.rstrip('.')} (profile {profile.name}, {each.key})"
        note("invariant", broken, item.path)


def _is_profile(url: str) -> bool:
    """Say whether a URL is that of a profile, not of a type of R4 itself."""
    return not url.startswith(R4)


def is_apart(item: Item) -> bool:
    """Say whether a resource is one by itself, not contained in another."""
    return item.is_resource and ".contained[" not in item.path.rpartition(".resource")[2]
