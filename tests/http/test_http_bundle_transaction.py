"""A transaction: R4's order, identities, conditions, patches, versions and warnings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_facade.store.base import Store
from tests.http.bundle_patches import patch
from tests.http.bundles import (
    HEADERS,
    bundle,
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
from tests.http.serving import BASE, Json, serving


@pytest.fixture
async def writer(small_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(small_store) as client:
        yield client


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


async def test_a_transaction_under_a_base_of_its_own(small_store: Store) -> None:
    async with serving(small_store, base_url="https://fhir.example.org/r4") as client:
        (found,) = await done(
            client,
            bundle("transaction", entry("GET", "https://fhir.example.org/r4/Task/t1")),
        )
        assert found["fullUrl"] == "https://fhir.example.org/r4/Task/t1"
        response = await client.post("/", content=b"[", headers=HEADERS)
        assert response.status_code == 400
