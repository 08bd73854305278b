"""Code systems, value sets and concept maps say what the mappings read, serve and write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fhir_facade.derive.vocabularies import tables
from fhir_facade.rules.codes import Codes, variants
from tests.derive.publishing import Json, objects, of_type
from tests.mappings.serving import BASE, registry

SYSTEMS = of_type("CodeSystem")
VALUE_SETS = of_type("ValueSet")
MAPS = of_type("ConceptMap")
TABLES = tables(registry())
LOCAL = f"{BASE}/CodeSystem/"


def _codes(system: Json) -> dict[str, str]:
    return {each["code"]: each["display"] for each in system.get("concept", ())}


def _codings(resources: list[Json]) -> Iterator[Json]:
    for resource in resources:
        for _, each in objects(resource, resource["resourceType"]):
            if str(each.get("system", "")).startswith(LOCAL):
                yield each


class TestCodeSystems:
    def test_every_local_coding_that_is_served_is_of_a_published_system(
        self, served_resources: list[Json]
    ) -> None:
        seen = set()
        for coding in _codings(served_resources):
            system = SYSTEMS[coding["system"].removeprefix(LOCAL)]
            seen.add(system["id"])
            if system["content"] == "complete":
                display = _codes(system)[coding["code"]]
                assert coding.get("display", display) == display
        own = {id for id in SYSTEMS if not id.startswith("platform-")}
        assert own - seen == set(), "published, and in no demo data"

    def test_closed_ones_are_complete(self) -> None:
        system = SYSTEMS["task-category"]
        assert (system["content"], system["count"]) == ("complete", 3)
        assert _codes(system) == {"Claim": "Claim", "Insurance": "Insurance", "Member": "Member"}
        assert system["valueSet"] == f"{BASE}/ValueSet/task-category"
        assert set(_codes(SYSTEMS["record-state"])) == {"archived", "acknowledged", "hidden"}
        assert set(_codes(SYSTEMS["document-category"])) == {
            "case-document",
            "interaction-document",
        }

    def test_open_ones_say_so(self) -> None:
        assert SYSTEMS["flag-name"]["content"] == "not-present"
        assert "concept" not in SYSTEMS["flag-name"]
        assert "whatever the platform has stored" in SYSTEMS["flag-name"]["description"]
        medium = SYSTEMS["interaction-medium"]
        assert medium["content"] == "fragment"
        assert "in-person" in _codes(medium)
        for each in (SYSTEMS["flag-name"], medium):
            assert "valueSet" not in each
            assert "count" not in each

    @pytest.mark.parametrize("name", sorted(TABLES))
    def test_the_platforms_spellings_are_all_there(self, name: str) -> None:
        system, table = SYSTEMS[f"platform-{name}"], TABLES[name]
        assert set(_codes(system)) == set(table.readings())
        written = {
            each["code"] for each in system["concept"] if each["property"][0]["valueBoolean"]
        }
        assert written == {table.spelling(code) for code in table.stored}
        assert system["content"] == "complete"

    @pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
    def test_a_complete_ones_value_set_is_all_of_it(self, system: Json) -> None:
        if system["content"] == "complete":
            (found,) = (each for each in VALUE_SETS.values() if each["url"] == system["valueSet"])
            assert found["compose"] == {"include": [{"system": system["url"]}]}


class TestValueSets:
    def test_a_table_of_fhirs_codes_lists_them(self) -> None:
        (included,) = VALUE_SETS["task-status"]["compose"]["include"]
        assert included["system"] == "http://hl7.org/fhir/task-status"
        assert [each["code"] for each in included["concept"]] == list(TABLES["task-status"].stored)

    def test_an_element_of_two_systems_has_one_value_set(self) -> None:
        found = VALUE_SETS["goal-category-local-or-goal-category"]["compose"]["include"]
        assert [each["system"] for each in found] == [
            f"{LOCAL}goal-category-local",
            "http://terminology.hl7.org/CodeSystem/goal-category",
        ]

    def test_what_a_search_takes_is_published(self) -> None:
        by_url = {each["url"]: each for each in VALUE_SETS.values()}
        for url, pairs in registry().value_sets.items():
            (included,) = by_url[url]["compose"]["include"]
            system = included["system"]
            codes = [each["code"] for each in included.get("concept", ())]
            known = codes or [*_codes(SYSTEMS[system.removeprefix(LOCAL)])]
            assert [(system, code) for code in known] == list(pairs)

    def test_tables_below_an_element_count(self) -> None:
        assert {"participant-role", "care-plan-activity-status"} <= VALUE_SETS.keys()


def _pairs(concept_map: Json) -> dict[str, tuple[str, str]]:
    (group,) = concept_map["group"]
    return {
        each["code"]: (target["code"], target["equivalence"])
        for each in group["element"]
        for target in each["target"]
    }


def _relation(table: Codes, spelling: str, code: str) -> str:
    if spelling == code:
        return "equal"
    return "equivalent" if spelling in variants(table.stored[code]) else "wider"


@pytest.mark.parametrize("name", sorted(TABLES))
class TestConceptMaps:
    def test_reading(self, name: str) -> None:
        found, table = MAPS[f"platform-{name}-to-fhir"], TABLES[name]
        assert found["sourceCanonical"] == f"{BASE}/ValueSet/platform-{name}"
        assert found["targetCanonical"] == f"{BASE}/ValueSet/{name}"
        assert found["group"][0]["source"] == f"{LOCAL}platform-{name}"
        assert _pairs(found) == {
            spelling: (code, _relation(table, spelling, code))
            for spelling, code in table.readings().items()
        }

    def test_writing(self, name: str) -> None:
        found, table = MAPS[f"fhir-to-platform-{name}"], TABLES[name]
        assert found["sourceCanonical"] == f"{BASE}/ValueSet/{name}"
        assert found["targetCanonical"] == f"{BASE}/ValueSet/platform-{name}"
        assert found["group"][0]["target"] == f"{LOCAL}platform-{name}"
        assert {code: stored for code, (stored, _) in _pairs(found).items()} == {
            code: table.spelling(code) for code in table.stored
        }


def test_aliases_and_the_nearest_word_are_no_equals() -> None:
    reading = _pairs(MAPS["platform-event-status-to-fhir"])
    assert reading["Scheduled"] == ("preparation", "equivalent")
    assert reading["no_show"] == ("not-done", "wider")
    assert reading["completed"] == ("completed", "equal")
    writing = _pairs(MAPS["fhir-to-platform-episode-of-care-status"])
    assert writing["finished"] == ("resolved", "equivalent")
    assert writing["onhold"] == ("active", "wider")


def test_what_is_not_read_has_a_code_where_every_element_gives_the_same() -> None:
    (group,) = MAPS["platform-event-status-to-fhir"]["group"]
    assert group["unmapped"] == {"mode": "fixed", "code": "unknown"}
    for name in ("platform-task-status-to-fhir", "platform-request-intent-to-fhir"):
        (group,) = MAPS[name]["group"]
        assert "unmapped" not in group
