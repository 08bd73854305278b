"""Two conditions on one element of an array never match across two elements."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.store.base import Store
from tests.http.serving import all_ids, serving


def _task(id: str, links: Any) -> dict[str, Any]:
    return {"_id": id, "type": "task", "status": "Ready", "linkedModules": links}


LINKS: dict[str, Any] = {
    "one": [{"type": "case", "id": "c1"}],
    "second": [{"type": "claim", "id": "x"}, {"type": "case", "id": "c1"}],
    "two": [{"type": "case", "id": "c2"}, {"type": "case", "id": "c1"}],
    "old-names": [{"module": "case", "moduleId": "c1"}],
    "older-names": [{"moduleType": "Case", "moduleId": "c1"}],
    "crossed": [{"type": "case", "id": "c2"}, {"type": "claim", "id": "c1"}],
    "crossed-names": [{"type": "case", "moduleId": "c1"}],
    "halves": [{"type": "case"}, {"id": "c1"}],
    "listed": [{"type": "case", "id": ["c1"]}],
    "nested": [[{"type": "case", "id": "c1"}]],
    "no-list": {"type": "case", "id": "c1"},
    "text": "c1",
    "none": None,
    "empty": [],
    "nulls": [None, {"type": None, "id": None}],
}
LINKED = {"one", "second", "two", "old-names", "older-names"}


@pytest.mark.parametrize("name", ["case", "focus"])
async def test_a_link_is_one_element(empty_store: Store, name: str) -> None:
    """What is served as a link is found as one, and nothing else is."""
    tasks = [_task(id, links) for id, links in LINKS.items()]
    refused = {position for position, _ in await empty_store.insert("work_queue", tasks)}
    kept = {id for position, id in enumerate(LINKS) if position not in refused}
    assert kept >= LINKED
    async with serving(empty_store) as asking:
        for value in ("c1", "EpisodeOfCare/c1", "http://fhir.test/fhir/EpisodeOfCare/c1"):
            found = set(await all_ids(asking, f"/Task?{name}={value}"))
            assert found == {f"Task/{id}" for id in LINKED}
        assert set(await all_ids(asking, f"/Task?{name}=c2")) == {"Task/two", "Task/crossed"}
        assert await all_ids(asking, f"/Task?{name}=Patient/c1") == []
        assert await all_ids(asking, f"/Task?{name}=case") == []
        both = await all_ids(asking, f"/Task?{name}=c1&{name}=c2")
        assert both == ["Task/two"]
        either = await all_ids(asking, f"/Task?{name}=c1,c2")
        assert set(either) == {f"Task/{id}" for id in LINKED | {"crossed"}}
        for id in kept:
            resource = (await asking.get(f"/Task/{id}")).json()
            assert ("EpisodeOfCare/c1" in str(resource)) == (id in LINKED), id


def _case(id: str, *documents: Any, **more: Any) -> dict[str, Any]:
    return {
        "_id": id,
        "status": {"state": "active"},
        "subject": {"id": "M1"},
        "documents": list(documents),
        **more,
    }


async def test_conditions_on_a_document_hold_for_one_document(empty_store: Store) -> None:
    await empty_store.insert(
        "patient_case",
        [
            _case(
                "c1",
                {"document_id": "a", "document_type": "report", "updated_on": "2026-01-01"},
                {"document_id": "b", "document_type": "letter", "updated_on": "2026-02-01"},
            ),
            _case(
                "c2", {"document_id": "c", "document_type": "report", "updated_on": "2026-02-01"}
            ),
            _case("c3", None, "text", {"document_id": "d", "document_type": "report"}),
            {**_case("c4"), "documents": {"document_id": "e", "document_type": "report"}},
        ],
    )
    async with serving(empty_store) as asking:

        async def found(query: str) -> set[str]:
            return {
                each.partition("/")[2]
                for each in await all_ids(asking, f"/DocumentReference?{query}")
            }

        assert await found("type=report") == {"a", "c", "d"}
        assert await found("type=report&date=2026-02-01") == {"c"}
        assert await found("type=letter&date=2026-01-01") == set()
        assert await found("type=report&date=2026-01-01&encounter=c1") == {"a"}
        assert await found("type=report&date=2026-01-01&encounter=c2") == set()
        assert await found("_id=a&type=letter") == set()
        assert await found("_id=a,b&patient=M1") == {"a", "b"}
        assert await found("type=report&_sort=-date") == {"a", "c", "d"}
        assert await found("_id=e") == set()
        assert (await asking.get("/DocumentReference/e")).status_code == 404


async def test_an_embedded_record_of_two_collections(empty_store: Store) -> None:
    await empty_store.insert("patient_case", [_case("c1", {"document_id": "a"})])
    call = {
        "_id": "i1",
        "type": "Interaction",
        "status": "Completed",
        "subject": {"id": "M1"},
        "documents": [{"document_id": "b"}, {"document_id": "x", "isDeleted": True}],
        "linkedModules": [{"type": "case", "id": "c1"}],
    }
    task = {**call, "_id": "t1", "type": "task", "documents": [{"document_id": "c"}]}
    gone = {**call, "_id": "i2", "is_deleted": True, "documents": [{"document_id": "d"}]}
    await empty_store.insert("work_queue", [call, task, gone])
    async with serving(empty_store) as asking:
        expected = ["DocumentReference/a", "DocumentReference/b"]
        assert await all_ids(asking, "/DocumentReference?_count=1") == expected
        assert await all_ids(asking, "/DocumentReference?_count=1&_sort=_id") == expected
        assert await all_ids(asking, "/DocumentReference?encounter=c1") == expected
        assert (await asking.get("/DocumentReference?_total=accurate&_count=1")).json()[
            "total"
        ] == 2
        statuses = [(await asking.get(f"/DocumentReference/{id}")).status_code for id in "abxcd"]
        assert statuses == [200, 200, 410, 404, 410]


NO_ENTRIES = (
    "c1.log.0",
    "c1.log.4",
    "c1.log.02",
    "c1.log.",
    "c1.log.x",
    "c1",
    ".log.1",
    "c1.log.²",
    "c1.log.9999999999999999999",
    "c2.log.2",
    "c1.log.1.log.1",
)


async def test_log_entries_are_found_by_their_place(empty_store: Store) -> None:
    log = [{"log_item_type": "note_added", "log_date": f"2026-01-0{n}"} for n in (1, 2, 3)]
    await empty_store.insert("patient_case", [_case("c1", log=log), _case("c2", log=log[:1])])
    async with serving(empty_store) as asking:
        assert (
            (await asking.get("/Provenance/c1.log.2")).json()["recorded"].startswith("2026-01-02")
        )
        for id in NO_ENTRIES:
            response = await asking.get(f"/Provenance/{id}")
            assert response.status_code == 404, id
        found = await all_ids(asking, "/Provenance?_id=c1.log.2,c1.log.9,c2.log.1,nonsense")
        assert found == ["Provenance/c1.log.2", "Provenance/c2.log.1"]
        assert len(await all_ids(asking, "/Provenance?target=EpisodeOfCare/c1&_count=2")) == 3
        dated = await all_ids(asking, "/Provenance?recorded=ge2026-01-02&_sort=-recorded")
        assert dated == ["Provenance/c1.log.3", "Provenance/c1.log.2"]
