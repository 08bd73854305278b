"""What is recorded of writes and requests, as clients find it: Provenance and AuditEvent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest

from fhir_facade.commands.load import load_documents
from fhir_facade.rules.registry import AUDIT
from fhir_facade.store.base import Store
from tests.http.linked_documents import LINKED
from tests.http.serving import Json, ids, serving
from tests.recorded import ISSUER, recorded

EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Walk"},
    "subject": {"reference": "Patient/M1"},
}
LETTER: Json = {
    "resourceType": "DocumentReference",
    "status": "current",
    "type": {"text": "letter"},
    "content": [{"attachment": {"url": "https://example.org/letter.pdf", "title": "letter"}}],
}


@pytest.fixture
async def client(sqlite_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(sqlite_store) as found:
        yield found


async def _created(client: httpx.AsyncClient, resource: Json) -> str:
    response = await client.post(f"/{resource['resourceType']}", json=resource)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def _found(client: httpx.AsyncClient, url: str, mode: str = "match") -> list[Json]:
    response = await client.get(url)
    assert response.status_code == 200, response.text
    entries = response.json().get("entry", ())
    return [each["resource"] for each in entries if each["search"]["mode"] == mode]


async def test_each_write_of_a_resource_is_found_by_its_target(client: httpx.AsyncClient) -> None:
    id = await _created(client, GOAL)
    await _created(client, GOAL)
    changed = await client.put(f"/Goal/{id}", json={**GOAL, "id": id, "lifecycleStatus": "on-hold"})
    assert changed.status_code == 200, changed.text
    assert (await client.delete(f"/Goal/{id}")).status_code == 204
    for target in (f"Goal/{id}", id, f"http://fhir.test/fhir/Goal/{id}"):
        found = await _found(client, f"/Provenance?target={target}")
        codes = [each["activity"]["coding"][0]["code"] for each in found]
        assert sorted(codes) == ["CREATE", "DELETE", "UPDATE"], target
    assert await _found(client, f"/Provenance?target=Task/{id}") == []
    assert len(await _found(client, f"/Provenance?target:Goal={id}")) == 3


async def test_a_version_has_the_provenance_of_its_own_write(client: httpx.AsyncClient) -> None:
    id = await _created(client, GOAL)
    changed = await client.put(f"/Goal/{id}", json={**GOAL, "id": id, "lifecycleStatus": "on-hold"})
    version = changed.json()["meta"]["versionId"]
    spelled = f"Goal/{id}/_history/{version}"
    for target in (spelled, f"http://fhir.test/fhir/{spelled}"):
        (found,) = await _found(client, f"/Provenance?target={target}")
        assert found["target"][0]["reference"] == spelled
        assert found["activity"]["coding"][0]["code"] == "UPDATE"
    assert await _found(client, f"/Provenance?target=Goal/{id}/_history/none") == []
    assert (await client.get(f"/{spelled}")).status_code == 200


async def test_provenance_comes_with_its_resource_and_the_other_way_round(
    client: httpx.AsyncClient,
) -> None:
    id = await _created(client, GOAL)
    (found,) = await _found(client, f"/Goal?_id={id}&_revinclude=Provenance:target", "include")
    assert found["resourceType"] == "Provenance"
    (goal,) = await _found(
        client, f"/Provenance?_id={found['id']}&_include=Provenance:target", "include"
    )
    assert (goal["resourceType"], goal["id"]) == ("Goal", id)


async def test_a_document_of_an_interaction_has_provenance_too(client: httpx.AsyncClient) -> None:
    parent = await _created(
        client,
        {
            "resourceType": "Communication",
            "status": "completed",
            "subject": {"reference": "Patient/M1"},
        },
    )
    related = [{"reference": f"Communication/{parent}"}]
    id = await _created(client, {**LETTER, "context": {"related": related}})
    url = f"/DocumentReference?_id={id}&_revinclude=Provenance:target"
    (found,) = await _found(client, url, "include")
    assert found["target"][0]["reference"].startswith(f"DocumentReference/{id}/_history/")


async def test_chains_go_through_the_versioned_target(client: httpx.AsyncClient) -> None:
    id = await _created(client, GOAL)
    other = {**GOAL, "subject": {"reference": "Patient/M2"}}
    await _created(client, other)
    (found,) = await _found(client, "/Provenance?target:Goal.patient=M1")
    assert found["target"][0]["reference"].startswith(f"Goal/{id}/")
    assert ids((await client.get("/Goal?_has:Provenance:target:patient=M1")).json()) == [
        f"Goal/{id}"
    ]


async def test_a_write_is_of_the_patient_whose_record_it_is(client: httpx.AsyncClient) -> None:
    await _created(client, GOAL)
    assert len(await _found(client, "/Patient/M1/Provenance")) == 1
    assert await _found(client, "/Patient/M2/Provenance") == []


ENTRIES = [each for name, each in recorded(LINKED) if name == AUDIT]
OF_CASE = {"Task/t1", "Task/t2"}
SEARCHES: dict[str, Callable[[Json], bool]] = {
    "": lambda each: True,
    "type=110114": lambda each: "failed" in each,
    f"type={EVENT_TYPE}|rest": lambda each: "failed" not in each,
    "subtype=110122": lambda each: "failed" in each,
    "subtype=operation": lambda each: each["interaction"] == "$everything",
    "subtype=read": lambda each: each["interaction"] == "read" and "failed" not in each,
    "outcome=8,12": lambda each: each["outcome"] in ("8", "12"),
    "action:not=D,E": lambda each: each["action"] not in "DE",
    "address=203.0.113.9": lambda each: each["address"] == "203.0.113.9",
    "address:contains=db8": lambda each: "db8" in each["address"],
    "agent-name=care": lambda each: _agent(each, "client") == "care-app",
    "agent=Practitioner/7": lambda each: _agent(each, "user") == "Practitioner/7",
    f"agent:identifier={ISSUER}|ehr": lambda each: _agent(each, "client") == "ehr",
    f"agent:identifier={ISSUER}|auth0\\|7": lambda each: _agent(each, "subject") == "auth0|7",
    "patient=M100002": lambda each: "M100002" in each.get("patient", ()),
    "patient=Patient/M100001": lambda each: _agent(each, "user") == "Patient/M100001",
    "entity=Task/t1": lambda each: "Task/t1" in each["ids"],
    "entity=StructureDefinition/employer": lambda each: len(each["ids"]) > 1,
    "entity:Task.focus=EpisodeOfCare/c1": lambda each: not OF_CASE.isdisjoint(each["ids"]),
    "entity:identifier=request-3": lambda each: each["request"] == "request-3",
    "employer=OAK": lambda each: "OAK" in each.get("tenant", ()),
    "source:identifier=fhir-facade": lambda each: True,
    "date=ge2026-02-09": lambda each: each["at"] >= datetime(2026, 2, 9, tzinfo=UTC),
}
"""Search → whether it finds a stored entry."""


def _agent(entry: Json, name: str) -> str | None:
    return entry.get("agent", {}).get(name)


@pytest.fixture
async def audited(sqlite_store: Store) -> AsyncIterator[httpx.AsyncClient]:
    await load_documents(sqlite_store, iter([*LINKED, *recorded(LINKED)]))
    async with serving(sqlite_store) as found:
        yield found


async def test_entries_of_the_audit_trail_are_found(audited: httpx.AsyncClient) -> None:
    for query, finds in SEARCHES.items():
        found = await _found(audited, f"/AuditEvent?{query}&_count=100")
        wanted = [each["_id"] for each in ENTRIES if finds({"ids": [], **each})]
        assert sorted(each["id"] for each in found) == sorted(wanted), query
        assert wanted, query


async def test_the_newest_entries_come_first_where_a_search_says_so(
    audited: httpx.AsyncClient,
) -> None:
    found = await _found(audited, "/AuditEvent?_sort=-date&_count=3")
    newest = sorted(ENTRIES, key=lambda each: each["at"], reverse=True)[:3]
    assert [each["id"] for each in found] == [each["_id"] for each in newest]


async def test_an_entry_is_read_and_never_written(audited: httpx.AsyncClient) -> None:
    response = await audited.get("/AuditEvent/c0ffee.0000000001")
    assert response.status_code == 200
    body = response.json()
    for method, url in (("PUT", f"/AuditEvent/{body['id']}"), ("POST", "/AuditEvent")):
        assert (await audited.request(method, url, json=body)).status_code == 405
    assert (await audited.delete(f"/AuditEvent/{body['id']}")).status_code == 405
    summary = await _found(audited, "/AuditEvent?_summary=true&_count=1")
    assert {"type", "subtype", "action", "recorded", "outcome"} <= {*summary[0]}
