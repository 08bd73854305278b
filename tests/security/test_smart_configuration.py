"""How an app finds the authorization server, and what /metadata says of access.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhir_facade.errors import NotFound
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply
from fhir_facade.http.smart import Smart
from fhir_facade.interactions.capabilities import Capabilities
from fhir_facade.main import build_registry
from fhir_facade.rules.registry import Registry
from fhir_facade.security.remote import IssuerUnavailable
from fhir_facade.security.scopes import parse_scopes
from fhir_facade.security.tokens import Authenticator
from tests.http.serving import settings
from tests.interactions.validity import problems
from tests.security.conftest import Clock
from tests.security.issuer import AUDIENCE, OAUTH, OPENID, SMART, TestIssuer

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return build_registry(settings())


@pytest.fixture
def capabilities(registry: Registry) -> Capabilities:
    return Capabilities(registry)


def smart(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator | None, **given: Any
) -> Smart:
    chosen = settings(**{**issuer.settings, **given})
    return Smart(chosen, capabilities._registry, capabilities, tokens)


def request(query: str = "") -> FhirRequest:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/fhir/.well-known/smart-configuration",
        "root_path": "/fhir",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [(b"host", b"fhir.test"), (b"accept", b"text/html")],
    }
    return FhirRequest(scope, receive, None)


def security(capabilities: Capabilities) -> dict[str, Any]:
    body = json.loads(capabilities.statement(AUDIENCE).body)
    assert problems(body) == []
    return dict(body["rest"][0]["security"])


def uris(found: dict[str, Any]) -> dict[str, str]:
    (extension,) = found["extension"]
    assert extension["url"] == OAUTH_URIS
    return {each["url"]: each["valueUri"] for each in extension["extension"]}


async def configuration(asked: Smart) -> dict[str, Any]:
    reply = await asked.configuration(request())
    assert (reply.status, reply.content_type) == (200, b"application/json")
    return dict(json.loads(reply.body))


async def test_it_passes_on_what_the_issuer_says_of_itself(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    issuer.found_by = {SMART}
    found = await configuration(smart(issuer, capabilities, tokens))
    scopes = found.pop("scopes_supported")
    assert found == {
        "issuer": issuer.url,
        "jwks_uri": f"{issuer.url}/jwks",
        "authorization_endpoint": f"{issuer.url}/authorize",
        "token_endpoint": f"{issuer.url}/token",
        "introspection_endpoint": f"{issuer.url}/introspect",
        "revocation_endpoint": f"{issuer.url}/revoke",
        "management_endpoint": f"{issuer.url}/manage",
        "registration_endpoint": f"{issuer.url}/register",
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": [
            "launch-standalone",
            "client-public",
            "context-standalone-patient",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "permission-patient",
            "permission-user",
            "permission-v1",
            "permission-v2",
        ],
    }
    assert scopes[:3] == ["openid", "fhirUser", "launch/patient"]


async def test_its_scopes_are_those_of_every_served_type(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator, registry: Registry
) -> None:
    issuer.more = {"scopes_supported": ["openid", "patient/*.read", 5, "https://a.test/.default"]}
    found = await configuration(smart(issuer, capabilities, tokens))
    first, *ours = found["scopes_supported"]
    assert first == "openid"
    scopes = parse_scopes(" ".join(ours))
    assert [each.spelled for each in scopes] == ours
    assert {(each.level, each.resource) for each in scopes} == {
        (level, name)
        for level in ("patient", "user", "system")
        for name in (*registry.types, *(each.type for each in registry.people))
    }
    for each in scopes:
        if each.resource not in registry.types:
            assert each.interactions == {"r", "s"}
            continue
        writes = registry.types[each.resource].sources[0].mapping.writes
        letters = {{"create": "c", "update": "u", "delete": "d"}.get(code) for code in writes}
        assert each.interactions == (letters - {None}) | {"r", "s"}


async def test_an_odd_document_leaves_out_what_cannot_be_read(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    issuer.more = {
        "capabilities": "launch-ehr",
        "scopes_supported": None,
        "grant_types_supported": None,
        "code_challenge_methods_supported": ["plain"],
        "token_endpoint_auth_methods_supported": ["none", 5],
        "unknown": "x",
    }
    found = await configuration(smart(issuer, capabilities, tokens))
    assert found["capabilities"][0] == "client-public"
    assert found["grant_types_supported"] == ["authorization_code"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert "unknown" not in found


async def test_it_can_be_read_by_people(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    reply: Reply = await smart(issuer, capabilities, tokens).configuration(request("_pretty=true"))
    assert reply.body.startswith(b'{\n  "')


async def test_without_an_issuer_there_is_no_configuration(
    issuer: TestIssuer, capabilities: Capabilities
) -> None:
    with pytest.raises(NotFound, match="has no authorization server configured"):
        await smart(issuer, capabilities, None, issuers=[]).configuration(request())


async def test_an_issuer_that_says_nothing_leaves_nothing_to_pass_on(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    issuer.found_by = set()
    asked = smart(issuer, capabilities, tokens)
    with pytest.raises(NotFound, match="publishes nothing about itself"):
        await asked.configuration(request())
    await asked.describe()
    assert "extension" not in security(capabilities)


async def test_in_an_outage_the_configuration_is_a_503(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    issuer.down()
    with pytest.raises(IssuerUnavailable):
        await smart(issuer, capabilities, tokens).configuration(request())


async def test_metadata_names_the_endpoints(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    await smart(issuer, capabilities, tokens).describe()
    found = security(capabilities)
    assert uris(found) == {
        "authorize": f"{issuer.url}/authorize",
        "token": f"{issuer.url}/token",
        "introspect": f"{issuer.url}/introspect",
        "revoke": f"{issuer.url}/revoke",
        "manage": f"{issuer.url}/manage",
        "register": f"{issuer.url}/register",
    }
    assert found["cors"] is False
    assert found["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    assert "By bearer tokens" in found["description"]


async def test_metadata_says_whether_browsers_may_ask(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    await smart(issuer, capabilities, tokens, cors_origins=["https://app.test"]).describe()
    assert security(capabilities)["cors"] is True


async def test_after_an_outage_at_the_start_metadata_names_them_too(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator, clock: Clock
) -> None:
    issuer.down()
    asked = smart(issuer, capabilities, tokens)
    await asked.describe()
    found = security(capabilities)
    assert "extension" not in found
    assert found["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"

    issuer.up()
    clock.ahead = 11
    await asked.describe()
    assert uris(security(capabilities))["token"] == f"{issuer.url}/token"


async def test_an_outage_later_changes_nothing_in_metadata(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator, clock: Clock
) -> None:
    asked = smart(issuer, capabilities, tokens)
    await asked.describe()
    before = capabilities.statement(AUDIENCE)
    issuer.down()
    clock.ahead = 25 * 3600
    await asked.describe()
    assert capabilities.statement(AUDIENCE) is before


async def test_endpoints_that_have_moved_are_named_anew(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator, clock: Clock
) -> None:
    asked = smart(issuer, capabilities, tokens)
    await asked.describe()
    issuer.more = {"token_endpoint": "https://auth.test/token2"}
    clock.ahead = 601
    await asked.describe()
    (provider,) = tokens._providers.values()
    renewal = provider.discovery.kept._task
    assert renewal is not None
    await renewal
    await asked.describe()
    assert uris(security(capabilities))["token"] == "https://auth.test/token2"


async def test_documents_complete_one_another(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    issuer.found_by = {OPENID, OAUTH, SMART}
    issuer.answers[OPENID] = (200, {"issuer": issuer.url, "token_endpoint": "https://a.test/first"})
    found = await configuration(smart(issuer, capabilities, tokens))
    assert found["token_endpoint"] == "https://a.test/first"
    assert found["revocation_endpoint"] == f"{issuer.url}/revoke"


@pytest.mark.parametrize(
    ("insecure", "text"), [(False, "own machine are answered"), (True, "everybody is answered")]
)
async def test_metadata_says_that_no_tokens_are_asked_for(
    issuer: TestIssuer, capabilities: Capabilities, insecure: bool, text: str
) -> None:
    asked = smart(issuer, capabilities, None, issuers=[], insecure=insecure)
    await asked.describe()
    found = security(capabilities)
    assert text in found["description"]
    assert set(found) == {"cors", "description"}


async def test_the_statement_as_an_artefact_says_the_same(
    issuer: TestIssuer, capabilities: Capabilities, tokens: Authenticator
) -> None:
    before = capabilities.published()["rest"][0]["security"]
    assert "extension" not in before
    await smart(issuer, capabilities, tokens).describe()
    assert capabilities.published()["rest"][0]["security"] == security(capabilities)
