"""Chains, `_has`, and links that the other side holds: which searches are asked first."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.rules.filters import NOTHING
from fhir_facade.rules.kinds.base import Target
from fhir_facade.search.joins import MOST_JOINS, NO_ID
from fhir_facade.search.plan import Plan
from tests.search.plans import LENIENT, SID, added, either, plan, scalar

CHAIN, REVERSE = True, False


def joins(found: Plan) -> list[tuple[str, bool, str, list[tuple[str, str]]]]:
    """Return (parameter, whether it is a chain, other type, what is asked of it) of each join."""
    return [
        (join.param, join.forward, join.plan.name, join.plan.query.applied) for join in found.joins
    ]


def filters(found: Plan) -> list[Any]:
    return [each.filter for each in found.sources]


class TestChains:
    @pytest.mark.parametrize(
        ("search", "join"),
        [
            ("Task?focus.status=active", ("focus", "EpisodeOfCare", ("status", "active"))),
            (
                "Task?focus:EpisodeOfCare.status:not=active",
                ("focus", "EpisodeOfCare", ("status:not", "active")),
            ),
            ("Task?case._id=a,b", ("case", "EpisodeOfCare", ("_id", "a,b"))),
            (
                "Provenance?target:EpisodeOfCare.patient=M1",
                ("target", "EpisodeOfCare", ("patient", "M1")),
            ),
            (
                "CarePlan?care-team.participant=O1",
                ("care-team", "CareTeam", ("participant", "O1")),
            ),
            (
                "DocumentReference?related.sent=2026",
                ("related", "Communication", ("sent", "2026")),
            ),
            (r"List?item.type=a\,b", ("item", "EpisodeOfCare", ("type", r"a\,b"))),
        ],
    )
    def test_the_other_type_is_searched_first(
        self, search: str, join: tuple[str, str, tuple[str, str]]
    ) -> None:
        found = plan(search)
        param, other, asked = join
        assert joins(found) == [(param, CHAIN, other, [asked])]
        assert filters(found) == filters(plan(search.partition("?")[0]))
        (inner,) = found.joins
        assert filters(inner.plan) == filters(plan(f"{other}?{asked[0]}={asked[1]}"))

    def test_what_it_finds_is_a_condition_on_the_reference(self) -> None:
        found = plan("Task?focus.status=active&priority=stat")
        cases = [Target("EpisodeOfCare", "c1"), Target("EpisodeOfCare", "c2")]
        joined = found.joined([cases])
        assert joined.joins == ()
        assert added("Task?priority=stat") == found.sources[0].filter["$and"][1]
        text = str(joined.sources[0].filter)
        assert text.count("{'$in': ['c1', 'c2']}") == 3
        assert "'stat'" in text

    def test_where_it_finds_nothing_nothing_is_found(self) -> None:
        assert filters(plan("Task?focus.status=active").joined([[]])) == [NOTHING]
        found = plan("DocumentReference?related.sent=2026").joined([[Target("Communication", "i")]])
        first, second = filters(found)
        assert first == NOTHING  # documents of a case have nothing related
        assert second["$and"][1] == {"parent._id": {"$in": ["i"]}}

    def test_several_steps(self) -> None:
        search = "EpisodeOfCare?_has:Task:focus:focus.status=active"
        (outer,) = plan(search).joins
        assert (outer.param, outer.forward, outer.plan.name) == ("focus", REVERSE, "Task")
        assert joins(outer.plan) == [
            ("focus", CHAIN, "EpisodeOfCare", [("status", "active")]),
        ]

    def test_the_self_link_shows_a_chain_as_it_was_asked(self) -> None:
        found = plan("Task?focus:EpisodeOfCare.status=active&_count=5")
        assert found.query.applied == [
            ("focus:EpisodeOfCare.status", "active"),
            ("_count", "5"),
        ]

    def test_hidden_cases_take_part_only_where_the_chain_asks_for_them(self) -> None:
        assert not plan("Task?focus.status=active").joins[0].plan.shows_hidden
        hidden = plan("Task?focus._tag=hidden")
        assert hidden.joins[0].plan.shows_hidden
        assert not hidden.shows_hidden


class TestIdentifiersOfWhatIsNotServed:
    @pytest.mark.parametrize("value", [f"{SID}/member|M1", "M1", "M1,M2", "|x", f"{SID}/member|"])
    @pytest.mark.parametrize("name", ["patient.identifier", "patient:Patient.identifier"])
    def test_are_those_in_the_reference(self, name: str, value: str) -> None:
        assert added(f"Task?{name}={value}") == added(f"Task?patient:identifier={value}")
        assert plan(f"Task?{name}={value}").query.applied == [(name, value)]

    def test_one_type_of_several(self) -> None:
        with pytest.raises(UnknownParameter, match="one type that is served here"):
            plan("List?item:Claim.identifier=7")

    @pytest.mark.parametrize("name", ["patient.identifier:not", "patient.identifier.x"])
    def test_nothing_but_the_identifier(self, name: str) -> None:
        with pytest.raises(UnknownParameter):
            plan(f"Task?{name}=x")

    def test_where_a_type_is_served_it_is_searched(self) -> None:
        assert joins(plan("Task?focus.identifier=7"))[0][2:] == (
            "EpisodeOfCare",
            [("identifier", "7")],
        )


class TestHas:
    def test_the_other_type_is_searched_first(self) -> None:
        found = plan("EpisodeOfCare?_has:Task:focus:status=accepted,ready")
        assert joins(found) == [("focus", REVERSE, "Task", [("status", "accepted,ready")])]
        assert found.query.applied == [("_has:Task:focus:status", "accepted,ready")]

    def test_what_it_names_is_a_condition_on_the_id(self) -> None:
        found = plan("EpisodeOfCare?_has:Task:focus:status=accepted")
        targets = [Target("EpisodeOfCare", each) for each in ("c1", "x-612062", "c1")]
        (source,) = found.joined([targets]).sources
        assert source.filter["$and"][1] == {"_id": {"$in": ["c1", "a b"]}}
        assert filters(found.joined([[]])) == [NOTHING]

    def test_two_are_two_conditions(self) -> None:
        """R4: each may be met by another resource."""
        found = plan("EpisodeOfCare?_has:Task:focus:status=ready&_has:Goal:case:patient=M1")
        assert [each[2] for each in joins(found)] == ["Task", "Goal"]
        one, other = [Target("EpisodeOfCare", "c1")], [Target("EpisodeOfCare", "c2")]
        conditions = found.joined([one, other]).sources[0].filter["$and"][1:]
        assert conditions == [{"_id": {"$in": ["c1"]}}, {"_id": {"$in": ["c2"]}}]

    @pytest.mark.parametrize("inner", ["status:not", "_id", "patient.identifier", "period"])
    def test_any_parameter_of_the_other_type_will_do(self, inner: str) -> None:
        value = "2026" if inner == "period" else "ready"
        (join,) = plan(f"EpisodeOfCare?_has:Task:focus:{inner}={value}").joins
        assert join.plan.query.applied == [(inner, value)]

    def test_nested(self) -> None:
        search = "EpisodeOfCare?_has:Task:focus:focus._has:Goal:case:patient=M1"
        (outer,) = plan(search).joins
        (middle,) = outer.plan.joins
        (inner,) = middle.plan.joins
        names = [(each.param, each.forward, each.plan.name) for each in (outer, middle, inner)]
        assert names == [
            ("focus", REVERSE, "Task"),
            ("focus", CHAIN, "EpisodeOfCare"),
            ("case", REVERSE, "Goal"),
        ]

    def test_only_what_the_reference_names_by_type(self) -> None:
        """A case, its team and its plan have one id: Task.focus refers to the case alone."""
        try:
            found = plan("CareTeam?_has:Task:focus:status=accepted")
        except UnknownParameter:
            return
        assert filters(found.joined([[Target("EpisodeOfCare", "c1")]])) == [NOTHING]

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("_has", "_has names a type"),
            ("_has:", "_has names a type"),
            ("_has:Task", "_has names a type"),
            ("_has:Task:focus", "_has names a type"),
            ("_has:Task.focus:status", "_has names a type"),
        ],
    )
    def test_a_malformed_one_is_refused(self, name: str, says: str) -> None:
        with pytest.raises(BadRequest, match=says):
            plan(f"EpisodeOfCare?{name}=x")

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("_has:Patient:link:name", "not served here"),
            ("_has::focus:status", "not served here"),
            ("_has:Task:nope:status", "refers to EpisodeOfCare: case, focus"),
            ("_has:Task:status:status", "refers to EpisodeOfCare: case, focus"),
            ("_has:CarePlan:goal:status", "refers to EpisodeOfCare: case"),
            ("_has:Task:focus:nope", "Task has no search parameter 'nope'"),
            ("_has:Task:focus:", "Task has no search parameter ''"),
            ("_has:Task:focus:status:nope", "':nope' is not supported here"),
            ("_has:Task:focus:_count", "Task has no search parameter '_count'"),
        ],
    )
    def test_one_that_cannot_be_followed_is_refused(self, name: str, says: str) -> None:
        with pytest.raises(UnknownParameter, match=says):
            plan(f"EpisodeOfCare?{name}=x")


class TestLinksOfTheOtherSide:
    @pytest.mark.parametrize(
        ("search", "other", "ids"),
        [
            ("goal=g1", "Goal", "g1"),
            ("goal=Goal/g1,g2", "Goal", "g1,g2"),
            ("goal:Goal=g1", "Goal", "g1"),
            ("goal=https://example.org/fhir/Goal/g1", "Goal", "g1"),
            ("activity-reference=Task/t1", "Task", "t1"),
            ("goal=Task/g1", "Goal", NO_ID),
            ("goal=https://elsewhere.org/Goal/g1", "Goal", NO_ID),
            ("goal=Task/g1,Goal/g2", "Goal", "g2"),
        ],
    )
    def test_a_plan_is_found_by_the_case_that_a_goal_names(
        self, search: str, other: str, ids: str
    ) -> None:
        found = plan(f"CarePlan?{search}")
        assert joins(found) == [("case", REVERSE, other, [("_id", ids)])]
        assert found.joins[0].plan.shows_hidden  # a plan refers to hidden goals, too
        joined = found.joined([[Target("EpisodeOfCare", "c1")]])
        assert joined.sources[0].filter["$and"][1] == {"_id": {"$in": ["c1"]}}

    def test_no_document_has_the_id_that_finds_nothing(self) -> None:
        assert filters(plan(f"Goal?_id={NO_ID}")) == [NOTHING]

    @pytest.mark.parametrize("name", ["goal.lifecycle-status", "goal:Goal.lifecycle-status"])
    def test_a_chain(self, name: str) -> None:
        found = plan(f"CarePlan?{name}=active")
        assert joins(found) == [("case", REVERSE, "Goal", [("lifecycle-status", "active")])]

    @pytest.mark.parametrize("modifier", ["missing", "Task", "not", "identifier"])
    def test_other_modifiers_are_refused(self, modifier: str) -> None:
        with pytest.raises(UnknownParameter, match="takes no modifier but ':Goal' here"):
            plan(f"CarePlan?goal:{modifier}=true")

    @pytest.mark.parametrize("value", ["", ",", ",,"])
    def test_without_a_value_it_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match="'goal' has no value"):
            plan(f"CarePlan?goal={value}")


class TestRefusals:
    @pytest.mark.parametrize(
        ("search", "says"),
        [
            ("Task?status.x=y", "no reference parameter of that name to chain from; it has: case,"),
            ("Task?nope.x=y", "Task has no search parameter 'nope'"),
            ("Task?patient.name=x", "a chain goes through one type that is served here"),
            ("Task?patient:Patient.name=x", "a chain goes through one type that is served here"),
            ("Task?patient:Group.identifier=x", "'patient' refers to: Patient"),
            ("Task?focus:Task.status=x", "'focus' refers to: EpisodeOfCare"),
            ("Task?focus.patient.name=x", "a chain goes through one type"),
            ("Task?focus.nope=x", "EpisodeOfCare has no search parameter 'nope'"),
            ("Task?focus.=x", "EpisodeOfCare has no search parameter ''"),
            ("Task?focus.status:nope=x", "':nope' is not supported here"),
            ("Task?focus._count=x", "EpisodeOfCare has no search parameter '_count'"),
            ("CareTeam?participant.name=x", "refers to Organization, Practitioner"),
        ],
    )
    def test_a_chain_that_cannot_be_followed(self, search: str, says: str) -> None:
        with pytest.raises(UnknownParameter, match=says):
            plan(search)
        lenient = plan(search, LENIENT)
        assert lenient.joins == ()
        assert lenient.query.applied == []
        assert [each.code for each in lenient.issues] == ["not-supported"]

    @pytest.mark.parametrize("search", ["Task?focus.date=soon", "Task?focus.status=,"])
    def test_a_value_that_the_other_type_cannot_read(self, search: str) -> None:
        with pytest.raises(BadRequest):
            plan(search)

    @pytest.mark.parametrize("options", [LENIENT])
    def test_such_a_value_is_refused_when_lenient_too(self, options: Any) -> None:
        with pytest.raises(BadRequest, match="is not a FHIR date"):
            plan("Task?focus.date=soon", options)

    def test_so_many_steps_and_no_more(self) -> None:
        step = "_has:Task:focus:focus."
        assert MOST_JOINS == 4
        assert plan(f"EpisodeOfCare?{step * 2}status=active").joins
        with pytest.raises(BadRequest, match="A chain has up to 4 steps"):
            plan(f"EpisodeOfCare?{step * 2}_has:Task:focus:status=ready")
        with pytest.raises(BadRequest, match="A chain has up to 4 steps"):
            plan(f"EpisodeOfCare?{step * 200}status=active")

    def test_a_chain_is_not_a_name_with_a_dot(self) -> None:
        found = either(
            scalar("subject.id", {"$in": ["a.b", "Patient/a.b"]}),
            scalar("subject", {"$in": ["a.b", "Patient/a.b"]}),
        )
        assert added("Task?patient=a.b") == found
