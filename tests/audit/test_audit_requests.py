"""Every request leaves one entry that says who asked what, of whom, and what became of it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from fhir_facade.audit.log import AuditLog
from fhir_facade.audit.verify import verify
from fhir_facade.errors import NotRecorded
from fhir_facade.http.auditing import Auditor
from fhir_facade.main import create_app
from fhir_facade.security.principal import Principal, Scope
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.audit.kit import QUICK, Faulty, Json, all_of, audited, recorded
from tests.http.serving import settings, started, the_issue
from tests.writes_hard.kit import flag, goal, task

_CHAINED: Final = {"_id", "chain", "seq", "prev", "hash", "at", "request", "address"}
ALL = Scope("user", "*", frozenset("cruds"), spelled="user/*.cruds")


def principal(**given: Any) -> Principal:
    known = {"issuer": "https://auth.example.org", "scopes": (ALL,), "expires": 4e9}
    return Principal(**{**known, "tenants": None, **given})


def told(entry: Json) -> Json:
    """What an entry says beside its place, time, address and request."""
    return {name: value for name, value in entry.items() if name not in _CHAINED}


async def asked(store: Store, *requests: tuple[str, str], **given: Any) -> list[Json]:
    """What the entries of some requests say."""
    log = AuditLog(store, limits=QUICK)
    async with audited(store, log, **given) as client:
        for method, url in requests:
            await client.request(method, url)
        return [told(each) for each in await recorded(store, log)]


@pytest.fixture(scope="module")
def records(clean_file: Path) -> dict[str, Json]:
    """One resource of some types, as it is served."""

    async def read() -> dict[str, Json]:
        store = open_store(f"sqlite:///{clean_file}")
        found = {}
        async with started(create_app(settings(audit="off"), store)) as client:
            for name in ("Task", "Flag", "EpisodeOfCare", "Provenance", "CareTeam"):
                bundle = (await client.get(name, params={"_count": "1"})).json()
                found[name] = bundle["entry"][0]["resource"]
        await store.close()
        return found

    return asyncio.run(read())


def patient(resource: Json) -> str:
    subject = resource.get("subject") or resource.get("for") or resource.get("patient")
    if subject is None:
        (subject,) = [
            each["valueReference"]
            for each in resource["extension"]
            if each["url"].endswith("/patient")
        ]
    return str(subject["reference"].removeprefix("Patient/"))


def employer(resource: Json) -> str:
    (found,) = [each for each in resource["extension"] if each["url"].endswith("/employer")]
    return str(found["valueReference"]["reference"].removeprefix("Organization/"))


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


async def test_a_search_says_what_it_showed(own_store: Store, records: dict[str, Json]) -> None:
    member = patient(records["Task"])
    url = f"Task?patient={member}&_total=accurate&_include=Task:focus"
    log = AuditLog(own_store)
    async with audited(own_store, log) as client:
        bundle = (await client.get(url)).json()
        (entry,) = [told(each) for each in await recorded(own_store, log)]
    shown = [
        f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in bundle["entry"]
    ]
    assert (entry["interaction"], entry["action"]) == ("search-type", "E")
    assert (entry["ids"], entry["count"], entry["total"]) == (shown, len(shown), bundle["total"])
    assert (entry["patient"], entry["query"]) == (member, url)


async def test_a_search_for_several_names_them_in_a_list(own_store: Store) -> None:
    (entry,) = await asked(own_store, ("GET", "Goal?_count=500"))
    assert len(entry["patient"]) > 1
    assert len(entry["tenant"]) > 1


async def test_of_many_resources_some_are_named_and_the_others_counted(own_store: Store) -> None:
    (entry,) = await asked(
        own_store, ("GET", "?_type=Task,Goal,Flag,Communication,Provenance&_count=400")
    )
    assert entry["interaction"] == "search-system"
    assert len(entry["ids"]) == 100
    assert entry["more"] == entry["count"] - 100 > 0


async def test_who_found_nothing_has_asked_about_a_patient_too(own_store: Store) -> None:
    (entry,) = await asked(own_store, ("GET", "Task?patient=Patient/nobody"))
    assert (entry["count"], entry["patient"]) == (0, "nobody")
    assert "ids" not in entry


async def test_where_a_patient_is_not_shown_there_may_be_others(
    own_store: Store, records: dict[str, Json]
) -> None:
    """Who may see one patient's entries must not see what was done with others."""
    member = patient(records["Task"])
    (entry,) = await asked(own_store, ("GET", f"Task?patient={member}&_elements=status"))
    assert entry["patient"] == [member]


async def test_a_form_is_part_of_the_query(own_store: Store) -> None:
    log = AuditLog(own_store)
    async with audited(own_store, log) as client:
        await client.post("Task/_search?_count=1", data={"status": "ready", "owner": "a&b"})
        (entry,) = await recorded(own_store, log)
    assert entry["query"] == "Task/_search?_count=1&status=ready&owner=a%26b"


async def test_a_compartment_and_everything_of_a_patient_name_the_patient(own_store: Store) -> None:
    first, second = await asked(
        own_store, ("GET", "Patient/nobody/Task"), ("GET", "Patient/nobody/$everything")
    )
    assert [each["patient"] for each in (first, second)] == ["nobody", "nobody"]
    assert [each["interaction"] for each in (first, second)] == ["search-type", "$everything"]


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


async def test_writes_say_what_they_wrote(own_store: Store) -> None:
    log = AuditLog(own_store)
    async with audited(own_store, log) as client:
        made = await client.post("Task", json=task(), headers={"Prefer": "return=minimal"})
        url = "/".join(made.headers["location"].split("/")[-4:-2])
        await client.post("Task", json=task(), headers={"If-None-Exist": "identifier=urn:x|1"})
        await client.put(url, json={**task(status="in-progress"), "id": url.split("/")[1]})
        await client.patch(url, json={"description": "Call again"})
        await client.delete(url)
        await client.delete(url)
        entries = await recorded(own_store, log)
    assert [(each["interaction"], each["action"], each["status"]) for each in entries] == [
        ("create", "C", 201),
        ("create", "C", 201),
        ("update", "U", 200),
        ("patch", "U", 200),
        ("delete", "D", 204),
        ("delete", "D", 204),
    ]
    # who is named by a query is not known, so nobody but those who see all sees that entry
    assert [each["patient"] for each in entries[:5]] == ["M1", ["M1"], "M1", "M1", "M1"]
    assert [each["ids"] for each in entries[2:]] == [[url]] * 4
    assert entries[1]["query"] == "Task?identifier=urn:x|1"
    assert len({each["version"] for each in entries[:5]}) == 5


async def test_a_whole_case_that_is_written_names_its_resources(
    own_store: Store, records: dict[str, Json]
) -> None:
    case = records["EpisodeOfCare"]
    log = AuditLog(own_store)
    async with audited(own_store, log) as client:
        bundle = (await client.get(f"Case/{case['id']}")).json()
        answer = await client.put(
            f"Case/{case['id']}", json=bundle, headers={"Prefer": "return=minimal"}
        )
        assert (answer.status_code, answer.content) == (200, b"")
        _, entry = map(told, await recorded(own_store, log))
    assert (entry["interaction"], entry["patient"]) == ("update", patient(case))
    assert entry["tenant"] == [employer(case)], "not every resource of a case names its employer"
    assert {f"EpisodeOfCare/{case['id']}", f"CareTeam/{case['id']}"} <= set(entry["ids"])


async def test_a_history_names_what_was_deleted(own_store: Store) -> None:
    log = AuditLog(own_store)
    async with audited(own_store, log) as client:
        made = (await client.post("Task", json=task())).json()
        await client.delete(f"Task/{made['id']}")
        await client.get("Task/_history?_count=1")
        *_, entry = map(told, await recorded(own_store, log))
    assert (entry["interaction"], entry["action"]) == ("history-type", "R")
    assert (entry["ids"], entry["count"]) == ([f"Task/{made['id']}"], 1)


async def test_a_transaction_and_a_batch_say_what_became_of_them(own_store: Store) -> None:
    log = AuditLog(own_store)

    def bundle(kind: str, *entries: Json) -> Json:
        return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}

    write = {"resource": task(), "request": {"method": "POST", "url": "Task"}}
    other = {"resource": flag(), "request": {"method": "POST", "url": "Flag"}}
    read = {"request": {"method": "GET", "url": "Goal?_count=2"}}
    async with audited(own_store, log) as client:
        for body in (bundle("transaction", write, other), bundle("batch", write, read)):
            await client.post("", json=body, headers={"X-Request-Id": body["type"]})
        await client.post("", json=bundle("transaction", {"request": {"method": "GET"}}))
        entries = await recorded(own_store, log)
    made = [told(each) for each in entries[:2]]
    assert [(each["interaction"], each["action"], each["inner"]) for each in made] == [
        ("create", "C", True)
    ] * 2
    assert [each["patient"] for each in made] == ["M1", "M1"]
    entries = entries[2:]
    whole, inner_write, inner_read, batch, bad = map(told, entries)
    assert [each["ids"] for each in made] == [[each] for each in whole["ids"]]
    assert (whole["interaction"], whole["patient"]) == ("transaction", "M1")
    assert [each.split("/")[0] for each in whole["ids"]] == ["Task", "Flag"]
    assert [each["request"] for each in entries[:4]] == ["transaction", *["batch"] * 3]
    assert [each.get("inner") for each in (whole, inner_write, inner_read, batch)] == [
        None,
        True,
        True,
        None,
    ]
    assert (inner_write["interaction"], inner_read["query"]) == ("create", "Goal?_count=2")
    assert (batch["interaction"], batch["count"]) == ("batch", inner_read["count"])
    assert batch["ids"] == [*inner_write["ids"], *inner_read["ids"]]
    assert (bad["outcome"], bad["status"]) == ("4", 400)


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
    assert (entry["status"], entry["reason"], entry["outcome"]) == (403, "forbidden", "4")
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


@pytest.mark.parametrize("mode", ["record", "require"])
async def test_there_are_as_many_entries_as_requests_whatever_the_store_does(
    own_store: Store, records: dict[str, Json], mode: Any
) -> None:
    several = 2000 if mode == "record" else 200
    urls = [
        f"Task/{records['Task']['id']}",
        f"Flag/{records['Flag']['id']}",
        "Task?_count=1",
        "Task/none",
        "Goal?colour=red",
    ]
    faulty = Faulty(own_store, 7, often=0.3)
    log = AuditLog(faulty, mode=mode, limits=QUICK)
    turns = asyncio.Semaphore(64)
    async with audited(faulty, log) as client:  # type: ignore[arg-type]

        async def ask(number: int) -> httpx.Response:
            async with turns:
                headers = {"X-Request-Id": f"r{number}"}
                return await client.get(urls[number % len(urls)], headers=headers)

        answers = await asyncio.gather(*map(ask, range(several)))
        entries = await recorded(own_store, log)
    assert faulty.failures > 5
    assert Counter(each["request"] for each in entries) == {f"r{n}": 1 for n in range(several)}
    statuses = {each.headers["x-request-id"]: each.status_code for each in answers}
    assert statuses == {each["request"]: each["status"] for each in entries}
    assert log.lost == 0
    report = await verify(own_store)
    assert (report.findings, report.notes, report.entries) == ([], [], several)


async def test_where_audit_is_required_nothing_is_served_without_it(
    own_store: Store, records: dict[str, Json]
) -> None:
    faulty = Faulty(own_store, 1)
    log = AuditLog(faulty, mode="require", limits=replace(QUICK, wait=0.05))
    one = records["Task"]
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": f"Task/{one['id']}"}}],
    }
    async with audited(faulty, log) as client:  # type: ignore[arg-type]
        with faulty.outage():
            for answer in (
                await client.get(f"Task/{one['id']}"),
                await client.get(f"Task/{one['id']}", headers={"If-None-Match": "*"}),
                await client.get("Task"),
                await client.get("Task/none"),
                await client.post("", json=bundle),
            ):
                assert answer.status_code == 503
                assert the_issue(answer)["code"] == "transient"
                assert answer.headers["retry-after"] == "2"
                assert not {"etag", "last-modified", "location"} & answer.headers.keys()
                assert one["id"] not in answer.text
                assert patient(one) not in answer.text
        tries = 0
        async with asyncio.timeout(20):
            while answer.status_code == 503:
                answer, tries = await client.get(f"Task/{one['id']}"), tries + 1
        assert answer.json() == one
        await log.stop()
    assert len(await all_of(own_store)) == 6 + tries, "what was withheld is recorded all the same"
    assert (await verify(own_store)).findings == []


async def test_the_auditor_admits_nobody_while_nothing_can_be_recorded(own_store: Store) -> None:
    faulty = Faulty(own_store, 1)
    log = AuditLog(faulty, mode="require", limits=replace(QUICK, entries=0))
    with pytest.raises(NotRecorded):
        Auditor(log, settings().canonical).admit()


async def test_a_query_that_may_name_others_is_not_for_the_patient_that_was_shown(
    own_store: Store,
) -> None:
    entries = await asked(
        own_store,
        ("GET", "Task?patient=M1&_count=5"),
        ("GET", "Task?patient=M1&description=somebody+else"),
        ("GET", "Task?subject=M1,M2"),
        ("GET", "Task?patient=http://x.example/Patient/M2,M1"),
    )
    assert entries[0]["patient"] == "M1"
    assert all(isinstance(each["patient"], list) for each in entries[1:])


async def test_a_body_of_very_many_parameters_is_recorded(own_store: Store) -> None:
    entries = await asked(own_store, ("POST", f"Task/_search?{'&' * 1500}"))
    assert [each["status"] for each in entries] == [422]
