"""What stands before the FHIR base for the requests that ask for it: CORS and compression.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_facade.http.headers import guarded
from fhir_facade.http.origins import Origins
from fhir_facade.http.smart import PATH as SMART

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_EXPOSED: Final = (
    *("ETag", "Last-Modified", "Location", "Content-Location", "X-Request-Id"),
    *("Retry-After", "WWW-Authenticate"),
)
_TOLD_TO_ALL: Final = ("/metadata", f"/{SMART}")
_ALL: Final = Origins(["*"])


def edge(app: ASGIApp, origins: Origins) -> ASGIApp:
    """Return the FHIR base with CORS for the origins that may read it, and with compression.

    Another origin is answered without CORS headers, so its browser keeps the answer from it. What
    an app needs before it has a token is for all.
    """
    compressed = GZipMiddleware(app, minimum_size=1000, compresslevel=5)
    shared, told = _shared(compressed, origins), _shared(compressed, _ALL)

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        if b"origin" in names:
            is_told = scope["path"].removeprefix(scope.get("root_path", "")) in _TOLD_TO_ALL
            leave = _ALL if is_told else origins
            if leave and not _refused(scope, leave):
                await (told if is_told else shared)(scope, receive, send)
                return
        if b"accept-encoding" in names:
            await compressed(scope, receive, send)
        else:
            await app(scope, receive, send)

    return enter


def _shared(app: ASGIApp, origins: Origins) -> ASGIApp:
    return guarded(
        CORSMiddleware(
            app,
            allow_origins=["*"] if origins.are_all else [],
            allow_origin_regex=None if origins.are_all else origins.pattern,
            allow_methods=_METHODS,
            # no answer depends on cookies, so any header may be sent
            allow_headers=["*"],
            allow_private_network=True,
            expose_headers=_EXPOSED,
        )
    )


def _refused(scope: Scope, origins: Origins) -> bool:
    """Say whether it is a preflight that gets no leave; other requests are answered in any case."""
    if scope["method"] != "OPTIONS":
        return False
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    asked = headers.get(b"access-control-request-method")
    if asked is None:
        return False
    return asked not in _METHODS or headers[b"origin"] not in origins
