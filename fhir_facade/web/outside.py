"""What a browser is shown beside the FHIR base; programs, for whom none of it is, pass it by.

https://www.rfc-editor.org/rfc/rfc9110#name-404-not-found
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhir_facade.web import offers
from fhir_facade.web.front import Front
from fhir_facade.web.layout import answer, page
from fhir_facade.web.links import Links
from fhir_facade.web.negotiation import wants_page

_OUTCOME: Final = "application/fhir+json"
PATH_SAFE: Final = "/$:@!&'()*+,;=~"
"""What a path may show as it is."""

Show = Callable[[Request], Awaitable[Response | None]]
"""Returns a page, or None where there is nothing to show."""


class Outside:
    """Shows a browser pages of its own, and a 404 as a page."""

    def __init__(self, app: ASGIApp, front: Front, pages: Mapping[str, Show]) -> None:
        self._app, self._front, self._pages = app, front, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show a page, or pass a request on and perhaps show something else than what comes back"""
        if scope["type"] != "http" or not wants_page(scope):
            await self._app(scope, receive, send)
            return
        show = self._pages.get(scope["path"].rstrip("/"))
        if show is None:
            await self._pass(scope, receive, send)
            return
        request = Request(scope)
        shown = await show(request) or self._nowhere(request)
        await shown(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_shown = False

        async def sending(message: Message) -> None:
            nonlocal is_shown
            if message["type"] == "http.response.start" and _is_nowhere(message):
                is_shown = True
                await self._nowhere(Request(scope))(scope, receive, send)
            elif not is_shown:
                await send(message)

        await self._app(scope, receive, sending)

    def _nowhere(self, request: Request) -> Response:
        path = request.scope["path"]
        body = page(
            "nowhere.html",
            self._front,
            path=quote(path, safe=PATH_SAFE),
            meant=self._meant(path),
            apps=offers.apps(self._front),
        )
        return answer(request, body, status=404)

    def _meant(self, path: str) -> str | None:
        """Return the URL below the FHIR base that a path without it probably means."""
        segments = [each for each in path.split("/") if each]
        if not segments or segments[0] not in (*self._front.types, "metadata"):
            return None
        return Links(self._front.fhir, self._front.types).path(*segments)


def _is_nowhere(message: Message) -> bool:
    kind = Headers(raw=list(message.get("headers", ()))).get("content-type", "")
    return message["status"] == 404 and kind.startswith(_OUTCOME)
