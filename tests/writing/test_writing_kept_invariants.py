"""Kept and stored elements together are valid, and what is served may be put back."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from tests.writing.cases import created, parent
from tests.writing.exact_json import Json
from tests.writing.world import JSON_PATCH, World

TASK: Json = {"resourceType": "Task", "status": "ready", "intent": "order"}
DESCRIBE = [{"op": "add", "path": "/description", "value": "x"}]


@pytest.mark.parametrize("authored", ["2039-12-05T16:59:60.0Z", "2039-12", "2039-12-05T00:00:00Z"])
def test_a_patched_task_is_not_changed_before_it_was_authored(world: World, authored: str) -> None:
    with created(world, {**TASK, "authoredOn": authored}) as got:
        after = world.patch("Task", got["id"], DESCRIBE, JSON_PATCH)
        assert after["authoredOn"] == authored
        assert "lastModified" not in after
        world.update(got["id"], after)


def test_a_task_that_other_software_changed_is_not_changed_before(world: World) -> None:
    resource = {**TASK, "authoredOn": "2039-12", "lastModified": "2040"}
    with created(world, resource) as got:
        document = world.stored("work_queue", ObjectId(got["id"]))
        world.overwrite("work_queue", {**document, "updated": "2027-01-01T00:00:00Z"})
        after = world.read("Task", got["id"])
        assert "lastModified" not in after
        world.update(got["id"], after)


CONTAINED: list[tuple[Json, str, Any]] = [
    (
        {
            **TASK,
            "contained": [{"resourceType": "Practitioner", "id": "p", "active": True}],
            "owner": {"reference": "#p"},
        },
        "owner",
        {"id": "U9"},
    ),
    (
        {
            "resourceType": "Communication",
            "status": "completed",
            "contained": [{"resourceType": "Group", "id": "p", "type": "person", "actual": True}],
            "subject": {"reference": "#p"},
        },
        "subject",
        {"id": "M9"},
    ),
]


@pytest.mark.parametrize(
    ("resource", "field", "value"), CONTAINED, ids=["Task.owner", "Communication.subject"]
)
def test_a_contained_resource_goes_with_what_refers_to_it(
    world: World, resource: Json, field: str, value: Any
) -> None:
    type_ = resource["resourceType"]
    with created(world, resource) as got:
        assert got["contained"] == resource["contained"]
        document = world.stored("work_queue", ObjectId(got["id"]))
        world.overwrite("work_queue", {**document, field: value})
        after = world.read(type_, got["id"])
        world.update(got["id"], after)
        assert "contained" not in after


@pytest.mark.parametrize(
    "period", [{"end": "2002-08-14"}, {"start": "2038-02-23"}, {"end": "0001", "start": "0001"}]
)
def test_half_a_period_of_a_document_stays_half(world: World, period: Json) -> None:
    link = {"reference": f"Communication/{parent(world, sent_on='2026-05-28', duration=3)}"}
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"title": "A"}}],
        "context": {"related": [link], "period": period},
    }
    with created(world, resource) as got:
        assert got["context"]["period"] == period
        assert world.update(got["id"], got)["context"]["period"] == period


@pytest.mark.parametrize(
    ("authored", "changed"),
    [
        ("2026", "2026-01-02"),
        ("2026", "2026-01-01T00:00:60Z"),
        ("2026-01-01T00:00:60Z", "9991-08-14T07:56:19+00:00"),
        ("2026-01-01T00:00:60.2038291-00:00", "2030-01-01T00:00:00Z"),
        ("2026-01-01T00:00:60Z", "2026-01-01T00:00:60Z"),
        ("1969-07-09T07:48:59.203829100-00:00", "2026-01-01T00:00:60Z"),
    ],
)
def test_a_time_of_change_that_may_be_after_is_kept(
    world: World, authored: str, changed: str
) -> None:
    with created(world, {**TASK, "authoredOn": authored, "lastModified": changed}) as got:
        assert (got["authoredOn"], got.get("lastModified")) == (authored, changed)
        assert world.update(got["id"], got)["lastModified"] == changed
