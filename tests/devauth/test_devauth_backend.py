"""Backend services: clients that prove themselves by a key, or a secret."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt
import pytest

from fhir_facade.devauth.scopes import LONGEST
from tests.devauth.asking import (
    FHIR,
    ISSUER,
    Backend,
    Browser,
    Clock,
    claims_of,
    mounted,
    new_key,
)
from tests.security.issuer import signed_with_public_key, tampered, without_signature

KEYS = {alg: new_key(alg) for alg in ("RS256", "RS384", "ES256", "ES384")}


@pytest.fixture
async def service(browser: Browser) -> Backend:
    return await Backend.registered(browser, KEYS["ES384"], "ES384")


@pytest.mark.parametrize("alg", KEYS)
async def test_a_service_gets_what_it_has_registered_for(browser: Browser, alg: str) -> None:
    service = await Backend.registered(browser, KEYS[alg], alg)
    answer = await service.token()
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert sorted(found) == ["access_token", "expires_in", "scope", "token_type"]
    assert found["scope"] == "system/*.rs"
    claims = claims_of(found["access_token"])
    assert (claims["iss"], claims["aud"], claims["employers"]) == (ISSUER, FHIR, "*")
    assert claims["sub"] == claims["client_id"] == service.client_id
    assert not {"patient", "fhirUser"} & claims.keys()


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("system/Goal.rs user/Goal.rs patient/Goal.rs openid", "system/Goal.rs"),
        ("system/Goal.cruds", "system/Goal.rs"),
        ("user/Goal.rs", None),
        ("system/Goal.cud", None),
        (None, None),
    ],
)
async def test_a_service_gets_system_scopes_only(
    service: Backend, asked: str | None, granted: str | None
) -> None:
    answer = await service.token(scope=asked)
    if granted is None:
        assert _refused(answer) == "invalid_scope"
    else:
        assert answer.json()["scope"] == granted


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"aud": ["http://127.0.0.1:8000/auth", "https://other.test"]}, "aud must be"),
        ({"aud": "https://other.test/token"}, "aud must be"),
        ({"aud": None}, "aud must be"),
        ({"exp": NOW - 100}, "exp must be"),
        ({"exp": NOW + 3600}, "exp must be"),
        ({"exp": None}, "exp must be"),
        ({"exp": True}, "exp must be"),
        ({"nbf": NOW + 3600}, "not valid yet"),
        ({"iat": NOW + 3600}, "not valid yet"),
        ({"iss": "somebody"}, "iss and sub"),
        ({"iss": None}, "iss and sub"),
        ({"jti": None}, "jti must be"),
        ({"jti": "x" * 201}, "jti must be"),
        ({"sub": "somebody"}, "does not exist"),
        ({"sub": None}, "sub"),
        ({"sub": "goals-app"}, "not registered for private_key_jwt"),
    ],
)
async def test_an_assertion_that_is_not_good(
    service: Backend, changed: dict[str, Any], reason: str
) -> None:
    answer = await service.token(service.assertion(**changed))
    assert _refused(answer) == "invalid_client"
    assert reason in answer.json()["error_description"]


@pytest.mark.parametrize("named", [f"{ISSUER}/token", [f"{ISSUER}/token"], ISSUER, [ISSUER]])
async def test_an_assertion_names_the_endpoint_or_the_issuer(service: Backend, named: Any) -> None:
    assert (await service.token(service.assertion(aud=named))).status_code == 200


async def test_an_assertion_serves_once(service: Backend) -> None:
    assertion = service.assertion()
    assert (await service.token(assertion)).status_code == 200
    answer = await service.token(assertion)
    assert _refused(answer) == "invalid_client"
    assert "the jti was seen" in answer.json()["error_description"]


async def test_the_jti_of_another_client_is_its_own(browser: Browser, service: Backend) -> None:
    other = await Backend.registered(browser, KEYS["RS384"], "RS384")
    for each in (service, other):
        assert (await each.token(each.assertion(jti="the same"))).status_code == 200


async def test_a_key_without_a_name_is_found_if_it_is_the_only_one(browser: Browser) -> None:
    service = await Backend.registered(browser, KEYS["ES256"], "ES256")
    claims = claims_of(service.assertion())
    nameless = jwt.encode(claims, service.key, "ES256")
    assert (await service.token(nameless)).status_code == 200
    other = jwt.encode({**claims, "jti": "x"}, service.key, "ES256", {"kid": "other"})
    assert _refused(await service.token(other)) == "invalid_client"


async def test_a_signature_that_is_not_the_clients(service: Backend) -> None:
    good = service.assertion()
    forged = [
        service.assertion(key=new_key("ES384")),
        service.assertion(key=KEYS["RS256"], alg="RS256"),
        service.assertion(key="a secret that is long enough for HMAC", alg="HS256"),
        without_signature(good),
        signed_with_public_key(good, service.key),
        tampered(good, **{**claims_of(good), "jti": "another"}),
        f"{good}x",
    ]
    for assertion in forged:
        answer = await service.token(assertion)
        assert _refused(answer) == "invalid_client"


@pytest.mark.parametrize(
    "assertion",
    ["a.b.c", "...", "é.é.é", "[" * 5000, "eyJhbGciOiJFUzM4NCJ9.W10.AA", "x" * 60_000],
)
async def test_an_assertion_that_is_none(service: Backend, assertion: str) -> None:
    answer = await service.token(assertion)
    assert _refused(answer) in ("invalid_client", "invalid_request")


async def test_a_public_client_is_no_service(browser: Browser) -> None:
    answer = await browser.post(
        "/token", grant_type="client_credentials", scope="system/*.rs", client_id="goals-app"
    )
    assert answer.json()["error"] == "invalid_client"


async def test_a_service_that_does_not_prove_itself(service: Backend) -> None:
    answer = await service.browser.post(
        "/token", grant_type="client_credentials", scope="system/*.rs", client_id=service.client_id
    )
    assert answer.json()["error"] == "invalid_client"


async def test_a_secret_does_too(browser: Browser) -> None:
    answer = await browser.register(grant_types=["client_credentials"], scope="system/Goal.rs")
    client = answer.json()
    assert client["token_endpoint_auth_method"] == "client_secret_basic"
    asked = {"grant_type": "client_credentials", "scope": "system/Goal.rs"}
    good = httpx.BasicAuth(client["client_id"], client["client_secret"])
    answer = await browser.client.post("/auth/token", data=asked, auth=good)
    assert answer.json()["scope"] == "system/Goal.rs"
    bad = httpx.BasicAuth(client["client_id"], client["client_secret"][:-1])
    answer = await browser.client.post("/auth/token", data=asked, auth=bad)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_client_that_is_refused_is_told_what_is_wrong(
    browser: Browser, service: Backend
) -> None:
    given = {"redirect_uris": ["https://app.test/"], "scope": "openid system/Goal.rs"}
    client = (await browser.register(**given)).json()
    id_, secret = client["client_id"], client["client_secret"]
    unknown = "does not exist on this server: registrations end after a day, and when it stops"
    by_header = (
        "The client has registered for client_secret_basic: send client_id and client_secret"
    )
    by_key = "has registered for private_key_jwt: send a client_assertion"
    by_form = "has registered for none: send client_id in the form, and no secret"
    tries: list[tuple[dict[str, str], tuple[str, str] | None, int, str]] = [
        ({}, None, 401, "client_id is missing"),
        ({"client_secret": secret}, None, 401, "client_id is missing"),
        ({"client_id": "nobody"}, None, 400, unknown),
        ({}, ("nobody", secret), 401, unknown),
        ({}, (id_, "wrong"), 401, "The client_secret is wrong."),
        ({}, (id_, ""), 401, "must be Basic, with client_id and client_secret"),
        ({"client_id": id_, "client_secret": secret}, None, 401, f"is not served. {by_header}"),
        ({"client_id": id_}, None, 401, by_header),
        ({"client_id": service.client_id}, None, 401, by_key),
        ({}, (service.client_id, "x"), 401, by_key),
        ({}, ("goals-app", "x"), 401, by_form),
        ({"client_id": "goals-app", "client_secret": "x"}, None, 401, by_form),
    ]
    for form, auth, status, text in tries:
        answer = await browser.client.post(
            "/auth/token", data={"grant_type": "authorization_code", "code": "x", **form}, auth=auth
        )
        told = answer.json()
        assert (answer.status_code, told["error"]) == (status, "invalid_client"), (form, auth)
        assert text in told["error_description"], (form, auth)
        assert secret not in answer.text
    answer = await browser.client.post(
        "/auth/introspect", data={"token": "x", "client_id": "goals-app"}
    )
    assert "a key, a secret or a Bearer token" in answer.json()["error_description"]


async def test_a_service_asks_for_no_endless_list(service: Backend) -> None:
    answer = await service.token(scope="system/Goal.rs " + "x" * LONGEST)
    assert _refused(answer) == "invalid_scope"
    assert "too long" in answer.json()["error_description"]


@pytest.mark.parametrize("header", ["Basic ////", "Basic é", "Basic =", "Basic", "Bearer x"])
async def test_an_authorization_header_that_is_none(browser: Browser, header: str) -> None:
    answer = await browser.client.post(
        "/auth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header.encode()},
    )
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] in ("invalid_client", "invalid_request")


async def test_introspection_tells_a_confidential_client_only(
    browser: Browser, service: Backend
) -> None:
    found = await browser.tokens()
    proof = _proof(service)
    told = await browser.post("/introspect", token=found["access_token"], **proof)
    assert told.json() == {
        "active": True,
        "token_type": "Bearer",
        "need_patient_banner": True,
        **claims_of(found["access_token"]),
    }
    public = await browser.post("/introspect", token=found["access_token"], client_id="goals-app")
    assert public.status_code == 401
    nobody = await browser.post("/introspect", token=found["access_token"])
    assert nobody.status_code == 401


async def _asked_by(browser: Browser, bearer: str, **fields: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return await browser.client.post("/auth/introspect", data=fields, headers=headers)


async def test_introspection_tells_whoever_holds_another_token(
    browser: Browser, service: Backend
) -> None:
    found, own = await browser.tokens(), (await service.token()).json()["access_token"]
    told = await _asked_by(browser, own, token=found["access_token"])
    assert (told.status_code, told.json()["active"]) == (200, True)
    assert told.json()["patient"] == "M100001"
    told = await _asked_by(browser, found["access_token"], token=own)
    assert told.json()["client_id"] == service.client_id
    assert "need_patient_banner" not in told.json()
    assert (await _asked_by(browser, own, token="x")).json() == {"active": False}
    assert (await _asked_by(browser, own)).json()["error"] == "invalid_request"
    twice = await _asked_by(browser, own, token=own, **_proof(service))
    assert twice.json()["error"] == "invalid_request"


async def test_a_token_that_is_not_active_asks_nothing(browser: Browser, clock: Clock) -> None:
    found, revoked = await browser.tokens(), (await browser.tokens())["access_token"]
    await browser.post("/revoke", token=revoked, client_id="goals-app")
    forged = tampered(found["access_token"], aud=FHIR)
    for bearer in (revoked, forged, found["id_token"], found["refresh_token"], "x", ""):
        told = await _asked_by(browser, bearer, token=found["access_token"])
        assert (told.status_code, told.json()["error"]) == (401, "invalid_token")
        assert told.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    clock.ahead = 600
    told = await _asked_by(browser, found["access_token"], token=found["access_token"])
    assert told.status_code == 401


async def test_a_token_of_a_client_that_is_forgotten_asks_nothing(
    browser: Browser, clock: Clock
) -> None:
    service = await Backend.registered(browser, KEYS["ES384"], "ES384")
    clock.ahead = 24 * 3600 - 60
    good = service.assertion(exp=int(clock()) + 200)
    token = (await service.token(good)).json()["access_token"]
    assert (await _asked_by(browser, token, token=token)).status_code == 200
    clock.ahead += 120
    assert (await _asked_by(browser, token, token=token)).status_code == 401


@pytest.mark.parametrize("seconds", [60, 7200])
async def test_a_service_asks_again_after_five_minutes(seconds: int) -> None:
    """SMART's backend services: `expires_in` SHOULD NOT exceed 300."""
    browser = Browser(mounted(token_seconds=seconds))
    service = await Backend.registered(browser, KEYS["ES384"], "ES384")
    found = (await service.token()).json()
    claims = claims_of(found["access_token"])
    assert claims["exp"] - claims["iat"] == found["expires_in"] == min(seconds, 300)
    assert (await browser.tokens())["expires_in"] == seconds


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "x"])
async def test_a_hint_changes_nothing(
    browser: Browser, service: Backend, path: str, hint: str
) -> None:
    token = (await service.token()).json()["access_token"]
    answer = await browser.post(path, token=token, token_type_hint=hint, **_proof(service))
    assert answer.status_code == 200
    told = await browser.post("/introspect", token=token, **_proof(service))
    assert told.json()["active"] is (path == "/introspect")
    answer = await browser.post(path, token_type_hint=hint, **_proof(service))
    assert _refused(answer) == "invalid_request"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "goals-app"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_assertion_type": None}, "invalid_client"),
        ({"client_assertion_type": "jwt"}, "invalid_client"),
        ({"client_assertion": None}, "invalid_client"),
        ({"client_assertion": None, "client_assertion_type": "jwt"}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
async def test_a_proof_that_is_not_one(
    browser: Browser, service: Backend, path: str, changed: dict[str, Any], error: str
) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/Goal.rs", "token": "x"}
    answer = await browser.post(path, **{**form, **_proof(service), **changed})
    assert _refused(answer) == error
    assert answer.json()["error_description"]
    assert "www-authenticate" not in answer.headers


async def test_the_client_id_may_stand_beside_its_proof(browser: Browser, service: Backend) -> None:
    assert (await service.token(client_id=service.client_id)).status_code == 200
    asked = {"grant_types": ["client_credentials"], "scope": "system/Goal.rs"}
    client = (await browser.register(**asked)).json()
    proof = (client["client_id"], client["client_secret"])
    form = {"grant_type": "client_credentials", "scope": "system/Goal.rs"}
    for named, status in ((client["client_id"], 200), (service.client_id, 401)):
        answer = await browser.client.post(
            "/auth/token", data={**form, "client_id": named}, auth=proof
        )
        assert answer.status_code == status
    assert answer.json()["error"] == "invalid_client"
    assert answer.headers["www-authenticate"].startswith("Basic ")
    for more in ({"client_secret": proof[1]}, _proof(service)):
        answer = await browser.client.post("/auth/token", data={**form, **more}, auth=proof)
        assert _refused(answer) == "invalid_request"


@pytest.mark.parametrize("name", ["jku", "x5u"])
async def test_a_key_is_not_looked_for_elsewhere(service: Backend, name: str) -> None:
    headers = {"kid": "k1", name: "https://service.test/keys"}
    assertion = jwt.encode(claims_of(service.assertion()), service.key, "ES384", headers)
    answer = await service.token(assertion)
    assert _refused(answer) == "invalid_client"
    assert name in answer.json()["error_description"]


async def test_a_refresh_or_id_token_is_never_active(browser: Browser, service: Backend) -> None:
    found = await browser.tokens()
    forged = tampered(found["access_token"])
    for token in (found["refresh_token"], found["id_token"], forged, "x", "é" * 50):
        told = await browser.post("/introspect", token=token, **_proof(service))
        assert told.json() == {"active": False}


async def test_revocation(browser: Browser, service: Backend) -> None:
    first = await browser.tokens()
    second = (await browser.refresh(first["refresh_token"])).json()

    async def active(token: str) -> bool:
        told = await browser.post("/introspect", token=token, **_proof(service))
        return told.json()["active"]

    answer = await browser.post("/revoke", token=first["access_token"], client_id="case-app")
    assert answer.json()["error"] == "invalid_grant"
    assert await active(first["access_token"])
    answer = await browser.post("/revoke", token=first["access_token"], client_id="goals-app")
    assert answer.status_code == 200
    assert not await active(first["access_token"])
    assert await active(second["access_token"])
    given = {"token_type_hint": "refresh_token", "client_id": "goals-app"}
    await browser.post("/revoke", token=second["refresh_token"], **given)
    assert not await active(second["access_token"])
    assert (await browser.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"
    answer = await browser.post("/revoke", token="never was one", client_id="goals-app")
    assert answer.status_code == 200


def _proof(service: Backend) -> dict[str, str]:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion": service.assertion(), "client_assertion_type": kind}


def _refused(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]
