"""The realm for Keycloak: what it names exists, and this server can read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from fhir_facade.security.scopes import parse_scopes

FILE: Final = Path(__file__).parents[2] / "docs" / "keycloak" / "realm.json"
NOT_CLINICAL: Final = {"basic", "fhir-server", "fhirUser", "launch/patient", "offline_access"}


@pytest.fixture(scope="module")
def realm() -> dict[str, Any]:
    return json.loads(FILE.read_text("utf-8"))


def test_clients_have_scopes_that_there_are(realm: dict[str, Any]) -> None:
    names = {each["name"] for each in realm["clientScopes"]}
    for client in realm["clients"]:
        assert {*client["defaultClientScopes"], *client["optionalClientScopes"]} <= names


def test_clinical_scopes_are_smarts(realm: dict[str, Any]) -> None:
    names = {each["name"] for each in realm["clientScopes"]} - NOT_CLINICAL
    assert len(parse_scopes(" ".join(names))) == len(names) > 5


def test_the_claims_are_those_that_are_read(realm: dict[str, Any]) -> None:
    claims = {
        mapper["config"].get("claim.name")
        for scope in realm["clientScopes"]
        for mapper in scope.get("protocolMappers", ())
    }
    assert {"patient", "fhirUser", "employers"} <= claims


def test_nobody_changes_who_she_is(realm: dict[str, Any]) -> None:
    (provider,) = realm["components"]["org.keycloak.userprofile.UserProfileProvider"]
    profile = json.loads(provider["config"]["kc.user.profile.config"][0])
    permissions = {each["name"]: each["permissions"] for each in profile["attributes"]}
    for name in ("patient", "fhirUser", "employers"):
        assert permissions[name] == {"view": ["admin"], "edit": ["admin"]}
    assert "unmanagedAttributePolicy" not in profile


def test_public_clients_need_pkce_and_exact_redirects(realm: dict[str, Any]) -> None:
    public = [each for each in realm["clients"] if each["publicClient"]]
    assert [each["clientId"] for each in public] == ["goals-app"]
    for client in public:
        assert client["attributes"]["pkce.code.challenge.method"] == "S256"
        assert not any("*" in each for each in (*client["redirectUris"], *client["webOrigins"]))


def test_it_holds_no_secrets_and_no_people(realm: dict[str, Any]) -> None:
    assert "users" not in realm
    assert not any("secret" in client for client in realm["clients"])
