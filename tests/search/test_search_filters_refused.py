"""What cannot be asked is refused with a reason, or left out and said."""

from __future__ import annotations

import pytest

from fhir_facade.errors import BadRequest, TooCostly, UnknownParameter
from tests.search.filters import plan
from tests.search.plans import LENIENT


class TestRefusals:
    @pytest.mark.parametrize("name", ["staus", "Status", "", "x" * 500, "_text", "staus.", "."])
    def test_an_unknown_filter_lists_the_valid_ones(self, name: str) -> None:
        known = "Valid ones are: _id, _lastUpdated, _profile, _security, _tag, authored-on"
        with pytest.raises(UnknownParameter, match=known):
            plan("Task", (name, "x"))

    def test_a_misspelt_one_is_guessed(self) -> None:
        with pytest.raises(UnknownParameter, match="Did you mean 'status'"):
            plan("Task", ("staus", "x"))

    def test_one_that_r4_defines_is_said_to_be_unsupported(self) -> None:
        with pytest.raises(UnknownParameter, match="'requester' of Task is not supported here"):
            plan("Task", ("requester", "x"))
        with pytest.raises(UnknownParameter, match="Task has no search parameter 'colour'"):
            plan("Task", ("colour", "x"))

    def test_a_refusal_shows_no_control_characters_and_no_long_names(self) -> None:
        with pytest.raises(UnknownParameter) as caught:
            plan("Task", ("a\x1b[31m" + "b" * 300, "x"))
        assert "\x1b" not in str(caught.value)
        assert "b" * 100 not in str(caught.value)

    @pytest.mark.parametrize("name", ["status:exact", "patient:Group", "_id:in", "due:x"])
    def test_other_modifiers_are_refused(self, name: str) -> None:
        with pytest.raises(UnknownParameter, match=f":{name.partition(':')[2]}' is not supported"):
            plan("Task", (name, "x"))

    @pytest.mark.parametrize("value", ["", ",", ",,"])
    def test_a_parameter_without_a_value_is_refused(self, value: str) -> None:
        with pytest.raises(BadRequest, match="'status' has no value"):
            plan("Task", ("status", value))

    @pytest.mark.parametrize(
        ("name", "most"), [("patient", 332), ("status", 996), ("due", 39), ("description", 35)]
    )
    def test_so_many_values_and_no_more(self, name: str, most: int) -> None:
        value = "2026" if name == "due" else "x"
        assert plan("Task", (name, ",".join([value] * most))).sources
        with pytest.raises(TooCostly, match="too many values"):
            plan("Task", (name, ",".join([value] * (most + 1))))

    def test_clauses_add_up(self) -> None:
        with pytest.raises(TooCostly):
            plan("Task", *[("status", "ready")] * 201)

    @pytest.mark.parametrize("name", ["status", "patient", "sent", "_id", "_cursor"])
    def test_a_nul_is_refused(self, name: str) -> None:
        with pytest.raises(BadRequest):
            plan("Communication", (name, "a\x00b"))

    def test_codes_of_the_refusals(self) -> None:
        for pairs, code in (
            ([("staus", "x")], "not-supported"),
            ([("status:exact", "x")], "not-supported"),
            ([("status", "")], "invalid"),
            ([("due", "soon")], "invalid"),
        ):
            with pytest.raises(BadRequest) as caught:
                plan("Task", *pairs)
            assert [issue.code for issue in caught.value.issues] == [code]


class TestLenient:
    @pytest.mark.parametrize(
        "pair", [("staus", "x"), ("status:exact", "x"), ("status", ""), ("requester", "x")]
    )
    def test_what_cannot_be_asked_is_left_out_and_said(self, pair: tuple[str, str]) -> None:
        found = plan("Task", pair, ("priority", "stat"), options=LENIENT)
        assert found.sources == plan("Task", ("priority", "stat")).sources
        assert found.query.applied == [("priority", "stat")]
        (issue,) = found.issues
        assert issue.severity == "warning"
        assert issue.diagnostics.endswith("It was left out of the search.")

    def test_a_value_that_cannot_be_read_is_refused_all_the_same(self) -> None:
        with pytest.raises(BadRequest):
            plan("Task", ("due", "soon"), options=LENIENT)

    def test_a_sort_that_cannot_be_is_left_out(self) -> None:
        found = plan("Task", ("_sort", "-due,_tag,status"), options=LENIENT)
        assert found.sources[0].sort == (("deadline", -1), ("status", 1))
        assert found.query.applied == [("_sort", "-due,status")]
        assert "'_tag' cannot be sorted by" in found.issues[0].diagnostics

    def test_a_sort_that_is_left_out_whole_is_not_shown(self) -> None:
        found = plan("Task", ("_sort", "_tag"), ("_count", "5"), options=LENIENT)
        assert found.query.applied == [("_count", "5")]
        assert found.sources[0].sort == ()
