"""What scopes, patients and tenants let a caller see: their limits go into the store's filters."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fhir_facade.errors import Forbidden, NotFound
from fhir_facade.interactions.access import NO_ACCESS, UNLIMITED, Access, require, searchable
from fhir_facade.interactions.case import read_case
from fhir_facade.interactions.embedded import split_filter
from fhir_facade.interactions.history import Asked, history, vread
from fhir_facade.interactions.read import read
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import Page, search
from fhir_facade.interactions.write import Writes
from fhir_facade.rules.json_text import read_json
from fhir_facade.search.plan import plan_types
from tests.interactions.callers import (
    BASE,
    CASE,
    OPTIONS,
    REGISTRY,
    TYPES,
    access,
    goal,
    link,
    of_patient,
    records_of_two,
    scope,
    written,
)


@pytest.fixture
async def records() -> AsyncIterator[Records]:
    async with records_of_two() as records:
        yield records


async def found(
    records: Records, caller: Access, name: str = "Goal", **asked: str
) -> tuple[list[str], int | None]:
    """The ids that a search finds, and its total."""
    pairs = [*asked.items(), ("_total", "accurate")]
    plan = plan_types([TYPES[name]], pairs, OPTIONS)
    page: Page = await search(records.seen_by(caller), plan, None, BASE)
    return [each.id for each in page.entries], page.total


async def readable(records: Records, caller: Access, *names: str) -> list[str]:
    seen = records.seen_by(caller)
    there = []
    for name in names:
        try:
            await read(seen, TYPES["Goal"], name)
            there.append(name)
        except NotFound:
            pass
    return there


async def test_without_a_caller_nothing_is_there(records: Records) -> None:
    with pytest.raises(Forbidden):
        await read(records, TYPES["Goal"], "g1")
    with pytest.raises(Forbidden):
        await found(records, NO_ACCESS)


async def test_a_server_without_issuers_shows_everything(records: Records) -> None:
    assert await found(records, UNLIMITED) == (["g1", "g2", "g3", "g4", "g5"], 5)


async def test_a_patient_sees_its_own_by_whatever_spelling(records: Records) -> None:
    caller = of_patient("A")
    assert await found(records, caller) == (["g1", "g2"], 2)
    assert await readable(records, caller, "g1", "g2", "g3", "g4", "g5") == ["g1", "g2"]


async def test_tenants_limit_every_level(records: Records) -> None:
    for level in ("patient", "user", "system"):
        caller = access(
            scope(level, "Goal", "rs"), tenants=frozenset({"Y"}), patient="A", user="Practitioner/1"
        )  # type: ignore[arg-type]
        assert await found(records, caller) == (["g2"], 1)
        assert await readable(records, caller, "g1", "g2", "g3") == ["g2"]


async def test_a_token_without_tenants_sees_nothing(records: Records) -> None:
    caller = access(scope("system", "*", "cruds"), tenants=frozenset())
    assert await found(records, caller) == ([], 0)


async def test_scopes_are_alternatives(records: Records) -> None:
    caller = access(
        scope("patient", "Goal", "rs"),
        scope("system", "Goal", "rs", ("lifecycle-status", "cancelled")),
        patient="B",
    )
    assert await found(records, caller) == (["g2", "g3"], 2)


async def test_a_granular_scope_is_part_of_the_filter(records: Records) -> None:
    caller = access(scope("system", "Goal", "rs", ("lifecycle-status", "cancelled")))
    assert await found(records, caller) == (["g2"], 1)
    assert await readable(records, caller, "g1", "g2") == ["g2"]


@pytest.mark.parametrize(
    "query",
    [
        ("lifecycle-status:not", "active"),
        ("no-such", "x"),
        ("_count", "5"),
        ("patient.name", "x"),
        ("lifecycle-status", ""),
        ("target-date", "someday"),
    ],
)
async def test_a_scope_that_is_not_understood_grants_nothing(
    records: Records, query: tuple[str, str]
) -> None:
    caller = access(scope("system", "Goal", "rs", query))
    assert await found(records, caller) == ([], 0)


@pytest.mark.parametrize("user", ["Patient/A", "RelatedPerson/1"])
async def test_a_user_who_is_a_patient_or_acts_for_one(records: Records, user: str) -> None:
    caller = access(scope("user", "Goal", "rs"), user=user, patient="A")
    assert await found(records, caller) == (["g1", "g2"], 2)


@pytest.mark.parametrize("user", ["RelatedPerson/1", "Person/1", None])
async def test_somebody_who_acts_for_nobody_known_is_refused(
    records: Records, user: str | None
) -> None:
    caller = access(scope("user", "Goal", "rs"), user=user)
    with pytest.raises(Forbidden, match="no scope to search Goal"):
        await found(records, caller)


async def test_interactions_are_granted_one_by_one(records: Records) -> None:
    caller = access(scope("system", "Goal", "r"))
    assert await readable(records, caller, "g1") == ["g1"]
    with pytest.raises(Forbidden, match="no scope to search Goal: it needs one such as system"):
        await found(records, caller)
    with pytest.raises(Forbidden):
        await found(records, caller, "Task")


async def test_a_chain_needs_a_scope_for_what_it_goes_through(records: Records) -> None:
    await records.store.insert("work_queue", [goal("g6", "A", linkedModules=link(CASE))])
    both = of_patient("A")
    assert await found(records, both, **{"case:EpisodeOfCare.status": "active"}) == (["g6"], 1)
    goals = of_patient("A", scope("patient", "Goal", "rs"))
    with pytest.raises(Forbidden, match="EpisodeOfCare"):
        await found(records, goals, **{"case:EpisodeOfCare.status": "active"})


async def test_a_plan_names_only_what_its_reader_may_see(records: Records) -> None:
    await records.store.insert(
        "work_queue",
        [
            goal("own", "A", linkedModules=link(CASE)),
            goal("foreign", "B", linkedModules=link(CASE)),
        ],
    )
    for caller, names in ((UNLIMITED, {"own", "foreign"}), (of_patient("A"), {"own"})):
        seen = records.seen_by(caller)
        plan = read_json((await read(seen, TYPES["CarePlan"], CASE)).body)
        assert {each["reference"] for each in plan["goal"]} == {f"Goal/{name}" for name in names}
        bundle = read_json((await read_case(seen, TYPES["EpisodeOfCare"], CASE, BASE)).body)
        goals = [each["resource"] for each in bundle["entry"]]
        assert {each["id"] for each in goals if each["resourceType"] == "Goal"} == names
    with pytest.raises(NotFound):
        await read(records.seen_by(of_patient("B")), TYPES["CarePlan"], CASE)


async def test_a_version_belongs_to_whom_it_belonged_then(records: Records) -> None:
    writes = Writes(records).seen_by(UNLIMITED)
    made = await writes.create(TYPES["Goal"], written("A"), BASE)
    moved = await writes.update(TYPES["Goal"], made.id, {**written("B"), "id": made.id}, BASE)
    asked = Asked((TYPES["Goal"],), 50, made.id)
    for patient, own, other in (("A", made, moved), ("B", moved, made)):
        seen = records.seen_by(of_patient(patient))
        page = await history(seen, asked)
        assert [each.version.version for each in page.entries] == [own.version]
        assert page.total == 1
        await vread(seen, TYPES["Goal"], made.id, own.version)
        with pytest.raises(NotFound):
            await vread(seen, TYPES["Goal"], made.id, other.version)
    nobody = records.seen_by(of_patient("C"))
    with pytest.raises(NotFound):
        await history(nobody, asked)


async def test_a_granular_scope_sees_no_past(records: Records) -> None:
    made = await Writes(records).seen_by(UNLIMITED).create(TYPES["Goal"], written("A"), BASE)
    active = scope("patient", "Goal", "rs", ("lifecycle-status", "active"))
    seen = records.seen_by(of_patient("A", active))
    await vread(seen, TYPES["Goal"], made.id, made.version)
    with pytest.raises(Forbidden, match="scope without a query"):
        await history(seen, Asked((TYPES["Goal"],), 50, made.id))


async def test_a_search_of_everything_is_of_what_may_be_searched() -> None:
    caller = of_patient("A", scope("patient", "Goal", "rs"), scope("patient", "Task", "r"))
    assert [each.name for each in searchable(caller, REGISTRY)] == ["Goal"]
    with pytest.raises(Forbidden):
        searchable(of_patient("A", scope("patient", "Task", "cr")), REGISTRY)


@pytest.mark.parametrize(("resource", "granted"), [("*", False), ("AuditEvent", True)])
def test_only_a_scope_that_names_audit_events_is_for_them(resource: str, *, granted: bool) -> None:
    caller = access(scope("system", resource, "rs"))
    assert caller.permits("AuditEvent", "s") is granted
    if not granted:
        with pytest.raises(Forbidden):
            require(caller, "AuditEvent", "s")


@pytest.mark.parametrize("patients", [True, False])
def test_a_limit_of_embedded_records_reaches_the_store(*, patients: bool) -> None:
    tenants = None if patients else frozenset({"X"})
    caller = access(
        scope("patient" if patients else "system", "*", "rs"), patient="A", tenants=tenants
    )
    for source in REGISTRY.sources:
        if source.mapping.unwind is not None:
            assert split_filter(caller.limit(source, "s"), source.mapping) not in ({}, None)
