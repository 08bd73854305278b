"""Strings, codes and ids as FHIR allows them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_facade.rules.text import (
    FALSE_VALUES,
    TRUE_VALUES,
    clean,
    fhir_id,
    is_code,
    is_id,
    is_set,
    key_text,
    stored_ids,
    stored_keys,
)
from fhir_facade.store.matching import compile_filter

OID = ObjectId("64b000000000000000000001")
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=70)


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("text", "text"),
        ("a\x00b\x1b\x7f", "ab"),
        ("line\nbreak\ttab\r", "line\nbreak\ttab\r"),
        ("é 🦊", "é 🦊"),
        ("\x00", None),
        ("", None),
        (" \n\u00a0", None),
        ("a\ud800b", "ab"),
    ],
)
def test_clean(value: str, cleaned: str | None) -> None:
    assert clean(value) == cleaned


@pytest.mark.parametrize("value", ["a", "a b", "a-b_c", "é", "a|b,c"])
def test_codes(value: str) -> None:
    assert is_code(value)


@pytest.mark.parametrize("value", ["", " a", "a ", "a  b", "a\n", "\x00", "a\x00b"])
def test_no_codes(value: str) -> None:
    assert not is_code(value)


@settings(deadline=None)
@given(st.one_of(TEXTS, st.binary(min_size=12, max_size=12).map(ObjectId), st.uuids()))
def test_what_is_served_under_an_id_is_found_under_it(stored: Any) -> None:
    served = fhir_id(stored)
    if served is not None:
        assert is_id(served)
        assert stored in stored_ids(served)


@settings(deadline=None)
@given(st.one_of(TEXTS, st.from_regex(r"x-([0-9a-f]{2}){0,31}", fullmatch=True)))
def test_every_id_that_is_asked_for_is_served_as_that(asked: str) -> None:
    for stored in stored_ids(asked):
        assert fhir_id(stored) == asked


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_two_ids_are_never_served_as_one(one: str, other: str) -> None:
    if one != other and fhir_id(one) is not None:
        assert fhir_id(one) != fhir_id(other)


@pytest.mark.parametrize("stored", [None, 7, True, b"x", {}, [], "", 1.5, "ü" * 32])
def test_no_ids(stored: Any) -> None:
    assert fhir_id(stored) is None


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("M1", "M1"),
        (" M1", " M1"),
        (7, "7"),
        (Int64(7), "7"),
        (-7, "-7"),
        (OID, str(OID)),
        (UUID, str(UUID)),
        (True, None),
        (None, None),
        ("", None),
        ("  ", None),
        (7.5, None),
        ([], None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_keys(stored: Any, text: str | None) -> None:
    assert key_text(stored) == text


@pytest.mark.parametrize(
    "stored", ["M1", "007", 7, Int64(2**40), -7, 0, OID, str(OID), UUID, str(UUID), 7.0]
)
def test_a_key_is_found_as_it_is_served(stored: Any) -> None:
    text = key_text(stored)
    assert text is not None
    assert compile_filter({"key": {"$in": stored_keys(text)}})({"key": stored})


def test_keys_of_other_spellings_are_not_found() -> None:
    finds = compile_filter({"key": {"$in": stored_keys("7")}})
    assert [finds({"key": each}) for each in ("07", 7.5, "7 ", True, 70)] == [False] * 5
    assert not compile_filter({"key": {"$in": stored_keys("-0")}})({"key": 0})
    assert stored_keys("9" * 30) == ["9" * 30]


MARKS: tuple[Any, ...] = (
    *TRUE_VALUES,
    *FALSE_VALUES,
    None,
    "",
    "yes",
    2,
    1.0,
    0.0,
    Int64(1),
    [True],
    [False],
    [],
    [[True]],
    ["true", 0],
    {},
    {"a": True},
    float("nan"),
    Decimal128("1"),
    Decimal128("0"),
)


@pytest.mark.parametrize("mark", MARKS, ids=repr)
def test_a_mark_is_set_just_where_a_filter_says_so(mark: Any) -> None:
    assert is_set(mark) is compile_filter({"mark": {"$in": list(TRUE_VALUES)}})({"mark": mark})
