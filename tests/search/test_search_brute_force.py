"""Random searches find what the words of R4 say, decided by brute force on what is served.

Which parameters and modifiers are asked for is read from the server's own `/metadata`.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.rules.dates import NOT_SEARCHABLE, OUT_OF_RANGE, UNREADABLE
from fhir_facade.rules.findings import Findings
from fhir_facade.store import open_store
from tests.http.serving import BASE, link, matches, pages, serving
from tests.mappings.serving import records, registry, stored
from tests.recorded import recorded
from tests.search import brute_force, oracle
from tests.search.brute_force import PARAMS, Pairs, Resource, World, search, values
from tests.search.date_samples import search_value

Documents = list[tuple[str, dict[str, Any]]]
Served = tuple[str, httpx.AsyncClient, World]
Doubts = dict[tuple[str, str, str], brute_force.Doubt]
Declared = dict[str, dict[str, list[str]]]  # type, parameter, modifiers
CAPABILITY = Path(__file__).parents[2] / "capability"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
TOO_EARLY = "lies before authoredOn"
UNSEARCHABLE_ENDS: dict[str, brute_force.Doubt] = {
    NOT_SEARCHABLE: "missed",
    UNREADABLE: "missed",
    OUT_OF_RANGE: "missed",
    "lies before the period's start": "compared",
}
MOST_CHARACTERS = 128  # of a string that is asked for
RARE = ("contenttype", "description", "location", "title")
PREFIXES = ("", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


def declared(metadata: Resource) -> Declared:
    """What `/metadata` says can be asked."""
    return {
        resource["type"]: {
            each["name"]: [
                modifier
                for listed in re.findall("Modifiers: ([^.]*)", each["documentation"])
                for modifier in listed.split(", ")
            ]
            for each in resource["searchParam"]
        }
        for resource in metadata["rest"][0]["resource"]
        if resource["type"] in PARAMS
    }


def value_sets() -> dict[str, brute_force.Codes]:
    """The published value sets, by their URLs."""
    found = {}
    for path in sorted(CAPABILITY.glob("ValueSet-*.json")):
        value_set = orjson.loads(path.read_bytes())
        found[value_set["url"]] = frozenset(
            (include["system"], code)
            for include in value_set["compose"]["include"]
            for code in (each["code"] for each in include.get("concept", [{"code": None}]))
        )
    return found


def doubts(documents: Documents) -> Doubts:
    """The dates that a search may not find, by what `fhir-facade check` says of them."""
    found: Doubts = {}
    for collection, document in documents:
        for of in registry():
            for source in of.sources:
                if source.mapping.collection == collection:
                    for record in records(source, stored(document)):
                        findings: Findings = []
                        served = source.encode(record, "1", findings)
                        if served is not None:
                            found |= _doubts(of.name, served["id"], findings)
                            if _CONTROL.search(str(document.get("message"))):
                                # such characters are not served, but count in a search
                                found[of.name, served["id"], "description"] = "compared"
    return found


def _doubts(type_: str, key: str, findings: Findings) -> Doubts:
    found: Doubts = {}
    of = {each.paths[0]: each.type for each in PARAMS[type_].values()}
    for finding in findings:
        place = re.sub(r"\[\d+\]", "", finding.element).partition(".")[2]
        place = re.sub(r"^extension\('(.*)'\)$", r"extension(\1).value", place)
        period = re.sub(r"\.(start|end)$", "", place)
        if of.get(place) == "date" and finding.reason == TOO_EARLY:
            found[type_, key, place] = "held"
        elif of.get(place) == "date" and finding.reason == NOT_SEARCHABLE:
            found[type_, key, place] = "missed"
        elif place != period and of.get(period) == "date" and finding.reason in UNSEARCHABLE_ENDS:
            found[type_, key, period] = UNSEARCHABLE_ENDS[finding.reason]
    return found


async def world_of(client: httpx.AsyncClient, documents: Documents) -> World:
    """Everything that is served, asked of the server itself."""
    resources = {
        type_: [
            each
            for query in ("", "&_tag=hidden")
            for page in await pages(client, f"/{type_}?_count=1000{query}")
            for each in matches(page)
        ]
        for type_ in PARAMS
    }
    now = oracle.value_range(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", ZoneInfo("UTC"))[0]
    return World(BASE, resources, doubts(documents), value_sets(), now)


def escaped(value: str) -> str:
    return re.sub(r"([\\,|$])", r"\\\1", value)


class Draws:
    """Random queries; most values are those of one resource, the others nearly so."""

    def __init__(self, world: World, can: Declared, dice: random.Random) -> None:
        self.world = world
        self.can = can
        self.dice = dice
        self.asked = [
            (type_, name, modifier)
            for type_, names in can.items()
            for name, modifiers in names.items()
            for modifier in ("", *modifiers) * (6 if name in RARE else 1)
        ]
        dice.shuffle(self.asked)
        self.by_link = {f"{of}/{each['id']}": each for of in can for each in world.resources[of]}
        self.back: dict[str, list[tuple[str, Resource, str]]] = {of: [] for of in can}
        for type_ in can:
            for each in world.resources[type_]:
                for name, to in self.links(type_, each):
                    self.back[to.partition("/")[0]].append((type_, each, name))

    def links(self, type_: str, of: Resource) -> list[tuple[str, str]]:
        """(parameter, `Type/id`) of each resource that a resource refers to and that is served."""
        return [
            (name, to)
            for name in self.can[type_]
            if PARAMS[type_][name].type == "reference"
            for _, each in values(of, PARAMS[type_][name])
            if (to := brute_force.current(each.get("reference", ""))) in self.by_link
        ]

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def query(self, number: int) -> tuple[str, Pairs]:
        """Return a search; any parameter with any modifier comes first in one of them."""
        type_, name, modifier = self.asked[number % len(self.asked)]
        of = self.dice.choice(self.world.resources[type_])
        more = [self.pair(type_, of) for _ in range(self.dice.choice((0, 0, 0, 1, 1, 2)))]
        return type_, [self.plain(type_, of, name, modifier), *more]

    def pair(self, type_: str, of: Resource, depth: int = 0) -> tuple[str, str]:
        """Return a clause; chance decides whether the resource has anything to do with it."""
        joined = self.joined(type_, of, depth + 1) if depth < 2 and self.chance(0.25) else None
        if joined is not None and not joined[0].endswith(("._tag", ":_tag")):
            return joined
        name = self.dice.choice(sorted(self.can[type_]))
        modifier = self.dice.choice(("", *self.can[type_][name]))
        return self.plain(type_, of, name, modifier if self.chance(0.6) else "")

    def plain(self, type_: str, of: Resource, name: str, modifier: str) -> tuple[str, str]:
        if modifier == "missing":
            return f"{name}:missing", self.dice.choice(("true", "false"))
        if modifier in ("in", "not-in"):
            return f"{name}:{modifier}", self.value_set(type_, name, of)
        some = self.dice.choice((1, 1, 1, 2, 3))
        drawn = [self.value(type_, name, modifier, of) for _ in range(some)]
        if modifier == "identifier" and self.chance(0.3):
            to = [f":{each}" for each in self.can[type_][name] if each[0].isupper()]
            if len(to) == 1:  # of several types the chain goes through the served one
                name, modifier = f"{name}{self.dice.choice([*to, ''])}.identifier", ""
        return f"{name}:{modifier}".rstrip(":"), ",".join(drawn)

    def joined(self, type_: str, of: Resource, depth: int) -> tuple[str, str] | None:
        """Return a chain to a resource that this one refers to, or back from one that refers."""
        if self.back[type_] and self.chance(0.5):
            source, of, name = self.dice.choice(self.back[type_])
            inner, value = self.pair(source, of, depth)
            return f"_has:{source}:{name}:{inner}", value
        links = self.links(type_, of)
        if not links:
            return None
        name, link = self.dice.choice(links)
        to = link.partition("/")[0]
        inner, value = self.pair(to, self.by_link[link], depth)
        is_only = [each for each in self.can[type_][name] if each in self.can] == [to]
        return f"{name}{'' if is_only and self.chance(0.5) else ':' + to}.{inner}", value

    def held(self, type_: str, name: str, of: Resource) -> tuple[str, Any]:
        """Return (path, element) of the resource, or of another; the element may be None."""
        param = PARAMS[type_][name]
        anyone = self.dice.choices(self.world.resources[type_], k=12)
        some = anyone if self.chance(0.3) else [of, *anyone]
        found = next(filter(None, (values(each, param) for each in some)), [("", None)])
        return self.dice.choice(found)

    def value(self, type_: str, name: str, modifier: str, of: Resource) -> str:
        draw: Callable[[str, str, Any, str], str] = getattr(self, PARAMS[type_][name].type)
        return draw(type_, *self.held(type_, name, of), modifier)

    def value_set(self, type_: str, name: str, of: Resource) -> str:
        path, element = self.held(type_, name, of)
        held = brute_force.tokens(type_, path, element or {})
        urls = sorted(self.world.value_sets)
        fitting = [url for url in urls if not self.world.value_sets[url].isdisjoint(held)]
        return self.dice.choice([*fitting * len(urls), *urls])

    def near(self, text: str) -> str:
        """Return a text nearly the same."""
        shorter = (text[1:], text[:-1])
        longer = (f"{text}x", f"{text} ", text.replace("a", "\u00e2").replace("e", "E\u0301"))
        return self.dice.choice((text.swapcase(), text.upper(), *shorter, *longer)) or "x"

    def maybe_near(self, text: str, share: float = 0.15) -> str:
        return escaped(self.near(text) if self.chance(share) else text)

    def token(self, type_: str, path: str, element: Any, modifier: str) -> str:
        if modifier == "text":
            text = self.dice.choice(brute_force.texts(element or {}) or ["x"])
            return self.string(type_, path, text, "")
        if modifier == "below":
            return self.dice.choice([*str(element or "x").split("/"), "image", "text"])
        if modifier == "of-type":
            element = element or {}
            kind = {"coding": [{"system": "http://x.org", "code": "x"}], **element.get("type", {})}
            system, code = self.dice.choice(brute_force.tokens(type_, path, kind))
            parts = (system or "http://x.org", code or "x", element.get("value", "x"))
            return "|".join(self.maybe_near(each, 0.1) for each in parts)
        held = brute_force.tokens(type_, path, element) if element else []
        system, code = self.dice.choice(held) if held else (None, None)
        code = self.maybe_near(code or "x")
        form = self.dice.choice(("code",) * 4 + ("both",) * 4 + ("system", "other", "none"))
        if form == "code" or (system is None and isinstance(element, str)):
            return code
        if form == "none" or system is None:
            return f"|{code}"
        if form == "system":
            return f"{self.maybe_near(system)}|"
        return f"{'http://example.org/x' if form == 'other' else self.maybe_near(system)}|{code}"

    def reference(self, type_: str, path: str, element: Any, modifier: str) -> str:
        element = element or {"reference": "Patient/x"}
        if modifier == "identifier":
            return self.token(type_, "", element.get("identifier"), "")
        spelled = element.get("reference", "Patient/x")
        to, _, key = brute_force.current(spelled).partition("/")
        key = self.maybe_near(key)
        if modifier:
            return key
        if "/_history/" in spelled and self.chance(0.3):
            return self.dice.choice((spelled, f"{spelled}0"))
        urls = (f"{BASE}/{to}/{key}", f"Location/{key}", f"https://elsewhere.org/{to}/{key}")
        return self.dice.choice((key, key, f"{to}/{key}", f"{to}/{key}", *urls))

    def composite(self, type_: str, path: str, element: Any, modifier: str) -> str:
        of = self.dice.choice(self.world.resources[type_])
        return "$".join(self.value(type_, each, "", of) for each in ("code", "value-concept"))

    def string(self, type_: str, path: str, element: Any, modifier: str) -> str:
        text = (element or "x")[:MOST_CHARACTERS]
        if modifier == "contains" and self.chance(0.8):
            start = self.dice.randrange(len(text))
            text = text[start : start + self.dice.randint(1, 12)]
        elif modifier != "exact" or self.chance(0.3):
            text = text[: self.dice.randint(1, 12)]
        return self.maybe_near(text.strip(), 0.4 if len(text) < MOST_CHARACTERS else 0) or "x"

    def uri(self, type_: str, path: str, element: Any, modifier: str) -> str:
        text = element or "gs://x/y"
        if modifier == "below":
            text = text[: self.dice.randint(1, len(text))]
        elif modifier == "above":
            text += self.dice.choice(("", "/x", "x", "?y"))
        return self.maybe_near(text)

    def date(self, type_: str, path: str, element: Any, modifier: str) -> str:
        prefix = self.dice.choice(PREFIXES)
        if isinstance(element, dict):
            element = self.dice.choice([*element.values()])
        if not isinstance(element, str) or self.chance(0.3):
            return prefix + search_value(self.dice)
        return prefix + element[: self.dice.choice((4, 7, 10, 10, 10, len(element), len(element)))]


async def answers(client: httpx.AsyncClient, type_: str, pairs: Pairs) -> list[str] | str:
    """Return the sorted ids, or why there are none."""
    found = []
    following: str | None = f"/{type_}?{urlencode([*pairs, ('_count', '1000')])}"
    while following is not None:
        response = await client.get(following)
        bundle = orjson.loads(response.content)
        if response.status_code != 200:
            return f"{response.status_code} {bundle['issue'][0]['diagnostics']}"
        found += [each["id"] for each in matches(bundle)]
        following = link(bundle, "next")
    return sorted(found)


async def difference(
    client: httpx.AsyncClient, world: World, type_: str, pairs: Pairs, tally: Counter[str]
) -> str | None:
    """Ask one query; say how the answer differs from what it should be."""
    asked = f"{type_}?" + "&".join(f"{name}={value}" for name, value in pairs)
    got = await answers(client, type_, pairs)
    if isinstance(got, str):
        return f"{asked} is refused: {got}"
    tally["found"] += len(got)
    tally["something"] += bool(got)
    wanted = search(world, type_, pairs, generous=True)
    if got == wanted:
        return None
    missing = Counter(search(world, type_, pairs)) - Counter(got)
    extra = Counter(got) - Counter(wanted)
    tally["forgiven"] += (Counter(wanted) - Counter(got)).total()
    if missing or extra:
        return f"{asked} finds {len(got)}: misses {[*missing][:3]}, adds {[*extra][:3]}"
    return None


async def miscount(client: httpx.AsyncClient, world: World, type_: str, pairs: Pairs) -> str | None:
    """Say how the total of a query differs from the number of what it should find."""
    query = urlencode([*pairs, ("_summary", "count")])
    at_least, at_most = (len(search(world, type_, pairs, generous=each)) for each in (False, True))
    for asked in (type_, "Bundle") if type_ == "EpisodeOfCare" else (type_,):
        total = (await client.get(f"/{asked}?{query}")).json()["total"]
        if not at_least <= total <= at_most:
            return f"{asked}?{query} counts {total}, not {at_least} to {at_most}"
    return None


DATA = {"clean": (8, 1, 0.0), "dirty": (20, 1, 0.6), "mongo": (6, 3, 0.3)}
QUERIES = {"clean": 300, "dirty": 500, "mongo": 140}


def _is_storable(value: Any) -> bool:
    """Whether the tests' substitute for MongoDB can hold a value; tools/mongo/README.md."""
    if isinstance(value, dict | list):
        nested = isinstance(value, list) and any(isinstance(each, list) for each in value)
        each_of = value.values() if isinstance(value, dict) else value
        return not nested and all(map(_is_storable, each_of))
    return not isinstance(value, float) or (math.isfinite(value) and str(value) != "-0.0")


@pytest.fixture(params=sorted(QUERIES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A name, and the URL of an empty store."""
    is_mongo = request.param == "mongo"
    url = request.getfixturevalue("mongo_database") if is_mongo else f"sqlite:///{tmp_path}/x.db"
    return request.param, url


@pytest.fixture
async def served(place: tuple[str, str]) -> AsyncIterator[Served]:
    """A server of the store, filled, and all that it serves."""
    documents = [*generate(*DATA[place[0]])]
    documents += recorded(documents)
    if place[0] == "mongo":
        documents = [each for each in documents if _is_storable(each[1])]
    store = open_store(place[1])
    try:
        await load_documents(store, iter(documents))
        await store.ensure_indexes(registry().indexes())
        async with serving(store) as client:
            client.headers["accept-encoding"] = "identity"
            yield place[0], client, await world_of(client, documents)
    finally:
        await store.close()


async def test_every_search_finds_what_r4_says(served: Served) -> None:
    name, client, world = served
    draws = Draws(world, declared((await client.get("/metadata")).json()), random.Random(name))
    tally: Counter[str] = Counter()
    wrong = []
    for number in range(QUERIES[name]):
        query = draws.query(number)
        found = await difference(client, world, *query, tally)
        if found is None and number % 4 == 0:
            found = await miscount(client, world, *query)
        wrong += [found] if found is not None else []
    assert not wrong, "\n".join([f"{len(wrong)} of {QUERIES[name]}:", *wrong[:25]])
    assert tally["something"] > QUERIES[name] / 3
    assert tally["forgiven"] < tally["found"] / 100
