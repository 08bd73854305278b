"""A transaction: R4's order, identities, conditions, patches, and all or nothing."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.bundles import (
    HEADERS,
    bundle,
    digest,
    document,
    done,
    entry,
    flag,
    issues,
    named,
    post,
    statuses,
    stored,
    task,
    urn,
)
from tests.http.conftest import TASK
from tests.http.serving import BASE, Json, serving, the_issue


@pytest.fixture
async def writer(small_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(small_store) as client:
        yield client


def patch(text: str, kind: str = "application/json-patch+json") -> Json:
    data = base64.b64encode(text.encode()).decode()
    return {"resourceType": "Binary", "contentType": kind, "data": data}


async def test_deletes_come_first_then_creates_changes_and_reads(
    writer: httpx.AsyncClient,
) -> None:
    """https://hl7.org/fhir/R4/http.html#trules"""
    await done(writer, bundle("transaction", entry("POST", "Flag", flag())))
    found = (await writer.get("/Flag?status=active")).json()["entry"][0]["resource"]["id"]
    entries = await done(
        writer,
        bundle(
            "transaction",
            entry("GET", "Task?_summary=count"),
            entry("PUT", "Task/t1", task(id="t1", description="Put")),
            entry("POST", "Flag", flag()),  # possible only once the other one is gone
            entry("HEAD", "Task/t1"),
            entry("GET", "Task/t1"),
            entry("DELETE", f"Flag/{found}"),
            entry("POST", "Task", task()),
        ),
    )
    assert [each["response"]["status"][:3] for each in entries] == [
        *("200", "200", "201", "200", "200", "204", "201")
    ]
    assert entries[0]["resource"]["total"] == 2
    assert "resource" not in entries[3]
    assert entries[4]["resource"]["description"] == "Put"
    assert entries[4]["response"]["etag"] == entries[1]["response"]["etag"]
    assert entries[1]["response"]["location"].startswith("Task/t1/_history/")


async def test_the_same_bundle_in_any_order_has_the_same_outcome(
    writer: httpx.AsyncClient,
) -> None:
    first = entry("POST", "Task", task(partOf=[{"reference": urn(2)}]), urn(1))
    second = entry("POST", "Task", task(partOf=[{"reference": urn(1)}]), urn(2))
    for pair in ((first, second), (second, first)):
        one, other = await done(writer, bundle("transaction", *pair))
        assert one["resource"]["partOf"] == [{"reference": f"Task/{other['resource']['id']}"}]
        assert other["resource"]["partOf"] == [{"reference": f"Task/{one['resource']['id']}"}]


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


async def test_conditional_writes(writer: httpx.AsyncClient) -> None:
    a = entry("POST", "Task", task(identifier=named("a")), urn(1), ifNoneExist="identifier=a")
    b = entry("PUT", "Task?identifier=b", task(identifier=named("b")), urn(2))
    c = entry("POST", "Task", task(partOf=[{"reference": urn(1)}, {"reference": urn(2)}]))
    first = await done(writer, bundle("transaction", a, b, c))
    assert statuses(first) == ["201 Created"] * 3
    again = await done(writer, bundle("transaction", a, b, c))
    assert statuses(again) == ["200 OK", "200 OK", "201 Created"]
    ids = [each["resource"]["id"] for each in first]
    assert [each["resource"]["id"] for each in again[:2]] == ids[:2]
    expected = [{"reference": f"Task/{each}"} for each in ids[:2]]
    assert again[2]["resource"]["partOf"] == expected
    assert again[0]["response"]["etag"] == first[0]["response"]["etag"]
    last = await done(
        writer,
        bundle(
            "transaction",
            entry("DELETE", "Task?identifier=a"),
            entry("DELETE", "Task?identifier=nothing"),
            entry("PATCH", "Task?identifier=b", patch('{"description":"P"}', "application/json")),
        ),
    )
    assert statuses(last) == ["204 No Content", "204 No Content", "200 OK"]
    assert last[2]["resource"]["description"] == "P"


async def test_patches(writer: httpx.AsyncClient) -> None:
    parameters: Json = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "add"},
                    {"name": "path", "valueString": "Task"},
                    {"name": "name", "valueString": "partOf"},
                    {"name": "value", "valueReference": {"reference": urn(1)}},
                ],
            }
        ],
    }
    new, patched = await done(
        writer,
        bundle(
            "transaction",
            entry("POST", "Task", task(), urn(1)),
            entry("PATCH", "Task/t1", parameters),
        ),
    )
    link = {"reference": f"Task/{new['resource']['id']}"}
    assert patched["resource"]["partOf"] == [link]
    operation = '[{"op":"add","path":"/partOf/-","value":{"reference":"%s"}}]'
    entries = await done(
        writer,
        bundle(
            "transaction",
            entry("PATCH", "Task/t1", patch(operation % urn(7))),
            entry("POST", "Task", task(), urn(7)),
        ),
    )
    other = {"reference": f"Task/{entries[1]['resource']['id']}"}
    assert entries[0]["resource"]["partOf"] == [link, other]
    response = await post(
        writer, bundle("transaction", entry("PATCH", "Task/t1", patch(operation % urn(8))))
    )
    assert response.status_code == 400
    assert issues(response) == [("not-found", "Bundle.entry[0].resource")]


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


async def test_warnings_are_in_the_outcome(small_store: Store) -> None:
    async with serving(small_store, lifecycle="advise") as client:
        goal = (await client.get("/Goal/g1")).json()
        await done(
            client,
            bundle(
                "transaction", entry("PUT", "Goal/g1", {**goal, "lifecycleStatus": "completed"})
            ),
        )
        back = {**goal, "lifecycleStatus": "proposed"}
        (found,) = await done(client, bundle("transaction", entry("PUT", "Goal/g1", back)))
        assert found["resource"]["lifecycleStatus"] == "proposed"
        (issue,) = found["response"]["outcome"]["issue"]
        assert issue["severity"] == "warning"


async def test_the_versions_are_kept(writer: httpx.AsyncClient, small_store: Store) -> None:
    await done(
        writer,
        bundle(
            "transaction",
            entry("POST", "Task", task()),
            entry("PUT", "Task/t1", task(id="t1")),
            entry("DELETE", "Goal/g1"),
        ),
    )
    assert await stored(small_store, "fhir_history") == 5


async def test_update_create_within_a_transaction(small_store: Store) -> None:
    async with serving(small_store, update_create=True) as client:
        entries = await done(
            client,
            bundle(
                "transaction",
                entry("POST", "Task", task(partOf=[{"reference": f"{BASE}/Task/mine"}])),
                entry("PUT", "Task/mine", task(id="mine"), f"{BASE}/Task/mine"),
                entry("PUT", "Task?identifier=x", task(id="own")),
            ),
        )
        assert statuses(entries) == ["201 Created"] * 3
        assert entries[0]["resource"]["partOf"] == [{"reference": "Task/mine"}]
        assert entries[2]["resource"]["id"] == "own"


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


async def test_a_transaction_under_a_base_of_its_own(small_store: Store) -> None:
    async with serving(small_store, base_url="https://fhir.example.org/r4") as client:
        (found,) = await done(
            client,
            bundle("transaction", entry("GET", "https://fhir.example.org/r4/Task/t1")),
        )
        assert found["fullUrl"] == "https://fhir.example.org/r4/Task/t1"
        response = await client.post("/", content=b"[", headers=HEADERS)
        assert response.status_code == 400
