"""check --since: which documents count as changed, and what is said of the others."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_facade.commands.check_since import Since
from tests.commands.conftest import Run

ZONE = ZoneInfo("America/New_York")


def _naive(text: str) -> datetime:
    """A moment as stores decode it: UTC without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("since", "stored", "changed"),
    [
        ("2026-01-31T09:30:00Z", _naive("2026-01-31T09:30:00"), True),
        ("2026-01-31T09:30:00Z", _naive("2026-01-31T09:29:59"), False),
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z", True),
        ("2026-01-31T09:30:00Z", "2026-01-31T10:29:59+01:00", False),
        ("2026-01-31T09:30:00Z", "2026-01-31T04:30:00", True),  # New York
        ("2026-01-31T09:30:00Z", "2026-01-31T04:29:59", False),
        ("2026-01-31T09:30:00Z", "2026-01-31", True),  # some time that day
        ("2026-01-31T09:30:00Z", "01/30/2026", False),
        ("2026-01-31", _naive("2026-01-31T05:00:00"), True),
        ("2026-01-31", _naive("2026-01-31T04:59:59"), False),
        ("2026-01-31", "2026-01-31", True),
        ("2026-01-31", "2026-01-30", False),
        ("2026-01-31", "2027", None),
        ("2026-01-31", "soon", None),
        ("2026-01-31", None, None),
        ("2026-01-31", 5, None),
        ("2026-01-31", [_naive("2026-01-01T00:00:00")], None),
    ],
)
@pytest.mark.parametrize("name", ["updated", "updatedAt", "created", "created_at"])
def test_a_stored_time(since: str, stored: Any, changed: bool | None, name: str) -> None:
    assert Since.of(since, ZONE).changed({name: stored}) is changed


def test_updated_goes_before_created() -> None:
    since = Since.of("2026-01-31", ZONE)
    assert since.changed({"created": "2026-02-01", "updated": "2026-01-01"}) is False
    assert since.changed({"created": "2026-01-01", "updated": "2026-02-01"}) is True
    assert since.changed({"created": "2026-01-01", "updated": ""}) is False


@pytest.mark.parametrize("text", ["", "yesterday", "2026", "2026-01", "2026-13-01", "5"])
def test_a_moment_that_is_none(run: Run, text: str) -> None:
    result = run("check", "--since", text)
    assert result.exit_code == 2
    assert "--since: neither a date (2026-01-31) nor a time" in result.output


def test_the_report_says_what_was_passed_over(run: Run, folder: Path) -> None:
    task = {"type": "task", "status": "Ready", "intent": "Order", "subject": {"id": "M1"}}
    paper = {"document_id": "d1", "bucket": "b", "path": "p"}
    interaction = {"type": "Interaction", "status": "Completed", "subject": {"id": "M1"}}
    documents = [
        {**task, "_id": "old", "updated": "2026-01-30T00:00:00Z", "priority": "x"},
        {**task, "_id": "new", "updated": {"$date": "2026-02-01T00:00:00Z"}},
        {**task, "_id": "undated", "updated": "soon"},
        {**task, "_id": "absent"},
        {
            **interaction,
            "_id": "paper",
            "updated": "2026-01-01",
            "documents": [{**paper, "updated_on": "2026-02-01"}],
        },
        {
            **interaction,
            "_id": "old paper",
            "updated": "2026-01-01",
            "documents": [{**paper, "updated_on": "2025-02-01"}, paper, "odd"],
        },
    ]
    (folder / "f.json").write_text("\n".join(map(json.dumps, documents)))
    assert run("load", "work_queue", "f.json").exit_code == 0
    result = run("check", "--since", "2026-01-31", "--json", "found.json", "--html", "found.html")
    found = json.loads((folder / "found.json").read_text("utf-8"))
    (row,) = found["documents"]
    assert (row["documents"], row["older"], row["undated"]) == (4, 2, 2)
    assert found["extent"]["since"] == "2026-01-31T00:00:00+00:00"
    assert not [each for each in found["findings"] if each["element"] == "Task.priority"]
    said = "2 older ones were passed over; 2 that do not say when they were changed are included."
    assert said in result.output
    assert said in (folder / "found.html").read_text("utf-8")
