"""The URLs beside the FHIR base that answer with pages."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fhir_facade.http.openapi import require_tokens, search_parameters
from fhir_facade.web import offers
from fhir_facade.web.files import Apps, Files
from fhir_facade.web.front import Counts, Front, Health
from fhir_facade.web.landing import Landing, shown_health
from fhir_facade.web.layout import STATIC, answer, page
from fhir_facade.web.outside import Outside, Show
from fhir_facade.web.searching import PATH as SEARCH
from fhir_facade.web.searching import VALUE, WHAT


def add_pages(app: FastAPI, front: Front, counts: Counts, health: Health) -> None:
    """Add `/`, `/docs`, `/static` and `/apps` to an application, and what only browsers see."""
    front.searches.described_by(lambda: search_parameters(app.openapi(), front.fhir))
    if not front.open:
        require_tokens(app, definitions=not front.definitions)
    apps, landing = Apps(front), Landing(front, counts, health)
    description = page("docs.html", front)

    async def home(request: Request) -> Response:
        return await landing(request)

    async def docs(request: Request) -> Response:
        return answer(request, description, Cache_Control="no-cache")

    app.add_route("/", home, ["GET"], include_in_schema=False)
    app.add_route("/docs", docs, ["GET"], include_in_schema=False)
    app.add_route("/apps/{name}", apps.folder, ["GET"], include_in_schema=False)
    app.add_route("/apps/{name}/{path:path}", apps.file, ["GET"], include_in_schema=False)
    # the apps have URLs of their own, where they are served
    app.mount("/static", Files(STATIC, without="apps"))
    app.add_middleware(Outside, front=front, pages=_for_browsers(front, health))


def _for_browsers(front: Front, health: Health) -> dict[str, Show]:
    """Return the pages at URLs where a program is told that there is nothing."""
    offered = offers.apps(front)

    async def apps(request: Request) -> Response | None:
        return answer(request, page("apps.html", front, apps=offered)) if offered else None

    async def how_it_is(request: Request) -> Response:
        return answer(request, page("health.html", front, health=shown_health(await health())))

    async def search(request: Request) -> Response | None:
        """Lead a form on to the search that it means."""
        given = request.query_params
        target = front.searches.target(given.get(WHAT, ""), given.get(VALUE, ""))
        return RedirectResponse(f"{front.fhir}/{target}", 303) if target else None

    return {"/apps": apps, "/health": how_it_is, SEARCH: search}
