"""What comes after the first tokens: new ones, questions about them, and their end.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#refresh-access-token
https://hl7.org/fhir/smart-app-launch/STU2.2/token-introspection.html
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.smart.apps import App, Demo, Json, Service
from tests.smart.person import MEMBER
from tests.smart.spec_clients import (
    browser_app,
    member_tokens,
    signed,
)

_SCOPE = "launch/patient openid fhirUser offline_access patient/Goal.rs patient/Task.rs"
_NARROW = "launch/patient patient/Goal.rs"
_CONTEXT = {"patient", "need_patient_banner", "encounter", "fhirContext", "intent", "tenant"}


def _renewed(app: App, token: str, **changed: str | None) -> Json:
    response = app.refresh(token, **changed)
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


def test_a_refreshed_id_token_is_of_the_same_sign_in(demo: Demo) -> None:
    """OpenID Connect Core, section 12.2."""
    app = browser_app(demo)
    first = app.tokens(MEMBER, scope=_SCOPE, nonce="first")
    second = _renewed(app, first["refresh_token"])
    if "id_token" not in second:
        return
    before, after = (signed(demo, each["id_token"], app.client_id) for each in (first, second))
    for name in ("iss", "sub", "aud", "auth_time", "azp"):
        assert after.get(name) == before.get(name), name
    assert after["iat"] >= before["iat"]
    assert after.get("nonce", "first") == "first"


def test_a_narrower_scope_is_honoured_and_the_refresh_token_keeps_the_wider(demo: Demo) -> None:
    """RFC 6749, section 6: a new refresh token has the scope of the one before."""
    app = browser_app(demo)
    first = app.tokens(MEMBER, scope=_SCOPE)
    narrow = _renewed(app, first["refresh_token"], scope=_NARROW)
    assert set(narrow["scope"].split()) == set(_NARROW.split())
    claims = signed(demo, narrow["access_token"], demo.fhir)
    assert claims["scope"] == narrow["scope"]
    assert demo.get("Goal", narrow["access_token"]).status_code == 200
    assert demo.get("Task", narrow["access_token"]).status_code == 403
    wide = _renewed(app, narrow["refresh_token"])
    assert set(wide["scope"].split()) == set(first["scope"].split())


@pytest.mark.parametrize("scope", ["launch/patient patient/Goal.cruds", "not a scope"])
def test_a_wider_scope_is_refused_and_costs_nothing_more(demo: Demo, scope: str) -> None:
    """2.2: no new permissions can be obtained at refresh time."""
    response = browser_app(demo).refresh(_spare(demo), scope=scope)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_scope"


def _spare(demo: Demo) -> str:
    token: str = browser_app(demo).tokens(MEMBER, scope=_SCOPE)["refresh_token"]
    return token


def test_an_access_token_renews_nothing(demo: Demo) -> None:
    response = browser_app(demo).refresh(member_tokens(demo)["access_token"])
    assert response.json()["error"] == "invalid_grant"


def test_introspection_says_all_that_the_token_response_said(demo: Demo, service: Service) -> None:
    app, tokens = browser_app(demo), member_tokens(demo)
    found = service.introspected(tokens["access_token"])
    assert found["active"] is True
    assert found["scope"] == tokens["scope"]
    assert found["client_id"] == app.client_id
    assert type(found["exp"]) is int
    issued = signed(demo, tokens["access_token"], demo.fhir)
    assert found["exp"] == issued["exp"]
    assert abs(found["exp"] - issued["iat"] - tokens["expires_in"]) <= 1
    about = signed(demo, tokens["id_token"], app.client_id)
    for name in ("iss", "sub", "fhirUser"):
        assert found[name] == about[name], name
    assert found["patient"] == tokens["patient"]


def test_introspection_has_all_of_the_launch_context(demo: Demo, service: Service) -> None:
    """2.2, Conditional fields: a parameter of the token response SHALL be there too."""
    tokens = member_tokens(demo)
    found = service.introspected(tokens["access_token"])
    assert {name: found.get(name) for name in _CONTEXT & tokens.keys()} == {
        name: tokens[name] for name in _CONTEXT & tokens.keys()
    }


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "no_such_hint"])
def test_a_hint_is_only_a_hint(demo: Demo, service: Service, hint: str) -> None:
    """RFC 7662, section 2.1: the search is extended to all types of tokens."""
    token = member_tokens(demo)["access_token"]
    response = demo.post("/introspect", service.auth, token=token, token_type_hint=hint)
    assert response.json()["active"] is True


@pytest.mark.parametrize("auth", [None, ("nobody", "nothing")], ids=["none", "wrong"])
def test_not_everybody_is_told(demo: Demo, auth: Any) -> None:
    """RFC 7662, section 2.3: 401, as RFC 6749 has it."""
    token = member_tokens(demo)["access_token"]
    response = demo.post("/introspect", auth, token=token)
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"
    assert "www-authenticate" in response.headers


def test_a_bearer_token_may_be_the_proof_for_introspection(demo: Demo, service: Service) -> None:
    """2.2, Authorization to perform Token Introspection: with access control it SHALL do."""
    own = service.token("system/Task.rs")["access_token"]
    response = httpx.post(
        f"{demo.auth}/introspect",
        data={"token": member_tokens(demo)["access_token"]},
        headers={"Authorization": f"Bearer {own}"},
        timeout=20,
    )
    assert response.status_code == 200
    assert response.json()["active"] is True


@pytest.mark.parametrize("hint", [None, "refresh_token", "no_such_hint"])
def test_a_revoked_access_token_is_not_active(
    demo: Demo, service: Service, hint: str | None
) -> None:
    """RFC 7009, section 2.2: a hint that is not valid is ignored."""
    app = browser_app(demo)
    token = app.tokens(MEMBER, scope=_SCOPE)["access_token"]
    form = {"token": token, "client_id": app.client_id, "token_type_hint": hint}
    assert demo.post("/revoke", **form).status_code == 200
    assert service.introspected(token) == {"active": False}


def test_a_token_that_is_already_gone_is_revoked_too(demo: Demo) -> None:
    """RFC 7009, section 2: the hint may be wrong, and a second time is no error."""
    app = browser_app(demo)
    form = {"token": _spare(demo), "client_id": app.client_id, "token_type_hint": "access_token"}
    for _ in range(2):
        assert demo.post("/revoke", **form).status_code == 200
    assert app.refresh(form["token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
@pytest.mark.parametrize("token", [None, ""])
def test_a_request_without_a_token_is_an_invalid_request(
    demo: Demo, service: Service, path: str, token: str | None
) -> None:
    response = demo.post(path, service.auth, token=token)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("client_id", ["nobody", None])
def test_nobody_revokes(demo: Demo, client_id: str | None) -> None:
    response = demo.post("/revoke", token="made-up", client_id=client_id)
    assert response.status_code in (400, 401)
    assert ("www-authenticate" in response.headers) == (response.status_code == 401)
    assert response.json()["error"] == "invalid_client"
