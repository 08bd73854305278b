"""What scopes grant, in both spellings, and that nothing malformed grants anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.security.principal import Scope
from fhir_facade.security.scopes import parse_scopes

LEVELS = st.sampled_from(["patient", "user", "system"])
TYPES = st.sampled_from(["*", "Task", "Goal", "EpisodeOfCare", "DocumentReference"])
LETTERS = st.sets(st.sampled_from("cruds"), min_size=1).map(
    lambda found: "".join(letter for letter in "cruds" if letter in found)
)
NAMES = st.text("abcdefghij-_:", min_size=1, max_size=8)
VALUES = st.text("abc|/.:,0123", min_size=1, max_size=12)
QUERIES = st.lists(st.tuples(NAMES, VALUES), max_size=3)


@pytest.mark.parametrize(
    ("text", "level", "resource", "letters"),
    [
        ("patient/Goal.read", "patient", "Goal", "rs"),
        ("user/Task.write", "user", "Task", "cud"),
        ("system/*.*", "system", "*", "cruds"),
        ("patient/*.read", "patient", "*", "rs"),
        ("patient/Goal.rs", "patient", "Goal", "rs"),
        ("system/Task.cud", "system", "Task", "cud"),
        ("user/*.cruds", "user", "*", "cruds"),
        ("user/Flag.s", "user", "Flag", "s"),
    ],
)
def test_a_scope_says_level_type_and_interactions(
    text: str, level: str, resource: str, letters: str
) -> None:
    (found,) = parse_scopes(text)
    assert (found.level, found.resource, found.spelled) == (level, resource, text)
    assert found.interactions == frozenset(letters)
    assert found.query == ()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("patient/Goal.rs?lifecycle-status=active", (("lifecycle-status", "active"),)),
        (
            "patient/Task.rs?code=http://x|a&status=ready",
            (("code", "http://x|a"), ("status", "ready")),
        ),
        ("patient/Task.rs?status=ready&status=draft", (("status", "ready"), ("status", "draft"))),
        ("patient/Task.rs?code=a%20b%26c", (("code", "a b&c"),)),
        ("patient/Task.rs?code=a+b", (("code", "a b"),)),
    ],
)
def test_a_granular_scope_has_the_pairs_of_its_query(
    text: str, query: tuple[tuple[str, str], ...]
) -> None:
    (found,) = parse_scopes(text)
    assert found.query == query


@pytest.mark.parametrize(
    "text",
    [
        "",
        "openid fhirUser offline_access launch launch/patient profile",
        "patient/Goal",
        "patient/Goal.",
        "patient/Goal.sr",
        "patient/Goal.rr",
        "patient/Goal.rsx",
        "patient/Goal.READ",
        "patient/Goal.readwrite",
        "patient/goal.read",
        "patient/*.read?status=active",
        "patient/Goal.rs?",
        "patient/Goal.rs?status",
        "patient/Goal.rs?status=",
        "patient/Goal.rs?=active",
        "patient/Goal.rs?status=active&",
        "patient/Goal.rs?status=%ff",
        "patient/.rs",
        "patient/**.rs",
        "Patient/Goal.rs",
        "other/Goal.rs",
        "patient/Goal.rs\n",
        "patient/Goal.rs\tuser/Goal.rs",
        "xpatient/Goal.rs",
        "patient/Göal.rs",
        "patient//Goal.rs",
        "patient/Goal.rs,user/Goal.rs",
    ],
)
def test_what_is_no_clinical_scope_grants_nothing(text: str) -> None:
    assert parse_scopes(text) == ()


def test_scopes_stand_in_their_order_and_once() -> None:
    text = "openid user/Task.rs  launch patient/Goal.rs user/Task.rs patient/Goal.xx"
    assert [each.spelled for each in parse_scopes(text)] == ["user/Task.rs", "patient/Goal.rs"]


@given(LEVELS, TYPES, LETTERS, QUERIES)
def test_every_scope_that_is_written_by_the_rules_is_read(
    level: str, resource: str, letters: str, query: list[tuple[str, str]]
) -> None:
    tail = "?" + "&".join(f"{name}={value}" for name, value in query) if query else ""
    text = f"{level}/{resource}.{letters}{tail}"
    assert parse_scopes(text) == (
        Scope(level, resource, frozenset(letters), tuple(query), text),  # type: ignore[arg-type]
    )


@given(LEVELS, TYPES, st.text("cruds", max_size=7))
def test_letters_count_in_their_order_only(level: str, resource: str, letters: str) -> None:
    ordered = "".join(letter for letter in "cruds" if letter in letters)
    found = parse_scopes(f"{level}/{resource}.{letters}")
    assert bool(found) == (letters == ordered != "")


@given(st.lists(st.one_of(st.text(max_size=30), st.text("patienuser/Gol.*?=&c%", max_size=30))))
def test_no_text_grants_more_than_one_scope_a_word(words: list[str]) -> None:
    text = " ".join(words)
    found = parse_scopes(text)
    assert {each.spelled for each in found} <= set(text.split(" "))
