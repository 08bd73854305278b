"""What is recorded of reads of those whom only references tell of: whom, and whose records told."""

from __future__ import annotations

import pytest

from fhir_facade.audit.log import AuditLog
from fhir_facade.security.principal import Principal
from fhir_facade.store.base import Store
from tests.audit.entries import asked, principal
from tests.audit.kit import QUICK, Json, audited, recorded
from tests.http.conftest import TASK

HERS = {**TASK, "client": {"id": "ACME", "name": "Acme"}, "owner": {"id": "U1", "name": "Uma"}}
OF_SEVERAL: Principal = principal(user="Practitioner/U1", tenants=frozenset({"ACME", "OTHER"}))


@pytest.fixture
async def store(sqlite_store: Store) -> Store:
    assert not await sqlite_store.insert("work_queue", [HERS])
    return sqlite_store


async def by_somebody(store: Store, url: str) -> Json:
    """The entry of a read by a care manager of several employers."""
    log = AuditLog(store, limits=QUICK)
    async with audited(store, log, {"t": OF_SEVERAL}) as client:
        answer = await client.get(url, headers={"Authorization": "Bearer t"})
        assert answer.status_code == 200
        (entry,) = await recorded(store, log)
    assert entry["agent"]["user"] == "Practitioner/U1"
    return entry


@pytest.mark.parametrize("url", ["Patient/M1", "Patient?_id=M1", "Patient?identifier=M1"])
async def test_a_patient_is_told_to_her_and_her_employer(store: Store, url: str) -> None:
    entry = await by_somebody(store, url)
    assert (entry["ids"], entry["patient"], entry["tenant"]) == (["Patient/M1"], "M1", "ACME")


async def test_whoever_is_looked_for_and_not_found_is_recorded(store: Store) -> None:
    (entry,) = await asked(store, ("GET", "Patient?_id=M1,M2&_summary=count"))
    assert entry["patient"] == ["M1", "M2"]


async def test_a_care_manager_is_no_patient(store: Store) -> None:
    entry = await by_somebody(store, "Practitioner/U1")
    assert (entry["ids"], entry.get("patient")) == (["Practitioner/U1"], None)
    assert entry["tenant"] == "ACME"


@pytest.mark.parametrize("name", ["patient", "p%61tient", "%70atient", "subject", "subj%65ct"])
async def test_a_name_may_be_written_in_any_way(store: Store, name: str) -> None:
    (entry,) = await asked(store, ("GET", f"Task?{name}=M1&_summary=count"))
    assert entry["patient"] == "M1"
