"""A MongoDB server behind a door that lets one command in at a time.

The substitute of the test run decides and writes in two steps that others may get between; real
servers do not. https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        piece = connection.recv(size - len(found))
        if not piece:
            raise ConnectionError
        found += piece
    return bytes(found)


def _message(connection: socket.socket) -> bytes:
    """Read one message, which begins with its length."""
    head = _exactly(connection, 4)
    return head + _exactly(connection, int.from_bytes(head, "little") - 4)


class _Door(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, behind: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.behind = behind
        self.turn = threading.Lock()


class _Passage(socketserver.BaseRequestHandler):
    server: _Door

    def handle(self) -> None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(self.server.behind) as behind,
        ):
            for each in (behind, self.request):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                asked = _message(self.request)
                with self.server.turn:
                    behind.sendall(asked)
                    answer = _message(behind)
                self.request.sendall(answer)


@contextmanager
def one_at_a_time(url: str) -> Iterator[str]:
    """Yield the URL of the door to the server of a URL."""
    parts = urlsplit(url)
    with _Door((parts.hostname or "127.0.0.1", parts.port or 27017)) as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        port = door.server_address[1]
        try:
            yield urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))
        finally:
            door.shutdown()
            thread.join()
