"""Latency: one client that waits for each answer, over a keep-alive connection on loopback."""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple

_CHUNK = 1 << 18
_IDLE_SECONDS = 2.0
"""After so long a new connection is made: servers close idle ones."""


class Answer(NamedTuple):
    """An answer, and the milliseconds from sending the request to its last byte."""

    milliseconds: float
    body: bytes

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def next(self) -> str | None:
        """The path of the next page."""
        for link in self.json()["link"]:
            if link["relation"] == "next":
                return "/" + str(link["url"]).split("/", 3)[3]
        return None

    @property
    def resources(self) -> int:
        """How many resources the page holds, matched or included."""
        return self.body.count(b'"mode":"match"') + self.body.count(b'"mode":"include"')

    @property
    def total(self) -> int:
        return int(self.json()["total"])


class Client:
    """One connection at a time to a server."""

    def __init__(self, port: int) -> None:
        self._port, self._host = port, f"127.0.0.1:{port}"
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._used = time.perf_counter()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def get(self, path: str) -> Answer:
        """Fetch a path; what is not a 200 is an error of the benchmark."""
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept: application/fhir+json\r\n\r\n"
        ).encode()
        if time.perf_counter() - self._used > _IDLE_SECONDS:
            self._socket.close()
            self._connect()
        begun = time.perf_counter()
        self._socket.sendall(request)
        head, body = self._answer()
        self._used = time.perf_counter()
        if b" 200 " not in head[:16]:
            raise RuntimeError(f"{path}: {head[:60]!r} {body[:500]!r}")
        return Answer((self._used - begun) * 1000, body)

    def _answer(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        parts, missing = [body], length - len(body)
        while missing > 0:
            parts.append(self._received())
            missing -= len(parts[-1])
        return head, b"".join(parts)

    def _received(self) -> bytes:
        data = self._socket.recv(_CHUNK)
        if not data:
            raise RuntimeError("the server closed the connection")
        return data


class Figures(NamedTuple):
    """What was measured of one query on one collection."""

    median: float
    p95: float
    control: float
    """The median of the reads that were made between the repetitions."""
    resources: float
    """The median number of resources in an answer."""
    total: float = 0.0

    @property
    def ratio(self) -> float:
        """How many reads the query costs."""
        return self.median / self.control


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that the share of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def figures(answers: Sequence[Answer], control: Sequence[Answer]) -> Figures:
    """Sum up the repetitions of a query and of its control."""
    times = [answer.milliseconds for answer in answers]
    totals = [answer.total for answer in answers[:9] if b'"total":' in answer.body]
    return Figures(
        statistics.median(times),
        percentile(times, 0.95),
        statistics.median([answer.milliseconds for answer in control]),
        statistics.median([answer.resources for answer in answers]),
        statistics.median(totals) if totals else 0.0,
    )
