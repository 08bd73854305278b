"""An entry of a search says what was asked, what was shown and whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_facade.audit.log import AuditLog
from fhir_facade.store.base import Store
from tests.audit.entries import asked, one_of_each, patient, told
from tests.audit.kit import Json, audited, recorded


@pytest.fixture(scope="module")
def records(clean_file: Path) -> dict[str, Json]:
    return one_of_each(clean_file)


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
