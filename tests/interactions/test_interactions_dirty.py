"""Three documents in ten are spoiled: every read and search answers, and nothing gets lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from fhir_facade.commands.check import Checker
from fhir_facade.commands.check_report import OUTCOMES, CheckReport
from fhir_facade.interactions.records import Record, Records
from fhir_facade.main import build_registry
from fhir_facade.rules.findings import Severity
from fhir_facade.store.base import Store
from tests.http.serving import Json, all_ids, matches, outcomes, pages, settings
from tests.interactions.validity import problems

TYPES = (
    "Task",
    "Flag",
    "Goal",
    "Communication",
    "DocumentReference",
    "EpisodeOfCare",
    "CareTeam",
    "CarePlan",
    "List",
    "Provenance",
    "Observation",
)

REGISTRY = build_registry(settings())


async def _records(store: Store, *types: str) -> dict[str, list[Record]]:
    """Every record there is, by type; of all types where none is named."""
    records = Records(store, REGISTRY)
    found: dict[str, list[Record]] = {name: [] for name in types or TYPES}
    for source in records.registry.sources:
        if source.resource not in found:
            continue
        async for batch in store.scan(source.mapping.collection):
            for group in await records.from_documents(source, batch):
                found[source.resource] += [
                    record for record in group if records.belongs(source, record.document)
                ]
    return found


def _is_set(record: Record, *names: str) -> bool:
    places = [record.document, record.document.get("parent") or {}]
    return any(
        place.get(name) in (True, 1, "true", "True", "TRUE", "1")
        for place in places
        for name in names
    )


def _is_deleted(record: Record) -> bool:
    return _is_set(record, "is_deleted", "isDeleted")


def _is_hidden(record: Record) -> bool:
    return _is_set(record, "is_hidden", "isHidden")


@pytest.mark.parametrize("type_", TYPES)
async def test_what_a_search_serves_is_valid_and_a_read_is_the_same(
    dirty_client: httpx.AsyncClient, type_: str
) -> None:
    for bundle in await pages(dirty_client, f"/{type_}?_count=200"):
        assert not problems(bundle)
        for entry in bundle["entry"]:
            resource = entry["resource"]
            assert not problems(resource), resource
            if entry["search"]["mode"] == "match":
                response = await dirty_client.get(entry["fullUrl"])
                assert response.status_code == 200
                assert response.json() == resource


@pytest.mark.parametrize("type_", TYPES)
async def test_served_unservable_deleted_and_hidden_add_up(
    dirty_client: httpx.AsyncClient, dirty_store: Store, type_: str
) -> None:
    records = (await _records(dirty_store, type_))[type_]
    live = [each for each in records if not _is_deleted(each)]
    shown = [each for each in live if not _is_hidden(each)]
    servable = [each.resource([]) for each in shown]
    expected = {f"{type_}/{each['id']}" for each in servable if each is not None}

    found = await pages(dirty_client, f"/{type_}?_count=37&_total=accurate")
    ids = [f"{type_}/{each['id']}" for page in found for each in matches(page)]
    assert Counter(ids) == Counter(f"{type_}/{each['id']}" for each in servable if each is not None)
    assert set(ids) == expected
    assert {page["total"] for page in found} == {len(ids)}

    counted = (await dirty_client.get(f"/{type_}?_summary=count")).json()
    assert counted["total"] == len(ids)
    left_out = len(servable) - len(ids)
    assert bool(outcomes(counted)) == bool(left_out)
    if left_out:
        assert f": {left_out}." in outcomes(counted)[0]["diagnostics"]
        told = [
            int(issue["diagnostics"].rpartition("left out: ")[2].partition(".")[0])
            for page in found
            for issue in outcomes(page)
        ]
        assert sum(told) == left_out


@pytest.mark.parametrize("type_", TYPES)
async def test_hidden_records_are_found_by_their_tag_alone(
    dirty_client: httpx.AsyncClient, dirty_store: Store, type_: str
) -> None:
    records = (await _records(dirty_store, type_))[type_]
    own = [each for each in records if _is_hidden(each) and not _is_deleted(each)]
    servable = [each.resource([]) for each in own]
    expected = {
        f"{type_}/{each['id']}"
        for each in servable
        if each is not None and {"hidden"} & {tag["code"] for tag in each["meta"].get("tag", ())}
    }
    assert set(await all_ids(dirty_client, f"/{type_}?_tag=hidden&_count=50")) == expected
    assert not expected & set(await all_ids(dirty_client, f"/{type_}?_count=500"))


async def test_every_document_answers_a_read_by_its_id(
    dirty_client: httpx.AsyncClient, dirty_store: Store
) -> None:
    statuses: Counter[int] = Counter()
    for type_, records in (await _records(dirty_store)).items():
        for record in records:
            findings: list[Any] = []
            resource = record.resource(findings)
            if resource is not None:
                response = await dirty_client.get(f"/{type_}/{resource['id']}")
                assert response.status_code == (410 if _is_deleted(record) else 200)
                if response.status_code == 200 and type_ != "DocumentReference":
                    assert response.json() == resource
            elif record.source.mapping.unwind is None:
                response = await dirty_client.get(f"/{type_}/{_stored_id(record)}")
                assert response.status_code == (410 if _is_deleted(record) else 404)
                body = response.json()
                assert not problems(body)
                if response.status_code == 404:
                    _says_why(body, record, findings)
            else:
                continue
            statuses[response.status_code] += 1
    assert set(statuses) == {200, 404, 410}
    assert statuses[404] > 5


def _stored_id(record: Record) -> str:
    stored = record.document["_id"]
    return str(stored) if stored and str(stored).replace("-", "").isalnum() else "x-none"


def _says_why(body: Json, record: Record, findings: list[Any]) -> None:
    reasons = [each for each in findings if each.severity is Severity.UNSERVABLE]
    diagnostics = body["issue"][0]["diagnostics"]
    if diagnostics.startswith("There is no "):  # an _id that no FHIR id can name
        assert any(each.element.endswith(".id") for each in reasons)
        return
    for each in reasons:
        assert f"{each.element}: {each.reason}" in diagnostics
    assert str(record.document.get("status")) not in diagnostics.partition(": ")[2] or not str(
        record.document.get("status")
    )


async def _checked(store: Store) -> CheckReport:
    checker = Checker(Records(store, REGISTRY))
    async for _ in checker.run():
        pass
    return checker.report


async def test_check_counts_every_record_once(dirty_store: Store) -> None:
    report = await _checked(dirty_store)
    records = await _records(dirty_store)
    for type_, found in records.items():
        counts: Counter[str] = Counter()
        for (_, name), some in report.records.items():
            counts.update(some if name == type_ else {})
        assert sum(counts[each] for each in OUTCOMES) == len(found)
        assert counts["deleted"] == sum(_is_deleted(each) for each in found)
        unservable = [each for each in found if not _is_deleted(each) and each.resource([]) is None]
        assert counts["unservable"] == len(unservable)
    assert report.invalid == 0


def _from_root(field: str, place: str) -> str:
    """The path of a field from the document's root."""
    if field == "*" or not place:
        return field
    return field.removeprefix("parent.") if field.startswith("parent.") else place + field


async def test_check_swallows_no_finding(dirty_store: Store) -> None:
    report = await _checked(dirty_store)
    expected: Counter[tuple[str, str, str, str]] = Counter()
    for type_, records in (await _records(dirty_store)).items():
        for record in records:
            if not _is_deleted(record):
                findings: list[Any] = []
                record.resource(findings)
                place = f"{unwind}[]." if (unwind := record.source.mapping.unwind) else ""
                expected.update(
                    (type_, each.severity.value, _from_root(each.field, place), each.element)
                    for each in findings
                )
    listed: Counter[tuple[str, str, str, str]] = Counter()
    for cause, tally in report.causes.items():
        if cause.type != "-":
            listed[(cause.type, cause.severity, cause.field, cause.element)] += tally.count
    assert listed == expected
    assert all(tally.examples for tally in report.causes.values())


async def test_check_lists_the_documents_that_no_type_reads(sqlite_store: Store) -> None:
    await sqlite_store.insert(
        "work_queue",
        [
            {"_id": "a", "type": "memo"},
            {"_id": "b"},
            {"_id": "c", "type": None},
            {"_id": "d", "type": "task", "status": "Ready"},
        ],
    )
    report = await _checked(sqlite_store)
    assert report.documents["work_queue"] == {"unread": 3, "degraded": 1}
    (tally,) = [tally for cause, tally in report.causes.items() if cause.type == "-"]
    assert tally.examples == ["a", "b", "c"]


async def test_check_never_quotes_a_stored_value(sqlite_store: Store) -> None:
    await sqlite_store.insert(
        "work_queue",
        [
            {"_id": "a", "type": "task", "status": "SECRET", "priority": "SECRET", "notes": 5},
            {"_id": "b", "type": "goal", "life_cycle_status": ["SECRET"], "subject": "SECRET  "},
        ],
    )
    assert "SECRET" not in str((await _checked(sqlite_store)).dump())


@pytest.mark.parametrize("type_", ["task", "Task", "TASK"])
async def test_the_type_of_a_work_item_is_read_in_any_case(sqlite_store: Store, type_: str) -> None:
    from tests.http.serving import serving

    await sqlite_store.insert("work_queue", [{"_id": "a", "type": type_, "status": "Ready"}])
    async with serving(sqlite_store) as asking:
        assert (await asking.get("/Task/a")).status_code == 200
        assert await all_ids(asking, "/Task") == ["Task/a"]


async def test_the_dirt_says_enough(dirty_documents: list[tuple[str, dict[str, Any]]]) -> None:
    """The documents that these tests stand on hold every collection and the odd ids."""
    names = Counter(name for name, _ in dirty_documents)
    assert names["work_queue"] > 800
    assert names["patient_case"] > 60
    assert len({type(document["_id"]) for _, document in dirty_documents}) >= 3
