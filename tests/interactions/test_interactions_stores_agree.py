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

DOCUMENTS = list(generate(4, 3, 0.3))
TYPES = [each.name for each in build_registry(settings())]
CASE = next(document["_id"] for name, document in DOCUMENTS if name == "patient_case")

VALUE_SETS = f"{settings().canonical}/ValueSet"

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
    "Task?priority=urgent&_sort=period",
    "Task?code=Claim,Member&_sort=code,-_id",
    "Task?due=lt2026-03&_sort=-modified",
    "Task?due=ne2026-03&_sort=description",
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
    *(f"{type_}?patient:missing=true" for type_ in TYPES),
    *(f"{type_}?patient:missing=false&_summary=count" for type_ in TYPES),
    *(f"{type_}?_lastUpdated:missing=true&_total=accurate" for type_ in TYPES),
    *(f"{type_}?_include=*&_count=7" for type_ in TYPES),
    *(f"{type_}?_revinclude=*&_count=7" for type_ in ("Task", "Goal", "CareTeam")),
    "Task?description=call",
    "Task?description:contains=%C3%89,met",
    "Task?description:contains=(,.*,%5C%5C",
    "Task?description:exact=Call back,x",
    "Task?description=ask&_sort=description",
    "List?title=case",
    "List?title:contains=ITEM",
    "DocumentReference?description:contains=form&_sort=description",
    "DocumentReference?location:below=gs://wellnecity-demo-case-documents",
    "DocumentReference?location:above=gs://nowhere/at/all",
    "DocumentReference?contenttype:below=application",
    "DocumentReference?contenttype=application/pdf&period=ge2026",
    "DocumentReference?related:missing=false",
    "DocumentReference?category=interaction-document",
    "Task?status:not=ready,completed",
    f"Task?status:in={VALUE_SETS}/task-status",
    f"Task?status:not-in={VALUE_SETS}/task-status",
    f"Task?code:in={VALUE_SETS}/task-category&_sort=-code",
    f"Goal?lifecycle-status:not-in={VALUE_SETS}/goal-status",
    "Task?code:text=member",
    "Flag?code:text=age,vip",
    "Goal?description:text=walk",
    "Communication?topic:text=s",
    "EpisodeOfCare?type:text=medi",
    "CarePlan?activity-code:text=c",
    "Task?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|FILL|M100001",
    "Task?patient:identifier=M100001",
    "Task?patient:identifier=https://fhir.wellnecity.com/sid/member|M100002",
    "Task?owner:Practitioner=U1,U12,U15",
    "Task?due:missing=true&_sort=status",
    "Task?period:missing=false",
    "Flag?date:missing=true",
    "EpisodeOfCare?program-key:missing=true",
    "EpisodeOfCare?program-key:not=adherence_gap",
    "EpisodeOfCare?campaign:missing=false&_sort=-campaign",
    "EpisodeOfCare?condition:missing=false",
    "EpisodeOfCare?organization:missing=true",
    "EpisodeOfCare?origin:not=patient",
    "List?item:Claim=x",
    "List?item:missing=true",
    "CareTeam?participant:Organization=WNC-001",
    "CarePlan?performer:missing=false",
    "CarePlan?activity-date=ge2024",
    "Observation?code-value-concept=case-outcome$member_declined",
    "Observation?value-concept:text=member",
    "Provenance?agent:missing=true",
    f"CarePlan?goal.lifecycle-status=active&case={CASE}",
    "CarePlan?activity-reference.status=ready,in-progress",
    "Task?focus:EpisodeOfCare.status=active",
    "Task?focus.status:not=active&_sort=-due",
    "Goal?case.patient=M100001",
    "Task?patient.identifier=M100001",
    "EpisodeOfCare?_has:Task:focus:status=ready",
    "EpisodeOfCare?_has:Goal:case:description:text=walk",
    "EpisodeOfCare?_has:CareTeam:case:_has:CarePlan:care-team:status=active",
    "Task?_include=Task:focus&_count=9&_sort=-due",
    "Goal?_include=Goal:case&_revinclude:iterate=Task:case&_count=5",
    "EpisodeOfCare?_revinclude=Task:focus&_revinclude=Provenance:target&_count=3",
    "CarePlan?_include=CarePlan:goal&_include=CarePlan:activity-reference",
    "?_type=Task,Goal,Flag&_sort=-_lastUpdated&_count=20",
    "?_type=EpisodeOfCare,Provenance&patient=M100001&_count=9",
    "?_lastUpdated=ge2026-03&_count=40",
    "?_summary=count",
    "?_type=Task,Goal&_include=Task:focus&case:missing=false&_count=11",
    "Patient/M100001/*?_count=9",
    "Patient/M100002/Task?_sort=-modified",
    "Patient/M100001/$everything?_since=2026-01-01&_count=9",
    "DocumentReference/$docref?patient=M100001&start=2025-06-01",
    "Goal?_elements=target,Goal.note&_count=9",
    "Task?_summary=true&_count=9",
    "CarePlan?_summary=text",
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
        following: str | None = query if query.startswith("?") else f"/{query}"
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


async def test_only_one_of_them_declares_transactions(
    both: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    one, other = [(await each.get("/metadata")).json()["rest"][0] for each in both]
    assert one["resource"] == other["resource"]
    declared = [{each["code"] for each in rest["interaction"]} for rest in (one, other)]
    assert declared[0] - declared[1] <= {"transaction"}
    assert ("no multi-document transactions" in other["documentation"]) == (
        "transaction" not in declared[1]
    )
