"""A real server on a socket: what no client library would send, and what it lets through."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from fhir_facade.http.protocol import FhirProtocol
from tests.http.serving import error

NOT_UTF8 = error("invalid", "The parameters are not percent-encoded UTF-8.")


@pytest.fixture(scope="module")
def port(shared_app: FastAPI) -> Iterator[int]:
    """The port of a server in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        shared_app, http=FhirProtocol, log_level="critical", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield int(listener.getsockname()[1])
    server.should_exit = True
    thread.join(10)
    listener.close()


def _raw(port: int, head: bytes, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; return status, headers and the body's bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head + b"Connection: close\r\n\r\n" + body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    start, _, content = received.partition(b"\r\n\r\n")
    line, *lines = start.decode("latin-1").split("\r\n")
    headers = dict(each.lower().split(": ", 1) for each in lines)
    return int(line.split(" ")[1]), headers, content


def _get(port: int, target: bytes, *headers: bytes) -> tuple[int, dict[str, str], bytes]:
    lines = b"".join(each + b"\r\n" for each in (b"Host: here.example", *headers))
    return _raw(port, b"GET /fhir/" + target + b" HTTP/1.1\r\n" + lines)


def test_a_read(port: int) -> None:
    status, headers, body = _get(port, b"Task/t1")
    assert status == 200
    assert headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert int(headers["content-length"]) == len(body)
    assert json.loads(body)["id"] == "t1"


def test_a_head_has_no_body_on_the_wire(port: int) -> None:
    status, headers, body = _raw(port, b"HEAD /fhir/Task/t1 HTTP/1.1\r\nHost: here.example\r\n")
    assert status == 200
    assert body == b""
    assert int(headers["content-length"]) > 100


def test_a_304_has_no_body_on_the_wire(port: int) -> None:
    status, headers, body = _get(port, b"Task/t1", b"If-None-Match: *")
    assert status == 304
    assert body == b""
    assert "content-length" not in headers


def test_a_204_has_no_length(port: int) -> None:
    status, headers, body = _raw(port, b"OPTIONS /fhir/Task HTTP/1.1\r\nHost: here.example\r\n")
    assert (status, body) == (204, b"")
    assert "content-length" not in headers


@pytest.mark.parametrize("query", [b"status=\xff", b"status=%ff", b"\xc3=1", b"status=%C3"])
def test_bytes_that_are_no_text_in_a_query(port: int, query: bytes) -> None:
    status, _, body = _get(port, b"Task?" + query)
    assert status == 400
    found = json.loads(body)
    assert found["issue"][0]["code"] == "invalid"
    if b"%" in query:  # a raw byte does not get past the HTTP parser
        assert found == NOT_UTF8


@pytest.mark.parametrize("path", [b"Task/%ff", b"Task/%c3", b"Task/%00", b"Task/a%00b"])
def test_bytes_that_are_no_text_in_a_path(port: int, path: bytes) -> None:
    status, _, body = _get(port, path)
    assert status == 404
    assert json.loads(body) == error("not-found", "There is no Task with this id.")


@pytest.mark.parametrize("path", [b"Task/..", b"Task/../Task/t1", b"../fhir", b"Task/%2e%2e", b"."])
def test_dots_in_a_path_go_nowhere(port: int, path: bytes) -> None:
    status, _, body = _get(port, path)
    assert status == 404
    assert json.loads(body)["resourceType"] == "OperationOutcome"


def test_a_query_of_sixty_kilobytes(port: int) -> None:
    for query in (b"status=" + b"x" * 60_000, b"&".join([b"status=x"] * 7000)):
        status, _, body = _get(port, b"Task?" + query)
        assert status == 414
        assert json.loads(body)["issue"][0]["code"] == "too-long"


def test_a_query_longer_than_the_http_parser_takes(port: int) -> None:
    status, headers, body = _get(port, b"Task?status=" + b"x" * 100_000)
    assert status in (400, 414)
    assert headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert "longer than" in json.loads(body)["issue"][0]["diagnostics"]
    assert _get(port, b"Task/t1")[0] == 200


def test_what_is_no_http(port: int) -> None:
    status, _, body = _raw(port, b"NONSENSE\r\n")
    assert status == 400
    assert json.loads(body)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("host", [b"", b"evil.example/x", b"a b", b'"><script>', b"a:b"])
def test_a_broken_host_is_not_repeated(port: int, host: bytes) -> None:
    status, _, body = _raw(
        port, b"GET /fhir/Task?_summary=count HTTP/1.1\r\nHost: " + host + b"\r\n"
    )
    if status == 200:
        url = json.loads(body)["link"][0]["url"]
        assert url == f"http://127.0.0.1:{port}/fhir/Task?_summary=count"
    else:
        assert status in (400, 403)


def test_no_host_at_all(port: int) -> None:
    status, _, body = _raw(port, b"GET /fhir/Task?_summary=count HTTP/1.0\r\n")
    assert status == 200
    url = json.loads(body)["link"][0]["url"]
    assert url == f"http://127.0.0.1:{port}/fhir/Task?_summary=count"


def test_a_body_that_ends_too_soon(port: int) -> None:
    head = (
        b"POST /fhir/Task/_search HTTP/1.1\r\nHost: here.example\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n_id=t1"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head)
    status, _, _ = _get(port, b"Task/t1")  # nobody is there to be told; the server goes on
    assert status == 200


def test_many_at_once(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/fhir") as client:
        first = client.get("/Task/t1").content
        assert all(client.get("/Task/t1").content == first for _ in range(20))
