"""The application: which path is answered by what, and how errors look.

https://hl7.org/fhir/smart-app-launch/app-launch.html
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_facade.devauth.accounts import Directory
from fhir_facade.devauth.discovery import metadata
from fhir_facade.devauth.flow import POSTED, Flow
from fhir_facade.devauth.forms import form_of, form_text
from fhir_facade.devauth.keys import process_keys
from fhir_facade.devauth.launch import Ehr
from fhir_facade.devauth.logout import Logout
from fhir_facade.devauth.pages import FOLDER, Handler, Pages, Refused
from fhir_facade.devauth.people import DemoApp, People, Served
from fhir_facade.devauth.registration import Register
from fhir_facade.devauth.scopes import known
from fhir_facade.devauth.server import NO_STORE, FormRequest, Server
from fhir_facade.devauth.state import State
from fhir_facade.issuer import is_loopback

logger = logging.getLogger("fhir_facade")

_DOCUMENTS: Final = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
)
_MACHINES: Final = {"/token": "token", "/introspect": "introspection", "/revoke": "revocation"}
_OPEN: Final = frozenset([*_DOCUMENTS, *_MACHINES, "/jwks", "/register"])
"""What scripts of any origin may read: nothing there depends on a cookie."""


def authorization_server(
    *,
    issuer: str,
    fhir: str,
    people: People,
    apps: Sequence[DemoApp],
    served: Served,
    token_seconds: int = 600,
    now: Callable[[], float] = time.time,
) -> ASGIApp:
    """Return the development authorization server, to be mounted at the path of its issuer.

    `issuer` is `https`, or `http` on this machine; `fhir` is the base URL that tokens are for. It
    lets anybody log in as anybody, so it is for synthetic data only. Raises ValueError for an
    issuer whose tokens could be read on their way, and for an app with a scope that is none.
    """
    if not issuer.startswith("https://") and not _is_local(issuer):
        raise ValueError("the issuer must begin with https://, or be on this machine")
    for app in apps:
        if wrong := [each for each in app.scope.split() if each not in known(app.scope, served)]:
            raise ValueError(f"{app.client_id} has scopes that are none: {' '.join(wrong)}")
    state = State(apps, now)
    server = Server(issuer, fhir.rstrip("/"), served, state, process_keys(), token_seconds)
    pages, directory = Pages(issuer, state), Directory(people)
    routes = [*_machines(server), *_people(server, pages, directory)]

    async def refused(request: Request, error: Exception) -> Response:
        return _refused(request, error, server, pages)

    async def crashed(request: Request, error: Exception) -> Response:
        # what is wrong may hold names: its kind is enough here
        logger.error("the authorization server failed: %s", type(error).__name__)
        return _refused(
            request, Refused("The server failed. It is not your fault.", 500), server, pages
        )

    async def missing(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        text = "There is no such page." if status == 404 else "That cannot be done with this page."
        response = _refused(request, Refused(text, status), server, pages)
        if status == 405:
            response.headers["Allow"] = _methods(routes, _below(request.scope))
        return response

    handlers: Any = {
        Refused: refused,
        OAuth2Error: refused,
        HTTPException: missing,
        Exception: crashed,
    }
    return _shared(Starlette(routes=routes, exception_handlers=handlers))


def _machines(server: Server) -> list[Route]:
    described = metadata(server.issuer)

    async def discovery(request: Request) -> Response:
        return JSONResponse(described, headers={"Cache-Control": "max-age=60"})

    async def jwks(request: Request) -> Response:
        return JSONResponse(server.keys.jwks(), headers={"Cache-Control": "max-age=60"})

    def answering(endpoint: str) -> Handler:
        async def answer(request: Request) -> Response:
            form = await form_of(request)
            url = server.issuer + _below(request.scope)
            return server.answer(endpoint, FormRequest("POST", url, form, request.headers))

        return answer

    return [
        *(Route(path, discovery) for path in _DOCUMENTS),
        Route("/jwks", jwks),
        Route("/register", Register(server).__call__, methods=["POST"]),
        *(Route(path, answering(name), methods=["POST"]) for path, name in _MACHINES.items()),
    ]


def _people(server: Server, pages: Pages, directory: Directory) -> list[Route]:
    flow = Flow(server, pages, directory)
    ehr = Ehr(server.fhir, server.state, pages, directory)
    logout = Logout(server.issuer, server.state, pages)

    async def home(request: Request) -> Response:
        session = pages.session(request)
        return pages.page("home.html", session, account=session.account, issuer=server.issuer)

    async def style(request: Request) -> Response:
        return FileResponse(FOLDER / "static" / "style.css", headers={"Cache-Control": "no-cache"})

    async def posted(request: Request) -> Response:
        # a cross-site POST comes without the cookie, the GET that follows it with it
        name = secrets.token_urlsafe(16)
        server.state.posted.put(name, await form_text(request))
        return RedirectResponse(f"{server.issuer}/authorize?{POSTED}={name}", 303, NO_STORE)

    def page(path: str, get: Handler, post: Handler | None = None) -> list[Route]:
        found = [Route(path, _here(pages, get), methods=["GET"])]
        return found + ([Route(path, _here(pages, post), methods=["POST"])] if post else [])

    return [
        Route("/style.css", style),
        Route("/authorize", posted, methods=["POST"]),
        *page("/", home),
        *page("/authorize", flow.authorize),
        *page("/login", flow.login_page, flow.login),
        *page("/patient", flow.patient_page, flow.patient),
        *page("/consent", flow.consent_page, flow.consent),
        *page("/launch", ehr.page, ehr.launch),
        *page("/logout", logout.page, logout.logout),
    ]


def _here(pages: Pages, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def enter(request: Request) -> Response:
        return pages.elsewhere(request) or await handler(request)

    return enter


def _refused(request: Request, error: Exception, server: Server, pages: Pages) -> Response:
    """Return an error as JSON for a machine, as a redirect to the app, or as a page."""
    if _below(request.scope) in _OPEN:
        if isinstance(error, Refused):
            name = "server_error" if error.status >= 500 else "invalid_request"
            told = {"error": name, "error_description": error.text}
            return JSONResponse(told, error.status, NO_STORE)
        if isinstance(error, OAuth2Error):
            return server.refused(error)
    if isinstance(error, OAuth2Error):
        if error.redirect_uri:
            return server.refused(error)
        error = Refused(error.get_error_description() or str(error.error), error.status_code)
    return pages.refused(error if isinstance(error, Refused) else Refused("That did not work."))


def _methods(routes: Iterable[Route], path: str) -> str:
    """Return what can be done with a path, as `Allow` says it."""
    methods = [each.methods or () for each in routes if each.path == path]
    return ", ".join(sorted({each for some in methods for each in some}))


def _shared(app: ASGIApp) -> ASGIApp:
    """Return the application with CORS for machines' endpoints, and only for those."""
    shared = CORSMiddleware(
        app, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"], max_age=600
    )

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] == "http" and _below(scope) in _OPEN
        await (shared if is_open else app)(scope, receive, send)

    return enter


def _below(scope: Scope) -> str:
    path, root = scope["path"], scope.get("root_path", "")
    return str(path.removeprefix(root) if path.startswith(f"{root}/") else path)


def _is_local(issuer: str) -> bool:
    host = urlsplit(issuer).hostname
    return issuer.startswith("http://") and host is not None and is_loopback(host)
