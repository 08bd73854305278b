"""The CapabilityStatement and the SearchParameters: valid R4, and true of the registry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.searchparameter import SearchParameter

from fhir_facade.derive.capability import Deployment, capability_statement
from fhir_facade.derive.capability_modes import (
    TRIAL_USE,
    normative,
    terminology_capabilities,
)
from fhir_facade.derive.capability_published import published_once
from fhir_facade.derive.capability_types import (
    ARTEFACT_PARAMS,
    PUBLISHED_TYPES,
    ArtefactParam,
)
from fhir_facade.derive.search_parameters import custom_search_parameters, definition_url
from fhir_facade.interactions.conformance_shape import MANDATORY, SUMMARY
from fhir_facade.rules.profiles import us_core_url
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
STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"
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


def test_it_declares_every_type_the_case_bundle_the_people_and_what_is_published() -> None:
    served = [each.name for each in registry()]
    people = [each.type for each in registry().people]
    assert sorted(RESOURCES) == sorted([*served, "Bundle", *people, *PUBLISHED_TYPES])
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


ARTEFACT_PARAMETERS = [
    (type_, param) for type_, params in ARTEFACT_PARAMS.items() for param in params.values()
]


@pytest.mark.parametrize(
    ("type_", "param"), ARTEFACT_PARAMETERS, ids=lambda each: getattr(each, "name", each)
)
def test_a_parameter_of_a_published_type_is_r4s(
    type_: str, param: ArtefactParam, r4_search_parameters: dict[str, dict[str, Any]]
) -> None:
    definition = r4_search_parameters[param.url]
    assert (definition["code"], definition["type"]) == (param.name, param.type)
    assert {type_, "Resource"} & set(definition["base"])
    for element in param.elements:
        path = element.replace("*", "").removesuffix("Canonical")
        assert f".{path}" in definition["expression"]


def test_every_published_type_is_one_of_the_guides() -> None:
    made = {each["resourceType"] for each in published_once(registry())}
    assert made | {"CapabilityStatement"} == {*PUBLISHED_TYPES}


def test_the_trial_use_elements_are_r4s(r4_structures: dict[str, dict[str, Any]]) -> None:
    found = r4_structures[f"{STRUCTURES}CapabilityStatement"]
    status = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"
    marked = {
        each["path"].partition(".")[2]
        for each in found["snapshot"]["element"]
        for extension in each.get("extension", ())
        if (extension["url"], extension.get("valueCode")) == (status, "trial-use")
    }
    assert marked == TRIAL_USE


def test_the_normative_portions_hold_nothing_else() -> None:
    found = normative(STATEMENT)
    assert not {each for each in _paths(found, "") if each in TRIAL_USE}
    assert {"rest.resource.searchParam.name", "patchFormat"} <= {*_paths(found, "")}


def _paths(value: Any, above: str) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            for name, below in each.items():
                yield f"{above}{name}"
                yield from _paths(below, f"{above}{name}.")


@pytest.mark.parametrize("type_", PUBLISHED_TYPES)
def test_the_summary_of_a_published_type_is_r4s(
    type_: str, r4_structures: dict[str, dict[str, Any]]
) -> None:
    """Of parts whose own elements are named, those are R4's; the others are kept whole."""
    elements = {
        each["path"]
        .partition(".")[2]
        .replace("source[x]", "sourceCanonical")
        .replace("target[x]", "targetCanonical"): each
        for each in r4_structures[f"{STRUCTURES}{type_}"]["snapshot"]["element"][1:]
    }
    always = {"id", "meta", "implicitRules", "language", "text", "contained", "extension"}
    own = {
        path: each
        for path, each in elements.items()
        if path.rpartition(".")[2] not in {*always, "modifierExtension"}
    }
    summary = {*SUMMARY[type_].split()} - {"sourceUri", "targetUri"}
    assert {each for each in summary if "." not in each} == {
        path for path, each in own.items() if "." not in path and each.get("isSummary")
    }
    for part in {each.rpartition(".")[0] for each in summary if "." in each}:
        marked = {
            path
            for path, each in own.items()
            if path.rpartition(".")[0] == part and each.get("isSummary")
        }
        assert {each for each in summary if each.rpartition(".")[0] == part} == marked
    assert {*MANDATORY[type_].split()} == {
        path for path, each in own.items() if "." not in path and each["min"] > 0
    }


@pytest.mark.parametrize("type_", [*(each.name for each in registry()), "Bundle"])
def test_a_types_profile_is_published(type_: str) -> None:
    urls = {each.get("url") for each in published_once(registry())}
    named = [RESOURCES[type_].get("profile"), *RESOURCES[type_].get("supportedProfile", ())]
    own = {each for each in named if each and each.startswith(BASE)}
    assert own
    assert own <= urls


def test_us_core_is_claimed_of_the_types_that_may_satisfy_it() -> None:
    found = {
        type_: each["supportedProfile"]
        for type_, each in RESOURCES.items()
        if "supportedProfile" in each and type_ != "Bundle"
    }
    assert found == {
        type_: [us_core_url(type_)]
        for type_ in ("CarePlan", "CareTeam", "DocumentReference", "Goal", "Provenance")
    }


def test_terminology_names_every_code_system() -> None:
    found = terminology_capabilities(registry(), "https://example.org/fhir")
    systems = {
        each["url"] for each in published_once(registry()) if each["resourceType"] == "CodeSystem"
    }
    assert {each["uri"] for each in found["codeSystem"]} == systems


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
