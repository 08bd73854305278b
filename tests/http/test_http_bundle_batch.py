"""A batch is many requests in one: each is answered as its URL answers, and fails alone."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.bundles import (
    bundle,
    done,
    entry,
    flag,
    issues,
    named,
    of_outcome,
    post,
    statuses,
    stored,
    task,
    urn,
)
from tests.http.serving import BASE, Json, serving, the_issue


@pytest.fixture
async def writer(small_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(small_store) as client:
        yield client


READS = (
    "Task/t1",
    "/Task/t1",
    f"{BASE}/Task/t1",
    "Task/t1?_elements=status",
    "Task?patient=M1&_sort=-_lastUpdated",
    "Task?status=",
    "Task?nonsense=1",
    "Task/gone",
    "Task/stray",
    "Task/none",
    "Nothing/1",
    "metadata",
    "?_type=Task,Goal&patient=M1",
    "Patient/M1/$everything",
    "DocumentReference/$docref?patient=M1",
    "EpisodeOfCare/x/$case",
    "Task/t1/what",
    "Task?description=caf%C3%A9",
    "Task?description=%FF",
)


@pytest.mark.parametrize("url", READS)
@pytest.mark.parametrize("type", ["batch", "transaction"])
async def test_a_read_gives_what_the_url_gives(
    writer: httpx.AsyncClient, type: str, url: str
) -> None:
    target = BASE + "/" + url.removeprefix(BASE).removeprefix("/")
    alone = await writer.get(target.replace("/?", "?"))
    response = await post(writer, bundle(type, entry("GET", url)))
    if type == "transaction" and alone.status_code >= 400:
        assert response.status_code == alone.status_code
        texts = [each["diagnostics"] for each in response.json()["issue"]]
        assert texts == [each["diagnostics"] for each in alone.json()["issue"]]
        return
    (found,) = response.json()["entry"]
    assert found["response"]["status"].split(" ")[0] == str(alone.status_code)
    assert found["response"].get("etag") == alone.headers.get("etag")
    if alone.status_code == 200:
        assert found["resource"] == alone.json()
    else:
        texts = [each["diagnostics"] for each in found["response"]["outcome"]["issue"]]
        assert texts == [each["diagnostics"] for each in alone.json()["issue"]]


async def test_the_answer_to_each_kind_of_request(writer: httpx.AsyncClient) -> None:
    entries = await done(
        writer,
        bundle(
            "batch",
            entry("GET", "Task/t1"),
            entry("HEAD", "Task/t1"),
            entry("POST", "Task", task()),
            entry("DELETE", "Goal/g1"),
            entry("GET", "Goal/g1"),
        ),
    )
    assert statuses(entries) == ["200 OK", "200 OK", "201 Created", "204 No Content", "410 Gone"]
    read, head, created, deleted, gone = entries
    version = read["resource"]["meta"]["versionId"]
    assert read["fullUrl"] == f"{BASE}/Task/t1"
    assert read["response"] == {
        "status": "200 OK",
        "etag": f'W/"{version}"',
        "lastModified": "2026-01-16T09:30:00.678Z",
    }
    assert head == {
        "response": {
            "status": "200 OK",
            "etag": f'W/"{version}"',
            "lastModified": "2026-01-16T09:30:00Z",
        }
    }
    assert "resource" not in deleted
    new = created["resource"]
    assert created["fullUrl"] == f"{BASE}/Task/{new['id']}"
    assert created["response"] == {
        "status": "201 Created",
        "location": f"Task/{new['id']}/_history/{new['meta']['versionId']}",
        "etag": f'W/"{new["meta"]["versionId"]}"',
        "lastModified": new["meta"]["lastUpdated"],
    }
    assert of_outcome(gone["response"]["outcome"]) == [("deleted", "Bundle.entry[4].request")]


async def test_entries_fail_alone(writer: httpx.AsyncClient) -> None:
    body = bundle(
        "batch",
        entry("POST", "Task", task(status="nonsense")),
        entry("POST", "Task", task()),
        entry("FETCH", "Task/t1"),
        entry("GET", "http://elsewhere.test/Task/t1"),
        entry("GET", "Task/t1#part"),
        entry("GET", "Task/../t1"),
        {"resource": task()},
        entry("POST", "", bundle("batch", entry("GET", "Task/t1"))),
        entry("POST", "Task"),
        entry("PUT", "Task/t1", task(id="t2")),
        entry("PATCH", "Task/t1", task()),
        entry("GET", "Task?description=%zz"),
        {**entry("GET", "Task/t1"), "response": {"status": "200"}},
        entry("POST", "Task", {"resourceType": "Nothing"}),
        entry("GET", "Task/t1", fullUrl="x"),
        entry("POST", "Goal", task()),
    )
    entries = await done(writer, body)
    found = [
        (each["response"]["status"][:3], of_outcome(each["response"].get("outcome", _none)))
        for each in entries
    ]
    assert found == [
        ("422", [("code-invalid", "Bundle.entry[0].resource.status")]),
        ("201", []),
        ("400", [("value", "Bundle.entry[2].request.method")]),
        ("400", [("invalid", "Bundle.entry[3].request.url")]),
        ("400", [("invalid", "Bundle.entry[4].request.url")]),
        ("400", [("invalid", "Bundle.entry[5].request.url")]),
        ("400", [("required", "Bundle.entry[6].request")]),
        ("400", [("value", "Bundle.entry[7].request.url")]),
        ("400", [("required", "Bundle.entry[8].resource")]),
        ("400", [("invalid", "Bundle.entry[9].resource.id")]),
        ("400", [("value", "Bundle.entry[10].resource")]),
        ("400", [("invalid", "Bundle.entry[11].request.url")]),
        ("422", [("invariant", "Bundle.entry[12]")]),
        ("400", [("value", "Bundle.entry[13].resource")]),
        ("400", [("structure", "Bundle.entry[14].request.fullUrl")]),
        ("400", [("invalid", "Bundle.entry[15].resource")]),
    ]


_none: Json = {"resourceType": "OperationOutcome", "issue": []}


async def test_references_between_the_entries_of_a_batch_are_refused(
    writer: httpx.AsyncClient,
) -> None:
    """https://hl7.org/fhir/R4/http.html#brules"""
    linked = task(partOf=[{"reference": urn(1)}])
    body = bundle(
        "batch", entry("POST", "Task", task(), urn(1)), entry("POST", "Task", linked, urn(2))
    )
    first, second = await done(writer, body)
    assert first["response"]["status"] == "201 Created"
    assert second["response"]["status"] == "400 Bad Request"
    place = "Bundle.entry[1].resource.partOf[0].reference"
    assert of_outcome(second["response"]["outcome"]) == [("invalid", place)]


async def test_entries_are_done_in_the_order_given(writer: httpx.AsyncClient) -> None:
    patch = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(
            b'[{"op":"replace","path":"/description","value":"Changed"}]'
        ).decode(),
    }
    entries = await done(
        writer,
        bundle(
            "batch",
            entry("GET", "Task/t1"),
            entry("PATCH", "Task/t1", patch),
            entry("GET", "Task/t1"),
            entry("DELETE", "Task/t1"),
            entry("GET", "Task/t1"),
        ),
    )
    assert [each["response"]["status"][:3] for each in entries] == [
        *("200", "200", "200", "204", "410")
    ]
    texts = [each["resource"]["description"] for each in entries[:3]]
    assert texts == ["Call back", "Changed", "Changed"]
    first, second, third = (each["fullUrl"] for each in entries[:3])
    assert first == second == f"{BASE}/Task/t1"
    assert third.startswith("urn:uuid:")  # bdl-7: a version has its fullUrl once


async def test_conditions_are_those_of_the_headers(writer: httpx.AsyncClient) -> None:
    version = (await writer.get("/Task/t1")).json()["meta"]["versionId"]
    put = task(id="t1", description="Mine")
    entries = await done(
        writer,
        bundle(
            "batch",
            entry("GET", "Task/t1", ifNoneMatch=f'W/"{version}"'),
            entry("GET", "Task/t1", ifModifiedSince="2026-01-16T10:30:00.5+00:00"),
            entry("GET", "Task/t1", ifModifiedSince="2026-01-16T08:30:00Z"),
            entry("PUT", "Task/t1", put, ifMatch='W/"other"'),
            entry("PUT", "Task/t1", put, ifMatch=f'W/"{version}"'),
            entry("POST", "Task", task(identifier=named("é")), ifNoneExist="identifier=%C3%A9"),
            entry("POST", "Task", task(identifier=named("é")), ifNoneExist="?identifier=é"),
        ),
    )
    assert [each["response"]["status"][:3] for each in entries] == [
        *("304", "304", "200", "412", "200", "201", "200")
    ]


@pytest.mark.parametrize(
    ("prefer", "body", "outcome"),
    [
        (None, True, False),
        ("return=representation", True, False),
        ("return=minimal", False, False),
        ("return=OperationOutcome", False, True),
        ("return=presentation", True, False),
    ],
)
@pytest.mark.parametrize("type", ["batch", "transaction"])
async def test_prefer_goes_for_every_entry(
    writer: httpx.AsyncClient, type: str, prefer: str | None, body: bool, outcome: bool
) -> None:
    headers = {} if prefer is None else {"prefer": prefer}
    (found,) = await done(writer, bundle(type, entry("POST", "Task", task())), **headers)
    assert ("resource" in found) is body
    assert ("fullUrl" in found) is body
    assert ("outcome" in found["response"]) is outcome


REFUSED: list[tuple[Any, int, str, str | None]] = [
    ({"resourceType": "Task"}, 400, "invalid", None),
    ([], 400, "invalid", None),
    ({"resourceType": "Bundle", "type": "collection"}, 422, "not-supported", "Bundle.type"),
    ({"resourceType": "Bundle", "type": "nonsense"}, 422, "not-supported", "Bundle.type"),
    ({"resourceType": "Bundle"}, 400, "required", "Bundle.type"),
    ({"resourceType": "Bundle", "type": 1}, 400, "structure", "Bundle.type"),
    ({"resourceType": "Bundle", "type": "batch", "entry": {}}, 400, "structure", "Bundle.entry"),
    ({"resourceType": "Bundle", "type": "batch", "entry": []}, 400, "structure", "Bundle.entry"),
    ({"resourceType": "Bundle", "type": "batch", "x": 1}, 400, "structure", "Bundle.x"),
]


@pytest.mark.parametrize(("body", "status", "code", "expression"), REFUSED)
async def test_what_is_no_batch_and_no_transaction(
    client: httpx.AsyncClient, body: Any, status: int, code: str, expression: str | None
) -> None:
    response = await post(client, body)
    assert response.status_code == status
    found = the_issue(response)
    assert found["code"] == code
    assert found.get("expression", [None]) == [expression]


@pytest.mark.parametrize("type", ["batch", "transaction"])
async def test_a_bundle_of_nothing(client: httpx.AsyncClient, type: str) -> None:
    response = await post(client, {"resourceType": "Bundle", "type": type})
    assert response.json() == {"resourceType": "Bundle", "type": f"{type}-response"}


async def test_limits(small_store: Store) -> None:
    async with serving(small_store, max_entries=2, max_body=2000) as client:
        three = bundle("batch", *[entry("GET", "Task/t1")] * 3)
        response = await post(client, three)
        assert response.status_code == 413
        assert issues(response) == [("too-long", "Bundle.entry")]
        long = bundle("batch", entry("POST", "Task", task(description="x" * 2000)))
        assert (await post(client, long)).status_code == 413
        assert await stored(small_store) == 5


async def test_answers_that_are_too_long_together(small_store: Store) -> None:
    async with serving(small_store, max_body=1024) as client:
        asked = [entry("GET", "metadata"), entry("POST", "Task", task()), entry("GET", "Task/t1")]
        entries = await done(client, bundle("batch", *asked))
        assert [each["response"]["status"][:3] for each in entries] == ["200", "201", "422"]
        last = entries[-1]["response"]["outcome"]
        assert of_outcome(last) == [("too-costly", "Bundle.entry[2].request")]
        whole = await post(client, bundle("transaction", *asked))
        assert (whole.status_code, issues(whole)) == (
            422,
            [("too-costly", "Bundle.entry[2].request")],
        )
        assert await stored(small_store) == 6


@pytest.mark.parametrize("kind", ["application/fhir+xml", "application/xml", "text/plain"])
async def test_other_formats(client: httpx.AsyncClient, kind: str) -> None:
    response = await client.post("/", content=b"<Bundle/>", headers={"content-type": kind})
    assert response.status_code == 415


async def test_pretty_and_request_id(client: httpx.AsyncClient) -> None:
    body = bundle("batch", entry("GET", "Task/t1"))
    response = await client.post("?_pretty=true", json=body, headers={"x-request-id": "abc"})
    assert response.headers["x-request-id"] == "abc"
    assert response.text.startswith('{\n  "resourceType": "Bundle",\n')


async def test_business_rules_have_their_place_in_the_bundle(writer: httpx.AsyncClient) -> None:
    entries = await done(
        writer, bundle("batch", entry("POST", "Flag", flag()), entry("POST", "Flag", flag()))
    )
    assert statuses(entries) == ["201 Created", "409 Conflict"]
    ((code, expression),) = of_outcome(entries[1]["response"]["outcome"])
    assert code == "duplicate"
    assert expression.startswith("Bundle.entry[1].resource")


@pytest.mark.parametrize("type", ["batch", "transaction"])
async def test_what_is_to_be_validated_need_not_be_valid(
    writer: httpx.AsyncClient, type: str
) -> None:
    goal = {"resourceType": "Goal", "lifecycleStatus": "on"}
    alone = await writer.post("/Goal/$validate", json=goal)
    response = await post(writer, bundle(type, entry("POST", "Goal/$validate", goal)))
    (only,) = response.json()["entry"]
    assert only["response"]["status"].startswith("200")
    found = only.get("resource") or only["response"]["outcome"]
    assert found["issue"] == alone.json()["issue"]
    assert len(found["issue"]) > 1
