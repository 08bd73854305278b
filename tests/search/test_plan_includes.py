"""`_include` and `_revinclude`: which links are followed, and what is refused."""

from __future__ import annotations

import pytest

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.search.plan import Plan, plan_types
from tests.mappings.serving import registry
from tests.search.plans import LENIENT, OPTIONS, plan

CASE = ["EpisodeOfCare"]


def followed(found: Plan) -> list[tuple[str, str, list[str], str]]:
    """Return (source type, parameter, target types, way) of each link."""
    return [
        (
            each.source,
            each.param.name,
            sorted(each.targets),
            ("reverse" if each.reverse else "forward") + (" iterate" if each.iterate else ""),
        )
        for each in found.links
    ]


@pytest.mark.parametrize(
    ("search", "links"),
    [
        ("Task?_include=Task:focus", [("Task", "focus", CASE, "forward")]),
        ("Task?_include=Task:focus:EpisodeOfCare", [("Task", "focus", CASE, "forward")]),
        ("Task?_include:iterate=CareTeam:case", [("CareTeam", "case", CASE, "forward iterate")]),
        (
            "Task?_include=Task:*",
            [
                ("Task", "focus", CASE, "forward"),
                ("Task", "case", CASE, "forward"),
                ("Task", "patient", ["Patient"], "forward"),
                ("Task", "subject", ["Patient"], "forward"),
                ("Task", "owner", ["Practitioner"], "forward"),
                ("Task", "employer", ["Organization"], "forward"),
            ],
        ),
        ("CarePlan?_include=CarePlan:goal", [("CarePlan", "goal", ["Goal"], "forward")]),
        ("List?_include=List:item", [("List", "item", CASE, "forward")]),
        (
            "DocumentReference?_include=DocumentReference:related",
            [("DocumentReference", "related", ["Communication"], "forward")],
        ),
        ("EpisodeOfCare?_revinclude=Task:focus", [("Task", "focus", CASE, "reverse")]),
        (
            "EpisodeOfCare?_revinclude:iterate=Task:focus:EpisodeOfCare",
            [("Task", "focus", CASE, "reverse iterate")],
        ),
        ("Goal?_revinclude=CarePlan:goal", [("CarePlan", "goal", ["Goal"], "reverse")]),
    ],
)
def test_links(search: str, links: list[tuple[str, str, list[str], str]]) -> None:
    found = plan(search)
    assert followed(found) == links
    assert [each.filter for each in found.sources] == [
        each.filter for each in plan(search.partition("?")[0]).sources
    ]


def test_several() -> None:
    found = plan("Task?_include=Task:focus&_revinclude=Task:focus&_include:iterate=CarePlan:goal")
    assert [each[3] for each in followed(found)] == ["forward", "reverse", "forward iterate"]
    assert found.query.applied == [
        ("_include", "Task:focus"),
        ("_revinclude", "Task:focus"),
        ("_include:iterate", "CarePlan:goal"),
    ]


@pytest.mark.parametrize("name", ["_include", "_revinclude"])
def test_a_star_is_every_link_between_served_types(name: str) -> None:
    found = followed(plan(f"Task?{name}=*"))
    known = registry()
    targets = known.includable_targets if name == "_include" else known.served_targets
    every = [
        (each.name, param, sorted(targets(each.params[param])))
        for each in known
        for param in each.params
        if targets(each.params[param])
    ]
    assert [each[:3] for each in found] == every
    assert {each[3] for each in found} == {"forward" if name == "_include" else "reverse"}


def test_what_is_declared_can_be_followed() -> None:
    for each in registry():
        for value in registry().includable(each):
            assert plan(f"{each.name}?_include={value}").links
        for value in registry().including(each):
            links = plan(f"{each.name}?_revinclude={value}").links
            assert any(each.name in link.targets for link in links)


@pytest.mark.parametrize(
    "value", ["", "Task", "Task:", ":focus", ":", "Task:focus:EpisodeOfCare:x", "Task:focus::"]
)
@pytest.mark.parametrize("name", ["_include", "_revinclude", "_include:iterate"])
def test_a_malformed_one_is_refused(name: str, value: str) -> None:
    for options in (OPTIONS, LENIENT):
        with pytest.raises(BadRequest, match="names a type, its reference parameter"):
            plan(f"Task?{name}={value}", options)


@pytest.mark.parametrize("modifier", ["recurse", "Iterate", "missing", "x"])
def test_no_modifier_but_iterate(modifier: str) -> None:
    with pytest.raises(BadRequest, match="takes no modifier but ':iterate'"):
        plan(f"Task?_include:{modifier}=Task:focus")


@pytest.mark.parametrize(
    "value",
    [
        "Task:status",  # no reference
        "Task:nope",
        "Patient:link",
        "Task:focus:Patient",
        "task:focus",
    ],
)
def test_one_that_leads_nowhere_is_refused_with_those_that_do_not(value: str) -> None:
    with pytest.raises(
        UnknownParameter, match="_include takes: Task:case, Task:employer, Task:focus"
    ):
        plan(f"Task?_include={value}")
    found = plan(f"Task?_include={value}&_include=Task:focus&status=ready", LENIENT)
    assert [each[1] for each in followed(found)] == ["focus"]
    assert found.query.applied == [("status", "ready"), ("_include", "Task:focus")]
    assert [(each.severity, each.code) for each in found.issues] == [("warning", "not-supported")]


def test_the_refusal_of_a_revinclude_names_those_of_the_type() -> None:
    with pytest.raises(UnknownParameter, match=r"_revinclude takes: .*Flag:case"):
        plan("EpisodeOfCare?_revinclude=Task:patient")


def test_they_do_not_go_with_a_summary_that_is_text() -> None:
    with pytest.raises(BadRequest, match="do not go with _summary=text"):
        plan("Task?_include=Task:focus&_summary=text")
    assert plan("Task?_include=Task:focus&_summary=true").links


def test_a_search_over_several_types_takes_them() -> None:
    types = [registry().types[each] for each in ("Task", "Goal")]
    found = plan_types(types, [("_include", "Task:focus"), ("_include", "Goal:case")], OPTIONS)
    assert [each[:2] for each in followed(found)] == [("Task", "focus"), ("Goal", "case")]
    with pytest.raises(UnknownParameter, match="see /metadata"):
        plan_types(types, [("_include", "Task:nope")], OPTIONS)
