"""A small HTTP load generator: keep-alive connections on loopback, bounded in time."""

from __future__ import annotations

import asyncio
import time

import uvloop

CONNECTIONS = 32
SECONDS = 3.0


async def _connection(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head[:16], head
        _, _, rest = head.lower().partition(b"content-length: ")
        await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        done += 1
    writer.close()
    return done


async def _measure(port: int, path: str, seconds: float, token: str | None) -> float:
    lines = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/fhir+json\r\n"
    if token is not None:
        lines += f"Authorization: Bearer {token}\r\n"
    lines += "\r\n"
    until = time.perf_counter() + seconds
    work = (_connection(port, lines.encode(), until) for _ in range(CONNECTIONS))
    return sum(await asyncio.gather(*work)) / seconds


def requests_per_second(
    port: int, path: str, seconds: float = SECONDS, token: str | None = None
) -> float:
    """Return the rate at which 32 connections are answered; every answer must be a 200."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_measure(port, path, seconds / 6, token))
        return runner.run(_measure(port, path, seconds, token))
