"""What the server says of itself is walked: all that is listed works, and nothing else does.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.smart.apps import App, Demo, Json, Service, challenge, verifier
from tests.smart.person import MANAGER, MEMBER, SYSTEM, Person


@pytest.fixture(scope="session")
def said(demo: Demo) -> Json:
    return demo.configuration()


def test_it_is_what_the_issuer_says(demo: Demo, said: Json) -> None:
    for path in ("openid-configuration", "oauth-authorization-server"):
        found = httpx.get(f"{demo.auth}/.well-known/{path}").json()
        assert found["issuer"] == demo.auth
        ours = {name: said[name] for name in said.keys() & found.keys() - {"scopes_supported"}}
        assert ours == {name: found[name] for name in ours}
        assert len(ours) > 8


def test_every_endpoint_answers(demo: Demo, said: Json) -> None:
    endpoints = {name: url for name, url in said.items() if name.endswith(("_endpoint", "_uri"))}
    assert endpoints.keys() == {
        "authorization_endpoint",
        "introspection_endpoint",
        "jwks_uri",
        "registration_endpoint",
        "revocation_endpoint",
        "token_endpoint",
    }
    for name, url in endpoints.items():
        assert url.startswith(f"{demo.auth}/")
        answer = httpx.get(url) if name == "jwks_uri" else httpx.post(url)
        assert answer.status_code < 500
        assert answer.status_code != 404, name


def test_metadata_names_the_same_endpoints(demo: Demo, said: Json) -> None:
    security = httpx.get(f"{demo.fhir}/metadata").json()["rest"][0]["security"]
    (uris,) = security["extension"]
    found = {each["url"]: each["valueUri"] for each in uris["extension"]}
    names = ("authorization", "token", "introspection", "revocation", "registration")
    listed = {name: said[f"{name}_endpoint"] for name in names}
    assert sorted(found.values()) == sorted(listed.values())


def test_tokens_are_signed_by_the_keys_that_are_published(app: App, said: Json) -> None:
    tokens = app.tokens(nonce="a nonce")
    keys = jwt.PyJWKClient(said["jwks_uri"])
    audiences = {"access_token": app.demo.fhir, "id_token": app.client_id}
    for name, audience in audiences.items():
        key = keys.get_signing_key_from_jwt(tokens[name])
        claims = jwt.decode(
            tokens[name],
            key.key,
            [key.algorithm_name],
            audience=audience,
            issuer=said["issuer"],
        )
        assert claims["sub"] == "member-M100001"
    assert claims["nonce"] == "a nonce"
    assert claims["fhirUser"] == f"{app.demo.fhir}/Patient/M100001"


def test_response_types(app: App, said: Json) -> None:
    assert said["response_types_supported"] == ["code"]
    for other in ("token", "id_token", "code id_token", "none"):
        with app.person() as person:
            told = person.go(app.request(response_type=other)).told
        assert told["error"] == "unsupported_response_type"


def test_challenge_methods(app: App, said: Json) -> None:
    assert said["code_challenge_methods_supported"] == ["S256"]
    made = verifier()
    code = app.code(code_challenge=challenge(made))
    assert app.exchange(code, code_verifier=made).status_code == 200
    for other in ("plain", "S512", "s256"):
        with app.person() as person:
            told = person.go(app.request(code_challenge_method=other)).told
        assert told["error"] == "invalid_request"


def test_grant_types(app: App, demo: Demo, said: Json) -> None:
    """`client_credentials` has a module of its own, test_smart_backend."""
    assert set(said["grant_types_supported"]) == {
        *("authorization_code", "refresh_token", "client_credentials"),
    }
    tokens = app.tokens()
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    for other in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "", None):
        fields = {"grant_type": other, "client_id": app.client_id, "username": "a", "password": "b"}
        answer = demo.post("/token", **fields)
        assert answer.status_code == 400
        assert answer.json()["error"] in ("unsupported_grant_type", "invalid_request")


def test_how_clients_prove_themselves(demo: Demo, said: Json, service: Service) -> None:
    """`none` is `app`, `private_key_jwt` is in test_smart_backend."""
    methods = said["token_endpoint_auth_methods_supported"]
    assert set(methods) == {"none", "private_key_jwt", "client_secret_basic"}
    assert service.token("system/Task.s")["scope"] == "system/Task.s"
    asked = {"grant_type": "client_credentials", "scope": "system/Task.s"}
    in_body = {"client_id": service.client_id, "client_secret": service.secret}
    assert demo.post("/token", **asked, **in_body).json()["error"] == "invalid_client"
    for other in ("client_secret_post", "client_secret_jwt", "tls_client_auth"):
        metadata = {"grant_types": ["client_credentials"], "token_endpoint_auth_method": other}
        answer = httpx.post(said["registration_endpoint"], json=metadata)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_every_scope_can_be_granted(demo: Demo, said: Json, service: Service) -> None:
    scopes = said["scopes_supported"]
    about = {each.partition("/")[0] for each in scopes if "/" in each}
    assert about == {"launch", "patient", "user", "system"}
    app = demo.registered(
        client_name="Asks for everything",
        redirect_uris=[f"{demo.app_origin}/"],
        token_endpoint_auth_method="none",
        scope=" ".join(scopes),
    )
    asked = [each for each in scopes if not each.startswith("system/") and each != "launch"]
    granted = app.tokens(MANAGER, scope=" ".join(asked))["scope"].split()
    assert granted == asked
    of_system = [each for each in scopes if each.startswith("system/")]
    assert service.token(" ".join(of_system))["scope"].split() == of_system


def test_a_scope_is_worth_what_it_says(app: App, demo: Demo) -> None:
    """In the spellings of both versions, and only for what the query of a granular one finds."""
    for scope in ("patient/Goal.read", "patient/Goal.rs", "patient/*.rs"):
        token = app.tokens(scope=scope)["access_token"]
        assert demo.get("Goal", token).status_code == 200
    every = demo.get("Goal", token).json()["entry"]
    scope = "patient/Goal.rs?lifecycle-status=active"
    tokens = app.tokens(scope=scope)
    assert tokens["scope"] == scope
    found = demo.get("Goal", tokens["access_token"]).json().get("entry", [])
    active = [each for each in every if each["resource"]["lifecycleStatus"] == "active"]
    assert [each["resource"]["id"] for each in found] == [each["resource"]["id"] for each in active]
    for scope in ("patient/Goal.s", "patient/Goal.r"):
        token = app.tokens(scope=scope)["access_token"]
        statuses = [demo.get(path, token).status_code for path in ("Goal", "Goal/of-nobody")]
        assert statuses == ([200, 403] if scope.endswith("s") else [403, 404])


# --- capabilities, each by a test


def _launched(app: App, account: str, patient: str, **filled: str) -> Json:
    """An EHR launch; the token response."""
    scope = "launch openid fhirUser patient/Patient.r"
    with app.person() as person:
        launch = person.open_app(app.client_id, account, patient, **filled).told
        assert launch["iss"] == app.demo.fhir
        code = person.go(app.request(launch=launch["launch"], scope=scope)).allow(account).told
    found: Json = app.exchange(code["code"]).json()
    return found


def launch_ehr(app: App) -> None:
    assert _launched(app, MEMBER, "M100001")["patient"] == "M100001"


def launch_standalone(app: App) -> None:
    assert app.tokens()["patient"] == "M100001"


def authorize_post(app: App) -> None:
    """The browser is sent by a form of the app's own site."""
    url = httpx.URL(app.request())
    with app.person() as person:
        headers = {"Origin": app.demo.app_origin, "Sec-Fetch-Site": "cross-site"}
        data = dict(url.params)
        answer = person.client.post(url.copy_with(query=None), data=data, headers=headers)
        person.go(str(url.join(answer.headers["location"]))).allow()
        assert app.exchange(person.told["code"]).status_code == 200


def client_public(app: App) -> None:
    assert app.exchange(app.code()).status_code == 200


def _confidential(app: App) -> None:
    """A client with a proof of its own gets nothing without it."""
    demo = app.demo
    made = demo.register(redirect_uris=[app.redirect_uri], scope="openid patient/Goal.rs")
    own = App(demo, made["client_id"], app.redirect_uri)
    assert own.exchange(own.code()).json()["error"] == "invalid_client"
    code = own.code()
    auth = (made["client_id"], made["client_secret"])
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": own.redirect_uri,
        "code_verifier": "a-verifier-of-at-least-forty-three-characters",
    }
    assert demo.post("/token", auth, **fields).status_code == 200


def client_confidential_asymmetric(app: App) -> None:
    """Its module is test_smart_backend; here, that a key is taken for people's apps too."""
    from joserfc.jwk import ECKey

    jwks = {"keys": [ECKey.generate_key("P-384").as_dict(private=False)]}
    made = app.demo.register(
        redirect_uris=[app.redirect_uri],
        token_endpoint_auth_method="private_key_jwt",
        scope="patient/Goal.rs",
        jwks=jwks,
    )
    own = App(app.demo, made["client_id"], app.redirect_uri)
    assert own.exchange(own.code()).json()["error"] == "invalid_client"


def sso_openid_connect(app: App) -> None:
    users = {MEMBER: "Patient/M100001", MANAGER: "Practitioner/U11", SYSTEM: None}
    for account, user in users.items():
        tokens = app.tokens(account, scope="openid fhirUser")
        claims: Any = jwt.decode(tokens["id_token"], options={"verify_signature": False})
        assert claims.get("fhirUser") == (user and f"{app.demo.fhir}/{user}")
        assert claims["aud"] == app.client_id
        assert "patient" not in tokens


def context_banner(app: App) -> None:
    assert _launched(app, MANAGER, "M100001")["need_patient_banner"] is True
    assert _launched(app, MANAGER, "M100001", ehr_banner="1")["need_patient_banner"] is False
    assert app.tokens()["need_patient_banner"] is True


def context_ehr_patient(app: App) -> None:
    tokens = _launched(app, MANAGER, "M100018")
    assert tokens["patient"] == "M100018"
    assert app.demo.get("Patient/M100018", tokens["access_token"]).status_code == 200
    assert app.demo.get("Patient/M100001", tokens["access_token"]).status_code == 404


def context_standalone_patient(app: App) -> None:
    with app.person() as person:
        person.go(app.request(scope="launch/patient patient/Patient.r"))
        code = person.allow(MANAGER, "M100109").told["code"]
    assert app.exchange(code).json()["patient"] == "M100109"


def permission_offline(app: App) -> None:
    assert "refresh_token" not in app.tokens(scope="patient/Goal.rs")
    tokens = app.tokens(scope="patient/Goal.rs offline_access")
    assert app.refresh(tokens["refresh_token"]).json()["scope"] == tokens["scope"]


def permission_online(app: App) -> None:
    tokens = app.tokens(scope="patient/Goal.rs online_access")
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def permission_patient(app: App) -> None:
    token = app.tokens(MANAGER, scope="launch/patient patient/Task.rs")["access_token"]
    found = app.demo.get("Task", token).json().get("entry", [])
    assert {each["resource"]["for"]["reference"] for each in found} <= {"Patient/M100001"}


def permission_user(app: App) -> None:
    token = app.tokens(MANAGER, scope="user/Task.rs")["access_token"]
    found = app.demo.get("Task?_count=100", token).json()["entry"]
    assert len({each["resource"].get("for", {}).get("reference") for each in found}) > 10


def permission_v1(app: App) -> None:
    token = app.tokens(scope="patient/Goal.read")["access_token"]
    assert app.demo.get("Goal", token).status_code == 200


def permission_v2(app: App) -> None:
    token = app.tokens(scope="patient/Goal.s")["access_token"]
    assert app.demo.get("Goal", token).status_code == 200


SHOWN: dict[str, Callable[[App], None]] = {
    "launch-ehr": launch_ehr,
    "launch-standalone": launch_standalone,
    "authorize-post": authorize_post,
    "client-public": client_public,
    "client-confidential-symmetric": _confidential,
    "client-confidential-asymmetric": client_confidential_asymmetric,
    "sso-openid-connect": sso_openid_connect,
    "context-banner": context_banner,
    "context-ehr-patient": context_ehr_patient,
    "context-standalone-patient": context_standalone_patient,
    "permission-offline": permission_offline,
    "permission-online": permission_online,
    "permission-patient": permission_patient,
    "permission-user": permission_user,
    "permission-v1": permission_v1,
    "permission-v2": permission_v2,
}


def test_every_capability_has_a_test(said: Json) -> None:
    assert said["capabilities"] == list(dict.fromkeys(said["capabilities"]))
    assert set(said["capabilities"]) == SHOWN.keys()


@pytest.mark.parametrize("capability", SHOWN)
def test_capability(app: App, capability: str) -> None:
    SHOWN[capability](app)


def test_scripts_of_every_origin_may_ask_the_machines_endpoints(demo: Demo, said: Json) -> None:
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    for name in ("token", "revocation", "introspection", "registration"):
        answer = httpx.options(said[f"{name}_endpoint"], headers=headers)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    for page in ("authorize", "login", "consent", "launch", "logout"):
        answer = httpx.options(f"{demo.auth}/{page}", headers=headers)
        assert "access-control-allow-origin" not in answer.headers


def test_cors_of_the_fhir_base_is_for_the_origins_that_are_set(demo: Demo) -> None:
    for path in ("Goal", "Goal/metadata", "metadata/Goal"):
        answer = httpx.get(f"{demo.fhir}/{path}", headers={"Origin": demo.app_origin})
        assert answer.headers["access-control-allow-origin"] == demo.app_origin
        answer = httpx.get(f"{demo.fhir}/{path}", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in answer.headers


def test_pages_load_nothing_from_elsewhere(app: App) -> None:
    with Person(app.demo.origin, app.redirect_uri) as person:
        person.go(app.request())
        for _ in range(3):
            assert person.page is not None
            policy = person.page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "https:" not in policy
            assert "<script" not in person.text
            assert " style=" not in person.text
            if person.at == "/auth/consent":
                break
            person.sign_in(MANAGER)
        assert person.at == "/auth/consent"
