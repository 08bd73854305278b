"""Resources to start from: rich ones of each writable type, and the official examples."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.writes_hard.kit import Json, communication, document, flag, goal, task

EXAMPLES = Path(__file__).parents[2].parent / "shared" / "examples"
WRITABLE = ("Task", "Flag", "Goal", "Communication", "DocumentReference")
_BASE = "https://fhir.wellnecity.com/StructureDefinition"


def rich() -> list[Json]:
    """One resource of each type that fills every stored field it can."""
    note = [{"text": "Called", "time": "2026-01-16T09:30:00Z", "authorString": "Ann"}]
    return [
        task(
            note=note,
            priority="urgent",
            code={"coding": [{"code": "Member"}], "text": "Member"},
            focus={"reference": "EpisodeOfCare/507f1f77bcf86cd799439011"},
            executionPeriod={"start": "2026-01-01T00:00:00Z", "end": "2026-02-01"},
            restriction={"period": {"end": "2026-03-01T00:00:00+01:00"}},
            owner={"reference": "Practitioner/U1", "display": "Ann"},
            input=[{"type": {"text": "a"}, "valueDecimal": 1.5}],
            extension=[
                {"url": f"{_BASE}/employer", "valueReference": {"reference": "Organization/O1"}},
                {"url": "https://example.org/x", "valueString": "kept"},
            ],
        ),
        flag(
            "rich",
            period={"start": "2026-01-01", "end": "2027-01-01"},
            author={"reference": "Practitioner/U1"},
            category=[{"text": "Safety"}],
        ),
        goal(
            note=note,
            startDate="2026-01-01",
            achievementStatus={"coding": [{"code": "improving"}]},
            target=[
                {
                    "measure": {"text": "A1c"},
                    "detailQuantity": {"value": 7.1, "unit": "%"},
                    "dueDate": "2026-06-01",
                }
            ],
            addresses=[{"display": "Diabetes"}],
            outcomeCode=[{"text": "Better"}],
        ),
        communication(
            note=note,
            medium=[{"coding": [{"code": "PHONE"}], "text": "phone"}],
            category=[{"text": "outreach"}],
            topic={"text": "Check-in"},
            statusReason={"text": "none"},
            payload=[{"contentString": "Hello"}],
            sender={"reference": "Practitioner/U1"},
            extension=[
                {"url": f"{_BASE}/duration", "valueDuration": {"value": 15, "unit": "min"}},
            ],
        ),
    ]


def documents(parent: str) -> list[Json]:
    """A document of the interaction with an id."""
    return [
        document(
            parent,
            description="A letter",
            type={"text": "Letter"},
            date="2026-01-16T09:30:00Z",
            author=[{"reference": "Practitioner/U1"}],
        )
    ]


def official(parent: str) -> list[Json]:
    """The official examples of writable types; the test is skipped where they are not there.

    Each document belongs to the interaction with an id, since here it has to belong to one.
    """
    files = sorted(EXAMPLES.glob("*/*.json"))
    if not files:
        if os.environ.get("CI"):
            pytest.fail("shared/examples is not there")
        pytest.skip("shared/examples is not there")
    found = [json.loads(each.read_bytes()) for each in files]
    for each in found:
        if each["resourceType"] == "DocumentReference":
            each.pop("subject", None)
            each["context"] = {"related": [{"reference": f"Communication/{parent}"}]}
    return [each for each in found if each["resourceType"] in WRITABLE]
