"""What stands beside the FHIR base: health, metrics, and the way to the docs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from fhir_facade.errors import StoreUnavailable
from fhir_facade.http.gate import is_asked_here
from fhir_facade.http.metrics import Metrics
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store

_AGAIN: Final = {"Retry-After": "2"}
_NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Check:
    """A part of the server that may be unwell."""

    name: str
    """One word that says nothing of the deployment: `audit`, `issuers`."""
    is_well: Callable[[], bool]
    required: bool = False
    """Whether no request should be sent here while it is not."""


class Health(NamedTuple):
    """How a server is."""

    word: str
    """`ready`, `degraded`, `not ready` or `store unavailable`."""
    unwell: list[str]


_NOT_READY: Final = ("store unavailable", "not ready")


def add_tools(
    app: FastAPI,
    store: Store,
    settings: Settings,
    *,
    metrics: Metrics | None = None,
    checks: Sequence[Check] = (),
) -> None:
    """Add the URLs outside of the FHIR base to an application."""

    @app.head("/health/live", include_in_schema=False)
    @app.get("/health/live", tags=["health"])
    async def live() -> Response:
        """Say that the process answers."""
        return JSONResponse({"status": "up"}, headers=_NO_STORE)

    @app.head("/health/ready", include_in_schema=False)
    @app.get("/health/ready", tags=["health"])
    async def ready() -> Response:
        """Say whether the parts that answers need are there too."""
        found = await health(store, checks)
        status = 503 if found.word in _NOT_READY else 200
        headers = _NO_STORE if status == 200 else _AGAIN | _NO_STORE
        unwell = {"unwell": found.unwell} if found.unwell else {}
        return JSONResponse({"status": found.word, **unwell}, status, headers)

    if metrics is not None:

        @app.head("/metrics", include_in_schema=False)
        @app.get("/metrics", include_in_schema=False)
        async def numbers(request: Request) -> Response:
            """Show the numbers to whom the settings let see them."""
            if settings.metrics != "open" and not is_asked_here(request.scope):
                raise HTTPException(404)
            body, content_type = metrics.exposed(request.headers.get("accept", ""))
            headers = {"Content-Type": content_type, "Content-Length": str(len(body))}
            shown = b"" if request.method == "HEAD" else body
            return Response(shown, headers=_NO_STORE | headers)


async def health(store: Store, checks: Sequence[Check]) -> Health:
    """Return how the server is, and which parts are unwell, by their names alone."""
    try:
        await store.ping()
    except StoreUnavailable:
        return Health("store unavailable", [])
    unwell = [each for each in checks if not each.is_well()]
    if not unwell:
        return Health("ready", [])
    word = "not ready" if any(each.required for each in unwell) else "degraded"
    return Health(word, [each.name for each in unwell])
