"""Headers that every answer has: what a browser may do with it, which is close to nothing.

https://owasp.org/www-project-secure-headers/
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = tuple[tuple[bytes, bytes], ...]

_POLICY: Final = b"content-security-policy"

SECURE: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
)
"""`X-Frame-Options` is not among them: `frame-ancestors` says it to every browser of today."""

SECURE_OVER_TLS: Final[Headers] = (
    *SECURE,
    (b"strict-transport-security", b"max-age=31536000"),
)
"""`Strict-Transport-Security` counts over TLS only (RFC 6797, 7.2)."""

_FOR_DOCS: Final = (
    b"default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    b"font-src https://fonts.gstatic.com; worker-src blob:; connect-src 'self'; "
    b"img-src 'self' data: https://fastapi.tiangolo.com https://cdn.redoc.ly; "
    b"frame-ancestors 'none'"
)
"""What the pages of FastAPI load; they show the server's description, and nobody's data."""

_DOCS: Final = ("/docs", "/redoc")


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
    is_docs = scope["path"].startswith(_DOCS) and message["status"] == 200
    wanted = dict(secure(scope.get("scheme", "http")))
    if is_docs:
        wanted[_POLICY] = _FOR_DOCS
    return [(name, value) for name, value in wanted.items() if name not in there]
