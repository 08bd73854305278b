"""The CapabilityStatement and the SearchParameters: valid R4, and true of the registry."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.searchparameter import SearchParameter

from fhir_facade.derive.capability import Deployment, capability_statement
from fhir_facade.derive.search_parameters import custom_search_parameters, definition_url
from fhir_facade.rules.r4_search import (
    BY_TYPE,
    COMMON,
    DEFINITIONS,
    US_CORE,
    r4_search_param,
)
from tests.mappings.serving import BASE, registry, registry_with

STATEMENT = capability_statement(registry(), "https://example.org/fhir")
RESOURCES = {each["type"]: each for each in STATEMENT["rest"][0]["resource"]}
CUSTOM = list(custom_search_parameters(registry()))
RESOURCE_PARAMS = [
    (resource, param)
    for resource, each in RESOURCES.items()
    for param in each.get("searchParam", ())
]  # fmt: skip


def test_the_statement_is_valid() -> None:
    CapabilityStatement.model_validate_json(json.dumps(STATEMENT))
    assert STATEMENT["fhirVersion"] == "4.0.1"
    assert STATEMENT["implementation"]["url"] == "https://example.org/fhir"


def test_the_published_statement_names_no_server() -> None:
    published = capability_statement(registry(), None)
    CapabilityStatement.model_validate_json(json.dumps(published))
    assert "url" not in published["implementation"]


def test_notes_of_the_running_server() -> None:
    deployment = Deployment("No transactions.", transactions=False, update_create=True)
    rest = capability_statement(registry(), None, deployment)["rest"][0]
    assert rest["documentation"].endswith(" No transactions.")
    assert "transaction" not in {each["code"] for each in rest["interaction"]}
    created = {each["type"]: each.get("updateCreate") for each in rest["resource"]}
    assert created["Task"] is True
    assert created["EpisodeOfCare"] is None


def test_it_declares_every_type_the_case_bundle_and_the_patient() -> None:
    assert sorted(RESOURCES) == sorted([*(each.name for each in registry()), "Bundle", "Patient"])
    assert list(RESOURCES) == sorted(RESOURCES)


def test_it_declares_every_parameter_and_no_other() -> None:
    for each in registry():
        declared = [(param["name"], param["type"]) for param in RESOURCES[each.name]["searchParam"]]
        assert declared == sorted((name, param.type) for name, param in each.params.items())
    episodes = [param["name"] for param in RESOURCES["EpisodeOfCare"]["searchParam"]]
    assert [param["name"] for param in RESOURCES["Bundle"]["searchParam"]] == episodes


@pytest.mark.parametrize(("resource", "param"), RESOURCE_PARAMS)
def test_a_parameters_type_is_r4s(
    resource: str, param: dict[str, Any], r4_search_parameters: dict[str, dict[str, Any]]
) -> None:
    base = "EpisodeOfCare" if resource == "Bundle" else resource
    by_r4 = [
        each
        for each in r4_search_parameters.values()
        if each["code"] == param["name"] and {base, "Resource"} & set(each["base"])
    ]
    if (resource, param["name"]) == ("Provenance", "patient"):
        by_r4 = []  # R4's looks among the targets, this one at the case
    if param["definition"].startswith(US_CORE):
        assert not by_r4
    elif by_r4:
        assert param["definition"] in {each["url"] for each in by_r4}
        assert r4_search_parameters[param["definition"]]["type"] == param["type"]
    else:
        assert param["definition"].startswith(f"{BASE}/SearchParameter/")


def test_a_parameter_of_us_core_is_as_us_core_defines_it(
    us_core_search_parameters: dict[str, dict[str, Any]],
) -> None:
    found = [
        (resource, param["name"], param["type"], param["definition"])
        for resource, param in RESOURCE_PARAMS
        if param["definition"].startswith(US_CORE)
    ]
    assert [each[:2] for each in found] == [("Goal", "description")]
    for resource, name, kind, url in found:
        definition = us_core_search_parameters[url]
        assert (definition["code"], definition["type"]) == (name, kind)
        assert definition["base"] == [resource]


def test_our_copy_of_r4s_parameters_is_whole(
    r4_search_parameters: dict[str, dict[str, Any]],
) -> None:
    for resource, params in {**BY_TYPE, "Resource": COMMON}.items():
        for name, (kind, key) in params.items():
            definition = r4_search_parameters[DEFINITIONS + key]
            assert (definition["code"], definition["type"]) == (name, kind)
            assert resource in definition["base"]
    for resource, params in BY_TYPE.items():
        defined = {
            each["code"] for each in r4_search_parameters.values() if resource in each["base"]
        }
        assert params.keys() == defined


def test_a_parameter_that_r4_does_not_define() -> None:
    assert r4_search_param("Task", "employer") is None
    assert r4_search_param("Patient", "name") is None
    assert r4_search_param("Patient", "_id") == ("token", f"{DEFINITIONS}Resource-id")


@pytest.mark.parametrize("parameter", CUSTOM, ids=lambda each: each["id"])
def test_a_custom_parameter_is_valid(parameter: dict[str, Any]) -> None:
    SearchParameter.model_validate_json(json.dumps(parameter))
    assert re.fullmatch(r"[A-Z]([A-Za-z0-9_]){0,254}", parameter["name"])
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", parameter["id"])
    assert parameter["url"] == f"{BASE}/SearchParameter/{parameter['id']}"
    assert parameter["url"].startswith(BASE)
    assert "target" in parameter or parameter["type"] != "reference"
    assert parameter.get("target", ["x"])
    (base,) = parameter["base"]
    for expression in parameter["expression"].split(" | "):
        assert expression.startswith(f"{base}.")
        assert "extension('" not in expression or f"extension('{BASE}/" in expression


def test_every_definition_that_is_ours_is_published() -> None:
    ours = {
        param["definition"]
        for _, param in RESOURCE_PARAMS
        if not param["definition"].startswith((DEFINITIONS, US_CORE))
    }
    assert ours == {each["url"] for each in CUSTOM}


def test_definitions_go_with_the_canonical_base() -> None:
    of = registry_with(canonical="https://example.org/guide")
    found = definition_url("Task", "due", of.context)
    assert found == "https://example.org/guide/SearchParameter/Task-due"
    assert all(
        each["url"].startswith("https://example.org/") for each in custom_search_parameters(of)
    )
