"""Code tables: one-to-one, with a finite set of spellings."""

from __future__ import annotations

import pytest

from fhir_facade.rules.codes import Codes, variants
from mappings import codes as tables

ALL_TABLES = {name: each for name, each in vars(tables).items() if isinstance(each, Codes)}


def test_variants() -> None:
    assert set(variants("InProgress")) == {
        "InProgress",
        "inProgress",
        "inprogress",
        "INPROGRESS",
        "In Progress",
        "in progress",
        "in_progress",
        "IN_PROGRESS",
        "in-progress",
    }


@pytest.mark.parametrize("spelling", ["InProgress", "in_progress", "in-progress", "In Progress"])
def test_variants_are_the_same_from_any_spelling(spelling: str) -> None:
    assert set(variants(spelling)) == set(variants("inProgress"))


@pytest.mark.parametrize(
    ("spelling", "some"),
    [("ASAP", {"asap", "Asap"}), ("STAT", {"stat"}), ("HL7Code", {"hl-7-code", "hl7code"})],
)
def test_variants_of_abbreviations(spelling: str, some: set[str]) -> None:
    assert some <= set(variants(spelling))


def test_no_words_have_no_variants_but_themselves() -> None:
    assert variants("?") == ("?",)
    assert variants("") == ()


def test_a_spelling_of_two_codes_is_refused() -> None:
    with pytest.raises(ValueError, match="means a and b"):
        Codes("s", {"a": "in_progress", "b": "InProgress"})


def test_an_alias_of_another_code_is_refused() -> None:
    with pytest.raises(ValueError, match="means"):
        Codes("s", {"a": "One", "b": "Two"}, aliases={"two": "a"})


def test_an_alias_needs_its_code() -> None:
    with pytest.raises(ValueError, match=r"aliases name codes without a spelling: \['c'\]"):
        Codes("s", {"a": "One"}, aliases={"Three": "c"})


def test_readings_and_strays() -> None:
    table = Codes("s", {"a": "One"}, aliases={"First": "a"}, displays={"a": "No. 1"})
    assert {table.readings()[each] for each in ("One", "one", "ONE", "a", "first", "FIRST")} == {
        "a"
    }
    assert table.readings({"odd": "a"})["odd"] == "a"
    assert "odd" not in table.readings()
    assert table.display("a") == "No. 1"
    assert Codes("s", {"a": "One"}).display("a") == "One"


@pytest.mark.parametrize("name", ALL_TABLES)
def test_every_table_reads_what_it_would_write(name: str) -> None:
    table = ALL_TABLES[name]
    readings = table.readings()
    for code, canonical in table.stored.items():
        assert readings[canonical] == code
        assert readings[code] == code
    assert len(set(table.stored.values())) == len(table.stored)
