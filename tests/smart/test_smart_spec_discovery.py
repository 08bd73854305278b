"""What apps find out before anything else.

https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.smart.apps import Demo, Json
from tests.smart.spec_clients import (
    UNLISTED,
    answered,
    browser_app,
    key_registration,
    member_tokens,
    public_registration,
    secret_registration,
    unlisted_app,
)

_WELL_KNOWN = "/fhir/.well-known/smart-configuration"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_CAPABILITIES = {
    *("launch-ehr", "launch-standalone", "authorize-post", "sso-openid-connect", "smart-app-state"),
    *("client-public", "client-confidential-symmetric", "client-confidential-asymmetric"),
    *("context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter"),
    *("context-standalone-patient", "context-standalone-encounter"),
    *("permission-offline", "permission-online", "permission-patient", "permission-user"),
    *("permission-v1", "permission-v2"),
}
_ENDPOINTS = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "introspection_endpoint": "introspect",
    "revocation_endpoint": "revoke",
    "registration_endpoint": "register",
}
_RESOURCE_SCOPE = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]+|\*)\.c?r?u?d?s?(\?.+)?")
_OTHER_SCOPES = {
    *("openid", "fhirUser", "profile", "launch", "launch/patient"),
    *("offline_access", "online_access"),
}


def _openid(demo: Demo) -> Json:
    found: Json = answered(demo, "/auth/.well-known/openid-configuration").json()
    return found


def _is_absolute(url: Any) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.fragment


@pytest.mark.parametrize("accept", ["*/*", "application/fhir+json", "text/turtle", "text/html"])
def test_the_configuration_is_json_whatever_is_accepted(demo: Demo, accept: str) -> None:
    response = httpx.get(f"{demo.origin}{_WELL_KNOWN}", headers={"Accept": accept}, timeout=20)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == "application/json"
    assert response.json() == demo.configuration()


def test_required_fields_are_there_with_the_types_that_they_have(demo: Demo) -> None:
    found = demo.configuration()
    for name in ("issuer", "jwks_uri", "authorization_endpoint", "token_endpoint"):
        assert isinstance(found[name], str), name
    for name in ("grant_types_supported", "capabilities", "code_challenge_methods_supported"):
        assert found[name], name
    for name, value in found.items():
        if isinstance(value, list):
            assert all(isinstance(each, str) for each in value), name
            assert len(value) == len(set(value)), name


def test_all_addresses_are_absolute(demo: Demo) -> None:
    named = {
        name: value
        for name, value in (demo.configuration() | _openid(demo)).items()
        if name.endswith(("_endpoint", "_uri")) or name == "issuer"
    }
    assert set(_ENDPOINTS) < set(named)
    assert [name for name, value in named.items() if not _is_absolute(value)] == []


def test_only_capabilities_that_the_specification_has_are_named(demo: Demo) -> None:
    assert set(demo.configuration()["capabilities"]) <= _CAPABILITIES


@pytest.mark.parametrize(
    "wanted",
    [
        {"launch-standalone", "client-public", "context-standalone-patient", "permission-patient"},
        {"launch-ehr", "client-public", "context-ehr-patient", "permission-patient"},
        {"launch-standalone", "client-public", "permission-user", "permission-patient"},
    ],
    ids=["patient-standalone", "patient-ehr", "clinician-standalone"],
)
def test_a_capability_set_is_there(demo: Demo, wanted: set[str]) -> None:
    assert wanted <= set(demo.configuration()["capabilities"])


def test_capabilities_go_with_what_else_is_said(demo: Demo) -> None:
    found = demo.configuration()
    claimed, methods = set(found["capabilities"]), found["token_endpoint_auth_methods_supported"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert ("launch-standalone" in claimed) == ("authorization_code" in _grants(found))
    assert ("permission-offline" in claimed) == ("refresh_token" in _grants(found))
    assert ("client-confidential-asymmetric" in claimed) == ("private_key_jwt" in methods)
    assert ("client-confidential-symmetric" in claimed) == ("client_secret_basic" in methods)
    assert {"RS384", "ES384"} & set(found["token_endpoint_auth_signing_alg_values_supported"])
    for context in ("encounter", "style"):
        assert any(context in each for each in claimed) == any(
            context in each for each in found["scopes_supported"]
        )


def _grants(found: Json) -> list[str]:
    grants: list[str] = found["grant_types_supported"]
    return grants


def test_scopes_that_are_listed_are_of_types_that_are_served(demo: Demo) -> None:
    served = {
        each["type"] for each in answered(demo, "/fhir/metadata").json()["rest"][0]["resource"]
    }
    for scope in set(demo.configuration()["scopes_supported"]) - _OTHER_SCOPES:
        match = _RESOURCE_SCOPE.fullmatch(scope)
        assert match, scope
        assert match[2] in served, scope


def test_the_openid_configuration_has_what_it_must_have(demo: Demo) -> None:
    response = answered(demo, "/auth/.well-known/openid-configuration")
    assert response.headers["content-type"].partition(";")[0] == "application/json"
    found, smart = response.json(), demo.configuration()
    assert found["issuer"] == smart["issuer"] == demo.auth
    assert not urlsplit(found["issuer"]).query
    assert "code" in found["response_types_supported"]
    assert found["subject_types_supported"]
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert "openid" in found["scopes_supported"]
    assert not any(value == [] for value in found.values()), "empty lists have to be omitted"


def test_the_metadata_of_rfc_8414_stand_where_that_says(demo: Demo) -> None:
    """For an issuer with a path the well-known part MUST be between the host and the path."""
    found = answered(demo, "/.well-known/oauth-authorization-server/auth")
    assert found.status_code == 200
    assert found.json()["issuer"] == demo.auth


def test_signing_keys_are_bare_public_keys(demo: Demo) -> None:
    keys = httpx.get(demo.configuration()["jwks_uri"], timeout=20).json()["keys"]
    parts = {"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}}
    assert len({each["kid"] for each in keys}) == len(keys)
    for each in keys:
        assert parts[each["kty"]] <= set(each)
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(each)
    assert "RSA" in {each["kty"] for each in keys}


def test_the_capability_statement_names_the_same_addresses(demo: Demo) -> None:
    security = answered(demo, "/fhir/metadata").json()["rest"][0]["security"]
    (found,) = [each for each in security["extension"] if each["url"] == _OAUTH_URIS]
    told = {each["url"]: each["valueUri"] for each in found["extension"]}
    smart = demo.configuration()
    assert told == {short: smart[name] for name, short in _ENDPOINTS.items()}
    codes = [each for service in security["service"] for each in service["coding"]]
    wanted = {"system": _SECURITY_SERVICE, "code": "SMART-on-FHIR"}
    assert any(wanted.items() <= each.items() for each in codes)


def test_the_issuer_is_in_redirects_exactly_where_that_is_announced(demo: Demo) -> None:
    """RFC 9207, section 2.3."""
    announced = _openid(demo).get("authorization_response_iss_parameter_supported", False)
    app = browser_app(demo)
    with app.person() as person:
        told = person.go(app.request(code_challenge=None)).told
    assert "error" in told
    assert told.get("iss") == (demo.auth if announced else None)


@pytest.mark.parametrize("path", [_WELL_KNOWN, "/fhir/metadata"])
def test_any_origin_may_read_the_discovery_documents(demo: Demo, path: str) -> None:
    """2.2, Considerations for CORS support, 1."""
    response = httpx.get(f"{demo.origin}{path}", headers={"Origin": UNLISTED}, timeout=20)
    assert response.headers.get("access-control-allow-origin") in (UNLISTED, "*")


def _preflight(url: str, origin: str, method: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return httpx.options(url, headers=headers, timeout=20)


def _lets(response: httpx.Response, origin: str, method: str) -> bool:
    headers = {name: response.headers.get(f"access-control-{name}", "") for name in _ALLOWED}
    return (
        response.is_success
        and headers["allow-origin"] in (origin, "*")
        and method in headers["allow-methods"]
        and {"authorization", "content-type"}
        <= {each.strip().lower() for each in headers["allow-headers"].split(",")}
    )


_ALLOWED = ("allow-origin", "allow-methods", "allow-headers")


def test_a_registered_origin_may_ask_for_tokens(demo: Demo) -> None:
    """2.2, Considerations for CORS support, 2: also where no setting names the origin."""
    url = demo.configuration()["token_endpoint"]
    assert unlisted_app(demo).redirect_uri.startswith(UNLISTED)
    assert _lets(_preflight(url, UNLISTED, "POST"), UNLISTED, "POST")
    refused = httpx.post(url, headers={"Origin": UNLISTED}, timeout=20)
    assert refused.is_client_error
    assert refused.headers["access-control-allow-origin"] in (UNLISTED, "*")


def test_a_listed_origin_may_use_the_fhir_api(demo: Demo) -> None:
    origin, url = demo.app_origin, f"{demo.fhir}/Goal"
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert _lets(_preflight(url, origin, method), origin, method), method
    token = member_tokens(demo)["access_token"]
    headers = {"Origin": origin, "Authorization": f"Bearer {token}"}
    for given in (headers, {"Origin": origin}):
        response = httpx.get(url, headers=given, timeout=20)
        assert response.headers["access-control-allow-origin"] == origin, response.status_code


def test_an_origin_that_no_setting_names_may_not_use_the_fhir_api(demo: Demo) -> None:
    """2.2, Considerations for CORS support, 2, asks it for registered origins: here a deployer
    names them, since anybody may register."""
    assert unlisted_app(demo).redirect_uri.startswith(UNLISTED)
    assert not _lets(_preflight(f"{demo.fhir}/Goal", UNLISTED, "GET"), UNLISTED, "GET")


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        (_WELL_KNOWN, "POST", "GET"),
        ("/auth/.well-known/openid-configuration", "POST", "GET"),
        ("/auth/jwks", "DELETE", "GET"),
        ("/auth/authorize", "PUT", "GET"),
        ("/auth/token", "GET", "POST"),
        ("/auth/revoke", "GET", "POST"),
        ("/auth/introspect", "GET", "POST"),
        ("/auth/register", "GET", "POST"),
    ],
)
def test_another_method_is_refused_and_the_right_one_named(
    demo: Demo, path: str, method: str, allowed: str
) -> None:
    """RFC 9110, section 15.5.6: a 405 MUST have an `Allow`."""
    response = httpx.request(method, f"{demo.origin}{path}", timeout=20)
    assert response.status_code == 405
    assert allowed in response.headers["allow"]


def test_a_registration_is_answered_with_all_that_was_registered(demo: Demo) -> None:
    """RFC 7591, sections 2 and 3.2.1: unknown metadata are ignored, the rest is returned."""
    found = public_registration(demo)
    assert found["client_id"]
    assert "not_in_any_specification" not in found
    assert "client_secret" not in found
    assert found["redirect_uris"][1] == f"{UNLISTED}/spec?kept=1%202"
    assert found["grant_types"] == ["authorization_code", "refresh_token"]
    keys = key_registration(demo)["jwks"]["keys"]
    assert [each["kid"] for each in keys] == ["RS384", "ES384"]


@pytest.mark.parametrize("uri", ["not an address"])
def test_a_redirect_uri_that_is_not_good_has_an_error_of_its_own(demo: Demo, uri: str) -> None:
    """RFC 7591, section 3.2.2."""
    metadata = {"redirect_uris": [uri], "token_endpoint_auth_method": "none"}
    response = httpx.post(f"{demo.auth}/register", json=metadata, timeout=20)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_redirect_uri"


def test_a_secret_ends_when_it_says(demo: Demo) -> None:
    """RFC 7591, section 3.2.1: the time at which the secret will expire, or 0 if it will not."""
    found = secret_registration(demo)
    assert found["token_endpoint_auth_method"] == "client_secret_basic"
    assert found["grant_types"] == ["authorization_code"]
    assert found["client_secret_expires_at"] > found["client_id_issued_at"]


def test_keys_are_registered_by_value_alone(demo: Demo) -> None:
    """Client authentication: asymmetric, Registering a client, asks for addresses too: here they
    would be fetched from wherever a stranger says."""
    metadata = {
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["client_credentials"],
        "scope": "system/Task.rs",
        "jwks_uri": "https://service.example.org/jwks.json",
    }
    response = httpx.post(f"{demo.auth}/register", json=metadata, timeout=20)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_client_metadata"
    assert "send the keys as jwks" in response.json()["error_description"]
