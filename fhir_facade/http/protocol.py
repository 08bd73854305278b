"""The HTTP protocol of `serve`: what cannot be parsed is answered as FHIR clients expect.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fhir_facade.errors import Issue
from fhir_facade.http.headers import secure
from fhir_facade.http.response import CONTENT_TYPE, NO_STORE
from fhir_facade.interactions.search import outcome
from fhir_facade.rules.json_text import to_json

_TEXT: Final = "The request is not HTTP that this server reads, or its URL is longer than 64 KiB."

MOST_FRAMING: Final = 262_144
"""Bytes of a request that are not its body, before it is cut off.

The parser itself keeps what it is sent. Exact limits, of settings, are the gate's."""

_FRAMING_OF_A_BYTE: Final = 8
"""What a client may spend on a byte of a chunked body: `1`, CRLF, the byte, CRLF."""

HEAD_SECONDS: Final = 30.0
"""Until the head of a request must be there: a client that sends it byte by byte holds a socket."""


class _Dropped(list[Any]):
    """Takes the fields that follow a chunked body.

    They came after the request was let in, so they must not pass for its headers (RFC 9110, 6.5.1).
    """

    def append(self, _: Any) -> None:
        """Keep nothing."""


class FhirProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, with OperationOutcomes, and limits on a request's head."""

    _framing = 0
    _in_head = False
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; answer with 431 and close where a request has too much beside its body."""
        self._framing += len(data)
        super().data_received(data)
        if self._framing > MOST_FRAMING and not self.transport.is_closing():
            self._refuse(431, "too-long", "The headers of the request are too long.")
        elif self._in_head and self._waiting is None:
            self._wait()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._framing, self._in_head = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hand the request on; what comes now is its body."""
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()
        self.headers = _Dropped()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._framing -= _FRAMING_OF_A_BYTE * len(body)
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer with 400 and close."""
        del msg
        self._refuse(400, "invalid", _TEXT)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_slow(self) -> None:
        self._waiting = None
        if self._in_head:
            self._refuse(408, "timeout", "The headers of the request did not come in time.")
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: int, code: str, text: str) -> None:
        body = to_json(outcome([Issue("error", code, text)]))
        lines = (
            *((b"connection", b"close"), (b"content-type", CONTENT_TYPE), NO_STORE),
            *secure(self.scheme or "http"),
            (b"content-length", b"%d" % len(body)),
        )
        head = b"".join(b"%b: %b\r\n" % line for line in lines)
        start = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self.transport.write(start + head + b"\r\n" + body)
        self.transport.close()
