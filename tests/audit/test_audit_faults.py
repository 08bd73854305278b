"""A store that fails loses no entry, and where audit is required nothing is served without it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.audit.log import AuditLog
from fhir_facade.audit.verify import verify
from fhir_facade.errors import NotRecorded
from fhir_facade.http.auditing import Auditor
from fhir_facade.store.base import Store
from tests.audit.entries import one_of_each, patient
from tests.audit.kit import QUICK, Faulty, Json, all_of, audited, recorded
from tests.http.serving import settings, the_issue


@pytest.fixture(scope="module")
def records(clean_file: Path) -> dict[str, Json]:
    return one_of_each(clean_file)


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
