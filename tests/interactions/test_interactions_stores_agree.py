"""Both stores give the same bytes in the same order and the same pages for the same documents."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.demo import generate
from fhir_facade.main import build_registry
from fhir_facade.store import open_store
from tests.http.serving import link, serving, settings

DOCUMENTS = list(generate(6, 3, 0.3))
TYPES = [each.name for each in build_registry(settings())]
CASE = next(document["_id"] for name, document in DOCUMENTS if name == "patient_case")

QUERIES = (
    *(f"{type_}?_count=500" for type_ in [*TYPES, "Case"]),
    *(f"{type_}?_summary=count" for type_ in TYPES),
    *(f"{type_}?_total=accurate&_count=9" for type_ in TYPES),
    *(f"{type_}?_lastUpdated=ge2026-01-01&_sort=-_lastUpdated" for type_ in TYPES),
    *(f"{type_}?patient=M100001&_count=5" for type_ in TYPES),
    *(f"{type_}?_tag=hidden,archived" for type_ in TYPES if type_ != "Provenance"),
    *(f"{type_}?case={CASE}" for type_ in ("Task", "Goal", "Flag", "Communication", "CarePlan")),
    "Task?status=ready,in-progress&_sort=due",
    "Task?status=in-progress&_sort=-due&_count=3",
    "Task?intent=order,unknown&_sort=priority,-authored-on",
    "Task?priority=urgent&_sort=patient",
    "Task?code=Claim,Member&_sort=code,-_id",
    "Task?due=lt2026-03&_sort=-modified",
    "Task?due=ne2026-03&_sort=owner",
    "Task?period=ge2026-01-01",
    "Task?period=ap2026-02",
    "Task?authored-on=eq2026",
    "Task?modified=sa2026-02-01T00:00:00Z",
    "Task?owner=Practitioner/U1,U2",
    "Task?employer=x",
    "Task?identifier=https://fhir.wellnecity.com/sid/work-item|",
    "Task?_id=nothing,x-zz",
    "Task?status=bogus",
    "Task?due=bogus",
    "Flag?status=active&_sort=-date",
    "Flag?status=inactive&date=ge2025",
    "Flag?category=clinical",
    "Goal?lifecycle-status=active&_sort=start-date",
    "Goal?achievement-status=improving,achieved",
    "Goal?category=dietary,safety&target-date=ge2026",
    "Communication?medium=PHONE&_sort=-sent",
    "Communication?status=completed,not-done",
    "Communication?sent=eb2026-03-01",
    "Communication?recipient=Patient/M100001",
    "DocumentReference?_sort=-date&_count=3",
    "DocumentReference?date=ge2026-01-01&_sort=type",
    "DocumentReference?type=report",
    f"DocumentReference?encounter={CASE}",
    "EpisodeOfCare?status=active&_sort=-date",
    "EpisodeOfCare?status=finished&date=2026",
    "EpisodeOfCare?due=ge2026-01-01",
    "EpisodeOfCare?organization=x",
    "CareTeam?_sort=status,-date",
    "CarePlan?status=active&_sort=date",
    "Provenance?_sort=recorded&_count=40",
    "Provenance?recorded=ge2026-01-01",
    "Observation?_sort=-date",
    "Case?status=active&_sort=-date&_count=2",
    "metadata",
    f"Case/{CASE}",
    f"CarePlan/{CASE}",
    f"List/{CASE}",
    f"Provenance/{CASE}.log.1",
)


def _holds(value: Any) -> bool:
    """Whether the tests' substitute for MongoDB can hold a value; tools/mongo/README.md."""
    if isinstance(value, dict):
        return all(map(_holds, value.values()))
    if isinstance(value, list):
        return all(_holds(each) and not isinstance(each, list) for each in value)
    return not isinstance(value, float) or (math.isfinite(value) and str(value) != "-0.0")


@pytest.fixture
async def both(
    mongo_database: str, tmp_path: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """A client of each store, both with the same documents."""
    stores = [open_store(url) for url in (f"sqlite:///{tmp_path / 'store.db'}", mongo_database)]
    collections: dict[str, list[dict[str, Any]]] = {}
    for name, document in filter(_holds_pair, DOCUMENTS):
        collections.setdefault(name, []).append(document)
    for store in stores:
        for name, documents in collections.items():
            assert not await store.insert(name, documents)
    async with serving(stores[0]) as one, serving(stores[1]) as other:
        yield one, other
    for store in stores:
        await store.close()


def _holds_pair(pair: tuple[str, dict[str, Any]]) -> bool:
    return _holds(pair[1])


def _without_transactions(response: httpx.Response) -> bytes:
    return response.content.replace(b" The store has no multi-document transactions.", b"")


async def test_both_answer_alike(both: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    one, other = both
    different = []
    entries = 0
    for query in QUERIES:
        following: str | None = f"/{query}"
        while following is not None:
            left, right = await one.get(following), await other.get(following)
            same = _without_transactions(left) == _without_transactions(right)
            if not same or left.status_code != right.status_code:
                different.append(following)
                break
            body = left.json()
            entries += len(body.get("entry", ()))
            following = link(body, "next") if body.get("type") == "searchset" else None
    assert not different
    assert entries > 500
    assert len(QUERIES) > 100


async def test_both_read_alike(both: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    one, other = both
    for type_ in ("Task", "EpisodeOfCare", "DocumentReference", "Provenance"):
        found = (await one.get(f"/{type_}?_count=6&_sort=-_lastUpdated")).json()
        for entry in found["entry"]:
            if "fullUrl" in entry:
                left, right = await one.get(entry["fullUrl"]), await other.get(entry["fullUrl"])
                assert left.status_code == right.status_code == 200
                assert left.content == right.content
                assert left.headers["etag"] == right.headers["etag"]
