"""What is in a value set: the codes that it lists, and those of the code systems that it takes in.

https://hl7.org/fhir/R4/valueset.html#expansion
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fhir_facade.errors import FacadeError, NotFound, Unsupported
from fhir_facade.interactions.conformance import Conformance
from fhir_facade.interactions.terminology import CodeSystem, code_system

Json = dict[str, Any]
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Member:
    """A code of a value set."""

    system: str
    code: str
    version: str | None = None
    display: str | None = None
    designations: tuple[Json, ...] = ()
    inactive: bool = False


@dataclass(slots=True)
class Members:
    """The codes of a value set, and the systems of which it has more than can be listed."""

    known: dict[tuple[str, str], Member] = field(default_factory=dict)
    open: dict[str, CodeSystem] = field(default_factory=dict)
    """Taken in as a whole, with codes that are not listed."""
    unknown: set[str] = field(default_factory=set)
    """Taken in as a whole, and not published here."""

    def add(self, other: Members) -> None:
        self.known |= other.known
        self.open |= other.open
        self.unknown |= other.unknown

    def keep(self, other: Members) -> None:
        """Keep what another value set has too."""
        self.known = {key: each for key, each in self.known.items() if key in other.known}
        self.open = {url: each for url, each in self.open.items() if url in other.open}
        self.unknown = {*self.unknown, *other.unknown}

    def drop(self, other: Members) -> None:
        self.known = {key: each for key, each in self.known.items() if key not in other.known}

    def find(self, system: str, code: str, own: CodeSystem | None) -> Member | None:
        """Return the member with a code, as its code system compares codes."""
        found = self.known.get((system, code))
        if found is not None or own is None:
            return found
        alike = (each for each in self.known.values() if each.system == system)
        return next((each for each in alike if own.same(each.code, code)), None)


def members(conformance: Conformance, value_set: Json, depth: int = 0) -> Members:
    """Return what is in a published value set; raise Unsupported for rules it cannot follow."""
    if depth > _DEEPEST:
        raise Unsupported("The value set takes in others, too many levels deep.")
    found = Members()
    compose = value_set.get("compose", {})
    for each in compose.get("include", ()):
        found.add(_included(conformance, each, depth))
    for each in compose.get("exclude", ()):
        found.drop(_included(conformance, each, depth))
    return found


def _included(conformance: Conformance, include: Json, depth: int) -> Members:
    """Return what one rule takes in: all that it says of a code must be so."""
    if "filter" in include:
        raise Unsupported("The value set is defined by a filter, which is not followed here.")
    others = [_other(conformance, url, depth) for url in include.get("valueSet", ())]
    if "system" in include:
        others.insert(0, _of_system(conformance, include))
    first, *rest = others or [Members()]
    for each in rest:
        first.keep(each)
    return first


def _other(conformance: Conformance, url: str, depth: int) -> Members:
    try:
        value_set = conformance.named("ValueSet", url)
    except NotFound:
        raise unlisted("a value set that this server does not publish") from None
    return members(conformance, value_set, depth + 1)


def _of_system(conformance: Conformance, include: Json) -> Members:
    system, version = include["system"], include.get("version")
    own = code_system(conformance, system)
    version = version or (own.version if own else None)
    if "concept" in include:
        return _listed(system, version, include["concept"], own)
    if own is None:
        return Members(unknown={system})
    listed = (each.value for each in own.concepts())
    found = _listed(system, version, listed, own)
    return Members(found.known, {system: own} if own.is_open else {})


def _listed(
    system: str, version: str | None, concepts: Iterable[Json], own: CodeSystem | None
) -> Members:
    found = Members()
    for each in concepts:
        code = each["code"]
        concept = own.find(code) if own else None
        defined = concept.value if concept else {}
        found.known[system, code] = Member(
            system,
            code,
            version,
            each.get("display") or defined.get("display"),
            tuple(each.get("designation", ())) or tuple(defined.get("designation", ())),
            concept.inactive if concept else False,
        )
    return found


def unlisted(what: str) -> FacadeError:
    """Return the error of a value set that takes in what nobody here can list."""
    return Unsupported(f"The value set takes in {what}: its codes cannot be listed here.")
