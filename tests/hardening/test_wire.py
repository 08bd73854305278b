"""A real server on a socket, against clients that send too much, too slowly, or something else."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from fhir_facade.commands.serve import server_options
from fhir_facade.http import protocol
from fhir_facade.main import create_app
from fhir_facade.store import open_store
from tests.hardening.conftest import NEW_TASK
from tests.http.serving import error, settings

LINES = b"Host: localhost\r\n"
TOO_LONG = error("too-long", "The headers of the request are too long.")
TOO_SLOW = error("timeout", "The headers of the request did not come in time.")
STOPPED = error("transient", "The server is being stopped; ask again.")
BODY = json.dumps(NEW_TASK).encode()


@contextmanager
def _serving(folder: Path, **given: Any) -> Iterator[int]:
    """Run a server with the options of `serve` in a thread of its own; yield its port."""
    chosen = settings(store=f"sqlite:///{folder / 'store.db'}", **given)
    options = {**server_options(chosen), "factory": False, "log_level": "critical"}
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(chosen, open_store(chosen.store))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with _serving(tmp_path_factory.mktemp("wire")) as found:
        yield found


class Connection:
    """A connection over which any bytes can go."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._received = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send; a server that has heard enough may have closed."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def _more(self) -> bytes:
        try:
            return self._socket.recv(65_536)
        except ConnectionResetError:
            return b""

    def is_closed(self) -> bool:
        """Wait for the end of the connection; False where something comes instead."""
        return not self._received and self._more() == b""

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return the next answer: status, headers and body."""
        while b"\r\n\r\n" not in self._received:
            piece = self._more()
            assert piece, "the server has closed without an answer"
            self._received += piece
        start, _, self._received = self._received.partition(b"\r\n\r\n")
        line, *lines = start.decode("latin-1").split("\r\n")
        headers = dict(each.lower().split(": ", 1) for each in lines)
        length = int(headers.get("content-length", 0))
        while len(self._received) < length:
            piece = self._more()
            assert piece, "the server has closed within an answer"
            self._received += piece
        body, self._received = self._received[:length], self._received[length:]
        return int(line.split(" ")[1]), headers, body


def _chunked(*chunks: bytes) -> bytes:
    head = b"POST /fhir/Task HTTP/1.1\r\n" + LINES + b"Content-Type: application/fhir+json\r\n"
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + pieces


FILL = b"a" * (protocol.MOST_FRAMING // 8)


@pytest.mark.parametrize(
    "start",
    [
        b"GET /fhir/Task/t1?",
        b"GET /fhir/Task/t1 HTTP/1.1\r\nX-",
        b"GET /fhir/Task/t1 HTTP/1.1\r\nX-Long: ",
        _chunked(BODY) + b"0\r\nX-Long: ",
        _chunked(BODY) + b"5;extension=",
    ],
    ids=["url", "name", "value", "trailer", "chunk extension"],
)
def test_what_never_ends_is_cut_off(port: int, start: bytes) -> None:
    with Connection(port) as connection:
        connection.send(start)
        for _ in range(30):
            connection.send(FILL)
        status, headers, body = connection.answer()
        assert (status, json.loads(body)) == (431, TOO_LONG)
        assert headers["connection"] == "close"
        assert connection.is_closed()


def test_headers_without_end_are_cut_off(port: int) -> None:
    with Connection(port) as connection:
        connection.send(b"GET /fhir/Task/t1 HTTP/1.1\r\n" + LINES)
        for _ in range(30):
            connection.send(b"X-A: b\r\n" * (len(FILL) // 8))
        assert connection.answer()[0] == 431


def test_a_body_in_chunks_of_a_byte_is_not_too_much(port: int) -> None:
    spaced = BODY + b" " * 100_000
    with Connection(port) as connection:
        connection.send(_chunked(*(bytes([each]) for each in spaced)) + b"0\r\n\r\n")
        assert connection.answer()[0] == 201


def test_a_large_body_is_not_too_much(port: int) -> None:
    spaced = BODY + b" " * 3_000_000
    head = b"POST /fhir/Task HTTP/1.1\r\n" + LINES + b"Content-Type: application/fhir+json\r\n"
    with Connection(port) as connection:
        for _ in range(2):  # and on one connection
            connection.send(head + b"Content-Length: %d\r\n\r\n" % len(spaced) + spaced)
            assert connection.answer()[0] == 201


def test_a_field_after_the_body_is_no_header(port: int) -> None:
    trailer = b"X-Request-Id: smuggled\r\n"
    with Connection(port) as connection:
        connection.send(_chunked(BODY) + b"0\r\n" + trailer + b"\r\n")
        status, headers, _ = connection.answer()
        assert status == 201
        assert headers["x-request-id"] != "smuggled"
        named = _chunked(BODY).replace(b"\r\n", b"\r\nX-Request-Id: named\r\n", 1)
        connection.send(named + b"0\r\n" + trailer + b"\r\n")
        assert connection.answer()[1]["x-request-id"] == "named"


def test_requests_that_come_at_once_are_each_answered(port: int) -> None:
    one = b"GET /fhir/Task?_count=0 HTTP/1.1\r\n" + LINES + b"\r\n"
    with Connection(port) as connection:
        connection.send(one * 20)
        assert [connection.answer()[0] for _ in range(20)] == [200] * 20


def test_what_is_no_http_gets_the_headers_that_all_get(port: int) -> None:
    with Connection(port) as connection:
        connection.send(b"NONSENSE\r\n\r\n")
        status, headers, body = connection.answer()
    assert status == 400
    assert json.loads(body)["issue"][0]["code"] == "invalid"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_another_protocol_is_not_switched_to(port: int) -> None:
    wish = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    with Connection(port) as connection:
        connection.send(b"GET /fhir/metadata HTTP/1.1\r\n" + LINES + wish + b"\r\n")
        status, headers, _ = connection.answer()
    assert status == 200
    assert "server" not in headers


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the server wait for a head for a moment only."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("start", [b"G", b"GET /fhir/Task/t1 HTTP/1.1\r\nX-Slow: "])
def test_a_head_that_does_not_come(port: int, start: bytes) -> None:
    with Connection(port) as connection:
        connection.send(start)
        status, headers, body = connection.answer()
        assert (status, json.loads(body)) == (408, TOO_SLOW)
        assert headers["connection"] == "close"
        assert connection.is_closed()


@pytest.mark.usefixtures("hurried")
def test_a_second_head_that_does_not_come(port: int) -> None:
    with Connection(port) as connection:
        connection.send(b"GET /fhir/metadata HTTP/1.1\r\n" + LINES + b"\r\n")
        assert connection.answer()[0] == 200
        connection.send(b"GET /fhir/metadata HTTP/1.1\r\n")
        assert connection.answer()[0] == 408


@pytest.mark.usefixtures("hurried")
def test_a_client_that_says_nothing_is_hung_up_on(port: int) -> None:
    with Connection(port) as connection:
        assert connection.is_closed()


def _forwarded(port: int, *lines: bytes) -> tuple[int, Any]:
    with Connection(port) as connection:
        head = b"".join(each + b"\r\n" for each in lines)
        connection.send(b"GET /fhir/Task?_count=0 HTTP/1.1\r\n" + LINES + head + b"\r\n")
        status, _, body = connection.answer()
        return status, json.loads(body)


def test_nobody_is_believed_who_says_to_be_a_proxy(tmp_path: Path) -> None:
    with _serving(tmp_path, insecure=True, rate_limit="1/hour") as port:
        status, body = _forwarded(port, b"X-Forwarded-For: 10.0.0.1", b"X-Forwarded-Proto: https")
        assert status == 200
        assert body["link"][0]["url"].startswith("http://localhost/")
        # another address would be another client
        assert _forwarded(port, b"X-Forwarded-For: 10.0.0.2")[0] == 429


def test_a_trusted_proxy_is_believed(tmp_path: Path) -> None:
    given = {"trusted_proxies": ["127.0.0.0/8"], "insecure": True, "rate_limit": "1/hour"}
    with _serving(tmp_path, **given) as port:
        status, body = _forwarded(port, b"X-Forwarded-For: 10.0.0.1", b"X-Forwarded-Proto: https")
        assert status == 200
        assert body["link"][0]["url"].startswith("https://localhost/")
        assert _forwarded(port, b"X-Forwarded-For: 10.0.0.2")[0] == 200
        # what stands before the address that the proxy added is the client's own word
        assert _forwarded(port, b"X-Forwarded-For: 10.9.9.9, 10.0.0.1")[0] == 429


def test_a_trusted_proxy_does_not_make_others_local(tmp_path: Path) -> None:
    with _serving(tmp_path, trusted_proxies=["127.0.0.1"]) as port:
        assert _forwarded(port)[0] == 200
        for address in (b"10.0.0.1", b"127.0.0.1", b"nonsense"):
            assert _forwarded(port, b"X-Forwarded-For: " + address)[0] == 403


def test_a_request_that_does_not_end_does_not_keep_the_server(tmp_path: Path) -> None:
    head = b"POST /fhir/Task HTTP/1.1\r\n" + LINES + b"Content-Length: 9\r\n"
    with _serving(tmp_path, shutdown_timeout=1) as port:
        connection = Connection(port)
        connection.send(head + b"Expect: 100-continue\r\n\r\n")
        assert connection.answer()[0] == 100  # the server has begun with it
    with connection:
        status, headers, body = connection.answer()
    assert (status, json.loads(body)) == (503, STOPPED)
    assert headers["retry-after"] == "5"
