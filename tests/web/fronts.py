"""An application with pages, whatever the composition root gives it already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from fhir_facade import main
from fhir_facade.http.edge import edge
from fhir_facade.main import build_registry, create_app
from fhir_facade.store.base import Store
from fhir_facade.web import Front, add_pages, rendered
from tests.http.serving import settings

HOST: Final = "http://localhost:8000"
BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_PAGES: Final = ("/", "/docs", "/redoc", "/apps", "/static")


def front(**given: Any) -> Front:
    """What the pages are told of a server without tokens, on demo data."""
    registry = build_registry(settings())
    types = [*registry.types, *(each.type for each in registry.people)]
    known: dict[str, Any] = {
        "title": "FHIR facade",
        "version": "0.1.0",
        "fhir": "/fhir",
        "apps": {},
        "auth": None,
        "demo": True,
        "open": True,
        "types": types,
        "connect": [],
        "canonical": settings().canonical,
    }
    return Front(**{**known, **given})


async def counted() -> Mapping[str, int]:
    return {"Goal": 1234, "Task": 7}


async def ready() -> str:
    return "ready"


def paged(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    shown: Front | None = None,
    counts: Any = counted,
    health: Any = ready,
    **given: Any,
) -> FastAPI:
    """An application on a store whose pages are told this of it."""
    told = shown or front()

    def around(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
        return edge(rendered(app, told), origins)

    with monkeypatch.context() as patch:
        patch.setattr(main, "edge", around)
        app = create_app(settings(**given), store)
    routes = app.router.routes
    routes[:] = [each for each in routes if not _is_page(getattr(each, "path", "?"))]
    app.user_middleware.clear()  # those are of the pages that the composition root added
    add_pages(app, told, counts, health)
    return app


def _is_page(path: str) -> bool:
    return path == "/" or any(path.startswith(each) for each in _PAGES[1:])
