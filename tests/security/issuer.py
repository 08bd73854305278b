"""An authorization server for the tests: it listens on a port of this machine, with real keys.

It signs whatever a test asks for, right or wrong, so it is for tests alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, unquote_plus, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm, get_default_algorithms

AUDIENCE: Final = "http://fhir.test/fhir"
CLIENT_ID: Final = "fhir-server"
CLIENT_SECRET: Final = "a secret: with % and +"
SMART: Final = "smart-configuration"
OPENID: Final = "openid-configuration"
OAUTH: Final = "oauth-authorization-server"
ALGORITHMS: Final = ("RS256", "RS384", "ES256", "ES384")

_FAMILIES: Final = {"RS256": "rsa", "RS384": "rsa", "ES256": "p256", "ES384": "p384"}
_CURVES: Final = {"p256": ec.SECP256R1, "p384": ec.SECP384R1}
_SIGNING: Final = get_default_algorithms()

Json = dict[str, Any]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def private_key(family: str, generation: int = 0) -> PrivateKey:
    """A key pair that is made once a process: of `rsa`, `p256` or `p384`."""
    if family == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(_CURVES[family]())


def stranger_key(alg: str = "RS256") -> PrivateKey:
    """A key that no issuer publishes."""
    return private_key(_FAMILIES[alg], -1)


def public_pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_jwk(key: PrivateKey, kid: str | None = None, **more: Any) -> Json:
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    named = {} if kid is None else {"kid": kid}
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "use": "sig", **named, **more}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: Any, payload: Any, key: PrivateKey) -> str:
    """Sign any header and any claims by the algorithm the header names; nothing is checked."""
    signed = f"{b64(_json(header))}.{b64(_json(payload))}"
    return f"{signed}.{b64(_SIGNING[header['alg']].sign(signed.encode(), key))}"


def _json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def claims_of(token: str) -> Json:
    """The claims of a token, unverified."""
    return json.loads(base64.urlsafe_b64decode(f"{token.split('.')[1]}=="))


def header_of(token: str) -> Json:
    return json.loads(base64.urlsafe_b64decode(f"{token.split('.')[0]}=="))


def without_signature(token: str) -> str:
    """The same claims under `alg: none`."""
    header = {**header_of(token), "alg": "none"}
    return f"{b64(_json(header))}.{token.split('.')[1]}."


def signed_with_public_key(token: str, key: PrivateKey, alg: str = "HS256") -> str:
    """The same claims, signed by HMAC with the text of the public key as its secret."""
    header = {**header_of(token), "alg": alg}
    signed = f"{b64(_json(header))}.{token.split('.')[1]}"
    return f"{signed}.{b64(hmac.digest(public_pem(key), signed.encode(), hashlib.sha256))}"


def tampered(token: str, **claims: Any) -> str:
    """Other claims under the signature of the first ones."""
    header, _, signature = token.split(".")
    return (
        f"{header}.{b64(_json({**claims_of(token), **(claims or {'sub': 'mallory'})}))}.{signature}"
    )


class TestIssuer:
    """An authorization server; a context manager that listens as long as it is open.

    `path` puts the issuer below the root of its server. `found_by` names the discovery documents
    that there are.
    """

    __test__ = False

    def __init__(
        self,
        path: str = "",
        *,
        found_by: tuple[str, ...] = (OPENID,),
        generation: int = 0,
        tenant_claim: str = "tenants",
    ) -> None:
        self.path = path
        self.found_by = set(found_by)
        self.requests: Counter[str] = Counter()
        """How often each of `jwks`, `introspect` and the discovery documents was asked for."""
        self.answers: dict[str, tuple[int, Any]] = {}
        """What an endpoint, or a path, answers in place of the truth: status, and JSON or bytes."""
        self.headers: dict[str, str] = {}
        """Headers of every answer."""
        self.more: Json = {}
        """Entries of the discovery documents besides the usual ones; None takes one out."""
        self.delay = 0.0
        """Seconds before every answer."""
        self.last_introspection: Json = {}
        self._generations = [generation]
        self._is_down = False
        self._opaque: dict[str, Json] = {}
        self._tenant_claim = tenant_claim
        self._server = _Server(self)
        self._port = self._server.server_address[1]
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        poll = {"poll_interval": 0.005}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=poll, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """What `iss` is."""
        return self.root + self.path

    @property
    def settings(self) -> Json:
        """What to give to `create_app(Settings(…))`, `serving(store, …)`."""
        return {
            "issuers": [self.issuer()],
            "tenant_claim": self._tenant_claim,
            "base_url": AUDIENCE,
        }

    def issuer(self, **more: Any) -> Json:
        """The setting of this issuer; None takes something out."""
        found = {
            "issuer": self.url,
            "introspection_url": f"{self.url}/introspect",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            **more,
        }
        return {name: value for name, value in found.items() if value is not None}

    def token(
        self,
        scope: str | None,
        *,
        alg: str = "RS256",
        key: PrivateKey | None = None,
        kid: str | None = None,
        headers: Json | None = None,
        **claims: Any,
    ) -> str:
        """A JWT; `kid=""` leaves it out, and `claims` are those of `claims`, or any others."""
        header = {"alg": alg, "typ": "at+jwt", "kid": self.kid(alg) if kid is None else kid}
        header = {**header, **(headers or {})}
        kept = {name: value for name, value in header.items() if value not in (None, "")}
        return compact(kept, self.claims(scope, **claims), key or self.key(alg))

    def opaque(self, scope: str | None, *, alg: str = "", **claims: Any) -> str:
        """A token that means something to introspection only."""
        del alg
        token = f"opaque-{secrets.token_hex(12)}"
        self._opaque[token] = self.claims(scope, **claims)
        return token

    def claims(
        self,
        scope: str | None,
        *,
        patient: Any = None,
        user: Any = None,
        tenants: Any = None,
        subject: Any = "u1",
        client: Any = "app",
        audience: Any = AUDIENCE,
        expires_in: float | None = 300,
        not_before: float | None = None,
        issuer: Any = None,
        **more: Any,
    ) -> Json:
        """Claims without those that are None; `expires_in` and `not_before`: seconds from now."""
        now = int(time.time())
        found = {
            "iss": issuer or self.url,
            "sub": subject,
            "aud": audience,
            "iat": now,
            "exp": None if expires_in is None else now + expires_in,
            "nbf": None if not_before is None else now + not_before,
            "client_id": client,
            "azp": client,
            "scope": scope,
            "patient": patient,
            "fhirUser": user,
            self._tenant_claim or "tenants": tenants,
            **more,
        }
        return {name: value for name, value in found.items() if value is not None}

    def key(self, alg: str = "RS256") -> PrivateKey:
        """The key that tokens of an algorithm are signed with now."""
        return private_key(_FAMILIES[alg], self._generations[-1])

    def kid(self, alg: str = "RS256") -> str:
        return f"{_FAMILIES[alg]}-{self._generations[-1]}"

    def rotate(self, *, keep_old: bool = False) -> None:
        """Sign with new keys; the old ones are published no longer, unless they are kept."""
        newest = self._generations[-1] + 1
        self._generations = [*(self._generations if keep_old else ()), newest]

    def down(self) -> None:
        """Hang up on every request."""
        self._is_down = True

    def up(self) -> None:
        self._is_down = False

    def revoke(self, opaque: str) -> None:
        """Let introspection call a token inactive from now on."""
        del self._opaque[opaque]

    def no_algorithm(self, scope: str | None, **given: Any) -> str:
        """A token of `alg: none`."""
        return without_signature(self.token(scope, **given))

    def hmac_of_public_key(self, scope: str | None, **given: Any) -> str:
        """A token of HS256, its secret being the public key that everybody may read."""
        return signed_with_public_key(self.token(scope, **given), self.key())

    def tampered(self, scope: str | None, changed: Json | None = None, **given: Any) -> str:
        """A token whose claims were changed after it was signed."""
        return tampered(self.token(scope, **given), **(changed or {}))

    def unknown_kid(self, scope: str | None, **given: Any) -> str:
        """A token of a key that the issuer does not publish."""
        return self.token(scope, kid=f"k-{secrets.token_hex(4)}", key=stranger_key(), **given)

    def jwks(self) -> Json:
        families = sorted(set(_FAMILIES.values()))
        return {
            "keys": [
                public_jwk(private_key(family, generation), f"{family}-{generation}")
                for generation in self._generations
                for family in families
            ]
        }

    def document(self) -> Json:
        """What discovery says."""
        found = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "introspection_endpoint": f"{self.url}/introspect",
            "revocation_endpoint": f"{self.url}/revoke",
            "management_endpoint": f"{self.url}/manage",
            "registration_endpoint": f"{self.url}/register",
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "fhirUser", "launch/patient"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-standalone", "client-public", "context-standalone-patient"],
            **self.more,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _introspected(self, token: str) -> Json:
        known = self._opaque.get(token)
        return {"active": False} if known is None else {"active": True, **known}

    def handle(self, handler: BaseHTTPRequestHandler, form: Json) -> tuple[int, Any] | None:
        """Return the status and body of an answer; None to hang up."""
        path = urlsplit(handler.path).path
        name = self._name(path)
        self.requests[name or path] += 1
        if self.delay:
            time.sleep(self.delay)
        if self._is_down:
            return None
        if (name or path) in self.answers:
            return self.answers[name or path]
        if name == "jwks":
            return 200, self.jwks()
        if name == "introspect":
            return self._introspect(handler, form)
        return (404, {}) if name == "" else (200, self.document())

    def _name(self, path: str) -> str:
        """Return which endpoint a path is; empty for none."""
        known = {f"{self.path}/{name}": name for name in ("jwks", "introspect")}
        known |= {
            f"{self.path}/.well-known/{name}": name
            for name in (SMART, OPENID)
            if name in self.found_by
        }
        if OAUTH in self.found_by:
            known[f"/.well-known/{OAUTH}{self.path}"] = OAUTH
        return known.get(path, "")

    def _introspect(self, handler: BaseHTTPRequestHandler, form: Json) -> tuple[int, Any]:
        if handler.command != "POST" or not _is_client(handler.headers["authorization"]):
            return 401, {"error": "invalid_client"}
        self.last_introspection = form
        return 200, self._introspected(form.get("token", [""])[0])


def _is_client(given: str | None) -> bool:
    """Say whether an Authorization header is the client's (RFC 6749, 2.3.1: both parts encoded)."""
    scheme, _, value = (given or "").partition(" ")
    if scheme != "Basic":
        return False
    name, _, secret = base64.b64decode(value).decode().partition(":")
    return (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, issuer: TestIssuer) -> None:
        self.issuer = issuer
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length", 0))
        self._answer(parse_qs(self.rfile.read(size).decode()))

    def _answer(self, form: Json) -> None:
        found = self.server.issuer.handle(self, form)
        if found is None:
            self.close_connection = True
            return
        status, body = found
        data = _json(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in self.server.issuer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written to the test run's output."""
