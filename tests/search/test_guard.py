"""Which searches no index answers."""

from __future__ import annotations

import pytest

from fhir_facade.search.guard import unindexed
from fhir_facade.search.plan import plan_types
from tests.mappings.serving import registry
from tests.search.plans import OPTIONS, VALUE_SET, plan


@pytest.mark.parametrize(
    "search",
    [
        "Task",
        "Task?_count=5",
        "Task?_id=x",
        "Task?identifier=x",
        "Task?status=ready",
        f"Task?status:in={VALUE_SET}/task-status",
        "Task?patient=M1",
        "Task?patient:Patient=M1",
        "Task?patient:identifier=M1",
        "Task?patient.identifier=M1",
        "Task?focus=c1",
        "Task?employer=O1",
        "Task?due=2026",
        "Task?due=gt2026",
        "Task?due=ne2026,2027",
        "Task?_lastUpdated=gt2026",
        "Task?priority=stat",
        "Observation?date=2026",
        "Provenance?recorded=2026",
        "DocumentReference?date=2026",
    ],
)
def test_an_index_answers(search: str) -> None:
    assert unindexed(plan(search)) == []


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("Task?code=Claim", ["code"]),  # a token of few values
        ("Task?code=Claim&intent=order", ["code", "intent"]),
        ("Task?description=ann", ["description"]),
        ("Task?description:exact=Ann", ["description"]),
        ("CareTeam?participant=O1", ["participant"]),
        ("CarePlan?performer=U1", ["performer"]),
        ("Task?_tag=archived", ["_tag"]),
        ("Task?status:not=ready", ["status"]),
        ("Task?status:missing=true", ["status"]),
        ("Task?patient:missing=false", ["patient"]),
        ("Task?_id:not=x", ["_id"]),
        ("Task?description:contains=x", ["description"]),
        (f"Task?status:not-in={VALUE_SET}/task-status", ["status"]),
        ("Communication?topic:text=x", ["topic"]),
        ("Task?due=ne2026", ["due"]),
        ("Task?due=ne2026,ne2027", ["due"]),
        ("Communication?encounter=e1", ["encounter"]),  # asked for beside a patient
        ("Flag?author=U1", ["author"]),
        ("EpisodeOfCare?organization=O1", ["organization"]),
        ("EpisodeOfCare?origin=x", ["origin"]),
        ("CarePlan?activity-code:text=x", ["activity-code"]),
        ("DocumentReference?type=x", ["type"]),
        ("Observation?code-value-concept=case-outcome$x", ["code-value-concept"]),
    ],
)
def test_no_index_answers(search: str, names: list[str]) -> None:
    assert unindexed(plan(search)) == names


@pytest.mark.parametrize(
    "search",
    [
        "Task?code=Claim&patient=M1",
        "Task?code=Claim&status=ready",
        "Communication?category=x&sent=2026",
        "Flag?author=U1&patient=M1",
        "DocumentReference?date=2026&type=x",
        "Task?status:not=ready&_id=x",
    ],
)
def test_one_that_is_indexed_is_enough(search: str) -> None:
    assert unindexed(plan(search)) == []


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("Task?_sort=due", []),
        ("Task?_sort=-_lastUpdated,priority", []),
        ("Task?_sort=-priority,due", []),
        ("Task?status=ready&_sort=priority", []),
        ("Task?code=Claim&_sort=due", ["code"]),
        ("Task?patient=M1&code=Claim&_sort=due", []),  # a patient's are few
        ("DocumentReference?_sort=type", []),  # embedded records are sorted apart from any index
    ],
)
def test_sorts(search: str, names: list[str]) -> None:
    assert unindexed(plan(search)) == names


@pytest.mark.parametrize(
    "search",
    ["Task?focus.status=active", "EpisodeOfCare?_has:Task:focus:status=ready", "CarePlan?goal=g1"],
)
def test_what_another_search_found_narrows(search: str) -> None:
    assert unindexed(plan(search)) == []


@pytest.mark.parametrize(
    "search",
    ["_id=ne1", "patient=neil", "identifier=net-7", "owner=ne"],
)
def test_only_a_date_begins_with_a_prefix(search: str) -> None:
    assert unindexed(plan(f"Task?{search}")) == []


@pytest.mark.parametrize(
    "search",
    [
        "DocumentReference?related=i1",  # the id of the interaction; cases' documents have none
        "DocumentReference?encounter=c1",  # for those of cases, the case's own id
        "DocumentReference?case=c1",
    ],
)
def test_documents_by_what_they_stand_in(search: str) -> None:
    assert unindexed(plan(search)) == []


def test_a_compartment_is_narrow() -> None:
    types = list(registry())
    found = plan_types(types, [("_tag", "archived")], OPTIONS, patient="M1")
    assert unindexed(found) == []
    assert unindexed(plan_types(types, [("_tag", "archived")], OPTIONS)) == ["_tag"]


def test_each_is_named_once() -> None:
    types = [registry().types[each] for each in ("Task", "Flag")]
    assert unindexed(plan_types(types, [("_tag", "archived")], OPTIONS)) == ["_tag"]
