"""What an attacker knows before the first request, and picks from: all names, but no content."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.http.serving import BASE, Json
from tests.security.leaks import Request, World
from tests.security.world_names import PEOPLE, people_in
from tests.security.world_of_two import (
    BY_NUMBER,
    DOCUMENTS,
    EVERYBODY,
    MARKER,
    OF_A,
    View,
    documents_for,
    ids_of,
)

TYPES = (
    *("Task", "Goal", "Flag", "Communication", "DocumentReference", "EpisodeOfCare", "CareTeam"),
    *("CarePlan", "List", "Observation", "Provenance", "AuditEvent"),
)
WRITTEN = ("Task", "Goal", "Flag", "Communication", "DocumentReference")
CHANGED = (*WRITTEN, "EpisodeOfCare")


@dataclass(frozen=True)
class Common:
    """What every attacker knows: of the server what everybody may, of all documents the names."""

    params: dict[str, dict[str, str]]
    """Type → search parameter → its FHIR type."""
    includes: dict[str, tuple[list[str], list[str]]]
    versions: dict[str, list[str]]
    """`Type/id` → versions that there are."""
    words: list[str]
    links: list[str]
    """Page links that somebody else was given."""


@dataclass(frozen=True)
class Known(Common):
    """What one attacker knows."""

    own_ids: dict[str, list[str]]
    foreign_ids: dict[str, list[str]]
    own: dict[str, list[Json]]
    """The resources that the attacker may read, by type."""
    cases: list[Json]
    own_names: list[str]
    """The names of people that the attacker's own documents show."""
    names: list[str]
    """Those that the others' show."""


@dataclass(frozen=True)
class Asking:
    """One whose answers are learned from."""

    world: World
    token: str

    async def get(self, url: str) -> Json:
        answer = await self.world.ask(Request("GET", url), self.token)
        assert answer.status == 200, f"{url}: {answer.body[:500]!r}"
        return answer.json

    async def resources(self, url: str) -> list[Json]:
        """The resources that a search finds; none where it is not allowed."""
        answer = await self.world.ask(Request("GET", url), self.token)
        assert answer.status in (200, 403), f"{url}: {answer.body[:500]!r}"
        entries = answer.json.get("entry", ())
        return [each["resource"] for each in entries if "id" in each["resource"]]

    async def links(self) -> list[str]:
        """The links to second pages."""
        found = []
        for type_ in TYPES:
            found += next_links(await self.get(f"{type_}?_count=2"))
            found += next_links(await self.get(f"{type_}?_count=3&_sort=-_lastUpdated"))
        found += next_links(await self.get("_history?_count=2"))
        return found + next_links(await self.get("Goal/_history?_count=2"))


async def learn_common(everybody: Asking) -> Common:
    """Find out what is to be known of the server and of all documents."""
    resources = (await everybody.get("metadata"))["rest"][0]["resource"]
    params = {
        each["type"]: {one["name"]: one["type"] for one in each.get("searchParam", ())}
        for each in resources
    }
    includes = {
        each["type"]: (each.get("searchInclude", []), each.get("searchRevInclude", []))
        for each in resources
    }
    versions: dict[str, list[str]] = {}
    for type_ in TYPES:
        for each in await everybody.resources(f"{type_}?_count=1000"):
            versions.setdefault(f"{type_}/{each['id']}", []).append(each["meta"]["versionId"])
    for name, document in DOCUMENTS:
        if name == "fhir_history":
            key = f"{document['type']}/{document['id']}"
            versions.setdefault(key, []).append(document["version"])
    for type_, ids in _ids(people_in(DOCUMENTS)).items():
        for id in ids:
            answer = await everybody.world.ask(Request("GET", f"{type_}/{id}"), everybody.token)
            if answer.status == 200:
                versions[f"{type_}/{id}"] = [answer.headers["etag"][3:-1]]
    words = sorted({each[0] for each in MARKER.finditer(str(DOCUMENTS).lower())})
    return Common(params, includes, versions, words, await everybody.links())


async def learn(common: Common, view: View, caller: Asking, other: Asking) -> Known:
    """Find out what an attacker may know besides, and what links another is given."""
    people, own_people = people_in(DOCUMENTS), people_in(documents_for(view))
    own_ids, all_ids = ids_of(view) | _ids(own_people), ids_of(EVERYBODY) | _ids(people)
    own_names, names = _names(own_people), _names(people)
    return Known(
        common.params,
        common.includes,
        common.versions,
        common.words,
        [*common.links, *await other.links()],
        own_ids=own_ids,
        foreign_ids={
            type_: [id for id in ids if id not in own_ids.get(type_, ())]
            for type_, ids in all_ids.items()
        },
        own={type_: await caller.resources(f"{type_}?_count=1000") for type_ in TYPES},
        cases=await caller.resources("Case?_count=20"),
        own_names=own_names,
        names=[each for each in names if each not in own_names],
    )


_People = dict[str, dict[str, list[str]]]


def _ids(people: _People) -> dict[str, list[str]]:
    """The ids to ask for: one of the crowd is as good as all; what has slashes is none."""
    return {
        type_: [id for id in ids if "/" not in id and (id[:6] != "crowd-" or id == "crowd-0")]
        for type_, ids in people.items()
    }


def _names(people: _People) -> list[str]:
    return sorted({name for ids in people.values() for names in ids.values() for name in names})


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
            if self.chance(0.5):
                found = f"Practitioner/{self.id('Practitioner')}"
        elif kind < 6:
            found = f"EpisodeOfCare/{self.case()}"
        else:
            found = f"{type_}/{self.id(type_, 0.4)}"
        if self.chance(0.06):
            type_ = self.type((type_, type_, *PEOPLE))
            return f"{type_}?{self.one(('_id', 'identifier'))}={self.id(type_, 0.4)}"
        if versioned and self.chance(0.1):
            found += f"/_history/{self.version(*found.split('/', 1))}"
        prefix = self.one(("", "", "", "", f"{BASE}/", "http://elsewhere.example/fhir/"))
        return f"{prefix}{found}"
