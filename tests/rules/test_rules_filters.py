"""The small filters that every kind builds on."""

from __future__ import annotations

import pytest

from fhir_facade.rules.filters import NOTHING, absent, all_of, any_of, first_present, scalar
from fhir_facade.store.matching import compile_filter

ONE, TWO = {"a": 1}, {"b": 2}


def test_any_of() -> None:
    assert any_of([]) == NOTHING
    assert any_of([NOTHING]) == NOTHING
    assert any_of([ONE, NOTHING]) == ONE
    assert any_of([ONE, TWO]) == {"$or": [ONE, TWO]}


def test_all_of() -> None:
    assert all_of([ONE]) == ONE
    assert all_of([ONE, TWO]) == {"$and": [ONE, TWO]}
    assert all_of([ONE, NOTHING]) == NOTHING


def test_nothing_matches_nothing() -> None:
    assert not compile_filter(NOTHING)({"_id": None})
    assert not compile_filter(NOTHING)({})


@pytest.mark.parametrize("document", [{"a": {"b": 1}}, {"a": {"b": 1, "c": []}}])
def test_a_scalar_is_found(document: dict[str, object]) -> None:
    assert compile_filter(scalar("a.b", {"$in": [1]}))(document)


@pytest.mark.parametrize(
    "document",
    [{"a": {"b": [1]}}, {"a": [{"b": 1}]}, {"a": [[{"b": 1}]]}, {"a": {"b": 2}}, {"a": 1}, {}],
)
def test_an_array_on_the_way_hides_what_is_in_it(document: dict[str, object]) -> None:
    assert not compile_filter(scalar("a.b", {"$in": [1]}))(document)


@pytest.mark.parametrize(
    ("value", "is_absent"),
    [
        (None, True),
        ("", True),
        (" ", False),
        (0, False),
        ([], False),
        ([None], False),
        ([""], False),
    ],
)
def test_absent(value: object, is_absent: bool) -> None:
    assert compile_filter(absent("a"))({"a": value}) is is_absent


def test_a_missing_field_is_absent() -> None:
    assert compile_filter(absent("a"))({})


def test_first_present() -> None:
    found = first_present(["a", "b"], lambda path: {path: 1})
    finds = compile_filter(found)
    assert finds({"a": 1, "b": 2})
    assert finds({"a": "", "b": 1})
    assert finds({"b": 1})
    assert not finds({"a": 2, "b": 1})
    assert first_present(["a", "b"], lambda _: NOTHING) == NOTHING


def test_joined_lists_leave_those_they_came_from_alone() -> None:
    one, two = {"a": {"$in": [1, 2]}}, {"a": {"$in": [2, True]}}
    assert any_of([one, two, {"b": 1}]) == {"$or": [{"a": {"$in": [1, 2, True]}}, {"b": 1}]}
    assert one == {"a": {"$in": [1, 2]}}
    assert two == {"a": {"$in": [2, True]}}
