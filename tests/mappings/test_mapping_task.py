"""Task: MAPPING's section 1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.mappings.serving import BASE, read, registry, registry_with, serve

TASK = {"_id": "t1", "type": "task", "status": "Ready", "intent": "Order"}


def task(**fields: Any) -> dict[str, Any]:
    return serve("Task", {**TASK, **fields})


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("Accepted", "accepted"),
        ("Cancelled", "cancelled"),
        ("Completed", "completed"),
        ("Draft", "draft"),
        ("EnteredInError", "entered-in-error"),
        ("Failed", "failed"),
        ("InProgress", "in-progress"),
        ("OnHold", "on-hold"),
        ("Ready", "ready"),
        ("Received", "received"),
        ("Rejected", "rejected"),
        ("Requested", "requested"),
    ],
)
def test_status(stored: str, code: str) -> None:
    assert task(status=stored)["status"] == code


@pytest.mark.parametrize(
    "spelling",
    [
        "InProgress",
        "inProgress",
        "inprogress",
        "INPROGRESS",
        "In Progress",
        "in progress",
        "in_progress",
        "IN_PROGRESS",
        "in-progress",
    ],
)
def test_every_spelling_of_a_status(spelling: str) -> None:
    assert task(status=spelling)["status"] == "in-progress"


@pytest.mark.parametrize(
    "stored", [None, "", "Escalated", " Ready", "iN pRoGrEsS", 1, ["Ready"], {}]
)
def test_without_a_status_it_cannot_be_served(stored: Any) -> None:
    resource, findings = read("Task", {**TASK, "status": stored})
    assert resource is None
    assert [(each.severity, each.field, each.element) for each in findings] == [
        ("unservable", "status", "Task.status")
    ]


def test_a_deployer_can_name_a_code_for_a_stray_value() -> None:
    of = registry_with(stray_codes={"Task.status": {"Escalated": "in-progress"}})
    assert serve("Task", {**TASK, "status": "Escalated"}, of=of)["status"] == "in-progress"


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("FillerOrder", "filler-order"),
        ("InstanceOrder", "instance-order"),
        ("Option", "option"),
        ("Order", "order"),
        ("OriginalOrder", "original-order"),
        ("Plan", "plan"),
        ("Proposal", "proposal"),
        ("ReflexOrder", "reflex-order"),
        (None, "unknown"),
        ("", "unknown"),
        ("wish", "unknown"),
        (3, "unknown"),
    ],
)
def test_intent(stored: Any, code: str) -> None:
    assert task(intent=stored)["intent"] == code


def test_an_intent_that_is_made_up_is_a_finding() -> None:
    _, findings = read("Task", {**TASK, "intent": "wish"})
    assert [(each.severity, each.element) for each in findings] == [("degraded", "Task.intent")]


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        ("Routine", "routine"),
        ("Urgent", "urgent"),
        ("ASAP", "asap"),
        ("STAT", "stat"),
        ("stat", "stat"),
        ("soon", None),
        (1, None),
    ],
)
def test_priority(stored: Any, code: str | None) -> None:
    resource, findings = read("Task", {**TASK, "priority": stored})
    assert resource is not None
    assert resource.get("priority") == code
    assert [each.field for each in findings] == ([] if code else ["priority"])


@pytest.mark.parametrize("absent", [None, ""])
def test_no_priority_is_no_finding(absent: Any) -> None:
    _, findings = read("Task", {**TASK, "priority": absent})
    assert findings == []


@pytest.mark.parametrize("spelling", ["Claim", "claim", "CLAIM"])
def test_category(spelling: str) -> None:
    assert task(category=spelling)["code"] == {
        "coding": [
            {"system": f"{BASE}/CodeSystem/task-category", "code": "Claim", "display": "Claim"}
        ]
    }


def test_an_unknown_category_is_text() -> None:
    resource, findings = read("Task", {**TASK, "category": "Pharmacy"})
    assert resource is not None
    assert resource["code"] == {"text": "Pharmacy"}
    assert [each.severity for each in findings] == ["degraded"]


def test_other_fields() -> None:
    resource = task(
        message="Call\x00 Ann",
        deadline=datetime(2026, 2, 1, tzinfo=UTC),
        start_date="2026-01-16",
        completed_on="2026-01-17T09:30:00Z",
        created="2026-01-15T00:00:00Z",
        updated="2026-01-18T00:00:00Z",
    )
    assert resource["description"] == "Call Ann"
    assert resource["restriction"] == {"period": {"end": "2026-02-01T00:00:00.000Z"}}
    assert resource["executionPeriod"] == {"start": "2026-01-16", "end": "2026-01-17T09:30:00Z"}
    assert resource["authoredOn"] == "2026-01-15T00:00:00Z"
    assert resource["lastModified"] == "2026-01-18T00:00:00Z"


@pytest.mark.parametrize(
    ("created", "updated", "is_served"),
    [
        ("2026-01-15T00:00:00Z", "2026-01-15T00:00:00Z", True),
        ("2026-01-15T00:00:00Z", "2026-01-14T23:59:59Z", False),
        ("2026-01-15T00:00:00-05:00", "2026-01-15T04:59:59Z", False),
        ("2026-01-15T00:00:00-05:00", "2026-01-15T05:00:00Z", True),
        ("2026-01-15", "2026-01-15T09:00:00Z", False),  # FHIRPath cannot tell: inv-1 not true
        ("2026-01-15", "2026-01-16T09:00:00Z", True),
        ("2026", "2026-01-16T09:00:00Z", False),
    ],
)
def test_inv_1_last_modified_is_not_before_authored_on(
    created: str, updated: str, is_served: bool
) -> None:
    resource, findings = read("Task", {**TASK, "created": created, "updated": updated})
    assert resource is not None
    assert ("lastModified" in resource) is is_served
    assert ([each.element for each in findings if each.severity == "degraded"] == []) is is_served


@pytest.mark.parametrize(
    ("start", "end", "is_served"),
    [
        ("2026-01-16", "2026-01-16", True),
        ("2026-01-16", "2026-01-15", False),
        ("2026-01-16T09:30:00Z", "2026-01-16", False),
        ("2026-01-16T09:30:00Z", "2026-01-16T03:30:00-06:00", True),
        ("2026-01-16T09:30:00Z", "2026-01-16T03:29:59.999-06:00", False),
        ("0001-01-01T00:00:00", "2026-01-16T09:30:00Z", True),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/Chicago"])
def test_per_1_a_period_does_not_end_before_it_starts(
    start: str, end: str, is_served: bool, zone: str
) -> None:
    resource, findings = read(
        "Task", {**TASK, "start_date": start, "completed_on": end}, of=registry(zone)
    )
    assert resource is not None
    assert ("end" in resource["executionPeriod"]) is is_served
    assert [each.field for each in findings] == ([] if is_served else ["completed_on"])


@pytest.mark.parametrize(
    ("stored", "served"),
    [
        ("2026-01-16", "2026-01-16"),
        (" 2026-01-16 ", "2026-01-16"),
        ("2026-01-16T09:30:00", "2026-01-16T09:30:00-06:00"),
        ("2026-07-16 09:30", "2026-07-16T09:30:00-05:00"),
        ("2026-01-16T09:30:00.123456789Z", "2026-01-16T09:30:00.123456789Z"),
        ("2026-01-16T09:30:00z", "2026-01-16T09:30:00Z"),
        ("2026-01-16T09:30:00+0530", "2026-01-16T09:30:00+05:30"),
        ("1/6/2026", "2026-01-06"),
        ("2026-01", "2026-01"),
        ("2026", "2026"),
        (datetime(2026, 1, 16, 9, 30, 0, 5000, tzinfo=UTC), "2026-01-16T09:30:00.005Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00", "0001-01-01T05:50:36.000Z"),
    ],
)
def test_spellings_of_a_date_time(stored: Any, served: str) -> None:
    resource = serve("Task", {**TASK, "deadline": stored}, of=registry("America/Chicago"))
    assert resource["restriction"]["period"]["end"] == served


@pytest.mark.parametrize(
    "stored",
    [
        "TBD",
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        "0000",
        "13/01/2026",
        "2026-01-16T24:00:00Z",
        "2026-01-16T09:30:00+15:00",
        "2026-01-16T09:30:00+14:30",
        1768550400000,
        True,
        ["2026"],
        {},
    ],
)
def test_what_is_no_date_is_left_out_with_a_finding(stored: Any) -> None:
    resource, findings = read("Task", {**TASK, "deadline": stored})
    assert resource is not None
    assert "restriction" not in resource
    assert [(each.severity, each.field, each.element) for each in findings] == [
        ("degraded", "deadline", "Task.restriction.period.end")
    ]


@pytest.mark.parametrize(
    "stored",
    ["01/16/2026", "2026-01-16 09:30:00", "2026-01-16T09:30:00+02:00", "2026-01", " 2026-01-16"],
)
def test_a_spelling_that_searches_cannot_compare_is_noted(stored: str) -> None:
    _, findings = read("Task", {**TASK, "deadline": stored})
    assert [(each.severity, each.field) for each in findings] == [("noted", "deadline")]
