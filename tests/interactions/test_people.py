"""Members, care managers and organizations, told by the references to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from fhir_facade.errors import Forbidden, NotFound
from fhir_facade.interactions.access import NO_ACCESS, UNLIMITED, Access, Limited
from fhir_facade.interactions.people import MOST, People, people_query
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import search
from fhir_facade.main import build_registry
from fhir_facade.rules.json_text import read_json
from fhir_facade.rules.people import Named
from fhir_facade.search.guard import unindexed
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.plan import plan_search
from fhir_facade.security.principal import Level, Principal, Scope
from fhir_facade.store import open_store
from mappings.people import PEOPLE
from tests.http.serving import settings

REGISTRY = build_registry(settings())
OPTIONS = SearchOptions(REGISTRY, "")
AT = datetime(2026, 1, 16, tzinfo=UTC)
SYSTEM = "https://fhir.wellnecity.com/sid"

Json = dict[str, Any]


def task(id: str, **more: Any) -> Json:
    fixed = {"_id": id, "type": "task", "status": "Ready", "intent": "Order", "updated": AT}
    return {**fixed, "subject": {"id": "M1", "name": "Ann Case"}, "client": "ACME", **more}


DOCUMENTS: list[Json] = [
    task("t1", subject="M1", owner={"id": "U1", "name": "Uma Kerr"}),
    task("t2", owner="U2"),
    task("t3", subject={"id": "M2"}, client={"id": "OTHER", "name": "Other Inc."}, owner="U9"),
    task("t4", subject={"id": "M3", "name": "Gone"}, is_deleted=True),
    task("t5", subject={"id": "M4", "name": "<b>&'"}, owner={"id": "U2", "name": "Ugo Lane"}),
]
CASE = {
    "_id": ObjectId(),
    "status": {"state": "active"},
    "subject": {"id": "M5", "name": "Cleo"},
    "client": {"id": "ACME", "name": "Acme"},
    "updated": AT,
}


@pytest.fixture
async def records() -> AsyncIterator[Records]:
    store = open_store("sqlite:///:memory:")
    assert not await store.insert("work_queue", DOCUMENTS)
    assert not await store.insert("patient_case", [CASE])
    yield Records(store, REGISTRY)
    await store.close()


def named(type: str) -> Named:
    (found,) = (each for each in PEOPLE if each.type == type)
    return found


async def read(records: Records, type: str, id: str, access: Access = UNLIMITED) -> Json:
    served, _ = await People(records, named(type)).read(access, id)
    found: Json = read_json(served.body)
    return found


async def found(
    records: Records, type: str, *pairs: tuple[str, str], by: Access = UNLIMITED
) -> Any:
    people, query = People(records, named(type)), people_query(pairs)
    people.check(query)
    return [each.resource["id"] for each in await people.find(by, query)]


def token(*scopes: Scope, **given: Any) -> Limited:
    principal = Principal("https://issuer.test", scopes, 9e9, **{"tenants": None, **given})
    return Limited(principal, OPTIONS)


def scope(level: Level, resource: str, letters: str, *query: tuple[str, str]) -> Scope:
    return Scope(level, resource, frozenset(letters), query)


async def test_a_patient_is_what_references_say(records: Records) -> None:
    assert await read(records, "Patient", "M1") == {
        "resourceType": "Patient",
        "id": "M1",
        "identifier": [{"system": f"{SYSTEM}/member", "value": "M1"}],
        "name": [{"text": "Ann Case"}],
    }


async def test_a_name_that_nobody_stored_is_left_out(records: Records) -> None:
    assert "name" not in await read(records, "Patient", "M2")
    assert "name" not in await read(records, "Practitioner", "U9")


@pytest.mark.parametrize(
    ("type", "id", "name"),
    [
        ("Patient", "M5", [{"text": "Cleo"}]),
        ("Patient", "M4", [{"text": "<b>&'"}]),
        ("Practitioner", "U1", [{"text": "Uma Kerr"}]),
        ("Practitioner", "U2", [{"text": "Ugo Lane"}]),
        ("Organization", "ACME", "Acme"),
        ("Organization", "OTHER", "Other Inc."),
    ],
)
async def test_the_name_of_any_reference_counts(
    records: Records, type: str, id: str, name: Any
) -> None:
    resource = await read(records, type, id)
    assert resource["name"] == name
    assert resource["resourceType"] == type


@pytest.mark.parametrize("id", ["M3", "nobody", "a b", "", "M1' OR 1", "é", "x" * 65])
async def test_whom_nothing_names_there_is_not(records: Records, id: str) -> None:
    with pytest.raises(NotFound):
        await read(records, "Patient", id)


@pytest.mark.parametrize(
    ("pairs", "ids"),
    [
        ([("_id", "M1,M2,M3,nobody")], ["M1", "M2"]),
        ([("_id", "M1,M1")], ["M1"]),
        ([("identifier", f"{SYSTEM}/member|M5")], ["M5"]),
        ([("identifier", "M5")], ["M5"]),
        ([("identifier", f"{SYSTEM}/user|M5")], []),
        ([("identifier", "|M5")], []),
        ([("_id", "M1,M2"), ("identifier", "M2,M5")], ["M2"]),
        ([("_id", "a b")], []),
    ],
)
async def test_they_are_found_by_id(records: Records, pairs: Any, ids: list[str]) -> None:
    assert await found(records, "Patient", *pairs) == ids


async def test_more_than_fifty_ids_are_too_many(records: Records) -> None:
    many = ",".join(f"M{each}" for each in range(MOST + 1))
    with pytest.raises(Exception, match="At most 50"):
        await found(records, "Patient", ("_id", many))


MINE = scope("patient", "Patient", "rs")


async def test_a_member_sees_herself_alone(records: Records) -> None:
    her = token(MINE, patient="M1")
    assert (await read(records, "Patient", "M1", her))["name"] == [{"text": "Ann Case"}]
    for other in ("M2", "M5", "nobody"):
        with pytest.raises(NotFound):
            await read(records, "Patient", other, her)
    assert await found(records, "Patient", ("_id", "M1,M2,M5"), by=her) == ["M1"]


async def test_a_member_sees_those_who_look_after_her(records: Records) -> None:
    her = token(scope("patient", "Practitioner", "rs"), patient="M1")
    assert await found(records, "Practitioner", ("_id", "U1,U2,U9"), by=her) == ["U1", "U2"]
    # the name is in a record of another patient
    assert "name" not in await read(records, "Practitioner", "U2", her)


async def test_an_employer_sees_its_own_members(records: Records) -> None:
    theirs = token(scope("user", "*", "rs"), user="Practitioner/U1", tenants=frozenset({"OTHER"}))
    assert await found(records, "Patient", ("_id", "M1,M2,M5"), by=theirs) == ["M2"]
    assert await found(records, "Organization", ("_id", "ACME,OTHER"), by=theirs) == ["OTHER"]


@pytest.mark.parametrize(
    "scopes",
    [
        [scope("patient", "Task", "rs")],
        [scope("patient", "Patient", "cud")],
        [scope("patient", "Practitioner", "rs")],
    ],
)
async def test_a_scope_for_what_names_them_is_none_for_them(
    records: Records, scopes: list[Scope]
) -> None:
    with pytest.raises(Forbidden, match=r"patient/Patient\.r"):
        await read(records, "Patient", "M1", token(*scopes, patient="M1"))


async def test_reading_is_not_searching(records: Records) -> None:
    reads = token(scope("patient", "Patient", "r"), patient="M1")
    assert await read(records, "Patient", "M1", reads)
    with pytest.raises(Forbidden, match=r"patient/Patient\.s"):
        await found(records, "Patient", ("_id", "M1"), by=reads)


async def test_a_granular_scope_grants_nothing(records: Records) -> None:
    narrow = token(scope("user", "Patient", "rs", ("_id", "M1")), user="Practitioner/U1")
    with pytest.raises(NotFound):
        await read(records, "Patient", "M1", narrow)


async def included(records: Records, by: Access) -> list[str]:
    """Whom a search of Tasks brings."""
    plan = plan_search(REGISTRY.type("Task"), [("_include", "*")], OPTIONS)
    page = await search(records.seen_by(by), plan, None, "")
    return [f"{each.type}/{each.id}" for each in page.people]


async def test_a_search_brings_whom_it_refers_to(records: Records) -> None:
    everybody = ["Patient/M1", "Patient/M2", "Patient/M4"]
    found = await included(records, UNLIMITED)
    assert [each for each in found if each.startswith("Patient/")] == everybody
    tasks = scope("patient", "Task", "rs")
    assert await included(records, token(tasks, patient="M1")) == []
    assert (
        await included(records, token(tasks, scope("patient", "Patient", "r"), patient="M1")) == []
    )
    assert await included(records, token(tasks, MINE, patient="M1")) == ["Patient/M1"]
    theirs = token(scope("user", "*", "rs"), user="Practitioner/U1", tenants=frozenset({"OTHER"}))
    assert await included(records, theirs) == [
        "Patient/M2",
        "Practitioner/U9",
        "Organization/OTHER",
    ]


async def test_nobody_sees_nothing(records: Records) -> None:
    with pytest.raises(Forbidden):
        await read(records, "Patient", "M1", NO_ACCESS)


@pytest.mark.parametrize(
    ("each", "way"), [(each, way) for each in PEOPLE for way in each.by], ids=str
)
def test_every_way_to_them_has_an_index(each: Named, way: str) -> None:
    type, _, param = way.partition(".")
    assert not unindexed(plan_search(REGISTRY.type(type), [(param, f"{each.type}/x")], OPTIONS))


def test_whom_another_server_holds_is_not_served_here() -> None:
    registry = build_registry(settings(reference_base={"Patient": "https://ehr.test/r4"}))
    assert [each.type for each in registry.people] == ["Practitioner", "Organization"]
