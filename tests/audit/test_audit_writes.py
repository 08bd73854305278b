"""The entries of writes, of whole cases, transactions and batches name what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_facade.audit.log import AuditLog
from fhir_facade.store.base import Store
from tests.audit.entries import employer, one_of_each, patient, told
from tests.audit.kit import Json, audited, recorded
from tests.writes_hard.kit import flag, task


@pytest.fixture(scope="module")
def records(clean_file: Path) -> dict[str, Json]:
    return one_of_each(clean_file)


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
