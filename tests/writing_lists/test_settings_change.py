"""What is kept is still served by a server with other settings: no stored field changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.writing.exact_json import Json
from tests.writing.stored import differences
from tests.writing.world import new_world
from tests.writing_lists.stored_cases import read_case, read_plain, stored_case, the, written_case

ALIEN = {"url": "https://example.org/why", "valueString": "asked for"}
FOR = {"reference": "Patient/p1", "display": "Ms One", "extension": [ALIEN]}
TASK: Json = {
    "resourceType": "Task",
    "status": "ready",
    "intent": "order",
    "for": FOR,
    "owner": {"reference": "Practitioner/u1", "extension": [ALIEN]},
    "executionPeriod": {"start": "2026-01-16T09:30:00Z", "extension": [ALIEN]},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}], "text": "Claim"},
    "extension": [ALIEN],
}
OTHER: list[dict[str, Any]] = [
    {"reference_base": {"Patient": "https://ehr.example.org/r4"}},
    {"canonical": "https://other.example.org"},
    {"timezone": "America/Chicago"},
    {"unmapped": "refuse"},
]


def url_of(path: Path) -> str:
    return f"sqlite:///{path / 'store.db'}"


@pytest.mark.parametrize("given", OTHER, ids=[next(iter(each)) for each in OTHER])
def test_kept_elements_of_a_task(tmp_path: Path, given: dict[str, Any]) -> None:
    with new_world(url_of(tmp_path)) as world:
        made = world.create(TASK)
        (before,) = world.documents("work_queue")
    with new_world(url_of(tmp_path), **given) as world:
        after = read_plain(world, "Task", made["id"])
        (now,) = world.documents("work_queue")
    assert differences(before, now) == []
    assert after["for"]["display"] == FOR["display"]
    for name in ("for", "owner", "executionPeriod"):
        assert after[name]["extension"] == [ALIEN]
    assert after["code"]["coding"] == TASK["code"]["coding"]
    assert ALIEN in after["extension"]


@pytest.mark.parametrize("given", OTHER[:3], ids=[next(iter(each)) for each in OTHER[:3]])
def test_kept_elements_of_a_case(tmp_path: Path, given: dict[str, Any]) -> None:
    with new_world(url_of(tmp_path)) as world:
        stored_case(world, items=[{"item_type": "claim", "item_id": "k1"}])
        bundle = read_case(world)
        the(bundle, "EpisodeOfCare")["patient"]["display"] = "Ms One"
        the(bundle, "CareTeam")["participant"][0]["period"] = {"start": "2026-01-01"}
        the(bundle, "List")["entry"][0]["flag"] = {"text": "seen"}
        written_case(world, bundle)
    with new_world(url_of(tmp_path), **given) as world:
        after = read_case(world)
    assert the(after, "EpisodeOfCare")["patient"]["display"] == "Ms One"
    assert the(after, "CareTeam")["participant"][0]["period"] == {"start": "2026-01-01"}
    assert the(after, "List")["entry"][0]["flag"] == {"text": "seen"}


def test_other_software_still_overrules_after_a_change_of_settings(tmp_path: Path) -> None:
    with new_world(url_of(tmp_path)) as world:
        made = world.create(TASK)
    with new_world(url_of(tmp_path), **OTHER[0]) as world:
        (document,) = world.documents("work_queue")
        world.overwrite("work_queue", {**document, "subject": {"id": "p2"}})
        after = read_plain(world, "Task", made["id"])
    assert after["for"]["reference"] == "https://ehr.example.org/r4/Patient/p2"
    assert "extension" not in after["for"]
    assert after["owner"]["extension"] == [ALIEN]
