"""The short way of a plain read gives the very entry that the long way would."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from fhir_facade.audit.log import AuditLog
from fhir_facade.http import auditing
from fhir_facade.http.audited_reads import PlainRead
from fhir_facade.http.auditing import Seen
from fhir_facade.http.watch import Done
from fhir_facade.security.principal import Principal
from fhir_facade.store.base import Store
from tests.audit.entries import asked, principal
from tests.audit.kit import QUICK, Json, audited, recorded
from tests.http.conftest import TASK

TASKS: list[Json] = [
    {**TASK, "_id": "both", "client": "ACME"},
    {**TASK, "_id": "no-employer"},
    {**TASK, "_id": "nobodys", "subject": None},
    {**TASK, "_id": "long", "client": "ACME", "message": "x" * 9000},
]
WHO: dict[str, Principal] = {
    "all": principal(user="Practitioner/U1"),
    "one": principal(user="Practitioner/U1", tenants=frozenset({"ACME"})),
    "several": principal(user="Practitioner/U1", tenants=frozenset({"ACME", "OTHER"})),
}


@pytest.fixture
async def store(sqlite_store: Store) -> Store:
    assert not await sqlite_store.insert("work_queue", TASKS)
    return sqlite_store


async def test_a_whole_case_says_how_much_is_in_it(sqlite_store: Store) -> None:
    case = {"_id": ObjectId(), "status": {"state": "active"}, "subject": {"id": "M1"}}
    assert not await sqlite_store.insert("patient_case", [case])
    urls = [("GET", f"{name}/{case['_id']}") for name in ("Case", "Bundle")]
    entries = await asked(sqlite_store, *urls)
    assert len(entries) == len(urls)
    for entry in entries:
        assert entry["count"] == len(entry["ids"]) - 1 == 4  # the case itself is no entry of it


@pytest.mark.parametrize("who", WHO)
async def test_both_ways_agree(store: Store, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    class Both(PlainRead):
        def __init__(self, done: Done, base: str) -> None:
            super().__init__(done, base)
            self.long = Seen(done, base)
            assert self.size == self.long.size

        def fields(self) -> dict[str, Any]:
            found = super().fields()
            known, wanted = (
                {name: value for name, value in each.items() if value is not None}
                for each in (found, self.long.fields())
            )
            assert known == wanted
            compared.append(wanted["ids"][0])
            return found

    monkeypatch.setattr(auditing, "PlainRead", Both)
    log = AuditLog(store, limits=QUICK)
    async with audited(store, log, WHO) as client:
        for each in [*TASKS, {"_id": "none"}]:
            for method in ("GET", "HEAD"):
                url, token = f"Task/{each['_id']}", {"Authorization": f"Bearer {who}"}
                await client.request(method, url, headers=token)
        entries = await recorded(store, log)
    seen = [each for each in entries if each["status"] == 200]
    assert len(compared) == len(seen) >= 3
    assert all(each["interaction"] != "unknown" for each in entries)
    assert "Task/both" in compared
