"""Whole cases are written: copied equal, updated in part, all or nothing, by their rules."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from bson import ObjectId

from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.http.serving import BASE, Json, serving
from tests.interactions.cases import comparable, contents, entry, parts, the, without
from tests.interactions.validity import problems

OUTCOME = {"Prefer": "return=OperationOutcome"}


@pytest.fixture
async def store(sqlite_store: Store, clean_documents: Any) -> Store:
    for name, document in clean_documents:
        assert not await sqlite_store.insert(name, [document])
    return sqlite_store


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(store) as asking:
        yield asking


@pytest.fixture
async def cases(client: httpx.AsyncClient) -> list[Json]:
    page = (await client.get("/Case?_count=50")).json()
    return [each["resource"] for each in page["entry"] if each["resource"]["type"] == "collection"]


@pytest.fixture
async def case(cases: list[Json]) -> Json:
    """The case that has the most kinds of parts."""
    return max(cases, key=lambda each: len({part["resourceType"] for part in parts(each)}))


def issues(response: httpx.Response) -> list[tuple[str, str | None]]:
    return [(each["code"], each.get("expression", [None])[0]) for each in response.json()["issue"]]


async def test_a_copy_of_a_case_is_equal(client: httpx.AsyncClient, cases: list[Json]) -> None:
    for each in cases:
        response = await client.post("/Case", json=each)
        if response.status_code == 409:  # its active flag is there already
            assert issues(response)[0][0] == "duplicate"
            continue
        assert response.status_code == 201, response.text
        made = response.json()
        assert not problems(made)
        assert response.headers["location"] == f"{BASE}/Case/{made['id']}"
        assert comparable(made) == comparable(each)
        assert made["id"] != each["id"]
        assert (await client.get(f"/Case/{made['id']}")).json() == made


async def test_the_log_is_not_copied(client: httpx.AsyncClient, case: Json) -> None:
    response = await client.post("/Case", json=without(case, "Flag"), headers=OUTCOME)
    assert issues(response) == [("informational", None)]
    fhir = response.headers["location"].rpartition("/")[2]
    log = (await client.get(f"/Provenance?target=EpisodeOfCare/{fhir}")).json()["entry"]
    made = [each["resource"]["activity"]["coding"][0]["code"] for each in log]
    assert sorted(made) == ["CREATE", "status_change"]  # who wrote the case, and its own log


async def test_what_get_gave_changes_nothing_but_when(
    client: httpx.AsyncClient, store: Store, cases: list[Json]
) -> None:
    for each in cases:
        response = await client.put(f"/Case/{each['id']}", json=each)
        assert response.status_code == 200, response.text
        assert comparable(response.json()) == comparable(each)


async def test_parts_that_are_not_sent_are_left_alone(
    client: httpx.AsyncClient, store: Store, case: Json
) -> None:
    before = await contents(store)
    short = without(without(without(case, "Task"), "Communication"), "DocumentReference")
    response = await client.put(f"/Case/{case['id']}", json=short, headers=OUTCOME)
    assert response.status_code == 200
    (issue,) = response.json()["issue"]
    assert "Parts that the bundle does not carry were left alone: " in issue["diagnostics"]
    kinds = {"task", "interaction"}
    old, new = (
        {raw for raw in each["work_queue"] if str(decode(raw)["type"]).lower() in kinds}
        for each in (before, await contents(store))
    )
    assert old == new


async def test_a_new_part_is_created_and_named_by_the_plan(
    client: httpx.AsyncClient, case: Json
) -> None:
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": f"EpisodeOfCare/{case['id']}"},
        "for": the(case, "EpisodeOfCare")["patient"],
    }
    changed = {**case, "entry": [*case["entry"], entry(task, 1)]}
    made = (await client.put(f"/Case/{case['id']}", json=changed)).json()
    old = {each["id"] for each in parts(case) if each["resourceType"] == "Task"}
    (new,) = {each["id"] for each in parts(made) if each["resourceType"] == "Task"} - old
    named = [
        each.get("reference", {}).get("reference") for each in the(made, "CarePlan")["activity"]
    ]
    assert f"Task/{new}" in named


async def test_what_the_case_is_called_is_said_once(client: httpx.AsyncClient, case: Json) -> None:
    changed = copy.deepcopy(case)
    (name,) = [
        each
        for each in the(changed, "EpisodeOfCare")["extension"]
        if each["url"].endswith("/case-name")
    ]
    name["valueString"] = "Renamed"
    made = (await client.put(f"/Case/{case['id']}", json=changed)).json()
    assert the(made, "CareTeam")["name"] == "Renamed"
    assert the(made, "CarePlan")["title"] == "Renamed"


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("Task", {"status": "bogus"}, 422, "code-invalid"),
    ("Goal", {"unknown": 1}, 400, "structure"),
    ("Goal", {"lifecycleStatus": "proposed"}, 422, "business-rule"),
    ("Communication", {"about": [{"reference": "EpisodeOfCare/other"}]}, 422, "invalid"),
    ("DocumentReference", {"subject": {"reference": "Patient/other"}}, 422, "business-rule"),
    ("Observation", {"status": "nope"}, 422, "code-invalid"),
]


@pytest.mark.parametrize(("name", "change", "status", "code"), BAD, ids=range(len(BAD)))
async def test_one_bad_entry_changes_nothing(
    client: httpx.AsyncClient,
    store: Store,
    cases: list[Json],
    name: str,
    change: Json,
    status: int,
    code: str,
) -> None:
    case = next(
        each
        for each in cases
        if any(
            part["resourceType"] == name and part.get("lifecycleStatus") != "proposed"
            for part in parts(each)
        )
    )
    before = await contents(store)
    changed = copy.deepcopy(case)
    found = [each for each in parts(changed) if each["resourceType"] == name and "id" in each]
    found[-1].update(change)
    response = await client.put(f"/Case/{case['id']}", json=changed)
    assert response.status_code == status, response.text
    assert issues(response)[0][0] == code
    assert (issues(response)[0][1] or "").startswith("Bundle.entry[")
    assert await contents(store) == before


async def test_a_log_entry_that_is_edited_is_refused(
    client: httpx.AsyncClient, store: Store, case: Json
) -> None:
    before = await contents(store)
    changed = copy.deepcopy(case)
    log = next(
        each["resource"]
        for each in changed["entry"]
        if each["resource"]["resourceType"] == "Provenance"
    )
    log["recorded"] = "2020-01-01T00:00:00Z"
    response = await client.put(f"/Case/{case['id']}", json=changed)
    assert response.status_code == 422
    assert await contents(store) == before


async def test_a_case_needs_a_primary_participant(client: httpx.AsyncClient, case: Json) -> None:
    response = await client.post("/Case", json=without(without(case, "Flag"), "CareTeam"))
    assert response.status_code == 422
    assert issues(response) == [("business-rule", "Bundle.entry")]
    changed = without(case, "Flag")
    team = the(changed, "CareTeam")
    for each in team["participant"]:
        for extension in each.get("extension", ()):
            extension["extension"] = [
                part for part in extension["extension"] if part["url"] != "is-primary"
            ]
    response = await client.post("/Case", json=changed)
    assert response.status_code == 422
    assert "business-rule" in {code for code, _ in issues(response)}


async def test_finishing_a_case(client: httpx.AsyncClient, cases: list[Json]) -> None:
    case = next(each for each in cases if the(each, "EpisodeOfCare")["status"] == "active")
    episode = {**the(case, "EpisodeOfCare"), "status": "finished"}
    url = f"/EpisodeOfCare/{case['id']}"
    made = (await client.put(url, json=episode)).json()
    assert made["period"]["end"].startswith(made["meta"]["lastUpdated"][:16])
    assert made["statusHistory"][-1]["status"] == "finished"
    log = (await client.get(f"/Provenance?target={url[1:]}&_sort=-recorded")).json()["entry"]
    newest = log[0]["resource"]
    assert newest["activity"]["coding"][0]["code"] == "status_change"
    values = {
        each["url"].rpartition("/")[2]: each.get("valueString") for each in newest["extension"]
    }
    assert (values["previous-value"], values["new-value"]) == ("active", "resolved")


async def test_an_origin_that_needs_a_program(client: httpx.AsyncClient, case: Json) -> None:
    episode = copy.deepcopy(the(case, "EpisodeOfCare"))
    canonical = episode["extension"][0]["url"].rpartition("/")[0]
    others = [
        each
        for each in episode["extension"]
        if each["url"].rpartition("/")[2] not in ("program-key", "case-origin")
    ]
    origin = {"url": f"{canonical}/case-origin", "valueCode": "moi"}
    url = f"/EpisodeOfCare/{case['id']}"
    refused = await client.put(url, json={**episode, "extension": [*others, origin]})
    assert refused.status_code == 422
    assert issues(refused) == [("business-rule", "EpisodeOfCare.extension('program-key')")]
    key = {"url": f"{canonical}/program-key", "valueString": "P1"}
    taken = await client.put(url, json={**episode, "extension": [*others, origin, key]})
    assert taken.status_code == 200
    later = await client.put(url, json={**taken.json(), "extension": others})
    assert later.status_code == 200


@pytest.mark.parametrize(("code", "state"), [("onhold", "active"), ("cancelled", "resolved")])
async def test_a_status_that_the_platform_does_not_know(
    client: httpx.AsyncClient, store: Store, case: Json, code: str, state: str
) -> None:
    url = f"/EpisodeOfCare/{case['id']}"
    made = await client.put(url, json={**the(case, "EpisodeOfCare"), "status": code})
    assert made.json()["status"] == code
    (raw,) = await store.get("patient_case", [ObjectId(case["id"])])
    assert decode(raw)["status"]["state"] == state
    found = (await client.get(f"/EpisodeOfCare?status={code}")).json()
    assert [each["resource"]["id"] for each in found["entry"]] == [case["id"]]


async def test_preconditions_of_a_case(client: httpx.AsyncClient, case: Json) -> None:
    url = f"/Case/{case['id']}"
    etag = (await client.get(url)).headers["etag"]
    refused = await client.put(url, json=case, headers={"If-Match": 'W/"0"'})
    assert refused.status_code == 412
    taken = await client.put(url, json=case, headers={"If-Match": etag})
    assert taken.status_code == 200
    assert taken.headers["etag"] != etag
    again = await client.put(url, json=case, headers={"If-Match": etag})
    assert again.status_code == 412


async def test_deleting_a_case_leaves_its_parts(client: httpx.AsyncClient, case: Json) -> None:
    assert (await client.delete(f"/Case/{case['id']}")).status_code == 204
    assert (await client.get(f"/Case/{case['id']}")).status_code == 410
    assert (await client.get(f"/EpisodeOfCare/{case['id']}")).status_code == 410
    assert (await client.get(f"/Task/{the(case, 'Task')['id']}")).status_code == 200
    gone = await client.put(f"/Case/{case['id']}", json=case)
    assert gone.status_code == 410


WRONG: list[tuple[Json, int]] = [
    ({"resourceType": "Bundle", "type": "searchset"}, 422),
    ({"resourceType": "Bundle", "type": "collection"}, 422),
    ({"resourceType": "Task"}, 400),
    (
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [entry({"resourceType": "Patient"}, 1)],
        },
        422,
    ),
]


@pytest.mark.parametrize(("body", "status"), WRONG, ids=range(len(WRONG)))
async def test_what_is_no_case(client: httpx.AsyncClient, body: Json, status: int) -> None:
    response = await client.post("/Case", json=body)
    assert response.status_code == status
    assert response.json()["issue"][0]["severity"] == "error"


async def test_a_case_that_is_not_there(client: httpx.AsyncClient, case: Json) -> None:
    other = {**case, "id": "nothing"}
    for each in other["entry"]:
        if each["resource"]["resourceType"] in ("EpisodeOfCare", "CareTeam", "CarePlan", "List"):
            each["resource"]["id"] = "nothing"
    assert (await client.put("/Case/nothing", json=other)).status_code == 404
    assert (await client.put("/Case/other", json=other)).status_code == 400
    assert (await client.patch("/Case/nothing", json={})).status_code == 405
    assert (await client.delete("/Case/nothing")).status_code == 204
