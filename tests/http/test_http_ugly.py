"""Ugly searches: whatever is sent, the answer is a Bundle or an OperationOutcome, and no 5xx."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.http.serving import raw_get, the_issue

QUERIES = [
    "_include=",
    "_include=:::",
    "_include=*:*:*",
    "_include=%00",
    "_revinclude=%2A%3A",
    "_include:iterate:iterate=Task:focus",
    "_elements=",
    "_elements=,",
    "_elements=%00",
    "_elements=.",
    "_elements=Task.",
    "_elements=.status",
    "_elements=extension(x)",
    "_sort=,",
    "_sort=-",
    "_sort=--due",
    "_sort=due,-due",
    "_sort=%00",
    "_summary=,",
    "_has",
    "_has=x",
    "_has:=x",
    "_has::=x",
    "_has:::=x",
    "_has:Task=x",
    "_has:Task:focus=x",
    "_has:Task:focus:=x",
    "_has:Task:status:status=x",
    "_has:Task:focus:_has=x",
    "_has:Task:focus:_id",
    "_has:Task:focus:_id=",
    "_has:Task:focus:_count=1",
    "_has:Task:focus:_sort=due",
    "_has:Task:focus:_include=*",
    "focus._count=1",
    "focus._include=*",
    "focus._has:Task:focus:status=ready",
    "focus.=x",
    "focus..=x",
    "focus:.=x",
    "focus:EpisodeOfCare=",
    "focus:EpisodeOfCare:missing=true",
    "focus:missing.status=x",
    "focus.status.x=y",
    ".status=x",
    "status.=x",
    "status.x=y",
    "status:=ready",
    "status::=ready",
    "status:not:not=ready",
    "status:missing=",
    "status:missing=TRUE",
    "status:in=",
    "status:in=%5C",
    "identifier:of-type=",
    "identifier:of-type=%7C%7C",
    "identifier:of-type=a%7Cb%7Cc%7Cd",
    "patient:identifier=",
    "patient:identifier=%7C",
    "patient=%7C%7C%7C",
    "patient=///",
    "patient=http://",
    "description=%5C",
    "description=%5C%5C%5C",
    "description=a%5C",
    "description:contains=%5C,%5C",
    "description=(((((((((",
    "description=[a-",
    "description:exact=.*",
    "description=%CC%81",
    "description:contains=%CC%81%CC%81",
    "description=%F0%9F%98%80",
    "description=%EF%BF%BF",
    "description=%C4%B0%C3%9F",
    "status=%5C",
    "status=%5C%5C%5C%7C%5C",
    "status=%5C,ready",
    "due=%5C",
    "due=ge",
    "due=,,2026",
    "due:missing=true,false",
    "_profile=%00",
    "_profile:below=%5C",
    "_tag:not=hidden",
    "_tag:not=hidden&_tag=hidden",
    "_tag=%7Chidden",
    "_lastUpdated:missing=true&_lastUpdated:missing=false",
    "&&&",
    "=",
    "%5B%5D=x",
    "_type=,",
    "_type=Task",
]


@pytest.mark.parametrize("path", ["Task", "EpisodeOfCare", "Patient/M1/Task", "Patient/M1/*", ""])
async def test_ugly_queries(linked_client: httpx.AsyncClient, path: str) -> None:
    for query in QUERIES:
        response = await raw_get(linked_client, f"{path}?{query}")
        assert response.status_code in (200, 400), (query, response.text)
        if response.status_code == 400:
            assert the_issue(response)["diagnostics"]
        else:
            assert response.json()["resourceType"] == "Bundle"


LONG = [
    ("status=" + "," * 8000, 422),
    ("status=ready" + ",ready" * 900, 200),
    ("status=" + "ready," * 2000, 422),
    ("status=" + "%5C" * 2001, 200),
    ("status=" + "%7C" * 2000, 200),
    ("description=" + "%5C," * 500, 200),
    ("_has:Task:focus:" * 400 + "status=ready", 400),
    ("focus." * 1000 + "status=ready", 400),
    ("_id=" + ",".join(f"x{number}" for number in range(900)), 200),
    ("_elements=" + "a," * 4000, 200),
    ("_include=Task:focus&" * 400, 200),
    ("status:not=ready&" * 200, 200),
    ("status:not=ready&" * 400, 422),
    ("_sort=" + "due," * 2000 + "due", 200),
]


@pytest.mark.parametrize(("query", "status"), LONG, ids=lambda each: str(each)[:24])
async def test_long_queries(linked_client: httpx.AsyncClient, query: str, status: int) -> None:
    started = time.monotonic()
    response = await raw_get(linked_client, f"Task?{query}")
    assert response.status_code in (status, 400), response.text[:300]
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "form",
    [
        b"description:contains=" + b"a" * 100_000,
        b"description=" + b"%CC%81" * 50_000,
        b"description=" + b",".join([b"call"] * 26),
        b"description=" + b",".join([b"call"] * 1000),
        b"description=" + b",".join([b"call" * 50] * 1000),
        b"_sort=" + b"due," * 100_000 + b"due",
        b"_include=*&" * 500,
        b"_has:Task:focus:" * 20_000 + b"status=ready",
        b"focus." * 100_000 + b"status=x",
        b"_type=" + b"Task," * 100_000 + b"Task",
        b"_elements=" + b"status," * 100_000,
    ],
    ids=lambda each: each[:24].decode(),
)
async def test_long_forms(linked_client: httpx.AsyncClient, form: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    started = time.monotonic()
    for path in ("/Task/_search", "/_search"):
        response = await linked_client.post(path, content=form, headers=headers)
        assert response.status_code in (200, 400, 413, 422)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("steps", range(1, 8))
async def test_a_chain_has_so_many_steps(linked_client: httpx.AsyncClient, steps: int) -> None:
    has = "_has:CarePlan:case:care-team." + "case._has:CarePlan:case:care-team." * steps + "_id=c1"
    response = await linked_client.get(f"/EpisodeOfCare?{has}")
    assert response.status_code in (200, 400)
    if response.status_code == 400:
        assert "steps" in the_issue(response)["diagnostics"]
    else:
        assert [each["resource"]["id"] for each in response.json()["entry"]] == ["c1"]
    assert response.status_code == 400 or steps < 4


async def test_nested_has(linked_client: httpx.AsyncClient) -> None:
    query = "_has:CareTeam:case:_has:CarePlan:care-team:status=active"
    bundle = (await linked_client.get(f"/EpisodeOfCare?{query}")).json()
    assert [each["resource"]["id"] for each in bundle["entry"]] == ["c1", "c2"]
