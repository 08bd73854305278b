"""What tokens, scopes and the audit trail cost: the same server with them and without."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from benchmarks.load import requests_per_second
from benchmarks.servers import running

AUDIENCE = "http://127.0.0.1/fhir"
ROUNDS = 2


class Rates(NamedTuple):
    """Requests per second."""

    secured: float
    plain: float


@contextmanager
def _issuer() -> Iterator[tuple[str, str]]:
    """Publish a key on loopback; yield the issuer's URL and a token for every type."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": "1", "alg": "ES256"}
    body = json.dumps({"keys": [public]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    now = int(time.time())
    claims = {
        "iss": url,
        "aud": AUDIENCE,
        "sub": "bench",
        "client_id": "bench",
        "iat": now,
        "exp": now + 3600,
        "scope": "user/*.cruds",
        "fhirUser": "Practitioner/1",
        "employers": "*",
    }
    try:
        yield url, jwt.encode(claims, key, "ES256", headers={"kid": "1"})
    finally:
        server.shutdown()
        server.server_close()


def measure(
    app: str, check: str, paths: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, Rates]:
    """Return the rates of each path, measured in turns so that noise meets both."""
    plain = {**environment, "FHIR_FACADE_AUDIT": "off"}
    with _issuer() as (url, token):
        issuers = [{"issuer": url, "audience": AUDIENCE, "jwks_url": f"{url}/jwks"}]
        secured = {
            **environment,
            "FHIR_FACADE_AUDIT": "record",
            "FHIR_FACADE_ISSUERS": json.dumps(issuers),
            "FHIR_FACADE_BASE_URL": AUDIENCE,
            "FHIR_FACADE_TENANT_CLAIM": "employers",
        }
        found = {name: Rates(0, 0) for name in paths}
        with (
            running(app, check, factory=True, **plain) as without,
            running(app, check, factory=True, **secured) as port,
        ):
            for _ in range(ROUNDS):
                for name, path in paths.items():
                    ours = requests_per_second(port, path, token=token)
                    control = requests_per_second(without, path)
                    before = found[name]
                    found[name] = Rates(before.secured + ours, before.plain + control)
    return {name: Rates(each[0] / ROUNDS, each[1] / ROUNDS) for name, each in found.items()}
