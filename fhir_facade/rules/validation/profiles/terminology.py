"""Which codes a value set holds, as far as that is known here.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.validation.bindings import BINDINGS

_R4 = "http://hl7.org/fhir/ValueSet/"
Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Codes:
    """What is known of a value set."""

    listed: frozenset[tuple[str | None, str]]
    """System and code; no system where any stands for it."""
    open: frozenset[str]
    """Systems whose codes are in it by a rule that cannot be followed here."""
    known: bool = True
    """Whether nothing else is in it."""

    def holds(self, system: str | None, code: str) -> bool | None:
        """Say whether a code is in it; None where that is not known."""
        if (system, code) in self.listed or (None, code) in self.listed:
            return True
        if system is None and any(each == code for _, each in self.listed):
            return True
        unsure = system in self.open or (system is None and bool(self.open))
        return None if unsure or not self.known else False


_UNKNOWN = Codes(frozenset(), frozenset(), known=False)


class Terminology:
    """Answers for the value sets that are given, and those of R4's required bindings."""

    def __init__(self, value_sets: Iterable[Definition], systems: Iterable[Definition]) -> None:
        self._definitions = {str(each["url"]): each for each in value_sets}
        self._systems = {str(each["url"]): each for each in systems}
        self._known: dict[str, Codes] = dict(_required())

    def codes(self, url: str) -> Codes:
        """Return what a value set holds; nothing is known of one that is not here."""
        url = url.partition("|")[0]
        if url not in self._known:
            self._known[url] = _UNKNOWN  # where value sets include each other in a circle
            found = self._definitions.get(url)
            self._known[url] = _UNKNOWN if found is None else self._composed(found)
        return self._known[url]

    def _composed(self, value_set: Definition) -> Codes:
        compose = value_set.get("compose", {})
        parts = [self._included(each) for each in compose.get("include", ())]
        without = [self._included(each) for each in compose.get("exclude", ())]
        listed = frozenset().union(*(each.listed for each in parts))
        excluded = frozenset().union(*(each.listed for each in without))
        opened = frozenset().union(*(each.open for each in parts))
        known = all(each.known for each in (*parts, *without)) and not any(
            each.open for each in without
        )
        return Codes(listed - excluded, opened, known and bool(parts))

    def _included(self, part: Definition) -> Codes:
        system, imported = part.get("system"), part.get("valueSet", ())
        if imported:
            return self.codes(imported[0]) if system is None and len(imported) == 1 else _UNKNOWN
        if system is None:
            return _UNKNOWN
        if "concept" in part:
            return Codes(frozenset((system, each["code"]) for each in part["concept"]), frozenset())
        complete = self._systems.get(system, {})
        if "filter" in part or complete.get("content") != "complete":
            return Codes(frozenset(), frozenset({system}))
        return Codes(frozenset((system, each) for each in _all_codes(complete)), frozenset())


def _all_codes(holder: Definition) -> Iterator[str]:
    for concept in holder.get("concept", ()):
        yield concept["code"]
        yield from _all_codes(concept)


def _required() -> Iterator[tuple[str, Codes]]:
    for each in BINDINGS.values():
        listed = frozenset((each.system, code) for code in each.codes)
        yield _R4 + each.name, Codes(listed, frozenset())
