"""GET [base]?_type=… and POST [base]/_search: one search over several types."""

from __future__ import annotations

import httpx
import pytest

from tests.http.asker import SERVED
from tests.http.serving import all_ids, ids, link, outcomes, pages, the_issue

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def _union(client: httpx.AsyncClient, types: list[str], query: str = "") -> set[str]:
    return {each for type_ in types for each in await all_ids(client, f"/{type_}?{query}")}


@pytest.mark.parametrize("query", ["", "_lastUpdated=ge2026-02-15", "patient=M1", "_tag=hidden"])
@pytest.mark.parametrize("types", [["Task"], ["Task", "Goal"], ["EpisodeOfCare", "List", "Flag"]])
async def test_it_finds_what_each_type_finds(
    linked_client: httpx.AsyncClient, types: list[str], query: str
) -> None:
    found = await all_ids(linked_client, f"?_type={','.join(types)}&{query}&_count=2")
    assert len(found) == len(set(found))
    assert {*found} == await _union(linked_client, types, query)


async def test_without_types_it_is_all_of_them(linked_client: httpx.AsyncClient) -> None:
    found = await all_ids(linked_client, "?patient=M1&_count=3")
    assert {*found} == await _union(linked_client, [*SERVED], "patient=M1")
    counted = (await linked_client.get("?patient=M1&_summary=count")).json()
    assert counted["total"] == len(found) == len(set(found))


async def test_types_repeated_are_searched_once(linked_client: httpx.AsyncClient) -> None:
    once = await linked_client.get("?_type=Task,Goal&_count=100")
    for query in ("_type=Task,Goal,Task", "_type=Task&_type=Goal"):
        again = await linked_client.get(f"?{query}&_count=100")
        assert ids(again.json()) == ids(once.json())


async def test_it_is_sorted_across_types(linked_client: httpx.AsyncClient) -> None:
    for sort, reverse in (("_lastUpdated", False), ("-_lastUpdated", True)):
        found = await pages(linked_client, f"?_type=Goal,Task,Flag&_sort={sort}&_count=3")
        updated = [
            entry["resource"]["meta"]["lastUpdated"] for page in found for entry in page["entry"]
        ]
        assert updated == sorted(updated, reverse=reverse)
        assert len(updated) == 10


async def test_one_type_is_the_search_of_it(linked_client: httpx.AsyncClient) -> None:
    for query in ("status=ready", "focus.status=active", "_has:CarePlan:case:status=active"):
        of_type = await linked_client.get(f"/Task?{query}")
        of_system = await linked_client.get(f"?_type=Task&{query}")
        assert of_system.status_code == of_type.status_code
        assert ids(of_system.json()) == ids(of_type.json())


async def test_parameters_that_all_the_types_have(linked_client: httpx.AsyncClient) -> None:
    assert await all_ids(linked_client, "?_type=Task,Goal&case=c2") == ["Task/t3", "Goal/g2"]
    response = await linked_client.get("?_type=Task,Goal&status=active")
    assert response.status_code == 400
    assert "'status'" in the_issue(response)["diagnostics"]


async def test_includes_go_with_it(linked_client: httpx.AsyncClient) -> None:
    bundle = (await linked_client.get("?_type=Task,Goal&case=c2&_include=Task:focus")).json()
    modes = [
        (entry["resource"]["resourceType"], entry["search"]["mode"]) for entry in bundle["entry"]
    ]
    assert modes == [("Task", "match"), ("Goal", "match"), ("EpisodeOfCare", "include")]


@pytest.mark.parametrize(
    "query",
    [
        "_type=Task,Goal&_count=100",
        "_type=Task,Goal&patient=M1&_sort=-_lastUpdated&_total=accurate",
        "_type=Task&status=ready",
        "_summary=count",
        "_type=Task,Patient",
        "_type=Task&bogus=1",
    ],
)
async def test_post_equals_get(linked_client: httpx.AsyncClient, query: str) -> None:
    got = await linked_client.get(f"?{query}")
    posted = await linked_client.post("/_search", content=query.encode(), headers=FORM)
    assert posted.status_code == got.status_code
    assert posted.content == got.content


async def test_a_posted_one_needs_a_form(linked_client: httpx.AsyncClient) -> None:
    response = await linked_client.post("/_search", json={"_type": "Task"})
    assert response.status_code == 415


@pytest.mark.parametrize(
    "value", ["Patient", "task", "Task,", ",", "", "Task,,Goal", "Case", "Bundle", "*", "Task Goal"]
)
async def test_a_type_that_is_not_served(linked_client: httpx.AsyncClient, value: str) -> None:
    response = await linked_client.get("", params={"_type": value})
    assert response.status_code == 400
    assert "Task" in the_issue(response)["diagnostics"]


async def test_self_shows_what_was_applied(linked_client: httpx.AsyncClient) -> None:
    bundle = (await linked_client.get("?_type=Task,Goal&patient=M1&_count=2")).json()
    url = link(bundle, "self")
    assert url == "http://fhir.test/fhir?_type=Task,Goal&patient=M1&_count=2"
    assert (await linked_client.get(url)).json() == bundle


async def test_self_shows_nothing_that_was_not_applied(linked_client: httpx.AsyncClient) -> None:
    response = await linked_client.get(
        "?_type=Task&bogus=1&_count=5000&_score=1", headers={"Prefer": "handling=lenient"}
    )
    bundle = response.json()
    assert {each["code"] for each in outcomes(bundle)} == {"not-supported"}
    assert link(bundle, "self") == "http://fhir.test/fhir?_type=Task&_count=1000"


async def test_a_cursor_is_of_its_own_search(linked_client: httpx.AsyncClient) -> None:
    bundle = (await linked_client.get("?_type=Task,Goal&_count=2")).json()
    cursor = httpx.URL(link(bundle, "next") or "").params["_cursor"]
    for query in ("_type=Task", "_type=Goal,Task", "_type=Task,Goal&patient=M1", ""):
        response = await linked_client.get(f"?{query}&_count=2&_cursor={cursor}")
        assert response.status_code == 400, query


async def test_head_is_get_without_the_body(linked_client: httpx.AsyncClient) -> None:
    head = await linked_client.head("?_type=Task,Goal")
    assert head.status_code == 200
    assert head.content == b""
