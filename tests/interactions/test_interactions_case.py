"""The Case bundle: a case and everything that belongs to it, whole, in order, and resolvable."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from bson import ObjectId

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import BASE, Json, all_ids, error, ids, matches, outcomes, pages, serving
from tests.interactions.validity import problems

ORDER = (
    "EpisodeOfCare",
    "CareTeam",
    "CarePlan",
    "List",
    "Task",
    "Goal",
    "Flag",
    "Communication",
    "DocumentReference",
    "Provenance",
    "Observation",
)
CASE = ObjectId("65a000000000000000000001")
OTHER = ObjectId("65a000000000000000000002")


def _day(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


def _item(id: str, type_: str, case: Any = CASE, **more: Any) -> Json:
    return {
        "_id": id,
        "type": type_,
        "status": "active" if type_ == "flag" else "Completed",
        "life_cycle_status": "Active",
        "name": "A name",
        "subject": {"id": "M1"},
        "linkedModules": [{"type": "case", "id": case}],
        "updated": _day(2),
        **more,
    }


CASES: list[Json] = [
    {
        "_id": CASE,
        "status": {"state": "active"},
        "name": "A case",
        "subject": {"id": "M1"},
        "client": "O1",
        "initiatedDate": _day(1),
        "updated": _day(3),
        "participants": [
            {
                "case_participant_role": "originator",
                "case_participant_org_id": "O1",
                "case_participant_is_primary": True,
            }
        ],
        "items": [{"item_id": "C9", "item_type": "claim"}],
        "workflow": [{"sequence": 1, "name": "Call", "status": "pending"}],
        "documents": [
            {"document_id": "d1", "bucket": "b", "path": "a.pdf", "updated_on": _day(4)},
            {"bucket": "b", "path": "unnamed.pdf", "document_title": "No id"},
            {"bucket": "b", "path": "unnamed.pdf", "document_title": "No id, same place"},
            {"document_id": "d-gone", "is_deleted": True},
        ],
        "log": [
            {"log_item_type": "status_change", "log_date": _day(1), "new_value": "active"},
            {"type": "note_added", "date": _day(2)},
        ],
    },
    {"_id": OTHER, "status": {"state": "resolved"}, "subject": {"id": "M1"}, "updated": _day(1)},
    {"_id": "case-stray", "status": {"state": "parked"}, "subject": {"id": "M1"}},
    {"_id": "case-gone", "status": {"state": "active"}, "isDeleted": True},
    {"_id": "case-hidden", "status": {"state": "active"}, "isHidden": True, "updated": _day(1)},
]
ITEMS: list[Json] = [
    _item("task-2", "task"),
    _item("task-1", "task", updated=_day(9)),
    _item("task-hidden", "task", is_hidden=True),
    _item("task-gone", "task", is_deleted=True),
    _item("task-stray", "task", status="Parked"),
    _item("task-text-id", "task", case=str(CASE)),
    _item("task-other", "task", case=OTHER),
    _item("task-module", "task", linkedModules=[{"type": "claim", "id": CASE}]),
    _item(
        "task-crossed",
        "task",
        linkedModules=[{"type": "case", "id": OTHER}, {"type": "claim", "id": CASE}],
    ),
    _item(
        "task-both",
        "task",
        linkedModules=[
            {"module": "case", "moduleId": OTHER},
            {"moduleType": "case", "moduleId": CASE},
        ],
    ),
    _item("goal-1", "goal"),
    _item("flag-1", "flag"),
    _item(
        "call-1",
        "Interaction",
        documents=[{"document_id": "d2", "bucket": "b", "path": "c"}, {"document_id": "d1"}],
    ),
]
OUTCOMES: list[Json] = [
    {"_id": "out-1", "patientId": "M1", "linkedModules": [{"type": "case", "id": CASE}]},
    {"_id": "out-gone", "is_deleted": True, "linkedModules": [{"type": "case", "id": CASE}]},
    {"_id": "out-2", "patientId": "M1", "linkedModules": [{"type": "case", "id": OTHER}]},
]


@pytest.fixture
async def case_store(empty_store: Store) -> Store:
    for name, documents in (("patient_case", CASES), ("work_queue", ITEMS), ("outcomes", OUTCOMES)):
        assert not await empty_store.insert(name, documents)
    return empty_store


@pytest.fixture
async def client(case_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(case_store) as asking:
        yield asking


async def _bundle(client: httpx.AsyncClient, id: Any = CASE) -> Json:
    response = await client.get(f"/EpisodeOfCare/{id}/$case")
    assert response.status_code == 200
    return dict(response.json())


def _names(bundle: Json) -> list[str]:
    return [each["fullUrl"].removeprefix(f"{BASE}/") for each in bundle["entry"]]


async def test_all_that_belongs_to_the_case_in_order(client: httpx.AsyncClient) -> None:
    names = _names(await _bundle(client))
    urns = [name for name in names if name.startswith("urn:uuid:")]
    assert [name for name in names if name not in urns] == [
        f"EpisodeOfCare/{CASE}",
        f"CareTeam/{CASE}",
        f"CarePlan/{CASE}",
        f"List/{CASE}",
        "Task/task-1",
        "Task/task-2",
        "Task/task-both",
        "Task/task-hidden",
        "Task/task-text-id",
        "Goal/goal-1",
        "Flag/flag-1",
        "Communication/call-1",
        "DocumentReference/d1",
        "DocumentReference/d2",
        f"Provenance/{CASE}.log.1",
        f"Provenance/{CASE}.log.2",
        "Observation/out-1",
    ]
    assert len(urns) == len(set(urns)) == 2


async def test_what_it_says_of_itself(client: httpx.AsyncClient) -> None:
    bundle = await _bundle(client)
    assert not problems(bundle)
    assert bundle["type"] == "collection"
    assert bundle["id"] == str(CASE)
    assert bundle["identifier"]["value"] == str(CASE)
    assert bundle["identifier"]["system"].endswith("/sid/case")
    assert _moment(bundle["timestamp"]) == _day(9)
    assert bundle["timestamp"] == bundle["meta"]["lastUpdated"]
    assert "total" not in bundle
    assert not any("search" in each for each in bundle["entry"])


async def test_it_is_the_same_under_its_three_names(client: httpx.AsyncClient) -> None:
    answers = [
        await client.get(url)
        for url in (f"/EpisodeOfCare/{CASE}/$case", f"/Case/{CASE}", f"/Bundle/{CASE}")
    ]
    assert len({each.content for each in answers}) == 1
    assert len({each.headers["etag"] for each in answers}) == 1
    assert answers[0].headers["last-modified"] == "Fri, 09 Jan 2026 00:00:00 GMT"


async def test_each_full_url_resolves_to_the_entry(client: httpx.AsyncClient) -> None:
    whole = (await client.get(f"/Case/{CASE}")).content
    for entry in json.loads(whole)["entry"]:
        resource = entry["resource"]
        assert not problems(resource)
        if entry["fullUrl"].startswith("urn:uuid:"):
            UUID(entry["fullUrl"].removeprefix("urn:uuid:"))
            assert "id" not in resource
            assert "masterIdentifier" not in resource
            assert resource["content"][0]["attachment"]["title"].startswith("No id")
        else:
            assert entry["fullUrl"] == f"{BASE}/{resource['resourceType']}/{resource['id']}"
            response = await client.get(entry["fullUrl"])
            assert json.loads(response.content) == resource
            assert response.content in whole


async def test_the_urls_of_documents_without_an_id_stay(client: httpx.AsyncClient) -> None:
    first, second = await _bundle(client), await _bundle(client)
    assert _names(first) == _names(second)


async def test_the_version_is_that_of_its_parts(
    client: httpx.AsyncClient, case_store: Store
) -> None:
    async def etag() -> str:
        return str((await client.get(f"/Case/{CASE}")).headers["etag"])

    async def change(collection: str, id: Any, **change: Any) -> None:
        (old,) = await case_store.get(collection, [id])
        assert await case_store.replace(collection, old, {**decode(old), **change})

    seen = [await etag()]
    assert await etag() == seen[0]
    changes = [
        ("work_queue", "task-2"),
        ("work_queue", "task-hidden"),
        ("work_queue", "call-1"),
        ("outcomes", "out-1"),
        ("patient_case", CASE),
    ]
    for collection, id in changes:
        await change(collection, id, unmapped=1)
        seen.append(await etag())
    assert len(set(seen)) == len(seen)
    await change("work_queue", "task-other", unmapped=1)
    assert await etag() == seen[-1]
    response = await client.get(f"/Case/{CASE}", headers={"If-None-Match": seen[-1]})
    assert response.status_code == 304


async def test_the_plan_follows_the_goals_and_tasks_of_the_case(
    client: httpx.AsyncClient, case_store: Store
) -> None:
    async def plan() -> tuple[str, list[str]]:
        response = await client.get(f"/CarePlan/{CASE}")
        goals = [each["reference"] for each in response.json().get("goal", ())]
        (entry,) = [
            each["resource"]
            for each in (await _bundle(client))["entry"]
            if each["resource"]["resourceType"] == "CarePlan"
        ]
        found = (await client.get(f"/CarePlan?_id={CASE}")).json()
        assert matches(found) == [entry] == [response.json()]
        return response.headers["etag"], goals

    before, goals = await plan()
    assert goals == ["Goal/goal-1"]
    await case_store.insert("work_queue", [_item("goal-2", "goal")])
    after, goals = await plan()
    assert goals == ["Goal/goal-1", "Goal/goal-2"]
    assert after != before
    (old,) = await case_store.get("work_queue", ["goal-1"])
    await case_store.replace("work_queue", old, {**decode(old), "is_deleted": True})
    assert (await plan())[1] == ["Goal/goal-2"]


@pytest.mark.parametrize("url", ["EpisodeOfCare/{}/$case", "Case/{}", "Bundle/{}"])
async def test_a_case_that_cannot_be_had(client: httpx.AsyncClient, url: str) -> None:
    gone = await client.get(f"/{url.format('case-gone')}")
    assert gone.status_code == 410
    assert gone.json() == error("deleted", "This case has been deleted.")
    none = await client.get(f"/{url.format('nothing')}")
    assert none.status_code == 404
    assert none.json() == error("not-found", "There is no case with this id.")
    stray = await client.get(f"/{url.format('case-stray')}")
    assert stray.status_code == 404
    (issue,) = stray.json()["issue"]
    assert issue["expression"] == ["EpisodeOfCare.status"]
    assert "parked" not in stray.text


async def test_a_hidden_case_is_read_but_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/Case/case-hidden")).status_code == 200
    assert f"Bundle/{CASE}" in await all_ids(client, "/Case")
    assert "Bundle/case-hidden" not in await all_ids(client, "/Case")
    assert await all_ids(client, "/Case?_tag=hidden") == ["Bundle/case-hidden"]


async def test_more_items_than_are_fetched_at_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await _bundle(client)
    monkeypatch.setattr("fhir_facade.interactions.records._BATCH", 3)
    assert await _bundle(client) == whole


async def test_a_search_gives_whole_bundles(client: httpx.AsyncClient) -> None:
    found = (await client.get("/Case?patient=M1")).json()
    assert not problems(found)
    assert ids(found) == [f"Bundle/{CASE}", f"Bundle/{OTHER}"]
    for entry, resource in zip(found["entry"], matches(found), strict=False):
        assert entry["fullUrl"] == f"{BASE}/Bundle/{resource['id']}"
        response = await client.get(entry["fullUrl"])
        assert response.json() == resource
    assert "EpisodeOfCare" in outcomes(found)[0]["diagnostics"]


@pytest.mark.parametrize(
    "query",
    [
        "status=active",
        "status=finished",
        "patient=M1",
        "patient=nobody",
        "organization=O1",
        "_sort=-_lastUpdated",
        "_id=case-stray",
        "_total=accurate&_count=1",
        "_summary=count",
        "bogus=1",
    ],
)
async def test_the_searches_of_a_case_are_those_of_its_episode(
    client: httpx.AsyncClient, query: str
) -> None:
    episodes = await client.get(f"/EpisodeOfCare?{query}")
    for alias in ("Case", "Bundle"):
        cases = await client.get(f"/{alias}?{query}")
        assert cases.status_code == episodes.status_code
        if cases.status_code == 200:
            found = [each.replace("EpisodeOfCare", "Bundle") for each in ids(episodes.json())]
            assert ids(cases.json()) == found
            assert cases.json().get("total") == episodes.json().get("total")
            self_url = cases.json()["link"][0]["url"]
            assert self_url.startswith(f"{BASE}/{alias}?")


async def test_pages_of_cases(clean_client: httpx.AsyncClient) -> None:
    episodes = await all_ids(clean_client, "/EpisodeOfCare?_sort=-date&_count=1000")
    assert len(episodes) > 10
    found = await pages(clean_client, "/Case?_sort=-date")
    assert len(found) > 1  # ten cases a page where the client does not say
    cases = [each for page in found for each in ids(page)]
    assert cases == [each.replace("EpisodeOfCare", "Bundle") for each in episodes]
    asked = await pages(clean_client, "/Case?_sort=-date&_count=3")
    assert [each for page in asked for each in ids(page)] == cases


async def test_every_case_of_dirty_data(smaller_client: httpx.AsyncClient) -> None:
    found = [each for page in await pages(smaller_client, "/Case") for each in matches(page)]
    assert len(found) > 15
    for bundle in found:
        assert not problems(bundle)
        types = [ORDER.index(each["resource"]["resourceType"]) for each in bundle["entry"]]
        assert types == sorted(types)
        urls = [each["fullUrl"] for each in bundle["entry"]]
        assert len(urls) == len(set(urls))
        updated = [each["resource"]["meta"].get("lastUpdated") for each in bundle["entry"]]
        latest = max((each for each in updated if each), key=_moment)
        assert bundle["timestamp"] == latest
        for entry in bundle["entry"][:: max(1, len(urls) // 6)]:
            if not entry["fullUrl"].startswith("urn:uuid:"):
                response = await smaller_client.get(entry["fullUrl"])
                assert response.json() == entry["resource"]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_its_items_are_those_that_a_search_by_case_finds(
    smaller_client: httpx.AsyncClient,
) -> None:
    found = [each for page in await pages(smaller_client, "/Case") for each in matches(page)]
    for bundle in found[:8]:
        for type_ in ("Task", "Goal", "Flag", "Communication"):
            inside = {
                f"{type_}/{each['resource']['id']}"
                for each in bundle["entry"]
                if each["resource"]["resourceType"] == type_
            }
            url = f"/{type_}?case={bundle['id']}&_count=1000"
            plain = set(await all_ids(smaller_client, url))
            hidden = set(await all_ids(smaller_client, f"{url}&_tag=hidden"))
            assert inside == plain | hidden
