"""What US Core asks of the CapabilityStatement.

https://hl7.org/fhir/us/core/STU6.1/CapabilityStatement-us-core-server.html
"""

from __future__ import annotations

import httpx
import pytest

from tests.spec.live import Json, not_there
from tests.spec.us_core import GROUPS, PROFILE

TYPES = pytest.mark.parametrize("type_", GROUPS)


@pytest.fixture
def declared(resources: list[Json], type_: str) -> Json:
    found = [each for each in resources if each["type"] == type_]
    if not found:
        not_there(f"{type_} is not served")
    return found[0]


def test_it_is_of_an_instance_of_r4(statement: Json) -> None:
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["kind"] == "instance"
    assert statement["rest"][0]["mode"] == "server"
    assert "application/fhir+json" in statement["format"] or "json" in statement["format"]
    assert "application/json-patch+json" in statement["patchFormat"]


def test_it_comes_as_json(server: httpx.Client) -> None:
    for accept in ("application/fhir+json", "application/json"):
        response = server.get("/metadata", headers={"Accept": accept})
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(("application/fhir+json", accept))


def test_its_security_is_said(statement: Json) -> None:
    """How one is let in, or that anyone is."""
    security = statement["rest"][0].get("security", {})
    assert security.get("service") or security.get("description")


@TYPES
def test_the_interactions_are_declared(declared: Json, type_: str) -> None:
    assert {*GROUPS[type_].interactions} <= {each["code"] for each in declared["interaction"]}


@TYPES
def test_the_profile_is_declared(declared: Json, type_: str) -> None:
    supported = [each.partition("|")[0] for each in declared.get("supportedProfile", ())]
    assert f"{PROFILE}{type_.lower()}" in supported


@TYPES
def test_the_parameters_have_their_types(declared: Json, type_: str) -> None:
    found = {each["name"]: each["type"] for each in declared["searchParam"]}
    for name, param in GROUPS[type_].parameters.items():
        if name in found:  # what is missing fails as a search
            assert found[name] == param.kind.replace("id", "token"), name


def test_docref_is_declared(resources: list[Json]) -> None:
    (found,) = (each for each in resources if each["type"] == "DocumentReference")
    assert "docref" in [each["name"] for each in found["operation"]]
