"""Searches that no index answers, that ask for too much or join too much: 422 too-costly."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from fhir_facade.interactions import joins
from fhir_facade.store.base import Store
from tests.http.serving import ids, serving, the_issue

SCANS = [
    "Task?description:contains=back",
    "Task?intent=order",
    "Task?owner:missing=true",
    "Task?status:not=ready",
    "Task?code:text=claim",
    "Goal?category=dietary",
    "Goal?lifecycle-status:not-in=https://fhir.wellnecity.com/ValueSet/goal-status",
]
INDEXED = [
    "Task",
    "Task?_id=t1",
    "Task?patient=M1",
    "Task?patient=M1&description:contains=back",
    "Task?focus=c1&_sort=priority",
    "Task?status=ready",
    "Task?identifier=x",
    "Task?due=ge2026",
    "Task?_sort=-due",
    "Task?patient:identifier=x",
    "Task?focus.status=active",
    "EpisodeOfCare?_has:Task:focus:status=ready",
    "Patient/M1/Task?description:contains=back",
    "Patient/M1/*",
    "Patient/M1/$everything",
    "DocumentReference/$docref?patient=M1",
    "?_type=Task,Goal&patient=M1",
]
SECRET = "sentinel"


async def _refusing(store: Store, url: str) -> httpx.Response:
    async with serving(store, unindexed_search="refuse") as client:
        return await client.get(f"/{url}" if url[0] != "?" else url)


@pytest.mark.parametrize("url", SCANS)
async def test_a_search_that_no_index_answers(linked_store: Store, url: str) -> None:
    response = await _refusing(linked_store, url)
    assert response.status_code == 422
    issue = the_issue(response)
    assert (issue["severity"], issue["code"]) == ("error", "too-costly")
    name = url.partition("?")[2].partition("=")[0].partition(":")[0]
    assert f" by {name}:" in issue["diagnostics"]


@pytest.mark.parametrize("url", INDEXED)
async def test_a_search_that_an_index_answers(linked_store: Store, url: str) -> None:
    assert (await _refusing(linked_store, url)).status_code == 200


@pytest.mark.parametrize("url", SCANS)
async def test_both_are_answered_unless_it_is_set(
    linked_client: httpx.AsyncClient, url: str
) -> None:
    assert (await linked_client.get(f"/{url}")).status_code == 200


async def _asking(client: httpx.AsyncClient, *clauses: tuple[str, str, int]) -> httpx.Response:
    """POST a search for so many values of each parameter."""
    form = urlencode([(name, ",".join([value] * count)) for name, value, count in clauses])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await client.post("/Task/_search", content=form, headers=headers)


@pytest.mark.parametrize(
    ("name", "value", "most"),
    [
        ("_id", "t1", 996),
        ("status", "ready", 996),
        ("status:not", "ready", 996),
        ("patient", "M1", 332),
        ("_profile", "http://x", 99),
        ("due", "2026", 39),
        ("description", "call", 26),
        ("description:contains", "call", 26),
        ("code:text", "claim", 24),
        ("description:contains", "x" * 128, 2),
    ],
)
async def test_a_search_has_a_budget(
    linked_client: httpx.AsyncClient, name: str, value: str, most: int
) -> None:
    assert (await _asking(linked_client, (name, value, most))).status_code == 200
    response = await _asking(linked_client, (name, value, most + 1))
    assert response.status_code == 422
    assert the_issue(response)["code"] == "too-costly"


async def test_the_clauses_of_a_search_share_its_budget(linked_client: httpx.AsyncClient) -> None:
    for dates, tokens, status in ((39, 17, 200), (39, 18, 422), (38, 42, 200), (38, 43, 422)):
        clauses = (("due", "2026", dates), ("_id", "t1", tokens))
        assert (await _asking(linked_client, *clauses)).status_code == status
    assert (await _asking(linked_client, *[("status", "ready", 1)] * 200)).status_code == 200
    assert (await _asking(linked_client, *[("status", "ready", 1)] * 201)).status_code == 422


@pytest.mark.parametrize("setting", ["answer", "refuse"])
async def test_the_log_has_names_and_no_values(
    linked_store: Store, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    caplog.set_level("DEBUG")
    async with serving(linked_store, unindexed_search=setting) as client:
        url = f"/Task?description:contains={SECRET}&intent={SECRET}&owner:missing=true"
        await client.get(url, headers={"X-Request-Id": "this-one"})
    (line,) = (each for each in caplog.messages if "no index answers" in each)
    assert line == "request this-one: no index answers Task by description, intent, owner"
    own = [each for each in caplog.records if each.name.startswith("fhir_facade")]
    assert not [each for each in own if SECRET in each.getMessage()]


async def test_a_search_by_post_is_held_to_it_too(linked_store: Store) -> None:
    async with serving(linked_store, unindexed_search="refuse") as client:
        data = {"description:contains": "back"}
        assert (await client.post("/Task/_search", data=data)).status_code == 422


@pytest.mark.parametrize(
    "url",
    [
        "Task?focus:EpisodeOfCare.program-key:missing=true",
        "EpisodeOfCare?_has:Task:focus:description:contains=back",
    ],
)
async def test_the_other_side_of_a_join_is_held_to_it_too(linked_store: Store, url: str) -> None:
    assert (await _refusing(linked_store, url)).status_code == 422


@pytest.mark.parametrize(
    ("url", "type_"),
    [
        ("Task?focus:EpisodeOfCare.status=active", "EpisodeOfCare"),
        ("Task?focus.status=active", "EpisodeOfCare"),
        ("EpisodeOfCare?_has:Task:focus:status=ready", "Task"),
        ("CarePlan?goal.lifecycle-status=active,planned", "Goal"),
        ("EpisodeOfCare?_has:CarePlan:case:_lastUpdated=ge2026", "CarePlan"),
    ],
)
async def test_a_join_through_too_many(
    linked_client: httpx.AsyncClient, monkeypatch: Any, url: str, type_: str
) -> None:
    found = (await linked_client.get(f"/{url}")).json()
    assert ids(found)
    monkeypatch.setattr(joins, "MAX_JOINED", 1)
    response = await linked_client.get(f"/{url}")
    assert response.status_code == 422
    issue = the_issue(response)
    assert issue["code"] == "too-costly"
    assert f"more than 1 resources of type {type_}" in issue["diagnostics"]


async def test_a_join_through_just_as_many(
    linked_client: httpx.AsyncClient, monkeypatch: Any
) -> None:
    monkeypatch.setattr(joins, "MAX_JOINED", 2)
    response = await linked_client.get("/Task?focus.status=active")
    assert response.status_code == 200
    assert len(ids(response.json())) == 3
