"""What scopes let an app do, in plain words for the consent.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from fhir_facade.devauth.scopes import PLAIN
from fhir_facade.security.principal import AUDIT_EVENT, Level, Scope
from fhir_facade.security.scopes import parse_scopes

_READING: Final = "rs"
_CHANGING: Final = "cud"
_VERBS: Final = {"c": "add", "r": "read", "u": "change", "d": "delete", "s": "search"}
_WHOSE: Final[dict[Level, str]] = {
    "patient": "records of the chosen patient",
    "user": "records of everybody whom you may see",
    "system": "records of everybody, without asking again",
}
_NAMES: Final = {
    "*": "all kinds",
    "CarePlan": "care plans",
    "CareTeam": "care teams",
    "Communication": "contacts and messages",
    "DocumentReference": "documents",
    "EpisodeOfCare": "cases",
    "Flag": "flags",
    "Goal": "goals",
    "List": "lists",
    "Observation": "outcomes",
    "Organization": "names of organizations",
    "Patient": "names and member numbers",
    "Practitioner": "names of the care team",
    "Provenance": "records of who wrote what",
    "Task": "tasks",
    AUDIT_EVENT: "the audit trail",
}
_OF_ONE: Final = {"Patient": "name and member number"}


class Group(NamedTuple):
    """What an app can do with several kinds of records."""

    does: str
    whose: str
    kinds: list[str]


def groups(granted: Iterable[str], *, own: bool = False) -> list[Group]:
    """Return what scopes let an app do with records; `own`: the reader is the patient."""
    scopes = [scope for each in granted for scope in parse_scopes(each)]
    found: list[Group] = []
    for level, others in _WHOSE.items():
        of_level = [each for each in scopes if each.level == level]
        whose = "your own records" if own and level == "patient" else others
        reading = [each for each in of_level if each.interactions & {*_READING}]
        if reading:
            letters = frozenset[str]().union(*(each.interactions for each in reading))
            found.append(Group(_does(_READING, letters), whose, _kinds(reading)))
        found += [Group(does, whose, _kinds(some)) for does, some in _changing(of_level).items()]
    return found


def besides(granted: Iterable[str], *, own: bool = False) -> list[str]:
    """Return what the other scopes let an app do, each as a sentence without its full stop."""
    texts = PLAIN | ({"launch/patient": "Know that you are the patient"} if own else {})
    return [texts[each] for each in granted if each in texts]


def _changing(scopes: Iterable[Scope]) -> dict[str, list[Scope]]:
    """Return the scopes for each thing that some of them let an app do to records."""
    found: dict[str, list[Scope]] = {}
    for each in scopes:
        if does := _does(_CHANGING, each.interactions):
            found.setdefault(does, []).append(each)
    return found


def _does(letters: str, allowed: frozenset[str]) -> str:
    *first, last = [_VERBS[each] for each in letters if each in allowed] or [""]
    return (f"{', '.join(first)} and {last}" if first else last).capitalize()


def _kinds(scopes: Sequence[Scope]) -> list[str]:
    """Return the kinds of records, each once; where it is all of them, no others."""
    if any(each.resource == "*" and not each.query for each in scopes):
        scopes = [each for each in scopes if each.resource in ("*", AUDIT_EVENT)]
    return [*dict.fromkeys(_kind(each) for each in scopes)]


def _kind(scope: Scope) -> str:
    one = _OF_ONE if scope.level == "patient" else {}
    name = one.get(scope.resource) or _NAMES.get(scope.resource, scope.resource)
    pairs = ", ".join(f"{key} {value}" for key, value in scope.query)
    return f"{name} (only those with {pairs})" if pairs else name
