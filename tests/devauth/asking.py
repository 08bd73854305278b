"""Somebody with a browser, and the requests that an app makes, written by hand."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.applications import Starlette
from starlette.routing import Mount

from fhir_facade.devauth import DemoApp, Person, Served, authorization_server
from tests.security.issuer import PrivateKey, public_jwk

ORIGIN = "http://127.0.0.1:8000"
ISSUER = f"{ORIGIN}/auth"
FHIR = f"{ORIGIN}/fhir"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = "a-verifier-of-at-least-forty-three-characters"
GOALS_SCOPE = (
    "launch launch/patient openid fhirUser offline_access patient/Patient.r patient/Goal.rs "
    "patient/Task.rus"
)
CASE_SCOPE = "launch openid fhirUser offline_access user/Patient.rs user/Task.rs user/Goal.rs"

Json = dict[str, Any]

SERVED = Served(
    frozenset(("Patient", "Goal", "Task", "Flag", "AuditEvent", "Provenance")),
    frozenset(("Patient",)),
)

MEMBER, MANAGER, SYSTEM = "member:M100001", "practitioner:U11", "system:administrator"


class SomePeople:
    """Forty members of two employers, and two care managers."""

    async def members(self) -> Sequence[Person]:
        return [
            Person(f"M{100000 + each}", f"Member Number{each}", (("RED", "BLUE")[each % 2],))
            for each in range(1, 41)
        ]

    async def practitioners(self) -> Sequence[Person]:
        return [Person("U11", "Zoë Manager", ("BLUE",)), Person("U12", "Other Manager", ("RED",))]


class Clock:
    """The time, and what a test has added to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def goals_app(origin: str = ORIGIN) -> DemoApp:
    base = f"{origin}/apps/goals/"
    return DemoApp("goals-app", "My goals", f"{base}launch", base, GOALS_SCOPE)


def case_app(origin: str = ORIGIN) -> DemoApp:
    base = f"{origin}/apps/case/"
    return DemoApp("case-app", "Case page", f"{base}launch", base, CASE_SCOPE)


def mounted(origin: str = ORIGIN, people: Any = None, now: Any = time.time, **more: Any) -> Any:
    """The server below /auth of an application."""
    app = authorization_server(
        issuer=f"{origin}/auth",
        fhir=f"{origin}/fhir",
        people=people or SomePeople(),
        apps=(goals_app(origin), case_app(origin)),
        served=SERVED,
        now=now,
        **more,
    )
    return Starlette(routes=[Mount("/auth", app)])


def challenge(verifier: str = VERIFIER) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def parameters(url: str) -> dict[str, str]:
    """The query of a URL."""
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


def claims_of(token: str) -> Json:
    return jwt.decode(token, options={"verify_signature": False})


class Browser:
    """A person who goes from page to page, as the pages say."""

    def __init__(self, app: Any, origin: str = ORIGIN) -> None:
        self.origin = origin
        transport = httpx.ASGITransport(app) if app is not None else None
        self.client = httpx.AsyncClient(transport=transport, base_url=origin)
        self.at: httpx.Response | None = None

    async def get(self, path: str, **params: str) -> httpx.Response:
        """Follow a link; redirects to the apps are not followed."""
        url = path if path.startswith("http") else f"/auth{path}"
        return await self._arrive(await self.client.get(url, params=params or None))

    async def submit(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the page, with its hidden fields."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text))
        data = {name: html.unescape(value) for name, value in hidden.items()} | fields
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        response = await self.client.post(f"/auth{path}", data=data, headers=headers)
        return await self._arrive(response)

    @property
    def text(self) -> str:
        assert self.at is not None
        return self.at.text

    @property
    def page(self) -> str:
        """Which page of the server it is."""
        assert self.at is not None
        return self.at.url.path.removeprefix("/auth")

    async def authorize(self, **changed: Any) -> httpx.Response:
        """An app sends the browser here; None leaves a parameter out."""
        return await self.get("/authorize", **self.request(**changed))

    def request(self, **changed: Any) -> dict[str, str]:
        given = {
            "response_type": "code",
            "client_id": "goals-app",
            "redirect_uri": f"{self.origin}/apps/goals/",
            "scope": GOALS_SCOPE,
            "state": "some state & more",
            "aud": f"{self.origin}/fhir",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
            **changed,
        }
        return {name: value for name, value in given.items() if value is not None}

    async def code(self, account: str = MEMBER, patient: str = "M100001", **changed: Any) -> str:
        """Go all the way, and return the code that the app would get."""
        await self.authorize(**changed)
        return await self.allowed(account, patient)

    async def allowed(self, account: str = MEMBER, patient: str = "M100001") -> str:
        if self.page == "/login":
            await self.submit("/login", account=account)
        if self.page == "/patient":
            await self.submit("/patient", patient=patient)
        assert self.page == "/consent", self.text
        response = await self.submit("/consent", decision="allow")
        found = parameters(response.headers["location"])
        assert "code" in found, found
        return found["code"]

    async def token(self, got: str, **changed: Any) -> httpx.Response:
        """Exchange a code."""
        given = {
            "grant_type": "authorization_code",
            "code": got,
            "redirect_uri": f"{self.origin}/apps/goals/",
            "client_id": "goals-app",
            "code_verifier": VERIFIER,
            **changed,
        }
        return await self.post("/token", **given)

    async def refresh(self, token: str, **changed: Any) -> httpx.Response:
        given = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "goals-app"}
        return await self.post("/token", **given | changed)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """What an app's own request is: without the browser's cookies."""
        kept = {name: value for name, value in fields.items() if value is not None}
        request = self.client.build_request("POST", f"/auth{path}", data=kept)
        request.headers.pop("cookie", None)
        return await self.client.send(request)

    async def tokens(self, account: str = MEMBER, **changed: Any) -> Json:
        """Go all the way, and return the token response."""
        code = await self.code(account, **changed)
        named = {name: changed[name] for name in ("client_id", "redirect_uri") if name in changed}
        response = await self.token(code, **named)
        assert response.status_code == 200, response.text
        return response.json()

    async def register(self, **metadata: Any) -> httpx.Response:
        return await self.client.post("/auth/register", json=metadata)

    async def _arrive(self, response: httpx.Response) -> httpx.Response:
        while response.is_redirect:
            location = response.headers["location"]
            target = httpx.URL(self.origin).join(location)
            if not str(target).startswith(f"{self.origin}/auth"):
                return response
            response = await self.client.get(target)
        self.at = response
        return response


class Backend:
    """A backend service with a key of its own."""

    def __init__(self, browser: Browser, client_id: str, key: PrivateKey, alg: str) -> None:
        self.browser, self.client_id, self.key, self.alg = browser, client_id, key, alg

    @classmethod
    async def registered(
        cls, browser: Browser, key: PrivateKey, alg: str, scope: str = "system/*.rs", **more: Any
    ) -> Backend:
        response = await browser.register(
            client_name="A service",
            grant_types=["client_credentials"],
            token_endpoint_auth_method="private_key_jwt",
            scope=scope,
            jwks={"keys": [public_jwk(key, "k1")]},
            **more,
        )
        assert response.status_code == 201, response.text
        return cls(browser, response.json()["client_id"], key, alg)

    def assertion(self, key: Any = None, alg: str | None = None, **changed: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.browser.origin}/auth/token",
            "exp": now + 200,
            "jti": secrets.token_hex(8),
            **changed,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key or self.key, alg or self.alg, {"kid": "k1"})

    async def token(self, assertion: str | None = None, **changed: Any) -> httpx.Response:
        given = {
            "grant_type": "client_credentials",
            "scope": "system/*.rs",
            "client_assertion_type": BEARER,
            "client_assertion": assertion or self.assertion(),
            **changed,
        }
        return await self.browser.post("/token", **given)


def new_key(alg: str) -> PrivateKey:
    if alg.startswith("RS"):
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP384R1() if alg == "ES384" else ec.SECP256R1())
