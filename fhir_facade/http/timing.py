"""The phases of each request, and the `Server-Timing` header that shows them.

https://www.w3.org/TR/server-timing/
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_facade import phases
from fhir_facade.http.watch import Done


def phased(app: ASGIApp) -> ASGIApp:
    """Return an application each of whose requests has phases of its own."""

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        phases.begin()
        try:
            await app(scope, receive, send)
        finally:
            phases.end()

    return enter


def add_server_timing(done: Done) -> None:
    """Add the header to an answer; entries of a Bundle have none, the Bundle has."""
    found = phases.current()
    if found is None or done.request.is_inner:
        return
    parts = (
        ("total", found.total),
        ("store", found.store),
        ("map", found.mapping),
        ("auth", found.auth),
    )
    shown = ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in parts)
    done.reply.headers = (*done.reply.headers, (b"server-timing", shown.encode()))
