"""The FHIR base as one ASGI application: a table of URLs, and one way in and out.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_facade.errors import FacadeError, MethodNotAllowed, UriTooLong
from fhir_facade.http.endpoints import Server
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, error_reply

logger = logging.getLogger("fhir_facade")

Handler = Callable[[FhirRequest], Awaitable[Reply]]


@dataclass(frozen=True)
class Url:
    """One line of the URL table: a path and what each method does there."""

    path: str
    methods: dict[str, Handler]

    @property
    def allow(self) -> str:
        heads = ("HEAD",) if "GET" in self.methods else ()
        return ", ".join([*self.methods, *heads, "OPTIONS"])


def url_table(server: Server) -> tuple[Url, ...]:
    """Return every URL under the FHIR base; the first that fits answers."""
    return (
        Url("/metadata", {"GET": server.metadata}),
        Url("/EpisodeOfCare/{id}/$case", {"GET": server.read_case}),
        Url("/{type}/_search", {"POST": server.search_post}),
        Url("/{type}/{id}", {"GET": server.read}),
        Url("/{type}", {"GET": server.search}),
    )


class Endpoint:
    """One URL of the table as an ASGI application."""

    def __init__(self, url: Url, server: Server) -> None:
        self._url = url
        self._base_url = server.settings.base_url
        self._max_url = server.settings.max_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = FhirRequest(scope, receive, self._base_url)
        try:
            reply = await self._handle(request)
        except FacadeError as error:
            reply = error_reply(request, error)
        except Exception as error:
            reply = self._crashed(request, error)
        await reply.send(request, send)

    async def _handle(self, request: FhirRequest) -> Reply:
        scope = request.scope
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > self._max_url:
            raise UriTooLong(
                f"The URL is longer than {self._max_url} bytes; POST the search to _search instead."
            )
        method = "GET" if request.method == "HEAD" else request.method
        handler = self._url.methods.get(method)
        if handler is not None:
            return await handler(request)
        allow = {"Allow": self._url.allow}
        if method == "OPTIONS":
            return Reply(b"", 204, ((b"allow", self._url.allow.encode()),))
        raise MethodNotAllowed(
            f"This URL does not take {method[:16]}; it takes {self._url.allow}.", headers=allow
        )

    def _crashed(self, request: FhirRequest, error: Exception) -> Reply:
        """Log where it crashed without what it held: messages may quote health data."""
        frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
        logger.error("request %s crashed: %s\n%s", request.id, type(error).__name__, frames)
        crash = FacadeError(f"The server failed at this request; its id is {request.id}.")
        return error_reply(request, crash)


class _Nowhere(Endpoint):
    """Every URL that is not in the table."""

    def __init__(self, server: Server) -> None:
        super().__init__(Url("/{path:path}", {}), server)
        self._nowhere = server.nowhere

    async def _handle(self, request: FhirRequest) -> Reply:
        if request.method == "OPTIONS":
            return Reply(b"", 204, ((b"allow", b"OPTIONS"),))
        return await self._nowhere(request)


def fhir_app(server: Server) -> ASGIApp:
    """Return the FHIR base as an ASGI application."""
    routes = [Route(url.path, Endpoint(url, server)) for url in url_table(server)]
    nowhere = _Nowhere(server)
    return Router(
        [*routes, Route("/", nowhere), Route("/{path:path}", nowhere)], redirect_slashes=False
    )
