"""A search by words, or by a system alone, finds what the encoder gives.

Left out: stored words with control characters, which are served without them, and arrays in arrays.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fhir_facade.rules.codes import Codes
from fhir_facade.rules.context import Context
from fhir_facade.rules.kinds import Concept, Kind, Many, Text
from fhir_facade.rules.kinds.base import Site
from fhir_facade.rules.text import clean
from fhir_facade.rules.text_match import TextMatch
from fhir_facade.store.matching import compile_filter
from tests.mappings.serving import stored

CONTEXT = Context()
SITE = Site("Task.x", "x", CONTEXT)
CODES = Codes(
    "task-things", {"one": "One", "two": "TwoWords"}, {"Uno": "one"}, {"two": "Two Words"}
)
SPELLED = ["", " ", "One", "one", "Uno", "uno", "UNO", "TwoWords", "two_words", "two", "Two Words"]
LOOSE = ["Öne more", "one  more", " one", "one ", "other", "Óther", "o\tx", "o\nx", "o", "a/b.c"]
WORDS = st.sampled_from([*SPELLED, *LOOSE, "\u00a0x"])
NO_LIST: st.SearchStrategy[Any] = st.sampled_from([None, 7, True, {}])
ODD = st.one_of(NO_LIST, st.sampled_from([[], ["One"]]))


def _pairs(*values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(["value", "display"]), st.one_of(WORDS, *values))


VALUES = st.one_of(WORDS, _pairs(WORDS, ODD), ODD)
IN_A_LIST = st.one_of(WORDS, _pairs(WORDS, NO_LIST), NO_LIST)
PARTS = ["o", "O", "one", "ONE", "öne", "two w", "TwoW", "word", "other", "x", "uno", "one "]
ASKED = st.sampled_from([*PARTS, "one  m", " one", "a/b", "."])
LOCAL = CONTEXT.code_system("things")
TABLE = CONTEXT.code_system("task-things")

KINDS = [
    Concept("things"),
    Concept("things", shows=True),
    Concept("things", says=True),
    Concept("things", shows=True, says=True),
    Concept(codes=(CODES,)),
    Concept("things", codes=(CODES,)),
    Concept("things", codes=(CODES,), both=True),
    Concept("things", codes=(CODES,), says=True),
]


def _concepts(kind: Kind, document: dict[str, Any]) -> list[dict[str, Any]]:
    value = document["x"]
    found = None if value is None else kind.encoder(SITE)(value, [])
    return found if isinstance(found, list) else [] if found is None else [found]


def _words(concept: dict[str, Any]) -> list[str]:
    shown = [each["display"] for each in concept.get("coding", ()) if "display" in each]
    return [*shown, *([concept["text"]] if "text" in concept else [])]


@pytest.mark.parametrize("kind", [*KINDS, Text(concept=True)], ids=repr)
@pytest.mark.parametrize("how", ["prefix", "contains"])
@settings(max_examples=150)
@given(value=VALUES, asked=ASKED)
@example(value={"value": "One", "display": "Two"}, asked="one")
@example(value={"value": "other", "display": "Two"}, asked="other")
def test_words_are_found(kind: Kind, how: str, value: Any, asked: str) -> None:
    document, match = stored({"x": value}), TextMatch(asked, how)
    wanted = any(
        map(match.matches, (word for c in _concepts(kind, document) for word in _words(c)))
    )
    assert compile_filter(kind.text(SITE, match))(document) is wanted, _concepts(kind, document)


@pytest.mark.parametrize("kind", [Many(KINDS[0]), Many(KINDS[1]), Many(KINDS[6])], ids=repr)
@settings(max_examples=150)
@given(values=st.lists(IN_A_LIST, max_size=3), asked=ASKED)
def test_words_in_a_list_are_found(kind: Kind, values: list[Any], asked: str) -> None:
    document, match = stored({"x": values}), TextMatch(asked)
    wanted = any(
        map(match.matches, (word for c in _concepts(kind, document) for word in _words(c)))
    )
    assert compile_filter(kind.text(SITE, match))(document) is wanted, _concepts(kind, document)


@pytest.mark.parametrize("system", [LOCAL, TABLE])
@pytest.mark.parametrize("kind", KINDS, ids=repr)
@settings(max_examples=100)
@given(value=VALUES)
def test_a_system_alone_finds_its_codings(kind: Kind, system: str, value: Any) -> None:
    document = stored({"x": value})
    systems = [each["system"] for c in _concepts(kind, document) for each in c.get("coding", ())]
    found = compile_filter(kind.token(SITE, system, None))(document)
    assert found is (system in systems), _concepts(kind, document)


@pytest.mark.parametrize("value", ["o\u2003x", "o\u00a0x", "o\x01x"])
def test_what_is_no_code_is_not_found_by_the_system(value: str) -> None:
    document = stored({"x": value})
    assert all("coding" not in each for each in _concepts(KINDS[0], document))
    assert not compile_filter(KINDS[0].token(SITE, LOCAL, None))(document)


@pytest.mark.parametrize("kind", KINDS, ids=repr)
@settings(max_examples=150)
@given(value=VALUES, code=WORDS.filter(lambda each: clean(each) is not None))
def test_a_code_finds_its_codings(kind: Kind, value: Any, code: str) -> None:
    document = stored({"x": value})
    codings = [
        (each["system"], each["code"])
        for c in _concepts(kind, document)
        for each in c.get("coding", ())
    ]
    for system in (LOCAL, TABLE):
        found = compile_filter(kind.token(SITE, system, code))(document)
        assert found is ((system, code) in codings), _concepts(kind, document)
    found = compile_filter(kind.token(SITE, None, code))(document)
    assert found is (code in [each for _, each in codings]), _concepts(kind, document)
