"""What tokens, scopes and the audit trail cost: the same server with them and without."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import fmean
from typing import NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from benchmarks.load import requests_per_second
from benchmarks.servers import serving

AUDIENCE = "http://127.0.0.1/fhir"
RUNS = 3
ROUNDS = 4
SECONDS = 1.5
PAUSE = 0.7


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


def measure(paths: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Rates]:
    """Return the rates of each path, measured in turns so that noise meets both.

    Each run is of two fresh servers: one and the same program is up to a tenth faster or slower
    from start to start, by where its memory happens to lie.
    """
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
        found: dict[str, list[Rates]] = {name: [] for name in paths}
        for _ in range(RUNS):
            with serving(**plain) as without, serving(**secured) as port:
                for number in range(ROUNDS):
                    for name, path in paths.items():
                        found[name].append(_both(port, without, path, token, number % 2 == 0))
    return {name: _mean(each) for name, each in found.items()}


def _both(port: int, without: int, path: str, token: str, secured_first: bool) -> Rates:
    """Measure one path of two servers, the one first or the other."""
    if secured_first:
        secured = _rested(port, path, token)
        return Rates(secured, _rested(without, path))
    plain = _rested(without, path)
    return Rates(_rested(port, path, token), plain)


def _rested(port: int, path: str, token: str | None = None) -> float:
    """Return a rate; what the server before has still to write meets nobody."""
    time.sleep(PAUSE)
    return requests_per_second(port, path, SECONDS, token)


def _mean(rates: Sequence[Rates]) -> Rates:
    secured, plain = zip(*rates, strict=True)
    return Rates(fmean(secured), fmean(plain))
