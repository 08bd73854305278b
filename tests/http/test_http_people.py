"""Patient, Practitioner and Organization over HTTP: read and searched, and nothing else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fhir.resources.R4B.patient import Patient

from fhir_facade.store.base import Store
from tests.http.conftest import TASK
from tests.http.serving import BASE, serving

Json = dict[str, Any]


async def test_a_patient_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.get("Patient/M1")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert Patient.model_validate(answer.json()).name[0].text == "Ann"
    again = await client.get("Patient/M1", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await client.head("Patient/M1")
    assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])


async def test_nobody_is_a_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("Patient/nobody")
    assert answer.status_code == 404
    assert answer.json()["issue"][0]["diagnostics"] == "There is no Patient with this id."


@pytest.mark.parametrize("by_post", [False, True])
async def test_a_search_by_id(client: httpx.AsyncClient, by_post: bool) -> None:
    asked = {"_id": "M1,nobody"}
    answer = await (
        client.post("Patient/_search", data=asked)
        if by_post
        else client.get("Patient", params=asked)
    )
    bundle = answer.json()
    assert (answer.status_code, bundle["total"]) == (200, 1)
    assert bundle["link"] == [{"relation": "self", "url": f"{BASE}/Patient?_id=M1,nobody"}]
    (entry,) = bundle["entry"]
    assert entry["fullUrl"] == f"{BASE}/Patient/M1"
    assert entry["search"] == {"mode": "match"}
    assert entry["resource"] == (await client.get("Patient/M1")).json()


async def test_a_search_by_name(client: httpx.AsyncClient) -> None:
    bundle = (await client.get("Patient?name=an")).json()
    assert bundle["link"] == [{"relation": "self", "url": f"{BASE}/Patient?name=an"}]
    assert [each["resource"] for each in bundle["entry"]] == [
        (await client.get("Patient/M1")).json()
    ]


async def test_pages_hold_as_many_as_asked_for(sqlite_store: Store) -> None:
    tasks = [{**TASK, "_id": f"t{n}", "subject": {"id": f"P{n}", "name": "Pat"}} for n in range(5)]
    assert not await sqlite_store.insert("work_queue", tasks)
    async with serving(sqlite_store) as client:
        for query, ids in (("name=pat", "01234"), ("_id=P4,P1,P0,P2", "4102")):
            seen, url = "", f"Patient?{query}&_count=2"
            while url:
                bundle = (await client.get(url)).json()
                assert bundle["total"] == len(ids)
                assert len(bundle["entry"]) <= 2
                seen += "".join(each["resource"]["id"][1:] for each in bundle["entry"])
                links = {each["relation"]: each["url"] for each in bundle["link"]}
                url = links.get("next", "")
            assert seen == ids
        assert (await client.get("Patient?name=pat&_cursor=99")).json()["total"] == 5


async def test_a_search_that_no_index_answers_may_be_refused(sqlite_store: Store) -> None:
    assert not await sqlite_store.insert("work_queue", [TASK])
    async with serving(sqlite_store, unindexed_search="refuse") as client:
        assert (await client.get("Patient?name=an")).status_code == 422
        lenient = {"Prefer": "handling=lenient"}
        left = await client.get("Patient?name=an&_id:not=x", headers=lenient)
        assert left.status_code == 422
        assert (await client.get("Patient?name=an&_id=M1")).json()["total"] == 1


@pytest.mark.parametrize("query", ["_summary=count", "_count=0"])
async def test_a_count_has_no_entries(client: httpx.AsyncClient, query: str) -> None:
    bundle = (await client.get(f"Patient?_id=M1&{query}")).json()
    assert bundle["total"] == 1
    assert "entry" not in bundle


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ("_elements=name", {"resourceType", "id", "meta", "name"}),
        ("_summary=text", {"resourceType", "id", "meta", "text"}),
        ("_summary=true", {"resourceType", "id", "meta", "identifier", "name"}),
        ("_summary=data", {"resourceType", "id", "identifier", "name"}),
    ],
)
async def test_a_part_is_asked_for(client: httpx.AsyncClient, shape: str, names: set[str]) -> None:
    read = (await client.get(f"Patient/M1?{shape}")).json()
    (entry,) = (await client.get(f"Patient?_id=M1&{shape}")).json()["entry"]
    assert read.keys() == entry["resource"].keys() == names


async def test_a_part_of_an_organization_still_has_an_identity(sqlite_store: Store) -> None:
    """org-1: at least a name or an identifier."""
    task = {**TASK, "client": {"id": "ACME", "name": "Acme"}}
    assert not await sqlite_store.insert("work_queue", [task])
    async with serving(sqlite_store) as client:
        for shape in ("_summary=text", "_elements=id"):
            cut = (await client.get(f"Organization/ACME?{shape}")).json()
            assert cut["identifier"][0]["value"] == "ACME"
            assert "name" not in cut


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "too-costly"),
        ("?name:not=Ann", 400, "not-supported"),
        ("?name=", 400, "invalid"),
        ("?family=Ann", 400, "not-supported"),
        ("?_id:not=M1", 400, "not-supported"),
        ("?_id=", 400, "invalid"),
        ("?_id=M1&_sort=_id", 400, "invalid"),
        ("?_id=M1&_include=Patient:x", 400, "invalid"),
        ("?_id=M1&_cursor=x", 400, "invalid"),
        ("?_id=M1&_count=x", 400, "invalid"),
    ],
)
async def test_what_cannot_be_asked(
    client: httpx.AsyncClient, query: str, status: int, code: str
) -> None:
    answer = await client.get(f"Patient{query}")
    (issue,) = answer.json()["issue"]
    assert (answer.status_code, issue["code"]) == (status, code)


async def test_a_lenient_search_leaves_out_and_says_so(client: httpx.AsyncClient) -> None:
    lenient = {"Prefer": "handling=lenient"}
    bundle = (await client.get("Patient?_id=M1&family=Bob", headers=lenient)).json()
    assert bundle["link"][0]["url"] == f"{BASE}/Patient?_id=M1"
    found, told = bundle["entry"]
    assert found["resource"]["id"] == "M1"
    assert told["search"] == {"mode": "outcome"}
    assert told["resource"]["issue"][0]["severity"] == "warning"


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
async def test_nothing_can_be_written(client: httpx.AsyncClient, method: str) -> None:
    url = "Patient" if method == "POST" else "Patient/M1"
    answer = await client.request(method, url, json={"resourceType": "Patient", "id": "M1"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_a_batch_reads_one(client: httpx.AsyncClient) -> None:
    entry = {"request": {"method": "GET", "url": "Patient/M1"}}
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    (found,) = (await client.post("", json=bundle)).json()["entry"]
    assert found["response"]["status"].startswith("200")
    assert found["resource"]["id"] == "M1"


async def test_the_statement_says_how_little_there_is(client: httpx.AsyncClient) -> None:
    (rest,) = (await client.get("metadata")).json()["rest"]
    said = {each["type"]: each for each in rest["resource"]}
    for type in ("Patient", "Practitioner", "Organization"):
        assert [each["code"] for each in said[type]["interaction"]] == ["read", "search-type"]
        names = [each["name"] for each in said[type]["searchParam"]]
        assert names == ["_id", "identifier", "name"]
        assert "Minimal and read-only" in said[type]["documentation"]


async def test_whom_another_server_holds_is_not_served(sqlite_store: Store) -> None:
    held = {"Patient": "https://ehr.test/r4", "Practitioner": "https://ehr.test/r4"}
    async with serving(sqlite_store, reference_base=held) as client:
        assert (await client.get("Patient/M1")).status_code == 404
        (rest,) = (await client.get("metadata")).json()["rest"]
        said = {each["type"]: each for each in rest["resource"]}
        assert "interaction" not in said["Patient"]
        assert "Practitioner" not in said
        assert said["Organization"]["interaction"]
