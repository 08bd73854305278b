"""_include and _revinclude: what a page brings with it, and what it does not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhir_facade.interactions import includes
from tests.http.serving import Json, ids, link, outcomes, pages, the_issue


def _included(bundle: Json) -> list[str]:
    return sorted(
        f"{each['resource']['resourceType']}/{each['resource']['id']}"
        for each in bundle.get("entry", ())
        if each["search"]["mode"] == "include"
    )


async def _asked(client: httpx.AsyncClient, url: str) -> Json:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    return dict(response.json())


@pytest.mark.parametrize(
    ("query", "included"),
    [
        ("Task?_id=t1&_include=Task:focus", ["EpisodeOfCare/c1"]),
        ("Task?_id=t1&_include=Task:focus:EpisodeOfCare", ["EpisodeOfCare/c1"]),
        ("Task?_id=t1&_include=Task:case", ["EpisodeOfCare/c1"]),
        ("Task?_id=t1&_include=Task:*", ["EpisodeOfCare/c1", "Patient/M1"]),
        ("Task?_id=t1&_include=*", ["EpisodeOfCare/c1", "Patient/M1"]),
        ("Task?_id=t1&_include=Task:patient", ["Patient/M1"]),
        ("Task?_id=t1,t2,t3&_include=Task:patient:Patient", ["Patient/M1", "Patient/M2"]),
        (
            "Task?_id=t1&_include=Task:focus&_include:iterate=EpisodeOfCare:patient",
            ["EpisodeOfCare/c1", "Patient/M1"],
        ),
        ("Task?_id=t1,t2&_include=Task:focus&_include=Task:case", ["EpisodeOfCare/c1"]),
        ("Task?_id=t1,t3&_include=Task:focus", ["EpisodeOfCare/c1", "EpisodeOfCare/c2"]),
        ("Task?_id=t4&_include=Task:focus", []),  # hidden
        ("Task?_id=t5&_include=Task:focus", []),  # deleted
        ("Task?_id=t6&_include=Task:focus", []),  # not there
        ("Task?_id=t7&_include=Task:focus", []),  # refers to nothing
        ("Task?_id=none&_include=Task:focus", []),
        ("Task?_id=t1&_include=Goal:case", []),
        ("EpisodeOfCare?_id=c1&_revinclude=Task:focus", ["Task/t1", "Task/t2"]),
        ("EpisodeOfCare?_id=c1&_revinclude=Goal:case", ["Goal/g1"]),
        ("EpisodeOfCare?_id=c2&_revinclude=Flag:case", []),
        (
            "EpisodeOfCare?_id=c1&_revinclude=Goal:case&_revinclude=Flag:case",
            ["Flag/f1", "Goal/g1"],
        ),
        ("CarePlan?_id=c1&_include=CarePlan:goal", ["Goal/g1"]),
        ("CarePlan?_id=c1&_include=CarePlan:activity-reference", ["Task/t1", "Task/t2"]),
        ("Goal?_id=g1&_revinclude=CarePlan:goal", ["CarePlan/c1"]),
        ("Task?_id=t1&_revinclude=CarePlan:activity-reference", ["CarePlan/c1"]),
        ("DocumentReference?_id=d1&_include=DocumentReference:encounter", ["EpisodeOfCare/c1"]),
        (
            "EpisodeOfCare?_id=c1&_revinclude=DocumentReference:encounter",
            ["DocumentReference/d1", "DocumentReference/d2"],
        ),
    ],
)
async def test_what_a_page_brings(
    linked_client: httpx.AsyncClient, query: str, included: list[str]
) -> None:
    bundle = await _asked(linked_client, f"/{query}&_total=accurate")
    assert _included(bundle) == included
    assert bundle["total"] == len(ids(bundle))
    assert not outcomes(bundle)


async def test_a_person_is_what_a_read_gives(linked_client: httpx.AsyncClient) -> None:
    bundle = await _asked(linked_client, "/Task?_id=t1,t2&_include=Task:patient")
    *_, entry = bundle["entry"]
    assert entry["search"] == {"mode": "include"}
    assert entry["fullUrl"] == "http://fhir.test/fhir/Patient/M1"
    assert entry["resource"] == await _asked(linked_client, "/Patient/M1")
    cut = await _asked(linked_client, "/Task?_id=t1&_include=Task:patient&_elements=status")
    assert cut["entry"][-1]["resource"] == entry["resource"]  # what is brought is whole


async def test_an_include_is_the_resource_itself(linked_client: httpx.AsyncClient) -> None:
    bundle = await _asked(linked_client, "/Task?_id=t1&_include=Task:focus")
    _, entry = bundle["entry"]
    assert entry["search"] == {"mode": "include"}
    assert entry["fullUrl"] == "http://fhir.test/fhir/EpisodeOfCare/c1"
    assert (await linked_client.get("/EpisodeOfCare/c1")).json() == entry["resource"]


@pytest.mark.parametrize(
    ("query", "included"),
    [
        ("_include=Goal:case&_revinclude=Task:case", ["EpisodeOfCare/c1"]),
        (
            "_include=Goal:case&_revinclude:iterate=Task:case",
            ["EpisodeOfCare/c1", "Task/t1", "Task/t2"],
        ),
        (
            "_include:iterate=Goal:case&_revinclude:iterate=Task:case&_include:iterate=Task:focus",
            ["EpisodeOfCare/c1", "Task/t1", "Task/t2"],
        ),
        (
            "_revinclude=CarePlan:goal&_include:iterate=CarePlan:care-team",
            ["CarePlan/c1", "CareTeam/c1"],
        ),
        ("_include:iterate=Goal:case", ["EpisodeOfCare/c1"]),
    ],
)
async def test_iterate_follows_what_was_brought(
    linked_client: httpx.AsyncClient, query: str, included: list[str]
) -> None:
    assert _included(await _asked(linked_client, f"/Goal?_id=g1&{query}")) == included


async def test_everything_that_refers_to_everything_ends(linked_client: httpx.AsyncClient) -> None:
    bundle = await _asked(linked_client, "/Goal?_id=g1&_include:iterate=*&_revinclude:iterate=*")
    found = [*ids(bundle), *_included(bundle)]
    assert len(found) == len(set(found))
    types = {each.partition("/")[0] for each in found}
    assert types >= {"EpisodeOfCare", "CarePlan", "CareTeam", "List", "Task", "Flag"}
    assert not {"Task/t8", "Task/t9", "EpisodeOfCare/c3", "EpisodeOfCare/c4"} & {*found}


async def test_a_match_is_not_included_again(linked_client: httpx.AsyncClient) -> None:
    query = "_type=Task,EpisodeOfCare&_include=Task:focus&_revinclude=Task:focus"
    assert _included(await _asked(linked_client, f"?{query}")) == []


async def test_each_page_brings_its_own(linked_client: httpx.AsyncClient) -> None:
    query = "/Task?_id=t1,t2,t3&_include=Task:focus&_count=1"
    assert [_included(page) for page in await pages(linked_client, query)] == [
        ["EpisodeOfCare/c1"],
        ["EpisodeOfCare/c1"],
        ["EpisodeOfCare/c2"],
    ]


async def test_a_count_brings_nothing(linked_client: httpx.AsyncClient) -> None:
    for query in ("_summary=count", "_count=0"):
        bundle = await _asked(linked_client, f"/Task?_include=Task:focus&{query}")
        assert "entry" not in bundle
        assert bundle["total"] == 7


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("Task:no-such", "not-supported"),
        ("Task:status", "not-supported"),
        ("Task:focus:Goal", "not-supported"),
        ("Task:focus:Patient", "not-supported"),
        ("Patient:organization", "not-supported"),
        ("task:focus", "not-supported"),
        ("Task", "invalid"),
        ("Task:", "invalid"),
        (":focus", "invalid"),
        ("", "invalid"),
        (":", "invalid"),
        (":::", "invalid"),
        ("Task:focus:EpisodeOfCare:more", "invalid"),
    ],
)
@pytest.mark.parametrize("name", ["_include", "_include:iterate", "_revinclude"])
async def test_one_that_cannot_be_followed(
    linked_client: httpx.AsyncClient, name: str, value: str, code: str
) -> None:
    response = await linked_client.get("/Task", params={name: value})
    assert response.status_code == 400
    assert the_issue(response)["code"] == code


async def test_other_modifiers_are_refused(linked_client: httpx.AsyncClient) -> None:
    for name in ("_include:recurse", "_revinclude:missing", "_include:"):
        response = await linked_client.get("/Task", params={name: "Task:focus"})
        assert response.status_code == (200 if name == "_include:" else 400), name


@pytest.mark.parametrize("value", ["Task:status", "Task:status:", "Patient:organization"])
async def test_lenient_leaves_it_out(linked_client: httpx.AsyncClient, value: str) -> None:
    response = await linked_client.get(
        f"/Task?_id=t1&_include={value}&_include=Task:focus",
        headers={"Prefer": "handling=lenient"},
    )
    bundle = response.json()
    assert _included(bundle) == ["EpisodeOfCare/c1"]
    (issue,) = outcomes(bundle)
    assert value.rstrip(":") in issue["diagnostics"]
    assert link(bundle, "self") == "http://fhir.test/fhir/Task?_id=t1&_include=Task:focus"


async def test_more_than_a_page_may_bring(
    linked_client: httpx.AsyncClient, monkeypatch: Any
) -> None:
    monkeypatch.setattr(includes, "MAX_INCLUDED", 2)
    bundle = await _asked(linked_client, "/EpisodeOfCare?_id=c1&_revinclude=*&_total=accurate")
    assert len(_included(bundle)) == 2
    assert bundle["total"] == len(ids(bundle)) == 1
    (issue,) = outcomes(bundle)
    assert (issue["severity"], issue["code"]) == ("warning", "incomplete")
    assert "first 2 resources" in issue["diagnostics"]


async def test_hidden_ones_where_they_are_asked_for(linked_client: httpx.AsyncClient) -> None:
    bundle = await _asked(linked_client, "/EpisodeOfCare?_tag=hidden&_revinclude=Task:focus")
    assert ids(bundle) == ["EpisodeOfCare/c3"]
    assert _included(bundle) == ["Task/t4"]
