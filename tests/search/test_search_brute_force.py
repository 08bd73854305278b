"""Random searches find what the words of R4 say, decided by brute force on what is served.

Which parameters and modifiers are asked for is read from the server's own `/metadata`.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
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
from tests.search import oracle
from tests.search.brute_force import Doubt, Pairs, World, search
from tests.search.draws import Draws, declared
from tests.search.elements import PARAMS, Codes

Documents = list[tuple[str, dict[str, Any]]]
Served = tuple[str, httpx.AsyncClient, World]
Doubts = dict[tuple[str, str, str], Doubt]
CAPABILITY = Path(__file__).parents[2] / "capability"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
TOO_EARLY = "lies before authoredOn"
UNSEARCHABLE_ENDS: dict[str, Doubt] = {
    NOT_SEARCHABLE: "missed",
    UNREADABLE: "missed",
    OUT_OF_RANGE: "missed",
    "lies before the period's start": "compared",
}


def value_sets() -> dict[str, Codes]:
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
