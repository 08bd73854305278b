"""What every page has: its frame, and headers that let it load from this server alone.

https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from fhir_facade.web.front import Front

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
HTML: Final = "text/html; charset=utf-8"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, front: Front, **values: Any) -> bytes:
    """Return a page; every value that is not Markup is escaped."""
    return _environment().get_template(template).render(front=front, **values).encode()


def policy(connect: Iterable[str] = ()) -> str:
    """Return the content security policy of a page that asks this server, and these origins."""
    asked = " ".join(["'self'", *connect])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src {asked}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def answer(
    request: Request, body: bytes, content_type: str = HTML, status: int = 200, **headers: str
) -> Response:
    """Return an answer of a page's own; a HEAD request gets the headers of the GET alone."""
    said = {
        "Content-Security-Policy": policy(),
        "Cache-Control": "no-store",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "Content-Length": str(len(body)),
        "Content-Type": content_type,
    }
    return Response(b"" if request.method == "HEAD" else body, status, headers=said)


def base_of(request: Request, front: Front) -> str:
    """Return the URL of the FHIR base as whoever asks knows this server."""
    return front.base_url or f"{origin_of(request)}{front.fhir}"


def origin_of(request: Request) -> str:
    """Return the origin that a request names."""
    return f"{request.url.scheme}://{request.url.netloc}"
