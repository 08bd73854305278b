"""US Core's four profiles: the facts are those of the package, and they catch what is wrong."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from fhir_facade.rules.profiles import US_CORE
from fhir_facade.rules.validation import validate
from fhir_facade.rules.validation.profiles import Definitions, profile_issues, us_core
from tests.rules.validation.profile_definitions import CONTEXT, SHARED, Json, example

PACKAGE = SHARED / "packages" / "hl7.fhir.us.core-6.1.0.tgz"
PROFILES = {each["type"]: each for each in us_core.resources() if "type" in each}
VALUE_SETS = {
    each["url"]: each for each in us_core.resources() if each["resourceType"] == "ValueSet"
}
_FACTS = ("id", "path", "sliceName", "min", "max", "patternCodeableConcept")
DEFINITIONS = Definitions((), CONTEXT)
here = pytest.mark.skipif(
    not SHARED.exists() and not os.environ.get("CI"), reason="../shared is not here"
)


@pytest.fixture(scope="module")
def package() -> dict[str, Json]:
    """Every official definition, by its canonical URL."""
    found = {}
    with tarfile.open(PACKAGE) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if (
                file is not None
                and member.name.startswith("package/")
                and ".index" not in member.name
            ):
                resource = json.load(file)
                if "url" in resource:
                    found[resource["url"]] = resource
    return found


def _facts(element: Json) -> Json:
    """What an element's definition demands, without its words."""
    found = {name: element[name] for name in _FACTS if name in element}
    found["mustSupport"] = element.get("mustSupport", False)
    binding = element.get("binding")
    if binding is not None:
        found["binding"] = (binding["strength"], binding["valueSet"])
    found["types"] = [
        (each["code"], each.get("profile"), each.get("targetProfile"))
        for each in element.get("type", ())
    ]
    found["constraints"] = [
        (each["key"], each["severity"], each["expression"])
        for each in element.get("constraint", ())
    ]
    slicing = element.get("slicing")
    if slicing is not None:
        found["slicing"] = (slicing["discriminator"], slicing["rules"])
    return found


@here
@pytest.mark.parametrize("type_", PROFILES)
def test_the_facts_are_those_of_the_package(package: dict[str, Json], type_: str) -> None:
    ours = PROFILES[type_]
    official = package[ours["url"]]
    for name in ("version", "type", "baseDefinition"):
        assert ours[name] == official[name]
    given = [_facts(each) for each in ours["differential"]["element"]]
    root, *wanted = [_facts(each) for each in official["differential"]["element"]]
    assert root == {
        "id": type_,
        "path": type_,
        "mustSupport": False,
        "types": [],
        "constraints": [],
    }
    assert given == wanted


@here
@pytest.mark.parametrize("url", VALUE_SETS)
def test_the_value_sets_are_those_of_the_package(package: dict[str, Json], url: str) -> None:
    def content(value_set: Json) -> list[Any]:
        return [
            (each["system"], [one["code"] for one in each.get("concept", ())], each.get("filter"))
            for each in value_set["compose"]["include"]
        ]

    official = content(package[url])
    system = package.get(official[0][0], {})
    if not official[0][1] and system.get("content") == "complete":
        official = [(official[0][0], [each["code"] for each in system["concept"]], None)]
    assert content(VALUE_SETS[url]) == official


@here
def test_the_targets_are_those_of_the_package(package: dict[str, Json]) -> None:
    assert {url: package[url]["type"] for url in us_core.TARGETS} == us_core.TARGETS
    named = {
        target
        for each in PROFILES.values()
        for element in each["differential"]["element"]
        for type_ in element.get("type", ())
        for target in type_.get("targetProfile", ())
        if target.startswith(US_CORE)
    }
    assert named == set(us_core.TARGETS)


EXAMPLES = (
    "CarePlan-colonoscopy.json",
    "CareTeam-example.json",
    "CareTeam-missing-coded-data-example.json",
    "DocumentReference-discharge-summary.json",
    "DocumentReference-episode-summary.json",
    "Goal-goal-1.json",
    "Goal-goal-sdoh-2.json",
)


def _errors(resource: Json) -> list[str]:
    """What R4 does not say already: code and expression."""
    profile = f"{US_CORE}{resource['resourceType'].lower()}"
    known = {(each.code, each.expression) for each in validate(resource)}
    return [
        f"{each.code} {each.expression}"
        for each in profile_issues(resource, DEFINITIONS, (profile,))
        if each.severity == "error" and (each.code, each.expression) not in known
    ]


@here
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_official_examples_are_valid(name: str) -> None:
    assert validate(example(name)) == []
    assert _errors(example(name)) == []


def _set(*path: Any, to: Any) -> Callable[[Json], None]:
    def change(resource: Json) -> None:
        holder: Any = resource
        for each in path[:-1]:
            holder = holder[each]
        holder[path[-1]] = to

    return change


def _without(*path: Any) -> Callable[[Json], None]:
    def change(resource: Json) -> None:
        holder: Any = resource
        for each in path[:-1]:
            holder = holder[each]
        del holder[path[-1]]

    return change


GROUP, PATIENT = {"reference": "Group/1"}, {"reference": "Patient/1"}
ODD: Json = {"coding": [{"system": "http://odd.test", "code": "x"}]}
PLAN, TEAM, DOCUMENT, AIM = EXAMPLES[0], EXAMPLES[1], EXAMPLES[3], EXAMPLES[5]
ASSESS: Json = {
    "coding": [
        {
            "system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category",
            "code": "assess-plan",
        }
    ]
}
BROKEN: list[tuple[str, Callable[[Json], None], str]] = [
    (AIM, _set("subject", to=GROUP), "value Goal.subject"),
    (AIM, _set("subject", to={"type": "Organization"}), "value Goal.subject"),
    (PLAN, _without("category"), "required CarePlan.category"),
    (PLAN, _set("category", to=[ODD]), "required CarePlan.category"),
    (PLAN, _set("category", to=[{"text": "assess-plan"}]), "required CarePlan.category"),
    (PLAN, _set("category", to=[ASSESS, ASSESS]), "structure CarePlan.category"),
    (PLAN, _set("text", "status", to="extensions"), "code-invalid CarePlan.text.status"),
    (PLAN, _set("text", "status", to="empty"), "code-invalid CarePlan.text.status"),
    (PLAN, _set("subject", to=GROUP), "value CarePlan.subject"),
    (TEAM, _without("subject"), "required CareTeam.subject"),
    (TEAM, _set("subject", to=GROUP), "value CareTeam.subject"),
    (TEAM, _without("participant"), "required CareTeam.participant"),
    (TEAM, _without("participant", 0, "role"), "required CareTeam.participant[0].role"),
    (TEAM, _set("participant", 0, "role", to=[ODD, ODD]), "structure CareTeam.participant[0].role"),
    (TEAM, _without("participant", 1, "member"), "required CareTeam.participant[1].member"),
    (DOCUMENT, _without("type"), "required DocumentReference.type"),
    (DOCUMENT, _set("type", to={"text": "note"}), "code-invalid DocumentReference.type"),
    (DOCUMENT, _set("type", to=ODD), "code-invalid DocumentReference.type"),
    (DOCUMENT, _without("category"), "required DocumentReference.category"),
    (DOCUMENT, _without("subject"), "required DocumentReference.subject"),
    (DOCUMENT, _set("subject", to=GROUP), "value DocumentReference.subject"),
    (
        DOCUMENT,
        _set("content", 0, "attachment", to={"contentType": "text/plain"}),
        "invariant DocumentReference.content[0].attachment",
    ),
    (
        DOCUMENT,
        _set("context", "encounter", to=[{"reference": "Encounter/1"}] * 2),
        "structure DocumentReference.context.encounter",
    ),
    (
        DOCUMENT,
        _set("context", "encounter", to=[{"reference": "EpisodeOfCare/1"}]),
        "value DocumentReference.context.encounter[0]",
    ),
]


@here
@pytest.mark.parametrize(
    ("name", "change", "expected"),
    BROKEN,
    ids=[f"{at}-{each[2]}" for at, each in enumerate(BROKEN)],
)
def test_what_breaks_a_profile_is_found(
    name: str, change: Callable[[Json], None], expected: str
) -> None:
    resource = example(name)
    change(resource)
    assert set(_errors(resource)) == {expected}


def test_a_goal_of_another_type_of_start_and_due() -> None:
    """R4 allows no other types than the profile does: its own check says it."""
    goal = {"resourceType": "Goal", "startString": "2020"}
    assert any(each.code == "structure" for each in validate(goal))
