"""Headers that every answer has: what a browser may do with it, which is close to nothing.

https://owasp.org/www-project-secure-headers/
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = tuple[tuple[bytes, bytes], ...]

SECURE: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""`X-Frame-Options` is not among them: `frame-ancestors` says it to every browser of today."""

SECURE_OVER_TLS: Final[Headers] = (
    *SECURE,
    (b"strict-transport-security", b"max-age=31536000"),
)
"""`Strict-Transport-Security` counts over TLS only (RFC 6797, 7.2)."""


def secure(scheme: str) -> Headers:
    """Return the headers of an answer that is sent over `http` or `https`."""
    return SECURE_OVER_TLS if scheme == "https" else SECURE


def guarded(app: ASGIApp) -> ASGIApp:
    """Return an application whose answers have the headers too, where it does not set its own."""

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_missing(scope, message)]
            await send(message)

        await app(scope, receive, sending)

    return enter


def _missing(scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
    there: set[Any] = {name.lower() for name, _ in message.get("headers", ())}
    wanted = secure(scope.get("scheme", "http"))
    return [(name, value) for name, value in wanted if name not in there]
