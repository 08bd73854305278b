"""What the server says of itself: no more than it does.

https://openid.net/specs/openid-connect-discovery-1_0.html
https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from __future__ import annotations

from typing import Any, Final

from fhir_facade.devauth.assertions import ALGORITHMS
from fhir_facade.devauth.grants import CONFIDENTIAL, METHODS
from fhir_facade.devauth.keys import IDENTITY
from fhir_facade.devauth.scopes import PLAIN

_CAPABILITIES: Final = (
    *("launch-ehr", "launch-standalone", "authorize-post"),
    *("client-public", "client-confidential-symmetric", "client-confidential-asymmetric"),
    *("sso-openid-connect", "context-banner", "context-ehr-patient", "context-standalone-patient"),
    *("permission-offline", "permission-online", "permission-patient", "permission-user"),
    *("permission-v1", "permission-v2"),
)
_LEVELS: Final = ("patient/*.cruds", "user/*.cruds", "system/*.cruds")


def metadata(issuer: str) -> dict[str, Any]:
    """Return the metadata of the authorization server."""
    proofs = {"token": METHODS, "revocation": METHODS, "introspection": [*CONFIDENTIAL, "Bearer"]}
    found: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "registration_endpoint": f"{issuer}/register",
        "end_session_endpoint": f"{issuer}/logout",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": [*PLAIN, *_LEVELS],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [IDENTITY],
        "claims_supported": [
            *("iss", "aud", "sub", "iat", "exp", "auth_time", "nonce", "at_hash", "fhirUser"),
        ],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": ["login", "none", "select_account"],
        "capabilities": [*_CAPABILITIES],
    }
    for name, methods in proofs.items():
        found[f"{name}_endpoint_auth_methods_supported"] = [*methods]
        found[f"{name}_endpoint_auth_signing_alg_values_supported"] = [*ALGORITHMS]
    return found
