"""What an attacker knows before the first request, and picks from: all names, but no content."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.http.serving import BASE, Json
from tests.security.leaks import Request, World
from tests.security.world_of_two import (
    BY_NUMBER,
    DOCUMENTS,
    EVERYBODY,
    MARKER,
    OF_A,
    View,
    ids_of,
)

TYPES = (
    *("Task", "Goal", "Flag", "Communication", "DocumentReference", "EpisodeOfCare", "CareTeam"),
    *("CarePlan", "List", "Observation", "Provenance", "AuditEvent"),
)
WRITTEN = ("Task", "Goal", "Flag", "Communication", "DocumentReference")
CHANGED = (*WRITTEN, "EpisodeOfCare")


@dataclass(frozen=True)
class Known:
    """What the attacker knows: of the server what everybody may, of the others all their names."""

    params: dict[str, dict[str, str]]
    """Type → search parameter → its FHIR type."""
    includes: dict[str, tuple[list[str], list[str]]]
    own_ids: dict[str, list[str]]
    foreign_ids: dict[str, list[str]]
    versions: dict[str, list[str]]
    """`Type/id` → versions that there are."""
    own: dict[str, list[Json]]
    """The resources that the attacker may read, by type."""
    cases: list[Json]
    words: list[str]
    links: list[str]
    """Page links that somebody else was given."""


async def learn(world: World, view: View, everybody: str, caller: str, other: str) -> Known:
    """Find out what an attacker may know, with the tokens of everybody, the caller and another."""

    async def got(url: str, token: str) -> Json:
        answer = await world.ask(Request("GET", url), token)
        assert answer.status == 200, f"{url}: {answer.body[:500]!r}"
        return answer.json

    resources = (await got("metadata", everybody))["rest"][0]["resource"]
    params = {
        each["type"]: {one["name"]: one["type"] for one in each.get("searchParam", ())}
        for each in resources
    }
    includes = {
        each["type"]: (each.get("searchInclude", []), each.get("searchRevInclude", []))
        for each in resources
    }
    versions: dict[str, list[str]] = {}
    own: dict[str, list[Json]] = {}
    links = []
    for type_ in TYPES:
        for each in _resources(await got(f"{type_}?_count=1000", everybody)):
            versions.setdefault(f"{type_}/{each['id']}", []).append(each["meta"]["versionId"])
        own[type_] = _resources(await got(f"{type_}?_count=1000", caller))
        for token in (everybody, other):
            links += next_links(await got(f"{type_}?_count=2", token))
            links += next_links(await got(f"{type_}?_count=3&_sort=-_lastUpdated", token))
    for token in (everybody, other):
        links += next_links(await got("_history?_count=2", token))
        links += next_links(await got("Goal/_history?_count=2", token))
    for name, document in DOCUMENTS:
        if name == "fhir_history":
            key = f"{document['type']}/{document['id']}"
            versions.setdefault(key, []).append(document["version"])
    cases = _resources(await got("Case?_count=20", caller))
    words = sorted({each[0] for each in MARKER.finditer(str(DOCUMENTS).lower())})
    own_ids = ids_of(view)
    foreign = {
        type_: [id for id in ids if id not in own_ids.get(type_, ())]
        for type_, ids in ids_of(EVERYBODY).items()
    }
    return Known(params, includes, own_ids, foreign, versions, own, cases, words, links)


def _resources(bundle: Json) -> list[Json]:
    return [each["resource"] for each in bundle.get("entry", ()) if "id" in each["resource"]]


def next_links(bundle: Json) -> list[str]:
    return [each["url"] for each in bundle.get("link", ()) if each["relation"] == "next"]


@dataclass
class Choices:
    """Picks ids, versions and references: some the caller's own, some of others, some of nobody."""

    random: random.Random
    known: Known
    view: View = OF_A
    _ids: dict[str, list[str]] = field(default_factory=dict)
    _etags: list[str] = field(default_factory=list)
    _links: list[str] = field(default_factory=list)

    def one(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def type(self, among: Sequence[str] = TYPES) -> str:
        return str(self.one(among))

    def id(self, type_: str, own: float = 0.6) -> str:
        """An id: mostly the attacker's own, else another's, a new one, or an ugly one."""
        if self._ids.get(type_) and self.chance(0.2):
            return str(self.one(self._ids[type_]))
        if self.chance(own) and self.known.own_ids.get(type_):
            return str(self.one(self.known.own_ids[type_]))
        if self.chance(0.85) and self.known.foreign_ids.get(type_):
            return str(self.one(self.known.foreign_ids[type_]))
        moved = ("moved-to-a", "moved-to-b", "moved-to-x", *BY_NUMBER.values())
        ugly = ("nowhere", "0", "a" * 64, "a" * 65, "%2e%2e", "..%2fGoal", "A b", "$x", "*", "None")
        return str(self.one((*moved, *ugly)))

    def patient(self) -> str:
        return str(self.one(("pat-a", "pat-a", "pat-a", "pat-b", "pat-c", "pat-d", "PAT-A")))

    def employer(self) -> str:
        return str(self.one(("org-x", "org-y", "org-z")))

    def case(self) -> str:
        return self.id("EpisodeOfCare", 0.5)

    def version(self, type_: str, id: str) -> str:
        known = self.known.versions.get(f"{type_}/{id}", [])
        if known and self.chance(0.7):
            return str(self.one(known))
        return str(self.one(self.known.versions[self.one(list(self.known.versions))]))

    def etag(self) -> str:
        if self._etags and self.chance(0.5):
            return str(self.one(self._etags))
        key = self.one(list(self.known.versions))
        return f'W/"{self.one(self.known.versions[key])}"'

    def word(self) -> str:
        return str(self.one(self.known.words))

    def reference(self, versioned: bool = False) -> str:
        type_ = self.type()
        kind = self.random.randrange(10)
        if kind < 2:
            found = f"Patient/{self.patient()}"
        elif kind < 3:
            found = f"Organization/{self.employer()}"
        elif kind < 6:
            found = f"EpisodeOfCare/{self.case()}"
        else:
            found = f"{type_}/{self.id(type_, 0.4)}"
        if self.chance(0.06):
            return f"{type_}?{self.one(('_id', 'identifier'))}={self.id(type_, 0.4)}"
        if versioned and self.chance(0.1):
            found += f"/_history/{self.version(*found.split('/', 1))}"
        prefix = self.one(("", "", "", "", f"{BASE}/", "http://elsewhere.example/fhir/"))
        return f"{prefix}{found}"
