"""Every request leaves one entry that says who asked what, of whom, and what became of it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from fhir_facade.audit.log import AuditLog
from fhir_facade.security.principal import Scope
from fhir_facade.store.base import Store
from tests.audit.entries import asked, employer, one_of_each, patient, principal, told
from tests.audit.kit import Json, audited, recorded
from tests.writes_hard.kit import goal, task


@pytest.fixture(scope="module")
def records(clean_file: Path) -> dict[str, Json]:
    return one_of_each(clean_file)


async def test_a_read_says_whose_the_resource_is(
    own_store: Store, records: dict[str, Json]
) -> None:
    one = records["Task"]
    (entry,) = await asked(own_store, ("GET", f"Task/{one['id']}"))
    assert entry == {
        "interaction": "read",
        "action": "R",
        "outcome": "0",
        "status": 200,
        "type": "Task",
        "ids": [f"Task/{one['id']}"],
        "patient": patient(one),
        "tenant": employer(one),
        "version": one["meta"]["versionId"],
        "agent": {},
    }


async def test_the_patient_is_known_of_every_type(
    own_store: Store, records: dict[str, Json]
) -> None:
    urls = [("GET", f"{name}/{one['id']}") for name, one in records.items()]
    entries = await asked(own_store, *urls)
    assert [each["patient"] for each in entries] == [patient(one) for one in records.values()]


async def test_an_entry_says_when_from_where_and_by_which_request(own_store: Store) -> None:
    log = AuditLog(own_store)
    async with audited(own_store, log) as client:
        answer = await client.get("Task/none", headers={"X-Request-Id": "mine-1"})
        (entry,) = await recorded(own_store, log)
    assert entry["request"] == answer.headers["x-request-id"] == "mine-1"
    assert entry["address"] == "127.0.0.1"
    assert isinstance(entry["at"], datetime)
    assert re.fullmatch(r"[0-9a-f]{12}\.0000000001", entry["_id"])


async def test_a_case_names_all_its_resources(own_store: Store, records: dict[str, Json]) -> None:
    case = records["EpisodeOfCare"]
    (entry,) = await asked(own_store, ("GET", f"EpisodeOfCare/{case['id']}/$case"))
    assert (entry["interaction"], entry["patient"]) == ("$case", patient(case))
    assert {"EpisodeOfCare", "CareTeam", "CarePlan"} <= {
        each.partition("/")[0] for each in entry["ids"]
    }


async def test_definitions_are_recorded_without_patients(own_store: Store) -> None:
    entries = await asked(
        own_store,
        ("GET", "metadata"),
        ("GET", "CodeSystem?_count=1"),
        ("OPTIONS", "Task"),
    )
    assert entries == [
        {
            "interaction": "capabilities",
            "action": "R",
            "outcome": "0",
            "status": 200,
            "agent": {},
        },
        {
            "interaction": "search-type",
            "action": "E",
            "outcome": "0",
            "status": 200,
            "type": "CodeSystem",
            "query": "CodeSystem?_count=1",
            "agent": {},
        },
        {
            "interaction": "options",
            "action": "E",
            "outcome": "0",
            "status": 204,
            "type": "Task",
            "agent": {},
        },
    ]


async def test_refusals_are_recorded_with_their_reason(own_store: Store) -> None:
    entries = await asked(
        own_store,
        ("GET", "Task/none"),
        ("GET", "Task?colour=red"),
        ("GET", "nowhere/at/all/x/y?z=1"),
        ("PUT", "Task/none"),
        ("GET", "<b>/1"),
    )
    assert [(each["status"], each["outcome"], each["reason"]) for each in entries] == [
        (404, "4", "not-found"),
        (400, "4", "not-supported"),
        (404, "4", "not-supported"),
        (400, "4", "invalid"),
        (404, "4", "not-supported"),
    ]
    assert entries[0]["ids"] == ["Task/none"]
    assert [each["query"] for each in entries] == [
        "Task/none",
        "Task?colour=red",
        "nowhere/at/all/x/y?z=1",
        "Task/none",
        "<b>/1",
    ]
    assert "type" not in entries[4]


async def test_what_cannot_be_decoded_is_recorded_all_the_same(own_store: Store) -> None:
    long = f"Task?status={'x' * 16_300}"
    entries = await asked(
        own_store,
        ("GET", "Task?status=%ff%00"),
        ("GET", long + "y" * 500),
        ("POST", "Task/_search?status=%ff"),
    )
    assert [each["status"] for each in entries] == [400, 414, 400]
    assert entries[1]["query"] == long[:200] + "…"


async def test_an_agent_is_who_the_token_says(own_store: Store, records: dict[str, Json]) -> None:
    who = principal(subject="s-1", client="app", user="Practitioner/7", tenants=frozenset({"B"}))
    log = AuditLog(own_store)
    async with audited(own_store, log, {"good": who}, base_url="http://fhir.test/fhir") as client:
        for token in ("good", "bad", ""):
            await client.get("Task/none", headers={"Authorization": f"Bearer {token}"})
        await client.get("metadata")
        good, bad, empty, open_one = [told(each) for each in await recorded(own_store, log)]
    assert good["agent"] == {
        "user": "Practitioner/7",
        "subject": "s-1",
        "client": "app",
        "issuer": "https://auth.example.org",
        "scopes": "user/*.cruds",
    }
    assert (good["status"], good["tenant"]) == (404, "B")
    assert bad == {
        "interaction": "login",
        "action": "E",
        "outcome": "4",
        "status": 401,
        "reason": "login, invalid_token",
        "type": "Task",
        "ids": ["Task/none"],
        "query": "Task/none",
        "agent": {},
        "failed": "login",
    }
    assert empty["reason"] == "login, invalid_request"
    assert (open_one["status"], open_one["agent"]) == (200, {})


async def test_a_scope_that_is_missing_is_recorded(own_store: Store) -> None:
    reads = Scope("user", "Goal", frozenset("rs"), spelled="user/Goal.rs")
    tokens = {"t": principal(scopes=(reads,), subject="s")}
    log = AuditLog(own_store)
    async with audited(own_store, log, tokens, base_url="http://fhir.test/fhir") as client:
        client.headers["Authorization"] = "Bearer t"
        await client.post("Goal", json=goal())
        (entry,) = await recorded(own_store, log)
    assert (entry["status"], entry["reason"], entry["outcome"]) == (
        403,
        "forbidden, insufficient_scope",
        "4",
    )
    assert (entry["interaction"], entry["agent"]["subject"]) == ("create", "s")


async def test_entries_hold_nothing_of_resources(own_store: Store) -> None:
    log = AuditLog(own_store)
    async with audited(own_store, log) as client:
        await client.post("Task", json=task(description="the very secret words"))
        await client.post("Task", json=task(status="the very secret words"))
        await client.get("Task?_count=100")
        entries = await recorded(own_store, log)
    assert len(entries) == 3
    assert "secret" not in str(entries)
