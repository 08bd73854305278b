"""What stands beside the FHIR base: health, metrics, and the way to the docs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from fhir_facade.errors import StoreUnavailable
from fhir_facade.http.gate import OF_PROXIES, is_local
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


def add_tools(
    app: FastAPI,
    store: Store,
    settings: Settings,
    *,
    metrics: Metrics | None = None,
    checks: Sequence[Check] = (),
) -> None:
    """Add the URLs outside of the FHIR base to an application."""

    @app.get("/", include_in_schema=False)
    async def root() -> Response:
        return RedirectResponse("/docs")

    @app.head("/health/live", include_in_schema=False)
    @app.get("/health/live", tags=["health"])
    async def live() -> Response:
        """Say that the process answers."""
        return JSONResponse({"status": "up"}, headers=_NO_STORE)

    @app.head("/health/ready", include_in_schema=False)
    @app.get("/health/ready", tags=["health"])
    async def ready() -> Response:
        """Say whether the parts that answers need are there too."""
        try:
            await store.ping()
        except StoreUnavailable:
            return JSONResponse({"status": "store unavailable"}, 503, _AGAIN | _NO_STORE)
        return _state(checks)

    if metrics is not None:

        @app.get("/metrics", include_in_schema=False)
        async def numbers(request: Request) -> Response:
            """Show the numbers to whom the settings let see them."""
            if settings.metrics != "open" and not _is_here(request):
                raise HTTPException(404)
            body, content_type = metrics.exposed(request.headers.get("accept", ""))
            return Response(body, headers=_NO_STORE | {"Content-Type": content_type})


def _state(checks: Sequence[Check]) -> Response:
    """Return what health is answered with: which parts are unwell, by their names alone."""
    unwell = [each for each in checks if not each.is_well()]
    if not unwell:
        return JSONResponse({"status": "ready"}, headers=_NO_STORE)
    names = [each.name for each in unwell]
    if any(each.required for each in unwell):
        return JSONResponse({"status": "not ready", "unwell": names}, 503, _AGAIN | _NO_STORE)
    return JSONResponse({"status": "degraded", "unwell": names}, headers=_NO_STORE)


def _is_here(request: Request) -> bool:
    """Say whether this machine itself asks; a proxy on it passes on what others ask."""
    if any(name.decode() in request.headers for name in OF_PROXIES):
        return False
    return is_local(request.client.host if request.client is not None else "")
