"""What scopes and patients let a caller write: no write moves a resource or shows another's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fhir_facade.errors import Conflict, FacadeError, Forbidden, NotFound, Unprocessable
from fhir_facade.interactions.case_write import CaseWrites
from fhir_facade.interactions.records import Records
from fhir_facade.interactions.write import Writes
from fhir_facade.store.codec import decode
from tests.interactions.callers import (
    BASE,
    CASE,
    EMPLOYED,
    OTHER_CASE,
    REGISTRY,
    TYPES,
    Json,
    access,
    of_patient,
    records_of_two,
    scope,
    written,
)


@pytest.fixture
async def records() -> AsyncIterator[Records]:
    async with records_of_two() as records:
        yield records


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
