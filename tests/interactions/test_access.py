"""What scopes, patients and tenants allow, told by the filters that go into the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from fhir_facade.errors import Conflict, FacadeError, Forbidden, NotFound, Unprocessable
from fhir_facade.interactions.access import (
    NO_ACCESS,
    UNLIMITED,
    Access,
    Limited,
    require,
    searchable,
)
from fhir_facade.interactions.case import read_case
from fhir_facade.interactions.case_write import CaseWrites
from fhir_facade.interactions.embedded import split_filter
from fhir_facade.interactions.history import Asked, history, vread
from fhir_facade.interactions.read import read
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.search import Page, search
from fhir_facade.interactions.write import Writes
from fhir_facade.main import build_registry
from fhir_facade.rules.json_text import read_json
from fhir_facade.search.options import SearchOptions
from fhir_facade.search.plan import plan_types
from fhir_facade.security.principal import Level, Principal, Scope
from fhir_facade.store import open_store
from fhir_facade.store.codec import decode
from tests.http.serving import settings

BASE = "http://fhir.test/fhir"
REGISTRY = build_registry(settings())
TYPES = REGISTRY.types
OPTIONS = SearchOptions(REGISTRY, BASE)
CASE, OTHER_CASE = (str(ObjectId()) for _ in range(2))
AT = datetime(2026, 1, 16, 9, 30, tzinfo=UTC)

Json = dict[str, Any]


def scope(level: Level, resource: str, letters: str, *query: tuple[str, str]) -> Scope:
    return Scope(level, resource, frozenset(letters), query)


def access(*scopes: Scope, tenants: Any = None, **given: Any) -> Limited:
    return Limited(Principal("https://issuer.test", scopes, 9e9, tenants=tenants, **given), OPTIONS)


def of_patient(patient: str, *scopes: Scope) -> Limited:
    return access(*(scopes or (scope("patient", "*", "cruds"),)), patient=patient)


def goal(name: str, patient: Any, client: Any = "X", status: str = "active", **more: Any) -> Json:
    return {
        "_id": name,
        "type": "goal",
        "name": f"Goal {name}",
        "life_cycle_status": status,
        "subject": patient,
        "client": client,
        "updated": AT,
        **more,
    }


def case(name: str, patient: str) -> Json:
    return {
        "_id": ObjectId(name),
        "status": {"state": "active"},
        "subject": {"id": patient},
        "client": {"id": "X"},
        "updated": AT,
    }


def link(name: str) -> list[Json]:
    return [{"type": "case", "id": name}]


@pytest.fixture
async def records() -> AsyncIterator[Records]:
    store = open_store("sqlite:///:memory:")
    await store.insert(
        "work_queue",
        [
            goal("g1", {"id": "A"}),
            goal("g2", "Patient/A", status="cancelled", client={"id": "Y"}),
            goal("g3", {"id": "B"}),
            goal("g4", ["A"]),
            goal("g5", None),
            {**goal("t1", {"id": "A"}), "type": "task", "status": "Ready", "intent": "Order"},
        ],
    )
    await store.insert("patient_case", [case(CASE, "A"), case(OTHER_CASE, "B")])
    yield Records(store, REGISTRY, access=NO_ACCESS)
    await store.close()


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


EMPLOYED = {
    "url": REGISTRY.context.extension("employer"),
    "valueReference": {"reference": "Organization/X"},
}


def written(patient: str | None, **more: Any) -> Json:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


async def test_no_write_moves_a_resource(records: Records) -> None:
    writes = Writes(records).seen_by(of_patient("A"))
    made = await writes.create(TYPES["Goal"], written("A"), BASE)
    for put in (written("B"), written("C")):
        with pytest.raises(Forbidden, match="as it would be"):
            await writes.create(TYPES["Goal"], put, BASE)
        with pytest.raises(Forbidden, match="No write moves"):
            await writes.update(TYPES["Goal"], made.id, {**put, "id": made.id}, BASE)
        with pytest.raises(Forbidden):
            await writes.patch(TYPES["Goal"], made.id, lambda _, put=put: put, BASE)


async def test_no_caller_moves_a_resource_between_those_whom_it_may_reach(records: Records) -> None:
    caller = access(scope("system", "Goal", "cruds"), tenants=frozenset({"X", "Y"}))
    writes = Writes(records).seen_by(caller)
    elsewhere = {**EMPLOYED, "valueReference": {"reference": "Organization/Y"}}
    for put in (written("B", extension=[EMPLOYED]), written("A", extension=[elsewhere])):
        with pytest.raises(Forbidden, match="No write moves"):
            await writes.update(TYPES["Goal"], "g1", {**put, "id": "g1"}, BASE)


async def test_an_id_of_somebody_else_is_taken(records: Records) -> None:
    writes = Writes(records, update_create=True).seen_by(of_patient("A"))
    with pytest.raises(Conflict):
        await writes.update(TYPES["Goal"], "g3", {**written("A"), "id": "g3"}, BASE)


async def test_a_scope_to_read_is_none_to_link_into(records: Records) -> None:
    caller = access(
        scope("patient", "Goal", "cruds"),
        scope("user", "Goal", "rs"),
        patient="A",
        user="Practitioner/7",
    )
    writes = Writes(records).seen_by(caller)
    about = {"url": REGISTRY.context.extension("case")}
    foreign = {**about, "valueReference": {"reference": f"EpisodeOfCare/{OTHER_CASE}"}}
    with pytest.raises(Unprocessable, match="There is no EpisodeOfCare"):
        await writes.create(TYPES["Goal"], written("A", extension=[foreign]), BASE)


async def test_a_case_goes_with_all_that_is_in_it(records: Records) -> None:
    blind = Writes(records).seen_by(access(scope("system", "EpisodeOfCare", "rd")))
    with pytest.raises(Forbidden, match="delete CareTeam"):
        await CaseWrites(blind).delete(CASE)
    assert await CaseWrites(Writes(records).seen_by(of_patient("A"))).delete(CASE) is not None


async def test_what_is_not_seen_is_not_there_to_be_written(records: Records) -> None:
    writes = Writes(records).seen_by(of_patient("A"))
    before = await records.store.get("work_queue", ["g3"])
    with pytest.raises(FacadeError) as unknown:
        await writes.update(TYPES["Goal"], "nowhere", {**written("A"), "id": "nowhere"}, BASE)
    with pytest.raises(FacadeError) as foreign:
        await writes.update(TYPES["Goal"], "g3", {**written("A"), "id": "g3"}, BASE)
    assert (foreign.value.status, str(foreign.value)) == (405, str(unknown.value))
    assert await writes.delete(TYPES["Goal"], "g3") is None
    with pytest.raises(NotFound):
        await writes.patch(TYPES["Goal"], "g3", lambda old: old or {}, BASE)
    assert await records.store.get("work_queue", ["g3"]) == before


async def test_what_may_only_be_read_is_refused_as_such(records: Records) -> None:
    caller = access(
        scope("system", "Goal", "rs"),
        scope("system", "Goal", "ud", ("lifecycle-status", "active")),
    )
    writes = Writes(records).seen_by(caller)
    for work in (
        writes.update(TYPES["Goal"], "g2", {**written("A"), "id": "g2"}, BASE),
        writes.delete(TYPES["Goal"], "g2"),
    ):
        with pytest.raises(Forbidden, match="let this Goal be read"):
            await work
    put = {**written("A", lifecycleStatus="completed", extension=[EMPLOYED]), "id": "g1"}
    with pytest.raises(Forbidden, match="as it would be"):
        await writes.update(TYPES["Goal"], "g1", put, BASE)


async def test_nobody_is_put_into_the_case_of_another(records: Records) -> None:
    writes = Writes(records).seen_by(of_patient("A", scope("patient", "Goal", "cu")))
    about = {"url": REGISTRY.context.extension("case")}
    own, foreign = (
        written(
            "A", extension=[{**about, "valueReference": {"reference": f"EpisodeOfCare/{each}"}}]
        )
        for each in (CASE, OTHER_CASE)
    )
    await writes.create(TYPES["Goal"], own, BASE)
    with pytest.raises(Unprocessable, match="There is no EpisodeOfCare"):
        await writes.create(TYPES["Goal"], foreign, BASE)


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


async def test_who_wrote_is_kept_with_the_write(records: Records) -> None:
    caller = access(scope("user", "Goal", "c"), user="Practitioner/7", client="app", subject="u")
    made = await Writes(records).seen_by(caller).create(TYPES["Goal"], written("A"), BASE)
    (stored,) = await records.store.find("fhir_provenance", {}, limit=2)
    kept = decode(stored)
    assert kept["target"] == {"type": "Goal", "id": made.id, "version": made.version}
    assert kept["agent"] == {
        "user": "Practitioner/7",
        "client": "app",
        "subject": "u",
        "issuer": "https://issuer.test",
    }
    assert (kept["patient"], kept["method"]) == ("A", "POST")


async def test_who_may_change_but_not_read_is_shown_nothing(records: Records) -> None:
    blind = Writes(records).seen_by(of_patient("A", scope("patient", "Goal", "cu")))
    made = await blind.create(TYPES["Goal"], written("A"), BASE)
    assert made.body is not None

    def change(old: Json | None) -> Json:
        return {**(old or {}), "lifecycleStatus": "on-hold"}

    for name in ("g1", made.id):
        put = {**written("A", extension=[EMPLOYED] if name == "g1" else []), "id": name}
        assert (await blind.update(TYPES["Goal"], name, put, BASE)).body is None
        with pytest.raises(Forbidden, match="PUT it"):
            await blind.patch(TYPES["Goal"], name, change, BASE)
    sighted = Writes(records).seen_by(of_patient("A", scope("patient", "Goal", "ru")))
    assert (await sighted.patch(TYPES["Goal"], "g1", change, BASE)).body is not None


@pytest.mark.parametrize("patients", [True, False])
def test_a_limit_of_embedded_records_reaches_the_store(*, patients: bool) -> None:
    tenants = None if patients else frozenset({"X"})
    caller = access(
        scope("patient" if patients else "system", "*", "rs"), patient="A", tenants=tenants
    )
    for source in REGISTRY.sources:
        if source.mapping.unwind is not None:
            assert split_filter(caller.limit(source, "s"), source.mapping) not in ({}, None)
