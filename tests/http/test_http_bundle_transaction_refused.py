"""A transaction that is refused: all that is wrong is told, and the store is as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.bundle_patches import patch
from tests.http.bundles import (
    bundle,
    digest,
    document,
    done,
    entry,
    flag,
    issues,
    named,
    post,
    task,
    urn,
)
from tests.http.conftest import TASK
from tests.http.serving import Json, serving, the_issue


@pytest.fixture
async def writer(small_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(small_store) as client:
        yield client


TWICE = [
    [entry("PUT", "Task/t1", task(id="t1")), entry("DELETE", "Task/t1")],
    [entry("PUT", "Task/t1", task(id="t1")), entry("PATCH", "Task/t1", patch("[]"))],
    [entry("PUT", "Task/t1", task(id="t1")), entry("PUT", "Task/t1", task(id="t1"))],
    [entry("DELETE", "Task/t1"), entry("DELETE", "Task?_id=t1")],
    [
        entry("PUT", "Task?_id=t1", task()),
        entry("PATCH", "Task?_id=t1", patch("[]")),
    ],
    [
        entry("POST", "Task", task(), ifNoneExist="_id=t1"),
        entry("PUT", "Task/t1", task(id="t1")),
    ],
    [
        entry("POST", "Task", task(), ifNoneExist="_id=t1"),
        entry("POST", "Task", task(), ifNoneExist="_id=t1"),
    ],
]


@pytest.mark.parametrize("pair", TWICE)
async def test_a_resource_can_be_there_only_once(
    writer: httpx.AsyncClient, small_store: Store, pair: list[Json]
) -> None:
    before = await digest(small_store)
    response = await post(writer, bundle("transaction", *pair))
    assert response.status_code == 400, response.text
    ((code, expression),) = issues(response)
    assert code == "invalid"
    assert expression.startswith("Bundle.entry[")
    assert await digest(small_store) == before


@pytest.mark.parametrize("backwards", [False, True])
async def test_two_conditional_creates_of_one_thing(
    writer: httpx.AsyncClient, small_store: Store, backwards: bool
) -> None:
    before = await digest(small_store)
    both = named("a") + named("b")
    pair = [
        entry("POST", "Task", task(identifier=both), ifNoneExist="identifier=urn:test|a"),
        entry("POST", "Task", task(identifier=named("b")), ifNoneExist="identifier=urn:test|b"),
    ]
    body = bundle("transaction", *(reversed(pair) if backwards else pair))
    response = await post(writer, body)
    assert response.status_code == 412
    assert await digest(small_store) == before


FAILING: list[tuple[Json, int, str, str]] = [
    (entry("POST", "Task", task(status="x")), 422, "code-invalid", "resource.status"),
    (
        entry("POST", "Task", {"resourceType": "Task", "intent": "order"}),
        400,
        "required",
        "resource.status",
    ),
    (entry("POST", "Goal", task()), 400, "invalid", "resource"),
    (entry("PUT", "Task/t1", task(id="t2")), 400, "invalid", "resource.id"),
    (entry("PUT", "Task/none", task(id="none")), 422, "not-supported", "request"),
    (entry("PUT", "Task/t1", task(id="t1"), ifMatch='W/"x"'), 412, "conflict", "request"),
    (entry("DELETE", "Goal/g1", ifMatch='W/"x"'), 412, "conflict", "request"),
    (entry("PATCH", "Task/none", patch("[]")), 404, "not-found", "request"),
    (entry("PATCH", "Task/gone", patch("[]")), 410, "deleted", "request"),
    (entry("PATCH", "Task/t1", patch("{")), 400, "structure", "request"),
    (entry("PATCH", "Task/t1", patch("x", "text/plain")), 415, "not-supported", "request"),
    (
        entry("PATCH", "Task/t1", patch('[{"op":"remove","path":"/status"}]')),
        400,
        "required",
        "resource",
    ),
    (entry("PATCH", "Task?identifier=none", patch("[]")), 404, "not-found", "request.url"),
    (entry("PUT", "Task?patient=M1&_tag=x:y", task(id="1")), 422, "not-supported", "request"),
    (entry("PUT", "Task?_id=t1", task(id="other")), 400, "invalid", "resource.id"),
    (entry("PUT", "Task?nonsense=1", task()), 400, "not-supported", "request.url"),
    (entry("PUT", "Task?_count=1", task()), 400, "not-supported", "request.url"),
    (entry("PUT", "Task", task()), 400, "invalid", "request.url"),
    (entry("POST", "Task?patient=M1", task()), 400, "invalid", "request.url"),
    (entry("DELETE", "Task/t1/more"), 400, "invalid", "request.url"),
    (
        entry("POST", "Task", task(), ifNoneExist="nonsense=1"),
        400,
        "not-supported",
        "request.ifNoneExist",
    ),
    (entry("POST", "Task", task(), ifNoneExist="x=%FF"), 400, "invalid", "request.ifNoneExist"),
    (entry("POST", "CarePlan", {"resourceType": "Patient"}), 422, "not-supported", "request"),
    (entry("POST", "Patient", {"resourceType": "Patient"}), 404, "not-supported", "request"),
    (
        entry("POST", "Case", bundle("batch", entry("GET", "x"))),
        422,
        "not-supported",
        "request.url",
    ),
    (entry("POST", "", bundle("batch", entry("GET", "x"))), 400, "value", "request.url"),
    (entry("GET", "Task/none"), 404, "not-found", "request"),
    (entry("GET", "Task?nonsense=1"), 400, "not-supported", "request"),
    (entry("POST", "Flag", flag()), 409, "duplicate", "resource.code"),
    (
        entry("POST", "DocumentReference", document("Communication/none")),
        422,
        "invalid",
        "resource.context.related[0]",
    ),
    (entry("POST", "Task", task(id="a b")), 400, "value", "resource.id"),
    ({"resource": task()}, 400, "required", "request"),
    (entry("FETCH", "Task/t1"), 400, "value", "request.method"),
    (entry("GET", "http://elsewhere.test/Task/1"), 400, "invalid", "request.url"),
]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("number", range(len(FAILING)))
async def test_whatever_fails_leaves_the_store_as_it_was(
    writer: httpx.AsyncClient, small_store: Store, number: int, place: int
) -> None:
    await done(writer, bundle("transaction", entry("POST", "Flag", flag())))
    failing, status, code, where = FAILING[number]
    others = [entry("POST", "Task", task(), urn(1)), entry("DELETE", "Goal/g1")]
    if "Goal" in failing.get("request", {}).get("url", ""):
        others[1] = entry("POST", "Task", task())
    others.insert(place, failing)
    before = await digest(small_store)
    response = await post(writer, bundle("transaction", *others))
    assert response.status_code == status, response.text
    assert issues(response)[0] == (code, f"Bundle.entry[{place}].{where}")
    assert "allow" not in response.headers
    assert await digest(small_store) == before


async def test_all_that_is_wrong_with_the_requests_is_told_at_once(
    writer: httpx.AsyncClient,
) -> None:
    response = await post(
        writer,
        bundle(
            "transaction",
            entry("POST", "Task", task(status="x", intent="y")),
            entry("FETCH", "http://elsewhere.test/x", fullUrl="z"),
            {"resource": task()},
            entry("POST", "Task", task(), urn(1)),
            entry("POST", "Task", task(), urn(1)),
        ),
    )
    assert response.status_code == 400
    assert issues(response) == [
        ("code-invalid", "Bundle.entry[0].resource.status"),
        ("code-invalid", "Bundle.entry[0].resource.intent"),
        ("structure", "Bundle.entry[1].request.fullUrl"),
        ("value", "Bundle.entry[1].request.method"),
        ("invalid", "Bundle.entry[1].request.url"),
        ("required", "Bundle.entry[2].request"),
        ("invalid", "Bundle.entry[4].fullUrl"),
    ]


async def test_unknown_types_and_links_are_told_at_once(writer: httpx.AsyncClient) -> None:
    lost = task(partOf=[{"reference": urn(9)}, {"reference": "Patient?identifier=1"}])
    response = await post(
        writer,
        bundle(
            "transaction",
            entry("POST", "Patient", {"resourceType": "Patient"}),
            entry("POST", "Task", lost),
        ),
    )
    assert response.status_code == 400
    assert issues(response) == [
        ("not-supported", "Bundle.entry[0].request"),
        ("not-found", "Bundle.entry[1].resource.partOf[0].reference"),
        ("not-supported", "Bundle.entry[1].resource.partOf[1].reference"),
    ]


async def test_a_server_without_transactions(mongo_database: str) -> None:
    store = open_store(mongo_database)
    assert not await store.insert("work_queue", [TASK])
    await store.ping()
    if getattr(store, "transactions", True):
        await store.close()
        pytest.skip("this MongoDB has transactions")
    async with serving(store) as client:
        before = await digest(store)
        one = entry("POST", "Task", task())
        response = await post(client, bundle("transaction", one))
        assert response.status_code == 422
        found = the_issue(response)
        assert found["code"] == "not-supported"
        assert "no multi-document transactions" in found["diagnostics"]
        assert await digest(store) == before
        (created,) = await done(client, bundle("batch", one))
        assert created["response"]["status"] == "201 Created"
        assert (await client.get(f"/Task/{created['resource']['id']}")).status_code == 200
    await store.close()
