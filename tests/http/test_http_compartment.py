"""A patient's compartment: one type of it, all of it, and $everything."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.http.asker import SERVED
from tests.http.serving import all_ids, error, ids, link, outcomes, the_issue

OF_M1 = {
    *("CarePlan/c1", "CareTeam/c1", "EpisodeOfCare/c1", "List/c1", "Communication/i1", "Flag/f1"),
    *("DocumentReference/d1", "DocumentReference/d2", "Goal/g1"),
    *("Task/t1", "Task/t2", "Task/t4", "Task/t5", "Task/t6", "Task/t7"),
}
"""Hidden and deleted ones are none of them."""


@pytest.mark.parametrize("type_", SERVED)
async def test_a_type_is_searched_by_patient(linked_client: httpx.AsyncClient, type_: str) -> None:
    found = await all_ids(linked_client, f"/Patient/M1/{type_}")
    assert found == await all_ids(linked_client, f"/{type_}?patient=M1")
    assert {*found} == {each for each in OF_M1 if each.startswith(f"{type_}/")}


@pytest.mark.parametrize("path", ["Patient/M1/*", "Patient/M1/$everything"])
@pytest.mark.parametrize("count", [1, 4, 100])
async def test_the_whole_of_it(linked_client: httpx.AsyncClient, path: str, count: int) -> None:
    found = await all_ids(linked_client, f"/{path}?_count={count}")
    assert len(found) == len(set(found))
    assert {*found} == OF_M1
    counted = (await linked_client.get(f"/{path}?_count=0")).json()
    assert counted["total"] == len(found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Task?status=completed", ["Task/t2"]),
        ("Task?status:not=ready", ["Task/t2"]),
        ("Task?patient=M2", []),
        ("Task?_tag=hidden", ["Task/t8"]),
        ("Task?focus.status=active", ["Task/t1", "Task/t2"]),
        ("EpisodeOfCare?_has:Task:focus:status=completed", ["EpisodeOfCare/c1"]),
        ("Goal?_id=g1,g2", ["Goal/g1"]),
        ("*?_type=Goal,Flag", ["Goal/g1", "Flag/f1"]),
        ("*?_type=Goal,Flag&case=c2", []),
        ("$everything?_type=Goal,Flag", ["Goal/g1", "Flag/f1"]),
        ("$everything?_type=Task&_since=2027", []),
        ("$everything?_type=Task,Goal&_since=2026-02-01T00:00:00Z&_count=100", None),
    ],
)
async def test_it_is_searched_further(
    linked_client: httpx.AsyncClient, query: str, found: list[str] | None
) -> None:
    expected = found
    if expected is None:
        expected = sorted(each for each in OF_M1 if each.startswith(("Task/", "Goal/")))
    assert sorted(await all_ids(linked_client, f"/Patient/M1/{query}")) == sorted(expected)


async def test_since_is_the_last_change(linked_client: httpx.AsyncClient) -> None:
    for since in ("2026-02-01", "2026-01-06T00:00:01Z", "2026-01-06T02:00:01+02:00"):
        found = await all_ids(
            linked_client, f"/Patient/M1/$everything?_since={since.replace('+', '%2B')}"
        )
        assert not {"EpisodeOfCare/c1", "CarePlan/c1"} & {*found}, since
        assert {"Task/t1", "Goal/g1"} <= {*found}
    found = await all_ids(linked_client, "/Patient/M1/$everything?_since=2026-01-06T00:00:00Z")
    assert "EpisodeOfCare/c1" in found


@pytest.mark.parametrize(
    "query",
    [
        "start=2026",
        "end=2026",
        "status=ready",
        "_sort=_lastUpdated",
        "_include=*",
        "_elements=id",
        "_summary=true",
        "patient=M1",
        "bogus=1",
        "_since=lt2026",
        "_since=yesterday",
        "_since=",
        "_type=Patient",
        "_type=",
        "_count=-1",
        "_cursor=x",
    ],
)
async def test_everything_takes_no_more(linked_client: httpx.AsyncClient, query: str) -> None:
    for prefer in ({}, {"Prefer": "handling=lenient"}):
        response = await linked_client.get(f"/Patient/M1/$everything?{query}", headers=prefer)
        assert response.status_code == 400
        assert the_issue(response)["diagnostics"]


async def test_links_stay_in_the_compartment(linked_client: httpx.AsyncClient) -> None:
    for path in ("Task", "*", "$everything"):
        bundle = (await linked_client.get(f"/Patient/M1/{path}?_count=2")).json()
        base = f"http://fhir.test/fhir/Patient/M1/{path}?_count=2"
        assert link(bundle, "self") == base
        following = link(bundle, "next") or ""
        assert following.startswith(f"{base}&_cursor=")
        other = following.replace("/M1/", "/M2/")
        assert (await linked_client.get(other)).status_code == 400


async def test_self_shows_nothing_that_was_not_applied(linked_client: httpx.AsyncClient) -> None:
    for path in ("Task", "*"):
        response = await linked_client.get(
            f"/Patient/M1/{path}?bogus=1&_count=5000", headers={"Prefer": "handling=lenient"}
        )
        assert outcomes(response.json())
        self_url = link(response.json(), "self")
        assert self_url == f"http://fhir.test/fhir/Patient/M1/{path}?_count=1000"


async def test_a_patient_nothing_is_known_of(linked_client: httpx.AsyncClient) -> None:
    for path in ("Task", "*", "$everything"):
        bundle = (await linked_client.get(f"/Patient/nobody/{path}")).json()
        assert bundle["total"] == 0
        assert ids(bundle) == []


@pytest.mark.parametrize("type_", ["Patient", "Bundle", "Case", "task", "Condition", "$docref"])
async def test_a_type_that_is_not_in_it(linked_client: httpx.AsyncClient, type_: str) -> None:
    response = await linked_client.get(f"/Patient/M1/{type_}")
    assert response.status_code == 404
    assert the_issue(response)["code"] == "not-supported"


@pytest.mark.parametrize("id", ["a b", "a_b", "a" * 65, "%00", "{}", "M1,M2", "M1|x", "ü"])
async def test_an_id_that_is_none(linked_client: httpx.AsyncClient, id: str) -> None:
    for path in ("Task", "*", "$everything"):
        response = await linked_client.get(f"/Patient/{id}/{path}")
        assert response.status_code == 400
        assert response.json() == error("invalid", "The patient's id is not one that FHIR allows.")


async def test_other_compartments_are_none(linked_client: httpx.AsyncClient) -> None:
    for path in ("Practitioner/U1/Task", "EpisodeOfCare/c1/Task", "Patient/M1/Task/t1"):
        assert (await linked_client.get(f"/{path}")).status_code == 404


async def test_everything_by_post(linked_client: httpx.AsyncClient) -> None:
    """Its parameters as a Parameters resource find what they find in a URL."""
    got = await linked_client.get("/Patient/M1/$everything?_type=Task&_count=2")
    parameter = [{"name": "_type", "valueCode": "Task"}, {"name": "_count", "valueInteger": 2}]
    posted = await linked_client.post(
        "/Patient/M1/$everything",
        content=json.dumps({"resourceType": "Parameters", "parameter": parameter}),
        headers={"Content-Type": "application/fhir+json"},
    )
    assert posted.status_code == 200
    assert ids(posted.json()) == ids(got.json())
    following = await linked_client.get(link(posted.json(), "next") or "")
    assert len(ids(following.json())) == 2
    for body in (b"[]", b'{"resourceType":"Parameters","parameter":[{"name":"start"}]}'):
        response = await linked_client.post(
            "/Patient/M1/$everything",
            content=body,
            headers={"Content-Type": "application/fhir+json"},
        )
        assert response.status_code == 400
