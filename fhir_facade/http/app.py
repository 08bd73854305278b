"""The FHIR base as one ASGI application: a table of URLs, and one way in and out.

https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.types import Receive, Scope, Send

from fhir_facade import phases
from fhir_facade.errors import (
    FacadeError,
    MethodNotAllowed,
    ScopeMissing,
    StoreUnavailable,
    TimedOut,
    UnknownType,
    UriTooLong,
)
from fhir_facade.http.bundles import Answer, Bundles
from fhir_facade.http.conformance import with_published
from fhir_facade.http.deadlines import Deadlines
from fhir_facade.http.docref import PATH as DOCREF
from fhir_facade.http.endpoints import Server
from fhir_facade.http.gate import challenge
from fhir_facade.http.interactions import interaction_of
from fhir_facade.http.request import FhirRequest
from fhir_facade.http.response import Reply, error_reply
from fhir_facade.http.smart import PATH as SMART
from fhir_facade.http.watch import Done
from fhir_facade.http.writes import allowed_methods

logger = logging.getLogger("fhir_facade")

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Handler = Callable[[FhirRequest], Awaitable[Reply]]


@dataclass(frozen=True)
class Url:
    """One line of the URL table: a path and what each method does there."""

    path: str
    methods: dict[str, Handler]
    is_open: bool = False
    """Whether it is answered without a token: there is nothing of anybody in it."""

    @property
    def allow(self) -> str:
        heads = ("HEAD",) if "GET" in self.methods else ()
        return ", ".join([*self.methods, *heads, "OPTIONS"])


def url_table(server: Server, answer: Answer) -> tuple[Url, ...]:
    """Return every URL under the FHIR base; of one length, the first that fits answers."""
    searches, write = server.searches, server.write
    histories = server.histories
    bundles = Bundles(server.settings, server.writes, answer)
    validate = server.validate
    return (
        Url("", {"GET": server.base, "POST": bundles.post}),
        Url("metadata", {"GET": server.metadata}, is_open=True),
        Url(SMART, {"GET": server.smart.configuration}, is_open=True),
        Url("_search", {"POST": searches.of_system_by_post}),
        Url("_history", {"GET": histories.of_system}),
        Url("$validate", {"POST": validate.of_system}),
        *(Url(path, {**methods}) for path, methods in server.people_lines()),
        Url(
            "{type}",
            {
                "GET": searches.of_type,
                "POST": write.create,
                "PUT": write.conditional_update,
                "PATCH": write.conditional_patch,
                "DELETE": write.conditional_delete,
            },
        ),
        Url("{type}/_search", {"POST": searches.of_type_by_post}),
        Url("{type}/$validate", {"POST": validate.of_type}),
        Url("{type}/_history", {"GET": histories.of_type}),
        Url("{type}/{id}/_history", {"GET": histories.of_instance}),
        Url("{type}/{id}/_history/{vid}", {"GET": histories.vread}),
        Url(DOCREF, {"GET": server.docref, "POST": server.docref_by_post}),
        Url(
            "{type}/{id}",
            {
                "GET": server.read,
                "PUT": write.update,
                "PATCH": write.patch,
                "DELETE": write.delete,
            },
        ),
        Url("EpisodeOfCare/{id}/$case", {"GET": server.read_case, "POST": server.read_case}),
        Url(
            "Patient/{id}/$everything",
            {"GET": searches.everything, "POST": searches.everything_by_post},
        ),
        Url("{type}/{id}/$validate", {"GET": validate.of_instance, "POST": validate.of_instance}),
        Url("Patient/{id}/{type}", {"GET": searches.of_compartment}),
    )


class Endpoint:
    """One URL of the table as an ASGI application."""

    def __init__(self, url: Url, server: Server, deadlines: Deadlines) -> None:
        self._url, self._deadlines = url, deadlines
        self._gate = server.gate
        self._watch = server.watch
        self._names = {method: interaction_of(url.path, method) for method in _METHODS}
        self._timeout = server.settings.request_timeout or None
        self._base_url = server.settings.base_url
        self._max_url = server.settings.max_url
        self._registry = server.records.registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = FhirRequest(scope, receive, self._base_url)
        reply = await self.reply(request)
        await reply.send(request, send)
        logger.debug(
            "request %s: %s /%s %d", request.id, request.method, self._url.path, reply.status
        )

    async def reply(self, request: FhirRequest) -> Reply:
        """Return what a request is answered with, whatever happens; it has been watched then."""
        started, moment = time.perf_counter(), datetime.now(UTC)
        phases.identify(request.id)
        reply = await self._reply(request)
        seconds = time.perf_counter() - started
        name = self._names.get(request.method, "options")
        done = Done(request, reply, self._url.path, name, moment, seconds)
        try:
            await self._watch.seen(done)
        except FacadeError as error:
            done = done._replace(reply=error_reply(request, error))
        return self._watch.went(done)

    async def _reply(self, request: FhirRequest) -> Reply:
        task = self._deadlines.begin()
        try:
            return await self._handle(request)
        except asyncio.CancelledError:
            if request.is_inner:
                raise
            if self._deadlines.end(task):
                text = (
                    f"The request took longer than {self._timeout} seconds; ask for less at once."
                )
                return error_reply(request, TimedOut(text))
            text = "The server is being stopped; ask again."
            return error_reply(request, StoreUnavailable(text, headers={"Retry-After": "5"}))
        except UnknownType as error:
            return error_reply(request, with_published(error))
        except FacadeError as error:
            if error.status >= 500:
                logger.warning("request %s: %s", request.id, error)
            if isinstance(error, MethodNotAllowed) and "Allow" not in error.headers:
                error.headers["Allow"] = self._allowed(request)
            if isinstance(error, ScopeMissing):
                error.headers["WWW-Authenticate"] = challenge("insufficient_scope")
            return error_reply(request, error)
        except Exception as error:
            return self._crashed(request, error)
        finally:
            self._deadlines.end(task)

    async def _handle(self, request: FhirRequest) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        handler = self._url.methods.get(method)
        if handler is None and not request.is_inner:
            self._gate.knock(request)
        self._require_short(request)
        if handler is not None:
            if not request.is_inner:
                request.access = await self._gate.admit(request, is_open=self._url.is_open)
                self._watch.begin()
            return await handler(request)
        allow = {"Allow": self._url.allow}
        if method == "OPTIONS":
            return Reply(b"", 204, ((b"allow", self._url.allow.encode()),))
        raise MethodNotAllowed(
            f"This URL does not take {method[:16]}; it takes {self._url.allow}.", headers=allow
        )

    def _require_short(self, request: FhirRequest) -> None:
        """Raise UriTooLong for a URL that no search needs."""
        scope = request.scope
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > self._max_url:
            self._gate.knock(request)
            raise UriTooLong(
                f"The URL is longer than {self._max_url} bytes; POST the search to _search instead."
            )

    def _allowed(self, request: FhirRequest) -> str:
        """Return what a type that does not take every method of the URL takes."""
        resource = self._registry.get(request.params.get("type", ""))
        if resource is None:
            return self._url.allow
        taken = allowed_methods(resource, on_instance="id" in request.params)
        return ", ".join(each for each in self._url.allow.split(", ") if each in taken)

    def _crashed(self, request: FhirRequest, error: Exception) -> Reply:
        """Log where it crashed without what it held: messages may quote health data."""
        frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
        logger.error("request %s crashed: %s\n%s", request.id, type(error).__name__, frames)
        crash = FacadeError(f"The server failed at this request; its id is {request.id}.")
        return error_reply(request, crash)


class _Nowhere(Endpoint):
    """Every URL that is not in the table."""

    def __init__(self, server: Server, deadlines: Deadlines) -> None:
        super().__init__(Url("", {}), server, deadlines)
        self._names = dict.fromkeys(_METHODS, "unknown")
        self._nowhere = server.nowhere

    async def _handle(self, request: FhirRequest) -> Reply:
        self._require_short(request)
        if request.method == "OPTIONS":
            self._gate.knock(request)
            return Reply(b"", 204, ((b"allow", b"OPTIONS"),))
        if not request.is_inner:
            request.access = await self._gate.admit(request, is_open=False)
        return await self._nowhere(request)


class FhirApp:
    """The FHIR base: finds a URL's endpoint by its segments, and answers with it."""

    def __init__(self, server: Server) -> None:
        deadlines = Deadlines(server.settings.request_timeout or None)
        self._nowhere: Endpoint = _Nowhere(server, deadlines)
        self._base_url = server.settings.base_url
        self._published: dict[tuple[int, str], list[tuple[list[str], Endpoint]]] = {}
        is_open = server.settings.open_definitions
        for path, methods in server.artefact_lines():
            segments = path.split("/")
            alike = self._published.setdefault((len(segments), segments[0]), [])
            alike.append((segments, Endpoint(Url(path, methods, is_open), server, deadlines)))
        self._by_length: dict[int, list[tuple[list[str], Endpoint]]] = {}
        for url in url_table(server, self.answer):
            segments = url.path.split("/") if url.path else []
            known = self._by_length.setdefault(len(segments), [])
            known.append((segments, Endpoint(url, server, deadlines)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._endpoint(scope)(scope, receive, send)

    def _endpoint(self, scope: Scope) -> Endpoint:
        """Return the endpoint of a URL, and leave its parameters in the scope."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        segments = path.removesuffix("/").split("/")[1:] if path.strip("/") else []
        length = len(segments)
        known = self._by_length.get(length, ())
        if segments and (length, segments[0]) in self._published:
            known = self._published[length, segments[0]]
        for pattern, endpoint in known:
            params = _fit(pattern, segments)
            if params is not None:
                scope["path_params"] = params
                return endpoint
        return self._nowhere

    async def answer(self, scope: Scope, receive: Receive) -> Reply:
        """Answer a request that stands in a batch or transaction, without sending anything."""
        endpoint = self._endpoint(scope)
        await asyncio.sleep(0)  # others have their turn, and the deadline is looked at
        return await endpoint.reply(FhirRequest(scope, receive, self._base_url))


def _fit(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    """Return the parameters of a path that fits a pattern; an empty segment fits nothing."""
    params = {}
    for name, segment in zip(pattern, segments, strict=True):
        if name[0] == "{":
            if not segment:
                return None
            params[name[1:-1]] = segment
        elif name != segment:
            return None
    return params
