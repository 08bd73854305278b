"""What shapes a result: sort, count, total, summary, and the parameters the self link shows."""

from __future__ import annotations

import pytest

from fhir_facade.errors import BadRequest, UnknownParameter
from fhir_facade.search.params import parse, split_values, unescape
from fhir_facade.search.plan import Plan, SearchOptions, plan_search
from tests.mappings.serving import registry

OPTIONS = SearchOptions(registry(), "https://example.org/fhir", max_count=200)


def plan(resource: str, *pairs: tuple[str, str]) -> Plan:
    return plan_search(registry().types[resource], pairs, OPTIONS)


class TestSort:
    @pytest.mark.parametrize(
        ("resource", "value", "paths"),
        [
            ("Task", "due", (("deadline", 1),)),
            ("Task", "-due", (("deadline", -1),)),
            ("Task", "status,-authored-on", (("status", 1), ("created", -1))),
            ("Task", "-_lastUpdated", (("updated", -1),)),
            ("Task", "period", (("start_date", 1),)),
            ("Task", "_id", (("_id", 1),)),
            ("Flag", "-date", (("date_start", -1),)),
            ("Goal", "start-date,target-date", (("date_start", 1), ("target_due_date", 1))),
            ("Communication", "sent", (("sent_on", 1),)),
            ("EpisodeOfCare", "status", (("status.state", 1),)),
            ("Observation", "-date", (("outcomeDate", -1),)),
        ],
    )
    def test_by_the_stored_path(
        self, resource: str, value: str, paths: tuple[tuple[str, int], ...]
    ) -> None:
        assert plan(resource, ("_sort", value)).sources[0].sort == paths

    def test_a_path_counts_once_the_first_time(self) -> None:
        found = plan("Task", ("_sort", "-modified,_lastUpdated"))
        assert found.sources[0].sort == (("updated", -1),)

    def test_nothing_after_the_id_changes_the_order(self) -> None:
        assert plan("Task", ("_sort", "_id,due")).sources[0].sort == (("_id", 1),)

    @pytest.mark.parametrize("name", ["_tag", "case", "patient", "nonsense", "-nonsense", "_score"])
    def test_what_cannot_be_sorted_by_is_refused_with_what_can(self, name: str) -> None:
        with pytest.raises(UnknownParameter, match=r"_sort takes: _id, _lastUpdated, authored-on"):
            plan("Task", ("_sort", name))

    @pytest.mark.parametrize("name", ["category", "identifier", "type", "organization", "origin"])
    def test_lists_cannot_be_sorted_by(self, name: str) -> None:
        resource = "Goal" if name == "category" else "EpisodeOfCare"
        with pytest.raises(UnknownParameter):
            plan(resource, ("_sort", name))

    def test_references_cannot_be_sorted_by(self) -> None:
        """R4 gives a reference no order."""
        assert not [
            (each.name, name)
            for each in registry()
            for name, param in each.params.items()
            if param.type == "reference" and each.can_sort_by(name)
        ]

    @pytest.mark.parametrize("value", ["", "-", "due,", ",due", "due,,status", "--due"])
    def test_a_sort_without_a_name_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest):
            plan("Task", ("_sort", value))

    def test_arrays_stand_apart_from_what_has_an_order(self) -> None:
        (source,) = plan("EpisodeOfCare", ("_sort", "status")).sources
        arrays = [{"status": {"$type": "array"}}, {"status.state": {"$type": "array"}}]
        assert source.without_arrays.filter == {"$and": [source.filter, {"$nor": arrays}]}
        assert source.only_arrays.filter == {"$and": [source.filter, {"$or": arrays}]}
        assert source.without_arrays.sort == (("status.state", 1),)
        assert source.only_arrays.sort == ()


class TestCount:
    def test_a_default(self) -> None:
        assert plan("Task").count == OPTIONS.default_count

    @pytest.mark.parametrize(("value", "count"), [("0", 0), ("1", 1), ("007", 7), ("200", 200)])
    def test_as_asked(self, value: str, count: int) -> None:
        assert plan("Task", ("_count", value)).count == count

    def test_no_more_than_the_limit(self) -> None:
        found = plan("Task", ("_count", "999999999"))
        assert found.count == 200
        assert found.query.applied == [("_count", "200")]

    @pytest.mark.parametrize("value", ["", "-1", "1.5", "ten", "9" * 10, " 5", "\u0665"])
    def test_anything_else_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match="_count must be a whole number"):
            plan("Task", ("_count", value))

    def test_the_last_one_counts(self) -> None:
        found = plan("Task", ("_count", "5"), ("_count", "7"))
        assert found.count == 7
        assert found.query.applied == [("_count", "7")]


class TestTotalAndSummary:
    @pytest.mark.parametrize("value", ["none", "estimate", "accurate"])
    def test_total(self, value: str) -> None:
        assert plan("Task", ("_total", value)).query.total == value

    def test_no_other_total(self) -> None:
        with pytest.raises(BadRequest, match="_total must be one of: none, estimate, accurate"):
            plan("Task", ("_total", "all"))

    @pytest.mark.parametrize(
        ("pair", "counts"),
        [
            (("_summary", "count"), True),
            (("_summary", "false"), False),
            (("_count", "0"), True),
            (("_count", "1"), False),
        ],
    )
    def test_what_counts_only(self, pair: tuple[str, str], counts: bool) -> None:
        assert plan("Task", pair).counts_only is counts

    @pytest.mark.parametrize("value", ["true", "text", "data", "false"])
    def test_summaries(self, value: str) -> None:
        found = plan("Task", ("_summary", value))
        assert found.query.summary == value
        assert found.query.applied == [("_summary", value)]
        assert found.issues == []

    @pytest.mark.parametrize(
        ("value", "elements"),
        [("status,code", ("status", "code")), (" status , ", ("status",)), ("", ())],
    )
    def test_elements(self, value: str, elements: tuple[str, ...]) -> None:
        found = plan("Task", ("_elements", value))
        assert found.query.elements == elements
        assert found.query.applied == [("_elements", value)]

    def test_no_other_summary(self) -> None:
        with pytest.raises(BadRequest, match="_summary must be one of"):
            plan("Task", ("_summary", "everything"))


class TestOthers:
    def test_an_unknown_result_parameter_is_ignored_with_a_warning(self) -> None:
        found = plan("Task", ("_totalMethod", "count"), ("_contained", "true"))
        assert found.sources == plan("Task").sources
        assert [issue.severity for issue in found.issues] == ["warning", "warning"]
        assert found.query.applied == []

    @pytest.mark.parametrize("name", ["_has:Patient:link:name", "_filter", "_list", "_type"])
    def test_an_unknown_filter_is_never_ignored(self, name: str) -> None:
        with pytest.raises(UnknownParameter):
            plan("Task", (name, "x"))

    @pytest.mark.parametrize("name", ["_count:x", "_sort:asc", "_total:exact", "_summary:x"])
    def test_result_parameters_take_no_modifier(self, name: str) -> None:
        with pytest.raises(BadRequest, match="takes no modifier"):
            plan("Task", (name, "1"))

    def test_the_self_link_shows_filters_then_the_rest(self) -> None:
        found = plan(
            "Task",
            ("_count", "5"),
            ("status", "draft,ready"),
            ("_sort", "due"),
            ("_format", "json"),
        )
        assert found.query.applied == [
            ("status", "draft,ready"),
            ("_count", "5"),
            ("_sort", "due"),
            ("_format", "json"),
        ]

    def test_a_cursor_is_not_shown(self) -> None:
        query = parse([("_cursor", "abc"), ("_pretty", "true")], max_count=10)
        assert query.cursor == "abc"
        assert query.applied == [("_pretty", "true")]


class TestEscapes:
    @pytest.mark.parametrize(
        ("value", "parts"),
        [
            ("a,b", ("a", "b")),
            (r"a\,b", (r"a\,b",)),
            (r"a\\,b", (r"a\\", "b")),
            (r"a\\\,b", (r"a\\\,b",)),
            (",", ("", "")),
            ("", ("",)),
            (r"\,", (r"\,",)),
        ],
    )
    def test_split_at_bare_commas(self, value: str, parts: tuple[str, ...]) -> None:
        assert split_values(value) == parts

    @pytest.mark.parametrize(
        ("value", "plain"),
        [(r"a\,b", "a,b"), (r"a\|b", "a|b"), (r"a\\b", r"a\b"), (r"\$", "$"), (r"a\x", r"a\x")],
    )
    def test_unescape(self, value: str, plain: str) -> None:
        assert unescape(value) == plain
