"""What the CapabilityStatement says of security.

https://hl7.org/fhir/smart-app-launch/conformance.html
https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.security
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_URIS: Final = {
    "authorize": "authorization_endpoint",
    "token": "token_endpoint",
    "introspect": "introspection_endpoint",
    "revoke": "revocation_endpoint",
    "manage": "management_endpoint",
    "register": "registration_endpoint",
}
_SMART: Final = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
            "code": "SMART-on-FHIR",
            "display": "SMART-on-FHIR",
        }
    ],
    "text": "OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)",
}
_BEARER: Final = (
    "By bearer tokens with scopes of SMART App Launch, v1 or v2; see "
    ".well-known/smart-configuration. What a token does not let its holder see is neither found "
    "nor counted."
)
_LOCAL: Final = (
    "No authorization server is configured: only requests from the server's own machine are "
    "answered."
)
_OPEN: Final = (
    "No authorization server is configured, and everybody is answered: this server is for "
    "synthetic data only."
)

UNDECIDED: Final[Json] = {
    "cors": True,
    "service": [_SMART],
    "description": f"{_BEARER} A server without an authorization server answers requests from "
    "its own machine only.",
}
"""What is true of every deployment: the statement that this guide publishes says no more."""


def security(*, cors: bool, endpoints: Mapping[str, str]) -> Json:
    """Return `rest.security` of a server that asks for tokens; `token_endpoint` … as far known."""
    uris = [
        {"url": name, "valueUri": endpoints[known]}
        for name, known in _URIS.items()
        if known in endpoints
    ]
    # the extension needs the token endpoint at least
    extended = [{"url": _OAUTH_URIS, "extension": uris}] if "token_endpoint" in endpoints else []
    return {
        **({"extension": extended} if extended else {}),
        "cors": cors,
        "service": [_SMART],
        "description": _BEARER,
    }


def insecurity(*, cors: bool, everybody: bool) -> Json:
    """Return `rest.security` of a server that asks for no tokens."""
    return {"cors": cors, "description": _OPEN if everybody else _LOCAL}
