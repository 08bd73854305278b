"""All mappings together: parameters, indexes, elements, and the checks of a table at import."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from fhir_facade.rules.checks import ANSWERED, MappingError, checked
from fhir_facade.rules.context import Context
from fhir_facade.rules.elements import fhirpath, placer
from fhir_facade.rules.filters import NOTHING
from fhir_facade.rules.getting import (
    getter,
)
from fhir_facade.rules.kinds import (
    Annotation,
    Complex,
    Concept,
    Date,
    DateTime,
    Kind,
    Many,
    Text,
    Unstored,
    part,
)
from fhir_facade.rules.kinds.base import Site, Target
from fhir_facade.rules.mapping import (
    Mapping,
    Rule,
    finds,
    rule,
)
from fhir_facade.rules.r4_search import r4_search_param
from mappings import ALL
from mappings.task import TASK
from tests.mappings.serving import registry

CONTEXT = Context()
SITE = Site("Task.description", "message", CONTEXT)


class TestRegistry:
    def test_types_in_the_order_of_the_tables(self) -> None:
        assert [each.name for each in registry()] == list(
            dict.fromkeys(mapping.resource for mapping in ALL)
        )
        assert registry().get("Task") is registry().types["Task"]
        assert registry().get("Patient") is None

    def test_collections(self) -> None:
        assert registry().collections == [
            *("work_queue", "patient_case", "fhir_provenance", "outcomes", "fhir_audit")
        ]

    def test_a_type_of_two_sources_has_the_parameters_of_both(self) -> None:
        documents = registry().types["DocumentReference"]
        first, second = documents.sources
        assert set(documents.params) == first.params.keys() | second.params.keys()
        assert documents.can_sort_by("date")
        assert "related" in documents.params
        assert not documents.can_sort_by("related")

    def test_every_type_has_a_main_date_that_it_can_sort_by(self) -> None:
        for each in registry():
            if each.main_date is not None:
                assert each.params[each.main_date].type == "date"
                assert each.params[each.main_date].sort_path
        assert registry().types["Task"].main_date == "authored-on"

    def test_every_parameter_is_of_a_type_that_searches_answer(self) -> None:
        for each in registry():
            for param in each.params.values():
                assert param.type in (*ANSWERED, "composite"), (each.name, param.name)
                known = r4_search_param(each.name, param.name)
                assert known is None or known[0] == param.type


class TestIndexes:
    def test_each_once_and_none_too_wide(self) -> None:
        indexes = registry().indexes()
        assert len({(each.collection, each.keys) for each in indexes}) == len(indexes)
        assert len({(each.collection, each.name) for each in indexes}) == len(indexes)
        assert all(1 <= len(each.keys) <= 31 for each in indexes)
        assert indexes == sorted(indexes, key=lambda each: (each.collection, each.name))

    def test_no_collection_has_more_than_mongodb_allows(self) -> None:
        for name in registry().collections:
            assert sum(each.collection == name for each in registry().indexes()) < 64

    def test_no_path_stands_twice_in_one_and_the_id_stands_last(self) -> None:
        for each in registry().indexes():
            paths = [path for path, _ in each.keys]
            assert len(set(paths)) == len(paths)
            assert "_id" not in paths[:-1]
            assert all(not path.startswith("parent") and path != "*" for path in paths)

    def test_the_name_is_mongodbs_own(self) -> None:
        names = {each.name for each in registry().indexes()}
        assert {"subject.id_1", "type_1_deadline_1__id_1"} <= names

    def test_every_reference_to_a_member_is_indexed(self) -> None:
        firsts = {(each.collection, each.keys[0][0]) for each in registry().indexes()}
        assert {("work_queue", "subject.id"), ("patient_case", "subject.id")} <= firsts
        assert {("work_queue", "linkedModules.id"), ("outcomes", "linkedModules.id")} <= firsts


@dataclass(frozen=True)
class Many2(Text):
    @property
    def many(self) -> bool:
        return True


class TestElements:
    @pytest.mark.parametrize(
        ("element", "kind", "value", "resource"),
        [
            ("status", Text(), "x", {"status": "x"}),
            ("a.b.c", Text(), "x", {"a": {"b": {"c": "x"}}}),
            ("a[0].b", Text(), "x", {"a": [{"b": "x"}]}),
            ("note[]", Text(), "x", {"note": ["x"]}),
            ("note[]", Many2(), ["x", "y"], {"note": ["x", "y"]}),
            ("detail*", Text(), {"detailString": "x"}, {"detailString": "x"}),
            (
                "extension:duration",
                Text(),
                "x",
                {"extension": [{"url": CONTEXT.extension("duration"), "valueString": "x"}]},
            ),
            (
                "extension:case",
                Many(Text()),
                ["x", "y"],
                {
                    "extension": [
                        {"url": CONTEXT.extension("case"), "valueString": "x"},
                        {"url": CONTEXT.extension("case"), "valueString": "y"},
                    ]
                },
            ),
        ],
    )
    def test_places(self, element: str, kind: Kind, value: Any, resource: dict[str, Any]) -> None:
        found: dict[str, Any] = {}
        placer(element, kind, CONTEXT)(found, value)
        assert found == resource

    def test_what_is_there_already_is_added_to(self) -> None:
        found: dict[str, Any] = {"note": ["a"], "a": {"x": 1}, "t": [{"x": 1}], "extension": [{}]}
        placer("note[]", Text(), CONTEXT)(found, "b")
        placer("a.b", Text(), CONTEXT)(found, "c")
        placer("t[0].b", Text(), CONTEXT)(found, "d")
        placer("extension:e", Text(), CONTEXT)(found, "f")
        assert found["note"] == ["a", "b"]
        assert found["a"] == {"x": 1, "b": "c"}
        assert found["t"] == [{"x": 1, "b": "d"}]
        assert len(found["extension"]) == 2

    def test_a_step_that_is_none(self) -> None:
        with pytest.raises(ValueError, match="is not a step"):
            placer("a b.c", Text(), CONTEXT)

    @pytest.mark.parametrize(
        ("element", "path"),
        [
            ("status", "Task.status"),
            ("note[]", "Task.note"),
            ("target[0].detail*", "Task.target[0].detail"),
            ("extension:linked-module", "Task.extension('linked-module')"),
        ],
    )
    def test_fhirpath(self, element: str, path: str) -> None:
        assert fhirpath("Task", element) == path


class TestGetter:
    def test_first_that_holds_anything(self) -> None:
        get = getter(("a.b", "c"))
        assert get({"a": {"b": 1}, "c": 2}) == 1
        assert get({"a": {"b": ""}, "c": 2}) == 2
        assert get({"a": [{"b": 1}], "c": 2}) == 2
        assert get({"a": {"b": 0}}) == 0
        assert get({}) is None

    def test_the_whole(self) -> None:
        assert getter(("*",))({"a": 1}) == {"a": 1}


def table(*rules: Any, resource: str = "Task", **more: Any) -> Mapping:
    return Mapping(resource, "work_queue", rules, **more)


class TestChecks:
    def test_our_own_tables_pass(self) -> None:
        assert checked(*ALL) == ALL

    @pytest.mark.parametrize(
        ("mapping", "problem"),
        [
            (
                table(rule("status", "a", Text()), rule("status", "b", Text())),
                "stands there 2 times",
            ),
            (table(rule("colour", "a", Text())), "colour is no element of Task"),
            (table(rule("restriction.colour", "a", Text())), "is no element"),
            (table(rule("status.more", "a", Text())), "is no element"),
            (table(rule("extension:a.b", "a", Text())), "is no element"),
            (table(fixed={"colour": 1}), "colour is no element"),
            (table(rule("note[]", "a", Annotation(), "notes")), "None is not answered"),
            (table(rule("note", "a", Annotation())), "note is a list: write note"),
            (
                table(rule("code", "a", Text())),
                "code is a CodeableConcept, and its kind gives a string",
            ),
            (table(rule("status", "a", Annotation())), "status is a primitive, and its kind gives"),
            (table(rule("authoredOn", "a", DateTime(), "status")), "status is a token parameter"),
        ],
    )
    def test_a_wrong_table_is_refused(self, mapping: Mapping, problem: str) -> None:
        with pytest.raises(MappingError, match=problem):
            checked(mapping)

    def test_texts_are_searched_as_strings_and_urls_as_uris(self) -> None:
        text = table(rule("description", "a", Text(), "description"))
        profile = table(finds("meta.profile", "*", Unstored("canonical", "uri"), "_profile"))
        assert checked(text, profile) == (text, profile)

    def test_a_list_may_have_several_lines(self) -> None:
        mapping = table(rule("note[]", "a", Annotation()), rule("note[]", "b", Annotation()))
        assert checked(mapping) == (mapping,)


class TestKinds:
    def test_a_kind_says_what_it_does_not_do(self) -> None:
        kind = Kind()
        with pytest.raises(NotImplementedError):
            _ = kind.fhir_type
        with pytest.raises(NotImplementedError):
            kind.encoder(SITE)
        assert kind.search_type is None
        assert not kind.total
        assert kind.token(SITE, None, "x") == NOTHING
        assert kind.reference(SITE, [Target(None, "x")]) == NOTHING
        assert kind.is_token_of_absent(None, "x") is False
        assert kind.servable(SITE) is None
        assert kind.paths("a") == ("a",)

    def test_every_kind_of_a_table_can_be_described(self) -> None:
        for mapping in ALL:
            for each in mapping.rules:
                assert each.kind.describe()
                assert each.kind.fhir_type
                assert Many(each.kind).describe().startswith("list of ")

    def test_many_is_of_what_it_holds(self) -> None:
        kind = Many(Date())
        assert (kind.fhir_type, kind.search_type, kind.sortable) == ("date", "date", False)

    def test_a_part_of_an_extension_may_have_old_names(self) -> None:
        encode = Complex((part("a", ("new", "old"), Text()),)).encoder(SITE)
        assert encode({"new": "", "old": "x"}, []) == {
            "extension": [{"url": "a", "valueString": "x"}]
        }
        assert encode({}, []) is None
        findings: list[Any] = []
        assert encode("x", findings) is None
        assert len(findings) == 1

    def test_a_parameter_over_several_lines_cannot_be_sorted_by(self) -> None:
        params = registry().types["EpisodeOfCare"].params
        assert len(params["type"].targets) == 3
        assert params["type"].sort_path is None


def test_a_mapping_bound_to_a_context_keeps_both() -> None:
    (source,) = registry().types["Task"].sources
    assert source.mapping is TASK
    assert replace(source.context, canonical="x").code_system("a") == "x/CodeSystem/a"
    assert isinstance(TASK.rules[0].kind, Kind)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (rule("extension:risk", "risk", Concept("Risk Level"), "risk"), "'Risk Level' cannot be"),
        (rule("extension:risk_level", "risk", Concept("risk")), "'risk_level' cannot be an id"),
        (rule("extension:risk", "risk", Concept("risk"), "risk-levl!"), "no name of a search"),
    ],
    ids=["code-system", "extension", "search"],
)
def test_names_that_are_published_are_ids(line: Rule, problem: str) -> None:
    goal = next(each for each in ALL if each.resource == "Goal")
    with pytest.raises(MappingError, match=problem):
        checked(replace(goal, rules=(*goal.rules, line)))
