"""The command `serve`: where it listens, what it says of itself, TLS, and how it ends."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from typer.testing import CliRunner

from fhir_facade import __version__
from fhir_facade.cli import app
from fhir_facade.commands import shell
from fhir_facade.store import open_store
from fhir_facade.store.codec import decode
from tests.hardening.conftest import NEW_TASK

PROGRAM = str(Path(sys.executable).with_name("fhir-facade"))
EVERYWHERE = "0.0.0.0"  # noqa: S104
ISSUERS = '[{"issuer": "https://auth.example.org"}]'
BASE_URL = "https://fhir.example.org/fhir"

Serve = Callable[..., tuple[Result, dict[str, Any]]]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Run the command up to the HTTP server; what it would give that stands beside its output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shell.err, "_width", 400)
    handed: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: handed.update(options))

    def command(*arguments: str, **environment: str) -> tuple[Result, dict[str, Any]]:
        given = {"STORE": "sqlite:///store.db", "INSECURE": "", "CURSOR_SECRET": "x", **environment}
        given["INSECURE"] = given["INSECURE"] or "false"
        for name, value in given.items():
            monkeypatch.setenv(f"FHIR_FACADE_{name}", value)
        before = signal.getsignal(signal.SIGTERM)
        try:
            result = CliRunner().invoke(app, ["serve", *arguments], catch_exceptions=False)
        finally:
            signal.signal(signal.SIGTERM, before)
        return result, handed

    return command


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.168.1.7", "fhir.example.org", ""])
def test_other_machines_are_not_listened_to_without_an_issuer(serve: Serve, host: str) -> None:
    result, handed = serve("--host", host)
    assert result.exit_code == 2
    assert not handed
    shown = host or "''"
    assert result.output == (
        f"--host {shown} is refused: no authorization server is configured (FHIR_FACADE_ISSUERS), "
        "so other machines would get everything without a token. Leave --host out, or say "
        "--insecure if all of the data is synthetic.\n"
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_is_listened_to_and_told_so(serve: Serve, host: str) -> None:
    result, handed = serve("--host", host)
    assert result.exit_code == 0
    assert handed["host"] == host
    assert "only requests from this machine are answered, without a token\n" in result.output
    named = "[::1]" if host == "::1" else host
    assert f"serving FHIR R4 at http://{named}:8000/fhir" in result.output


@pytest.mark.parametrize(
    ("arguments", "environment"), [(("--insecure",), {}), ((), {"INSECURE": "true"})]
)
def test_insecure_is_done_by_name_and_said_loudly(
    serve: Serve, arguments: tuple[str, ...], environment: dict[str, str]
) -> None:
    result, handed = serve("--host", EVERYWHERE, *arguments, **environment)
    assert result.exit_code == 0
    assert handed["host"] == EVERYWHERE
    assert "INSECURE: no authorization server is configured, and everybody who" in result.output
    assert os.environ["FHIR_FACADE_INSECURE"] == "true"  # where its workers find it


def test_with_an_issuer_every_machine_may_be_listened_to(serve: Serve) -> None:
    result, handed = serve("--host", EVERYWHERE, ISSUERS=ISSUERS, BASE_URL=BASE_URL)
    assert result.exit_code == 0
    assert handed["host"] == EVERYWHERE
    assert "requests need a token of https://auth.example.org\n" in result.output
    assert "tokens and health data travel unencrypted" in result.output


def test_behind_a_proxy_nothing_is_said_of_encryption(serve: Serve) -> None:
    given = {"ISSUERS": ISSUERS, "BASE_URL": BASE_URL, "TRUSTED_PROXIES": '["10.0.0.7"]'}
    result, handed = serve("--host", EVERYWHERE, **given)
    assert "unencrypted" not in result.output
    assert (handed["proxy_headers"], handed["forwarded_allow_ips"]) == (True, ["10.0.0.7"])


def test_without_proxies_none_is_believed(serve: Serve) -> None:
    _, handed = serve()
    assert handed["proxy_headers"] is False
    assert handed["timeout_graceful_shutdown"] == 30
    assert handed["server_header"] is False


def test_an_issuer_needs_a_base_url(serve: Serve) -> None:
    result, handed = serve(ISSUERS=ISSUERS)
    assert (result.exit_code, handed) == (2, {})
    assert result.output == (
        "FHIR_FACADE_ISSUERS: where tokens are asked for, FHIR_FACADE_BASE_URL must be set\n"
    )


def test_the_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"fhir-facade {__version__}\n")


def _private_bytes(key: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of 127.0.0.1, its key, another key, and one with a password."""
    folder = tmp_path_factory.mktemp("pem")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(Encoding.PEM)
    (folder / "certificate.pem").write_bytes(public)
    (folder / "key.pem").write_bytes(_private_bytes(key))
    (folder / "both.pem").write_bytes(public + _private_bytes(key))
    (folder / "other.pem").write_bytes(_private_bytes(ec.generate_private_key(ec.SECP256R1())))
    (folder / "locked.pem").write_bytes(_private_bytes(key, b"secret"))
    return folder


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        ("certificate.pem", "other.pem"),
        ("certificate.pem", "locked.pem"),
        ("certificate.pem", None),
        ("key.pem", "key.pem"),
        ("nothing.pem", "key.pem"),
        ("certificate.pem", "nothing.pem"),
        (".", "key.pem"),
    ],
)
def test_tls_that_cannot_be_used_is_refused_at_the_start(
    serve: Serve, pem: Path, certificate: str, key: str | None
) -> None:
    given = {"TLS_CERTIFICATE": str(pem / certificate)}
    if key is not None:
        given["TLS_KEY"] = str(pem / key)
    result, handed = serve(**given)
    assert (result.exit_code, handed) == (2, {})
    said = "FHIR_FACADE_TLS_CERTIFICATE and FHIR_FACADE_TLS_KEY cannot be used: "
    assert result.output.startswith(said)
    assert len(result.output) > len(said) + 5


def test_a_certificate_may_hold_its_key(serve: Serve, pem: Path) -> None:
    result, handed = serve(TLS_CERTIFICATE=str(pem / "both.pem"))
    assert result.exit_code == 0
    assert handed["ssl_keyfile"] is None
    assert "serving FHIR R4 at https://127.0.0.1:8000/fhir" in result.output


@contextmanager
def _process(folder: Path, **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the command for real; yield its port once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    log = folder / "log.txt"
    inherited = {key: value for key, value in os.environ.items() if "FHIR_FACADE" not in key}
    given = {f"FHIR_FACADE_{name}": value for name, value in environment.items()}
    given |= {"FHIR_FACADE_STORE": "sqlite:///store.db"}
    command = [PROGRAM, "serve", "--port", str(port)]
    with (
        log.open("wb") as file,
        subprocess.Popen(
            command, cwd=folder, env={**inherited, **given}, stdout=file, stderr=file
        ) as process,
    ):
        try:
            while not _listens(port):
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            yield port, process
        finally:
            process.terminate()
            try:
                process.wait(30)
            finally:
                process.kill()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls(pem: Path, tmp_path: Path) -> None:
    given = {
        "TLS_CERTIFICATE": str(pem / "certificate.pem"),
        "TLS_KEY": str(pem / "key.pem"),
        "AUDIT": "off",
    }
    with _process(tmp_path, **given) as (port, _):
        trusting = ssl.create_default_context(cafile=pem / "certificate.pem")
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusting) as client:
            response = client.get("/fhir/Task")
            assert response.status_code == 200
            assert response.headers["strict-transport-security"] == "max-age=31536000"
            link = response.json()["link"][0]["url"]
            assert link == f"https://127.0.0.1:{port}/fhir/Task"
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                _handshake(port, old)
        assert _handshake(port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/fhir/Task")


def _handshake(port: int, version: ssl.TLSVersion) -> str | None:
    """Return the version that a client of at most this version gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")  # or the client itself would refuse
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain) as secured,
    ):
        return secured.version()


def test_a_request_in_flight_is_finished_after_sigterm(tmp_path: Path) -> None:
    body = json.dumps(NEW_TASK).encode()
    head = (
        b"POST /fhir/Task HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"
        b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body)
    )
    with _process(tmp_path) as (port, process):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as slow,
            socket.create_connection(("127.0.0.1", port), timeout=20) as idle,
        ):
            slow.sendall(head)
            assert slow.recv(1000).startswith(b"HTTP/1.1 100 ")  # the server has begun with it
            slow.sendall(body[:10])
            process.send_signal(signal.SIGTERM)
            assert idle.recv(10) == b""  # who asks nothing is hung up on
            while _listens(port):
                time.sleep(0.05)
            assert process.poll() is None
            slow.sendall(body[10:])
            answer = b""
            while piece := slow.recv(65_536):
                answer += piece
        assert process.wait(30) == 0
    assert answer.startswith(b"HTTP/1.1 201 ")
    created = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert created["status"] == "ready"
    assert asyncio.run(_stored(tmp_path / "store.db")) == [created["id"]]


async def _stored(path: Path) -> list[str]:
    store = open_store(f"sqlite:///{path}")
    found = [str(decode(data)["_id"]) async for batch in store.scan("work_queue") for data in batch]
    await store.close()
    return found
