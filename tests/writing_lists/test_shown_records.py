"""What is kept beside other records that a resource shows stays when those come and go."""

from __future__ import annotations

import copy
from typing import Any

from tests.writing.exact_json import Json
from tests.writing.world import World
from tests.writing_lists.stored_cases import (
    new_party,
    originator,
    party,
    read_case,
    read_plain,
    step,
    stored_case,
    stored_item,
    the,
    written_case,
)

PROGRESS = [{"text": "half way"}]
LAB = {"contentAttachment": {"title": "LAB", "contentType": "text/plain"}}


def task() -> Json:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "EpisodeOfCare/c1"},
        "for": {"reference": "Patient/p1"},
    }


def goal(name: str) -> Json:
    case = {"url": "https://fhir.wellnecity.com/StructureDefinition/case"}
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": name},
        "subject": {"reference": "Patient/p1"},
        "extension": [{**case, "valueReference": {"reference": "EpisodeOfCare/c1"}}],
    }


def letter(communication: str, title: str = "Letter") -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"title": title, "url": "gs://bucket/letter.pdf"}}],
        "context": {"related": [{"reference": f"Communication/{communication}"}]},
    }


def plan_with_progress(world: World) -> Json:
    """A case whose plan has kept progress, as it is served."""
    stored_case(world, workflow=[step(1, "A", "in_progress")])
    bundle = read_case(world)
    the(bundle, "CarePlan")["activity"][0]["progress"] = PROGRESS
    the(bundle, "CarePlan")["goal"] = [{"display": "a goal told in words"}]
    served = the(written_case(world, bundle), "CarePlan")
    assert served["activity"][0]["progress"] == PROGRESS
    assert served["goal"] == [{"display": "a goal told in words"}]
    return served


def test_kept_activity_stays_when_a_task_is_created(world: World) -> None:
    before = plan_with_progress(world)
    made = world.create(task())
    after = read_plain(world, "CarePlan")
    assert after["activity"][0] == before["activity"][0]
    (named,) = after["activity"][1:]
    assert named["reference"]["reference"] == f"Task/{made['id']}"
    assert world.ask("DELETE", f"/Task/{made['id']}").status_code == 204
    assert read_plain(world, "CarePlan")["activity"] == before["activity"]


def test_kept_activity_stays_when_the_case_is_written_afterwards(world: World) -> None:
    before = plan_with_progress(world)
    world.create(task())
    written_case(world, read_case(world))
    after = read_plain(world, "CarePlan")
    assert after["activity"][0] == before["activity"][0]
    assert len(after["activity"]) == 2


def test_kept_goals_stay_when_a_goal_is_created(world: World) -> None:
    before = plan_with_progress(world)
    made = world.create(goal("Walk"))
    after = read_plain(world, "CarePlan")["goal"]
    assert before["goal"][0] in after
    assert f"Goal/{made['id']}" in [each.get("reference") for each in after]
    assert len(after) == 2


def test_kept_activity_is_overruled_by_a_change_of_the_workflow(world: World) -> None:
    plan_with_progress(world)
    document = world.stored("patient_case", "c1")
    document["workflow"][0]["case_workflow_step_status"] = "completed"
    world.overwrite("patient_case", document)
    (activity,) = read_plain(world, "CarePlan")["activity"]
    assert activity["detail"]["status"] == "completed"
    assert "progress" not in activity


def told(world: World) -> Json:
    """A communication with a kept attachment."""
    stored_item(world, "i1", "Interaction", status="Completed", message="Hello")
    one = world.read("Communication", "i1")
    one["payload"].append(LAB)
    served = world.update("i1", one)
    assert served["payload"] == [{"contentString": "Hello"}, LAB]
    return served


def test_kept_payload_stays_when_a_document_is_created(world: World) -> None:
    before = told(world)
    made = world.create(letter("i1"))
    after = world.read("Communication", "i1")["payload"]
    others = [each for each in after if "contentReference" not in each]
    assert others == before["payload"]
    (named,) = [each for each in after if "contentReference" in each]
    assert named["contentReference"]["reference"] == f"DocumentReference/{made['id']}"


def test_kept_payload_stays_when_a_document_is_renamed_or_deleted(world: World) -> None:
    made = world.create(letter(str(told(world)["id"])))
    before = world.read("Communication", "i1")["payload"]
    renamed = copy.deepcopy(made)
    renamed["content"][0]["attachment"]["title"] = "Renamed"
    world.update(made["id"], renamed)
    after = world.read("Communication", "i1")["payload"]
    assert [each for each in after if "contentReference" not in each] == [
        each for each in before if "contentReference" not in each
    ]
    (named,) = [each["contentReference"] for each in after if "contentReference" in each]
    assert named["display"] == "Renamed"
    assert world.ask("DELETE", f"/DocumentReference/{made['id']}").status_code == 204
    assert world.read("Communication", "i1")["payload"] == [{"contentString": "Hello"}, LAB]


EHR = {"system": "http://ehr.example.org", "value": "42"}


def with_number(organization: str, number: str) -> Json:
    return new_party("vendor", organization, case_id={"valueString": number})


def kept_identifier(world: World) -> Json:
    stored_case(world, participants=[originator(_case_id="n1"), party("tpa", "o2")])
    bundle = read_case(world)
    the(bundle, "EpisodeOfCare")["identifier"].append(EHR)
    return written_case(world, bundle)


def test_a_new_participant_leaves_a_kept_identifier(world: World) -> None:
    bundle = kept_identifier(world)
    assert EHR in the(bundle, "EpisodeOfCare")["identifier"]
    the(bundle, "CareTeam")["participant"].append(with_number("o9", "n9"))
    after = the(written_case(world, bundle), "EpisodeOfCare")["identifier"]
    assert EHR in after
    assert world.found("EpisodeOfCare?identifier=http://ehr.example.org|42") == ["c1"]


def test_a_changed_number_is_told_by_the_team(world: World) -> None:
    stored_case(world, participants=[originator(_case_id="n1")])
    bundle = read_case(world)
    team = the(bundle, "CareTeam")
    team["participant"][0]["member"]["display"] = "Told so"
    written_case(world, bundle)
    episode = world.read("EpisodeOfCare", "c1")
    (own,) = [each for each in episode["identifier"] if each["value"] == "n1"]
    own["value"] = "n2"
    world.update("c1", episode)
    (one,) = read_plain(world, "CareTeam")["participant"]
    assert {"url": "case-id", "valueString": "n2"} in one["extension"][0]["extension"]


def test_a_status_change_in_the_same_write_leaves_a_kept_history(world: World) -> None:
    stored_case(world, log=[])
    bundle = read_case(world)
    episode = the(bundle, "EpisodeOfCare")
    earlier = {"status": "planned", "period": {"start": "2020-01-01", "end": "2020-02-01"}}
    episode["statusHistory"] = [earlier]
    written_case(world, bundle)
    assert world.read("EpisodeOfCare", "c1")["statusHistory"] == [earlier]


KEPT: list[tuple[str, str, Any]] = [
    ("EpisodeOfCare", "account", [{"display": "x"}]),
    ("CareTeam", "note", [{"text": "n"}]),
    ("CarePlan", "supportingInfo", [{"display": "x"}]),
    ("List", "note", [{"text": "n"}]),
]
KEPT_WITHIN: list[tuple[str, str, str, Any]] = [
    ("CareTeam", "participant", "period", {"start": "2020"}),
    ("CarePlan", "activity", "progress", PROGRESS),
    ("List", "entry", "flag", {"text": "f"}),
]


def test_what_is_kept_of_each_part_stays_in_later_writes(world: World) -> None:
    items = [{"item_type": "claim", "item_id": "k1"}]
    stored_case(world, workflow=[step(1, "A", "in_progress")], items=items)
    bundle = read_case(world)
    for name, element, value in KEPT:
        the(bundle, name)[element] = value
    for name, element, part, value in KEPT_WITHIN:
        the(bundle, name)[element][0][part] = value
    answered = written_case(world, bundle)
    for _ in range(2):
        for name, element, value in KEPT:
            assert the(answered, name)[element] == value
        for name, element, part, value in KEPT_WITHIN:
            assert the(answered, name)[element][0][part] == value
        answered = written_case(world, answered)
    world.update("c1", {**world.read("EpisodeOfCare", "c1"), "status": "onhold"})
    after = read_case(world)
    for name, element, value in KEPT:
        assert the(after, name)[element] == value
