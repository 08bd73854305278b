"""Writes on a real socket: bodies that end too soon, headers that no client library sends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from fhir_facade.http.protocol import FhirProtocol
from fhir_facade.main import create_app
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.serving import settings
from tests.interactions.validity import problems
from tests.writes_hard.fuzz import CRITERIA, PREFERENCES, TAGS
from tests.writes_hard.judged import REFUSALS
from tests.writes_hard.kit import task

BODY = json.dumps(task()).encode()
LINES = b"Host: here.example\r\nContent-Type: application/fhir+json\r\n"


class Served:
    """A server on a socket and its store."""

    def __init__(self, port: int, store: Store) -> None:
        self.port, self._store = port, store

    def tasks(self) -> int:
        return asyncio.run(self._store.count("work_queue", {}))

    def ask(self, sent: bytes, *, half: bool = False) -> tuple[int, bytes]:
        """Send bytes as they are; return status and body, status 0 for no answer."""
        received = b""
        with (
            contextlib.suppress(ConnectionError),  # closed before all of it was read
            socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection,
        ):
            connection.sendall(sent)
            if half:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        start, _, content = received.partition(b"\r\n\r\n")
        return (int(start.split(b" ")[1]), content) if start else (0, b"")

    def write(self, headers: bytes = b"", body: bytes = BODY) -> tuple[int, bytes]:
        length = b"Content-Length: %d\r\n" % len(body)
        head = b"POST /fhir/Task HTTP/1.1\r\n" + LINES + length + headers
        return self.ask(head + b"Connection: close\r\n\r\n" + body)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A server in a thread of its own."""
    store = open_store("sqlite:///:memory:")
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(settings(), store)
    config = uvicorn.Config(
        app, http=FhirProtocol, log_level="critical", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Served(int(listener.getsockname()[1]), store)
    server.should_exit = True
    thread.join(10)
    listener.close()
    asyncio.run(store.close())


CHUNKED = b"POST /fhir/Task HTTP/1.1\r\n" + LINES + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
CUT = {
    "chunk cut": CHUNKED + b"%x\r\n" % len(BODY) + BODY[:40],
    "no last chunk": CHUNKED + b"%x\r\n" % len(BODY) + BODY + b"\r\n",
    "no chunk": CHUNKED,
    "length too great": b"POST /fhir/Task HTTP/1.1\r\n" + LINES + b"Content-Length: 500\r\n\r\n{",
    "whole but for a byte": b"POST /fhir/Task HTTP/1.1\r\n"
    + LINES
    + b"Content-Length: %d\r\n\r\n" % (len(BODY) + 1)
    + BODY,
}
NO_HTTP = {
    "chunk size that is none": WHOLE + b"zz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "negative length": b"POST /fhir/Task HTTP/1.1\r\n" + LINES + b"Content-Length: -1\r\n\r\n",
    "two lengths": b"POST /fhir/Task HTTP/1.1\r\n"
    + LINES
    + b"Content-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "NUL in a header": b"POST /fhir/Task HTTP/1.1\r\n" + LINES + b"If-Match: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("name", CUT)
def test_a_body_that_ends_too_soon_stores_nothing(served: Served, name: str) -> None:
    before = served.tasks()
    status, _ = served.ask(CUT[name], half=True)
    assert status in (0, 400)
    assert served.tasks() == before
    assert served.write()[0] == 201


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_stores_nothing(served: Served, name: str) -> None:
    before = served.tasks()
    status, body = served.ask(NO_HTTP[name], half=True)
    assert status in (0, 400)
    if status:
        assert json.loads(body)["resourceType"] == "OperationOutcome"
    assert served.tasks() == before


def test_a_body_in_chunks(served: Served) -> None:
    pieces = b"".join(b"1\r\n" + BODY[each : each + 1] + b"\r\n" for each in range(len(BODY)))
    assert served.ask(WHOLE + pieces + b"0\r\n\r\n")[0] == 201


def test_chunks_beyond_the_limit(served: Served) -> None:
    before = served.tasks()
    piece = b"f4240\r\n" + b" " * 1_000_000 + b"\r\n"
    status, body = served.ask(WHOLE + piece * 11 + b"0\r\n\r\n")
    assert status in (0, 413)
    if status:
        assert json.loads(body)["issue"][0]["code"] == "too-long"
    assert served.tasks() == before


def _line(name: bytes, value: str) -> bytes:
    clean = value.replace("\r", " ").replace("\n", " ").replace("\x00", " ")
    return name + b": " + clean.encode("utf-8") + b"\r\n"


@pytest.mark.parametrize(
    ("name", "values"),
    [(b"If-None-Exist", CRITERIA), (b"Prefer", PREFERENCES), (b"If-None-Match", TAGS)],
    ids=["If-None-Exist", "Prefer", "If-None-Match"],
)
def test_odd_headers(served: Served, name: bytes, values: list[str]) -> None:
    for value in values:
        before = served.tasks()
        status, body = served.write(_line(name, value))
        assert status in (200, 201, *REFUSALS), value
        if status >= 400:
            outcome = json.loads(body)
            assert outcome["resourceType"] == "OperationOutcome"
            assert problems(outcome) == []
            assert served.tasks() == before


def test_a_header_that_is_folded_or_repeated(served: Served) -> None:
    for lines in (
        b"If-None-Exist: patient=M77\r\n X: y\r\n",
        b"If-None-Exist: patient=M77\r\nIf-None-Exist: patient=M78\r\n",
        b'If-Match: W/"a"\r\nIf-Match: *\r\n',
        b"Prefer: return=minimal\r\nPrefer: handling=lenient\r\n",
        b"Content-Type: text/plain\r\n",
        b"If-None-Exist: patient=M77%0d%0aX-Injected:%20yes\r\n",
        b"X-Request-Id: a\tb\r\n",
    ):
        status, body = served.write(lines)
        assert status in (0, 200, 201, *REFUSALS), lines
        assert b"X-Injected" not in body.partition(b"{")[0]
