"""Traces of requests by OpenTelemetry, where the extra `tracing` is installed and wanted.

They are wanted where the environment names a collector, as for any program that traces. A span says
which interaction with which type it was and what came of it; it has no ids, queries or tokens.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_facade import __version__
from fhir_facade.http.watch import Done

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

logger = logging.getLogger("fhir_facade")

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_CONTEXT: Final = (b"traceparent", b"tracestate")


class Tracing:
    """Makes a span of each request, below the client's where it sends a `traceparent`."""

    def __init__(self, provider: TracerProvider, types: Iterable[str]) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._trace, self._provider = trace, provider
        self._tracer = provider.get_tracer("fhir_facade", __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._types = frozenset(types)

    def tracing(self, app: ASGIApp) -> ASGIApp:
        """Return an application whose requests are spans."""

        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            given = {
                name.decode(): value.decode("latin-1")
                for name, value in scope["headers"]
                if name in _CONTEXT
            }
            method = _method(scope["method"])
            # what an exception says may be health data, so none is recorded
            with self._tracer.start_as_current_span(
                method,
                self._propagator.extract(given),
                self._trace.SpanKind.SERVER,
                {"http.request.method": method},
                record_exception=False,
                set_status_on_exception=False,
            ):
                await app(scope, receive, send)

        return enter

    def seen(self, done: Done) -> None:
        """Say on the current span what it was; an entry of a Bundle has no span of its own."""
        if done.request.is_inner:
            return
        span = self._trace.get_current_span()
        named = done.type if done.type in self._types else ""
        method = _method(done.request.method)
        span.update_name(" ".join(filter(None, (method, named, done.interaction))))
        span.set_attribute("url.template", f"/{done.path}")
        span.set_attribute("fhir.interaction", done.interaction)
        if named:
            span.set_attribute("fhir.resource_type", named)
        span.set_attribute("http.response.status_code", done.reply.status)
        if done.reply.status >= 500:
            span.set_status(self._trace.StatusCode.ERROR)

    def store_span(self, operation: str, collection: str) -> AbstractContextManager[Any]:
        """Open the span of a call of the store."""
        attributes = {"db.operation.name": operation}
        if collection:
            attributes["db.collection.name"] = collection
        return self._tracer.start_as_current_span(
            f"{operation} {collection}".strip(),
            kind=self._trace.SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        )

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


def open_tracing(
    types: Iterable[str], environment: Mapping[str, str] = os.environ
) -> Tracing | None:
    """Return the tracing that the environment asks for, None where it asks for none."""
    if not _is_wanted(environment):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        logger.warning("a trace collector is set, but the extra is not there: fhir-facade[tracing]")
        return None
    name = environment.get("OTEL_SERVICE_NAME", "fhir-facade")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider, types)


def _is_wanted(environment: Mapping[str, str]) -> bool:
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return any(environment.get(name) for name in _ENDPOINTS)


def _method(given: str) -> str:
    """Return a method that is known: any other is the client's own text."""
    return given if given in _METHODS else "_OTHER"
