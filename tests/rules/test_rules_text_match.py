"""String comparison: the regular expression decides as folding both texts would.

Stored texts with control characters are left out: they are served without them, and are found only
by what stands before, between or behind them.
"""

# ruff: noqa: RUF001 - letters that look alike are what is tested

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fhir_facade.rules.filters import NOTHING
from fhir_facade.rules.text import clean
from fhir_facade.rules.text_match import KEY, TextMatch, fold
from fhir_facade.store.matching import compile_filter

LATIN = "aAeEiIoOuUnNsSzZkK" + "äÄéÉçÇñÑøØœŒ" + "ǟỆếŻžŠåÅ"
ODD = "ßẞİıſK" + "\u0301\u0308\u0323\u0327\u0345"
GREEK, CYRILLIC = "αΑάΆἀᾳᾼσΣωΏ", "иИйЙеЁёѐ"
SIGNS = r".*+?[](){}^$|\-/&~#" + "0 9\t\n\u00a0"
LETTERS = st.text(LATIN + ODD + GREEK + CYRILLIC + SIGNS, max_size=8)
CONTROL = "\x01\x1f\x7f\ufffe\uffff"


def finds(value: str, how: str, stored: object) -> bool:
    return compile_filter(TextMatch(value, how).filter("x"))({"x": stored})


RESPELLINGS: list[Callable[[str], str]] = [
    str,
    str.lower,
    str.upper,
    str.title,
    fold,
    lambda each: unicodedata.normalize("NFD", each),
    lambda each: unicodedata.normalize("NFC", each),
]


@st.composite
def near(draw: st.DrawFn) -> tuple[str, str]:
    """A stored text, and a value that is perhaps a part of it, spelled in another way."""
    text = draw(LETTERS)
    start = draw(st.integers(0, len(text)))
    part = text[start : draw(st.integers(start, len(text)))]
    respelled = draw(st.sampled_from(RESPELLINGS))
    return text, respelled(part)


@settings(max_examples=500)
@given(near() | st.tuples(LETTERS, LETTERS), st.sampled_from(["prefix", "contains"]))
@example(("Straße", "STRASSE"), "prefix")
@example(("İstanbul", "istanbul"), "prefix")
@example(("Ισίδωρος", "ισιδωροσ"), "prefix")
@example(("ΟΔΟΣΑ", "ΟΔΟΣ"), "prefix")
@example(("ISTANBUL", "ı"), "prefix")
@example(("S", "ſ"), "prefix")
def test_a_text_is_found_as_folding_says(pair: tuple[str, str], how: str) -> None:
    text, value = pair
    if not fold(value).strip() or clean(text) is None:
        return
    own, wanted = fold(text), fold(value)
    found = wanted in own if how == "contains" else own.startswith(wanted)
    assert finds(value, how, text) is found
    assert TextMatch(value, how).matches(text) is found


@given(near())
def test_case_and_accents_do_not_matter(pair: tuple[str, str]) -> None:
    text, _ = pair
    if not fold(text).strip():
        return
    for spelled in (text, text.lower(), fold(text), unicodedata.normalize("NFD", text)):
        assert finds(spelled, "prefix", text)
        assert finds(spelled, "contains", text)


@given(near())
def test_folding_twice_changes_nothing(pair: tuple[str, str]) -> None:
    assert fold(fold(pair[0])) == fold(pair[0])


@given(near() | st.tuples(LETTERS, LETTERS))
@example(("Müller", "Muller"))
@example(("Müller", "müller"))
def test_exact_is_the_very_text(pair: tuple[str, str]) -> None:
    text, value = pair
    if fold(value).strip():
        assert finds(value, "exact", text) is (text == value)
        assert TextMatch(value, "exact").matches(text) is (text == value)


@pytest.mark.parametrize("how", ["prefix", "contains", "exact"])
@pytest.mark.parametrize("stored", [None, 7, True, ["a"], {"a": "a"}, [["a"]], ""])
def test_nothing_but_a_text_is_found(how: str, stored: object) -> None:
    assert not finds("a", how, stored)


@pytest.mark.parametrize("how", ["prefix", "contains", "exact"])
def test_an_empty_value_finds_nothing(how: str) -> None:
    assert TextMatch("", how).filter("x") == NOTHING


@pytest.mark.parametrize("value", [" ", "\u0301"])
@pytest.mark.parametrize("how", ["prefix", "contains"])
def test_a_blank_text_that_is_not_served_is_not_found(value: str, how: str) -> None:
    assert clean(" \t\u00a0") is None
    assert not finds(value, how, " \t\u00a0")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a.c", "abc"),
        ("a*", "aa"),
        ("(", "x"),
        ("[a]", "a"),
        ("^a", "a"),
        ("a$", "a"),
        ("\\d", "7"),
    ],
)
def test_signs_stand_for_themselves(value: str, text: str) -> None:
    assert not finds(value, "contains", text)
    assert finds(value, "contains", f"x{value}y")


@settings(max_examples=300)
@given(st.text(LATIN + CONTROL + " \t\u2003\u00a0é", max_size=5))
def test_the_pattern_of_a_key_is_a_text_that_is_served_whole(text: str) -> None:
    finds_key = compile_filter({"x": {"$regex": KEY}})
    assert finds_key({"x": text}) is (clean(text) == text)


@pytest.mark.parametrize("how", ["prefix", "word", "contains"])
def test_a_long_run_of_marks_is_gone_through_once(how: str) -> None:
    """Whoever stores a text could stop the searches of others: to go back takes hours."""
    run = "a" + "\u0301" * 1_000_000
    assert not finds("annq", how, run)
    assert finds("ann", how, f"{run}nn")


def test_a_long_key_is_gone_through_once() -> None:
    is_key = compile_filter({"x": {"$regex": KEY}})
    assert is_key({"x": "a" * 1_000_000})
    assert not is_key({"x": "a" * 1_000_000 + "\x01"})
