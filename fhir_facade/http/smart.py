"""How an app finds the authorization server: /.well-known/smart-configuration, and /metadata.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from __future__ import annotations

from typing import Any, Final

from fhir_facade.derive.capability_security import insecurity, security
from fhir_facade.errors import NotFound
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import NO_STORE, Reply, shaped
from fhir_facade.interactions.capabilities import Capabilities
from fhir_facade.rules.json_text import to_json
from fhir_facade.rules.registry import Registry, ResourceType
from fhir_facade.security.discovery import ENDPOINTS
from fhir_facade.security.remote import IssuerUnavailable
from fhir_facade.security.tokens import Authenticator
from fhir_facade.settings import Settings

Json = dict[str, Any]

PATH: Final = ".well-known/smart-configuration"
_JSON: Final = b"application/json"
_OWN: Final = ("permission-patient", "permission-user", "permission-v1", "permission-v2")
_CLIENTS: Final = {
    "none": "client-public",
    "client_secret_basic": "client-confidential-symmetric",
    "private_key_jwt": "client-confidential-asymmetric",
}
"""How a client proves itself to the token endpoint → what SMART calls that."""
_PASSED_ON: Final = (
    *("issuer", "jwks_uri", *ENDPOINTS, "grant_types_supported", "response_types_supported"),
    *("token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported"),
)
_LEVELS: Final = ("patient", "user", "system")
_LETTERS: Final = {"create": "c", "update": "u", "delete": "d"}


class Smart:
    """Tells clients who issues the tokens that are accepted here."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        capabilities: Capabilities,
        tokens: Authenticator | None,
    ) -> None:
        self._capabilities, self._tokens = capabilities, tokens
        self._cors = bool(settings.cors_origins)
        people = (_scopes_of(each.type, "rs") for each in registry.people)
        self._scopes = [
            *(scope for each in registry for scope in _scopes(each)),
            *(scope for scopes in people for scope in scopes),
        ]
        self._described: dict[str, str] | None = None
        if tokens is None:
            capabilities.secured(insecurity(cors=self._cors, everybody=settings.insecure))

    async def describe(self) -> None:
        """Say in /metadata what the issuer says of its endpoints, once that is known, and anew.

        It waits for an issuer that has said nothing yet, though not for each request.
        """
        if self._tokens is None:
            return
        try:
            endpoints = await self._tokens.endpoints()
        except IssuerUnavailable:
            endpoints = self._described or {}
        if endpoints != self._described:
            self._described = endpoints
            self._capabilities.secured(security(cors=self._cors, endpoints=endpoints))

    async def configuration(self, request: FhirRequest) -> Reply:
        """GET [base]/.well-known/smart-configuration: JSON, whatever the client accepts."""
        if self._tokens is None:
            raise NotFound("This server has no authorization server configured.")
        document = await self._tokens.document()
        if not isinstance(document.get("token_endpoint"), str):
            raise NotFound(
                "The authorization server publishes nothing about itself that could be passed on."
            )
        body = shaped(request, to_json(configuration(document, self._scopes)))
        return Reply(body, 200, (NO_STORE,), content_type=_JSON)


def configuration(document: Json, scopes: list[str]) -> Json:
    """Return the SMART configuration: what an issuer says of itself, and what is decided here."""
    passed_on = {name: document[name] for name in _PASSED_ON if name in document}
    known = [each for each in _texts(document, "scopes_supported") if "/" not in each]
    launches = [each for each in _texts(document, "scopes_supported") if each.startswith("launch/")]
    methods = _texts(document, "token_endpoint_auth_methods_supported")
    capabilities = [
        *_texts(document, "capabilities"),
        *(_CLIENTS[each] for each in methods if each in _CLIENTS),
        *_OWN,
    ]
    return {
        "grant_types_supported": ["authorization_code"],
        **passed_on,
        "scopes_supported": [*known, *launches, *scopes],
        "capabilities": list(dict.fromkeys(capabilities)),
        "code_challenge_methods_supported": ["S256"],
    }


def _texts(document: Json, name: str) -> list[str]:
    given = document.get(name)
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def _scopes(each: ResourceType) -> list[str]:
    """Return the widest scope of each level for a type."""
    writes = {_LETTERS[code] for code in each.sources[0].mapping.writes if code in _LETTERS}
    letters = "".join(letter for letter in "cruds" if letter in writes | {"r", "s"})
    return _scopes_of(each.name, letters)


def _scopes_of(name: str, letters: str) -> list[str]:
    return [f"{level}/{name}.{letters}" for level in _LEVELS]
