"""Spans of requests, as the SDK hands them to an exporter."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from fhir_facade.http.observing import observing
from fhir_facade.http.tracing import Tracing, open_tracing
from fhir_facade.main import build_registry, create_app
from fhir_facade.store import open_store
from tests.http.conftest import TASK
from tests.http.serving import settings, started

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@asynccontextmanager
async def _traced() -> AsyncIterator[tuple[httpx.AsyncClient, InMemorySpanExporter]]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    store = open_store("sqlite:///:memory:")
    await store.insert("work_queue", [TASK])
    known = settings()
    tracing = Tracing(provider, ["Task", "Flag"])
    observed = observing(known, build_registry(known), tracing)
    async with started(create_app(known, store, observed)) as client:
        exporter.clear()
        yield client, exporter
    await store.close()


def _of_requests(spans: tuple[ReadableSpan, ...]) -> list[ReadableSpan]:
    return [each for each in spans if each.kind is SpanKind.SERVER]


async def test_a_request_is_a_span_and_its_store_calls_are_below_it() -> None:
    async with _traced() as (client, exporter):
        await client.get("/Task/t1")
        call, request = exporter.get_finished_spans()
    assert request.name == "GET Task read"
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "url.template": "/{type}/{id}",
        "http.response.status_code": 200,
        "fhir.interaction": "read",
        "fhir.resource_type": "Task",
    }
    assert request.parent is None
    assert call.name == "get work_queue"
    assert call.kind is SpanKind.CLIENT
    assert dict(call.attributes or {}) == {
        "db.operation.name": "get",
        "db.collection.name": "work_queue",
    }
    assert call.parent == request.context


async def test_the_client_s_trace_goes_on() -> None:
    async with _traced() as (client, exporter):
        await client.get("/Task/t1", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        await client.get("/Task/t1", headers={"traceparent": "nonsense"})
        first, second = _of_requests(exporter.get_finished_spans())
    assert first.context is not None
    assert first.parent is not None
    assert f"{first.context.trace_id:032x}" == TRACE
    assert f"{first.parent.span_id:016x}" == PARENT
    assert second.parent is None


async def test_no_id_query_or_strange_type_is_in_a_span() -> None:
    async with _traced() as (client, exporter):
        await client.get("/Task/Fictivio-1?_elements=Fictivio2")
        await client.get("/Fictivio3?a=Fictivio4")
        await client.request("FICTIVIO5", "/Task/t1")
        spans = exporter.get_finished_spans()
        names = [each.name for each in _of_requests(spans)]
    text = "".join(each.to_json() for each in spans)
    assert names == ["GET Task read", "GET search-type", "_OTHER Task options"]
    assert "fictivio" not in text.lower()


async def test_a_batch_is_one_span(sqlite_store: object) -> None:
    entry = {"request": {"method": "GET", "url": "Task/t1"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry, entry]}
    async with _traced() as (client, exporter):
        await client.post("", json=batch)
        (request,) = _of_requests(exporter.get_finished_spans())
    assert request.name == "POST batch"


async def test_what_an_error_says_is_not_in_a_span(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("Anna Beispiel was here")

    async with _traced() as (client, exporter):
        monkeypatch.setattr("fhir_facade.interactions.records.Records.translate", fails)
        assert (await client.get("/Task/t1")).status_code == 500
        (request,) = _of_requests(exporter.get_finished_spans())
    assert request.status.status_code is StatusCode.ERROR
    assert "Beispiel" not in request.to_json()


ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {ENDPOINT: ""},
        {ENDPOINT: "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {ENDPOINT: "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_traced_unless_the_environment_says_where_to(
    environment: dict[str, str],
) -> None:
    assert open_tracing(["Task"], environment) is None


def test_a_collector_in_the_environment_is_used() -> None:
    tracing = open_tracing(["Task"], {ENDPOINT: "http://127.0.0.1:9"})
    assert tracing is not None
    tracing.close()  # nothing was traced, so nothing is sent


def test_without_the_extra_the_server_says_so_and_starts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert open_tracing(["Task"], {ENDPOINT: "http://127.0.0.1:9"}) is None
    assert "fhir-facade[tracing]" in caplog.text
