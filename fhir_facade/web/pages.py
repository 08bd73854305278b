"""The URLs beside the FHIR base that answer with pages."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from fhir_facade.web.files import Apps, Files
from fhir_facade.web.front import Counts, Front, Health
from fhir_facade.web.landing import Landing
from fhir_facade.web.layout import STATIC, answer, page


def add_pages(app: FastAPI, front: Front, counts: Counts, health: Health) -> None:
    """Add `/`, `/docs`, `/static` and `/apps` to an application."""
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
