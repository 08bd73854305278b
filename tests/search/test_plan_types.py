"""Searches over several types, and in the compartment of a patient."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.rules.filters import NOTHING
from fhir_facade.search.plan import Plan, SearchOptions, plan_types
from tests.mappings.serving import registry
from tests.search.plans import LENIENT, OPTIONS, VALUE_SET, either, plan, scalar


def plan_of(
    names: str, query: str = "", options: SearchOptions = OPTIONS, patient: str | None = None
) -> Plan:
    types = [registry().types[each] for each in names.split(",")]
    return plan_types(types, parse_qsl(query, keep_blank_values=True), options, patient=patient)


def filters(found: Plan) -> list[Any]:
    return [each.filter for each in found.sources]


class TestSeveralTypes:
    def test_each_type_has_its_own_filter(self) -> None:
        found = plan_of("Task,Observation,DocumentReference", "patient=M1&_sort=-_lastUpdated")
        assert found.name == "Task, Observation, DocumentReference"
        alone = [plan(f"{each.name}?patient=M1") for each in found.types]
        assert filters(found) == [each for one in alone for each in filters(one)]
        assert [each.sort for each in found.sources] == [
            (("updated", -1),),
            (("updated", -1),),
            (("updated_on", -1),),
            (("updated_on", -1),),
        ]
        assert {each.sorted_by for each in found.sources} == {(("_lastUpdated", -1),)}

    def test_everything(self) -> None:
        names = ",".join(each.name for each in registry())
        found = plan_of(names, "_id=x")
        assert len(found.sources) == len(registry().sources)
        assert found.query.applied == [("_id", "x")]

    def test_a_parameter_must_be_of_every_type(self) -> None:
        with pytest.raises(UnknownParameter) as caught:
            plan_of("Task,Goal", "status=active")
        message = str(caught.value)
        assert "A search over several types has no search parameter 'status'" in message
        assert "Valid ones are: _id, _lastUpdated, _profile, _security, _tag, case," in message
        assert "lifecycle-status" not in message
        found = plan_of("Task,Goal", "status=active&patient=M1", LENIENT)
        assert found.query.applied == [("patient", "M1")]
        assert filters(found) == filters(plan_of("Task,Goal", "patient=M1"))

    def test_a_modifier_must_be_of_every_type(self) -> None:
        assert plan_of("Task,Observation", "code:text=x").sources
        with pytest.raises(UnknownParameter, match="':in' is not supported here for 'code'"):
            plan_of("Task,Observation", f"code:in={VALUE_SET}/task-category")

    def test_a_sort_must_be_of_every_type(self) -> None:
        assert plan_of("Task,Flag", "_sort=-identifier").sources[1].sort == (("_id", -1),)
        with pytest.raises(UnknownParameter, match="_sort takes: _id, _lastUpdated, "):
            plan_of("Task,Flag", "_sort=authored-on")
        found = plan_of("Task,Flag", "_sort=authored-on,_id", LENIENT)
        assert found.query.applied == [("_sort", "_id")]

    @pytest.mark.parametrize("query", ["case.status=active", "_has:Task:focus:status=ready"])
    def test_chains_are_answered_for_one_type(self, query: str) -> None:
        with pytest.raises(UnknownParameter, match="for one type at a time"):
            plan_of("Task,Goal", query)

    def test_the_order_of_types_is_kept(self) -> None:
        assert plan_of("Goal,Task").name == "Goal, Task"


KEYS = {"$in": ["M1", "Patient/M1"]}


class TestCompartment:
    @pytest.mark.parametrize(
        ("resource", "fields"),
        [
            ("Task", ["subject"]),
            ("Observation", ["patientId"]),
            ("EpisodeOfCare", ["subject"]),
            ("DocumentReference", ["parent.subject"] * 2),
            ("Provenance", ["patient", "parent.subject"]),
        ],
    )
    def test_is_what_refers_to_the_patient(self, resource: str, fields: list[str]) -> None:
        found = plan_of(resource, patient="M1")
        for each, plain, field in zip(found.sources, plan(resource).sources, fields, strict=True):
            wanted = either(scalar(f"{field}.id", KEYS), scalar(field, KEYS))
            assert each.filter == {"$and": [plain.filter, wanted]}
        assert filters(found) == filters(plan(f"{resource}?patient=M1"))
        assert found.query.applied == []

    def test_of_every_type(self) -> None:
        names = ",".join(each.name for each in registry())
        assert len(plan_of(names, patient="M1").sources) == len(registry().sources)

    def test_goes_with_any_other_parameter(self) -> None:
        found = plan_of("Task", "status=ready&patient=M2", patient="M1")
        assert [len(each["$and"]) for each in filters(found)] == [4]
        assert plan_of("Task", "focus.status=active", patient="M1").joins

    def test_of_what_can_be_no_patient_is_empty(self) -> None:
        assert filters(plan_of("Task,Goal", patient="M 1")) == [NOTHING, NOTHING]

    def test_a_wrong_value_is_refused_as_ever(self) -> None:
        with pytest.raises(BadRequest):
            plan_of("Task", "due=soon", patient="M1")
