"""Derived files: the committed ones are what the registry derives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fhir_facade.derive.artefacts import artefacts, drift, index_list, write
from fhir_facade.derive.docs import mapping_rows
from tests.derive.conftest import ROOT
from tests.mappings.serving import registry, registry_with


def test_the_committed_files_are_what_is_derived() -> None:
    assert drift(registry_with(keeps=True), ROOT) == [], "run: fhir-facade derive"


def test_written_once_there_is_no_drift(tmp_path: Path) -> None:
    wanted = artefacts(registry())
    assert drift(registry(), tmp_path) == sorted(wanted)
    assert write(registry(), tmp_path) == sorted(wanted)
    assert drift(registry(), tmp_path) == []
    assert write(registry(), tmp_path) == []


def test_a_changed_a_missing_and_a_stray_file_are_drift(tmp_path: Path) -> None:
    write(registry(), tmp_path)
    changed = "capability/indexes.json"
    missing = "docs/mappings/Task.md"
    strays = ["capability/SearchParameter-Task-gone.json", "docs/mappings/Gone.md"]
    (tmp_path / changed).write_text("[]", "utf-8")
    (tmp_path / missing).unlink()
    for stray in strays:
        (tmp_path / stray).write_text("", "utf-8")
    assert drift(registry(), tmp_path) == sorted([changed, missing, *strays])
    write(registry(), tmp_path)
    assert drift(registry(), tmp_path) == []
    assert not (tmp_path / strays[0]).exists()


def test_files_that_are_not_derived_are_left_alone(tmp_path: Path) -> None:
    write(registry(), tmp_path)
    own = [tmp_path / "capability" / each for each in ("own.json", "__init__.py")]
    for each in own:
        each.write_text("{}", "utf-8")
    assert drift(registry(), tmp_path) == []
    write(registry(), tmp_path)
    assert all(each.exists() for each in own)


@pytest.mark.parametrize("type_", ["StructureDefinition", "ConceptMap", "NamingSystem", "Library"])
def test_a_surplus_resource_of_any_type_is_drift(tmp_path: Path, type_: str) -> None:
    write(registry(), tmp_path)
    (tmp_path / "capability" / f"{type_}-gone.json").write_text("{}", "utf-8")
    assert drift(registry(), tmp_path) == [f"capability/{type_}-gone.json"]


def test_every_json_file_is_json_and_ends_with_a_line_break() -> None:
    for path, text in artefacts(registry()).items():
        assert text.endswith("\n")
        assert "\r" not in text
        if path.endswith(".json"):
            json.loads(text)


def test_the_index_list_keeps_the_order_of_keys() -> None:
    for each, index in zip(index_list(registry()), registry().indexes(), strict=True):
        assert list(each["key"].items()) == list(index.keys)
        assert each["name"] == index.name


def test_a_page_has_a_row_for_every_line_of_a_table() -> None:
    pages = artefacts(registry())
    for each in registry():
        page = pages[f"docs/mappings/{each.name}.md"]
        for source in each.sources:
            for element, _, kind, _ in mapping_rows(source):
                assert f"| `{element}` |" in page
                assert f"| {kind} |" in page
        for name in each.params:
            assert f"| `{name}` |" in page
