"""What `meta.profile` claims, whoever wrote what, and that a search finds just those claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId

from fhir_facade.demo import generate
from tests.http.serving import matches
from tests.writing.cases import created, parent
from tests.writing.exact_json import Json
from tests.writing.world import World, new_world

OWN = "https://fhir.wellnecity.com/StructureDefinition/facade-"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
THEIRS = "http://example.org/StructureDefinition/their-goal"
TYPES = (
    *("Task", "Flag", "Goal", "Communication", "DocumentReference", "EpisodeOfCare", "CareTeam"),
    *("CarePlan", "List", "Provenance", "Observation"),
)
GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Walk"},
    "subject": {"reference": "Patient/M1"},
}


@pytest.fixture(scope="module")
def dirty() -> Iterator[World]:
    """A server of dirty demo data."""
    with new_world() as world:
        for collection, document in generate(30, 1, 0.3):
            world.insert(collection, document)
        for number, roles in enumerate(([], ["Broker"], ["Broker", ""], [{}], [None, "tpa"])):
            world.insert("patient_case", _case(number, roles))
        yield world


def _case(number: int, roles: list[Any]) -> Json:
    rows = [
        {"case_participant_org_id": f"O{place}", "case_participant_role": role}
        for place, role in enumerate(roles)
    ]
    known = {"_id": ObjectId(), "status": {"state": "active"}, "subject": {"id": f"R{number}"}}
    return {**known, "participants": rows}


def _profiles(resource: Json) -> list[str]:
    return list(resource["meta"]["profile"])


def _every(world: World, type_: str) -> list[Json]:
    response = world.ask("GET", f"/{type_}?_count=1000")
    return matches(response.json())


@pytest.mark.parametrize("type_", TYPES)
def test_everything_served_names_its_profile(dirty: World, type_: str) -> None:
    for resource in _every(dirty, type_):
        assert _profiles(resource)[0] == f"{OWN}{type_.lower()}"


@pytest.mark.parametrize("type_", TYPES)
def test_a_search_by_profile_finds_those_that_name_it(dirty: World, type_: str) -> None:
    resources = _every(dirty, type_)
    asked = {OWN + type_.lower(), US_CORE + type_.lower(), OWN + "other", THEIRS}
    for profile in asked:
        named = sorted(each["id"] for each in resources if profile in _profiles(each))
        assert dirty.found(f"{type_}?_profile={profile}&_count=1000") == named
    everyone = sorted(each["id"] for each in resources)
    assert dirty.found(f"{type_}?_profile:missing=false&_count=1000") == everyone
    assert dirty.found(f"{type_}?_profile:missing=true") == []


def test_a_profile_is_found_with_its_version_and_from_above(dirty: World) -> None:
    every = dirty.found("Goal?_count=1000")
    for asked in (
        f"_profile={US_CORE}goal|6.1.0",
        f"_profile={OWN}goal|0.1.0",
        "_profile:below=https://fhir.wellnecity.com/StructureDefinition",
        f"_profile:above={OWN}goal/more",
    ):
        assert dirty.found(f"Goal?{asked}&_count=1000") == every
    for asked in (f"_profile={US_CORE}goal|3.1.1", "_profile:below=https://fhir.wellnecity.org"):
        assert dirty.found(f"Goal?{asked}") == []


def test_care_teams_claim_us_core_where_each_has_one_role(dirty: World) -> None:
    """Among the dirty ones there are both."""
    teams = _every(dirty, "CareTeam")
    claiming = [each for each in teams if f"{US_CORE}careteam" in _profiles(each)]
    assert claiming
    assert len(claiming) < len(teams)
    for each in teams:
        members = each.get("participant", [])
        fits = members and all(len(one.get("role", [])) == 1 for one in members)
        assert bool(fits) == (each in claiming)


def test_a_client_s_own_profile_stands_beside(world: World) -> None:
    with created(world, {**GOAL, "meta": {"profile": [THEIRS]}}) as goal:
        assert _profiles(goal) == [THEIRS, f"{OWN}goal", f"{US_CORE}goal"]
        assert world.found(f"Goal?_profile={THEIRS}") == [goal["id"]]
        again = world.update(goal["id"], goal)
        assert _profiles(again) == _profiles(goal)
        own = {**goal, "meta": {"profile": [f"{US_CORE}goal", THEIRS]}}
        assert _profiles(world.update(goal["id"], own)) == _profiles(goal)


def test_what_is_kept_of_a_profile_keeps_its_place(world: World) -> None:
    note = {"extension": [{"url": "http://example.org/x", "valueString": "y"}]}
    meta = {"profile": [f"{US_CORE}goal", THEIRS], "_profile": [note, None]}
    with created(world, {**GOAL, "meta": meta}) as goal:
        for _ in range(2):
            assert _profiles(goal) == [f"{US_CORE}goal", THEIRS, f"{OWN}goal"]
            assert goal["meta"]["_profile"] == [note, None, None]
            goal = world.update(goal["id"], goal)


def test_a_goal_of_a_group_claims_no_us_core(world: World) -> None:
    group = {"reference": "Group/G1"}
    with created(world, GOAL) as person, created(world, {**GOAL, "subject": group}) as of_group:
        assert f"{US_CORE}goal" in _profiles(person)
        assert _profiles(of_group) == [f"{OWN}goal"]
        for asked in (f"_profile={US_CORE}goal", "_profile:below=http://hl7.org"):
            assert world.found(f"Goal?{asked}") == [person["id"]]
        of_person = world.update(
            of_group["id"], {**of_group, "subject": {"reference": "Patient/9"}}
        )
        assert f"{US_CORE}goal" in _profiles(of_person)
        both = sorted([person["id"], of_group["id"]])
        assert world.found(f"Goal?_profile={US_CORE}goal") == both


@pytest.mark.parametrize(
    ("inside", "claims"),
    [
        ({"resourceType": "Group", "id": "g", "type": "person", "actual": True}, False),
        ({"resourceType": "Patient", "id": "g"}, True),
    ],
    ids=["group", "patient"],
)
def test_what_a_contained_subject_is_counts(world: World, inside: Json, claims: bool) -> None:
    goal = {**GOAL, "contained": [inside], "subject": {"reference": "#g"}}
    with created(world, goal) as found:
        assert (f"{US_CORE}goal" in _profiles(found)) is claims


def test_a_version_makes_no_claim_of_the_client_s(world: World) -> None:
    profiles = [f"{US_CORE}goal|6.1.0", f"{OWN}goal|9.9", THEIRS]
    goal = {**GOAL, "subject": {"reference": "Group/1"}, "meta": {"profile": profiles}}
    with created(world, goal) as found:
        assert _profiles(found) == [THEIRS, f"{OWN}goal"]


def test_an_extension_of_this_guide_stands_as_often_as_it_may(world: World) -> None:
    base = OWN.removesuffix("facade-")
    employer = {"url": f"{base}employer", "valueReference": {"reference": "Organization/1"}}
    unknown = {"url": f"{base}nonsense", "valueString": "x"}
    for extensions, at in (([employer, employer], 1), ([employer, unknown], 1)):
        response = world.ask("POST", "/Goal", {**GOAL, "extension": extensions})
        assert response.status_code == 422
        (issue,) = response.json()["issue"]
        assert (issue["code"], issue["expression"]) == ("extension", [f"Goal.extension[{at}]"])
    case = {"url": f"{base}case", "valueReference": {"reference": "EpisodeOfCare/1"}}
    with created(world, {**GOAL, "extension": [case, {**case, "id": "b"}]}):
        pass


def test_it_claims_again_what_other_software_restores(world: World) -> None:
    """The stored field wins over what is kept, for the claim and for the search."""
    with created(world, {**GOAL, "subject": {"reference": "Group/G1"}}) as goal:
        assert world.found(f"Goal?_profile={US_CORE}goal") == []
        stored = world.stored("work_queue", ObjectId(goal["id"]))
        world.overwrite("work_queue", {**stored, "subject": {"id": "M5"}})
        after = world.read("Goal", goal["id"])
        assert after["subject"]["reference"] == "Patient/M5"
        assert f"{US_CORE}goal" in _profiles(after)


@pytest.mark.parametrize(
    ("type_", "claims"),
    [
        ({"coding": [{"system": "http://loinc.org", "code": "34133-9"}]}, True),
        ({"coding": [{"system": "http://loinc.org", "code": "2339-0"}]}, False),
        ({"text": "Letter"}, False),
        (
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
                        "code": "UNK",
                    },
                    {"system": "http://example.org/types", "code": "letter"},
                ]
            },
            True,
        ),
    ],
    ids=["loinc-document", "loinc-other", "text", "unknown"],
)
def test_a_document_claims_us_core_by_its_type(world: World, type_: Json, claims: bool) -> None:
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": type_,
        "category": [{"text": "Letters"}],
        "subject": {"reference": "Patient/M1"},
        "content": [{"attachment": {"url": "gs://b/a.pdf"}}],
        "context": {"related": [{"reference": f"Communication/{parent(world)}"}]},
    }
    with created(world, document) as found:
        assert (f"{US_CORE}documentreference" in _profiles(found)) is claims
        named = [found["id"]] if claims else []
        assert world.found(f"DocumentReference?_profile={US_CORE}documentreference") == named


def test_a_care_plan_has_a_narrative_that_follows_the_stored_fields(dirty: World) -> None:
    plans = _every(dirty, "CarePlan")
    assert all(each["text"]["status"] == "generated" for each in plans)
    named = next(each for each in plans if "title" in each)
    stored = dirty.stored("patient_case", ObjectId(named["id"]))
    dirty.overwrite("patient_case", {**stored, "name": "Another <name>"})
    div = dirty.read("CarePlan", named["id"])["text"]["div"]
    assert "Another &lt;name&gt;" in div
    assert named["title"] not in div


def test_only_care_plans_have_one_unless_the_settings_say_so(world: World) -> None:
    with created(world, GOAL) as goal:
        assert "text" not in goal
        cut = world.ask("GET", f"/Goal/{goal['id']}?_summary=text").json()
        assert "Walk" in cut["text"]["div"]
    with new_world(narrative="always") as telling, created(telling, GOAL) as goal:
        assert "Walk" in goal["text"]["div"]
        theirs = {"status": "additional", "div": goal["text"]["div"].replace("Walk", "Run")}
        assert telling.update(goal["id"], {**goal, "text": theirs})["text"] == theirs


def test_a_generated_narrative_is_never_kept(world: World) -> None:
    """It would go on telling what was true when it was read."""
    with new_world(narrative="always") as telling, created(telling, GOAL) as goal:
        again = telling.update(goal["id"], {**goal, "description": {"text": "Swim"}})
        assert "Swim" in again["text"]["div"]
        assert "Walk" not in again["text"]["div"]
        stored = telling.stored("work_queue", ObjectId(goal["id"]))
        assert "text" not in [
            each["part"] for each in stored.get("fhir", {}).get("Goal", {}).get("elements", [])
        ]
