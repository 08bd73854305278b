"""What /metrics shows, and to whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from fhir_facade import __version__
from fhir_facade.audit.log import AuditLog
from fhir_facade.errors import StoreUnavailable, Unauthorized
from fhir_facade.http.metrics import Metrics, TimedTokens
from fhir_facade.main import create_app
from fhir_facade.security.principal import Principal
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.http.conftest import TASK
from tests.http.serving import BASE, HOST, serving, settings
from tests.security.issuer import TestIssuer

URL = f"{HOST}/metrics"


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = open_store("sqlite:///:memory:")
    await store.insert("work_queue", [TASK])
    yield store
    await store.close()


class Samples:
    """The samples of an answer, by name and labels."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.all = [sample for family in self.families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        fitting = [
            each.value
            for each in self.all
            if each.name == name and labels.items() <= each.labels.items()
        ]
        assert fitting, f"no {name} {labels}"
        return sum(fitting)


async def _samples(client: httpx.AsyncClient) -> Samples:
    response = await client.get(URL)
    assert response.status_code == 200
    return Samples(response.text)


async def test_requests_are_counted_by_interaction_type_and_status(store: Store) -> None:
    async with serving(store) as client:
        for target in ("/Task/t1", "/Task/t1", "/Task/none", "/Task?status=ready", "/metadata"):
            await client.get(target)
        found = await _samples(client)
    requests = "fhir_requests_total"
    assert found.value(requests, interaction="read", type="Task", status="200") == 2
    assert found.value(requests, interaction="read", type="Task", status="404") == 1
    assert found.value(requests, interaction="search-type", type="Task", status="200") == 1
    assert found.value(requests, interaction="capabilities", type="", status="200") == 1
    assert found.value(requests) == 5
    latency = "fhir_request_seconds"
    assert found.value(f"{latency}_count", interaction="read", type="Task", status="2xx") == 2
    assert found.value(f"{latency}_count", interaction="read", type="Task", status="4xx") == 1
    assert found.value(f"{latency}_sum") > 0
    assert found.value(f"{latency}_bucket", le="+Inf") == 5
    assert found.value("fhir_requests_in_flight") == 0
    assert found.value("fhir_facade_info", version=__version__) == 1


async def test_the_phases_of_a_request_are_parts_of_it(store: Store) -> None:
    async with serving(store) as client:
        await client.get("/Task/t1")
        found = await _samples(client)
    total = found.value("fhir_request_seconds_sum")
    spent = {
        name: found.value("fhir_phase_seconds_sum", phase=name)
        for name in ("store", "mapping", "auth")
    }
    assert spent["store"] > 0
    assert spent["mapping"] > 0
    assert spent["auth"] == 0
    assert sum(spent.values()) < total
    assert found.value("fhir_phase_seconds_count", phase="store") == 1
    assert found.value("fhir_store_call_seconds_count", operation="get") == 1
    assert found.value("fhir_store_connections", state="open") >= 2


async def test_the_entries_of_a_bundle_are_counted_on_their_own(store: Store) -> None:
    entries = [{"request": {"method": "GET", "url": f"Task/{each}"}} for each in ("t1", "none")]
    batch = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    async with serving(store) as client:
        assert (await client.post("", json=batch)).status_code == 200
        found = await _samples(client)
    assert found.value("fhir_requests_total") == 1
    assert found.value("fhir_requests_total", interaction="batch", type="", status="200") == 1
    entries_counted = "fhir_bundle_entries_total"
    assert found.value(entries_counted, interaction="read", type="Task", status="200") == 1
    assert found.value(entries_counted, interaction="read", type="Task", status="404") == 1


SECRET = "Fictivio-secret"


async def test_nothing_that_a_client_sends_gets_into_a_label(store: Store) -> None:
    async with serving(store) as client:
        for target in (f"/{SECRET}", f"/{SECRET}/1", f"/Task/{SECRET}", f"/Task?status={SECRET}"):
            await client.get(target)
        await client.get(f"/Task/1/{SECRET}/2/3")
        await client.get(f"/Patient/1/{SECRET}")
        await client.request(SECRET.upper().replace("-", ""), "/Task/t1")
        text = (await client.get(URL)).text
    assert "secret" not in text.lower()
    served = {"", "unknown", "Task", "Patient"}
    found = Samples(text)
    assert {each.labels["type"] for each in found.all if "type" in each.labels} <= served
    assert found.value("fhir_requests_total", type="unknown") == 3


async def test_a_store_that_fails_is_counted(store: Store) -> None:
    async with serving(store) as client:
        await store.close()
        assert (await client.get("/Task/t1")).status_code == 503
        found = await _samples(client)
    assert found.value("fhir_store_failures_total", operation="get") == 1
    assert found.value("fhir_requests_total", status="503") == 1


async def test_requests_in_flight_are_counted_until_they_are_answered() -> None:
    metrics = Metrics(["Task"])
    inside, let_go = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        inside.set()
        await let_go.wait()
        raise ConnectionError

    def in_flight() -> float:
        return Samples(metrics.exposed("")[0].decode()).value("fhir_requests_in_flight")

    task = asyncio.create_task(metrics.counting(slow)({}, None, None))  # type: ignore[arg-type]
    await inside.wait()
    assert in_flight() == 1
    let_go.set()
    with pytest.raises(ConnectionError):
        await task
    assert in_flight() == 0


async def test_two_applications_have_numbers_of_their_own(store: Store) -> None:
    async with serving(store) as first, serving(store) as second:
        await first.get("/Task/t1")
        assert (await _samples(first)).value("fhir_requests_total") == 1
        assert "fhir_requests_total{" not in (await second.get(URL)).text


class _Tokens:
    async def principal(self, token: str) -> Principal:
        if token == "good":
            return Principal("https://issuer.example", (), 0)
        raise Unauthorized("no") if token == "bad" else StoreUnavailable("nobody can say")

    def known(self, token: str) -> Principal | None:
        return Principal("https://issuer.example", (), 0) if token == "known" else None


async def test_tokens_are_counted_by_what_came_of_them() -> None:
    metrics = Metrics([])
    tokens = TimedTokens(_Tokens(), metrics)
    assert [bool(tokens.known(each)) for each in ("known", "good", "bad")] == [True, False, False]
    for _ in range(2):
        assert (await tokens.principal("good")).issuer == "https://issuer.example"
    for token, error in (("bad", Unauthorized), ("other", StoreUnavailable)):
        with pytest.raises(error):
            await tokens.principal(token)
    metrics.follow_cached(lambda: 7)
    text = metrics.exposed("")[0].decode()
    found = Samples(text)
    outcomes = {"accepted": 3, "refused": 1, "unknown": 1}
    assert {name: found.value("fhir_tokens_total", outcome=name) for name in outcomes} == outcomes
    assert found.value("fhir_tokens_cached_total") == 7


async def test_the_tokens_of_requests_are_counted(store: Store) -> None:
    with TestIssuer() as issuer:
        good = {"Authorization": f"Bearer {issuer.token('user/*.rs', user='Practitioner/7')}"}
        bad = {"Authorization": f"Bearer {issuer.unknown_kid('user/*.rs')}"}
        async with serving(store, **issuer.settings) as client:
            for headers in (good, good, good, bad):
                await client.get("/Task/t1", headers=headers)
            found = await _samples(client)
    assert found.value("fhir_tokens_total", outcome="accepted") == 3
    assert found.value("fhir_tokens_total", outcome="refused") == 1
    assert found.value("fhir_tokens_cached_total") == 2
    assert found.value("fhir_phase_seconds_sum", phase="auth") > 0


async def test_requests_over_the_rate_are_counted(store: Store) -> None:
    async with serving(store, rate_limit="2/minute") as client:
        statuses = [(await client.get("/Task/t1")).status_code for _ in range(4)]
        found = await _samples(client)
    assert statuses == [200, 200, 429, 429]
    assert found.value("fhir_rate_limited_total") == 2


async def test_the_audit_trail_of_requests_is_followed(store: Store) -> None:
    async with serving(store, audit="record") as client:
        for _ in range(3):
            await client.get("/Task/t1")
        async with asyncio.timeout(30):
            while (await _samples(client)).value("fhir_audit_queued") > 0:
                await asyncio.sleep(0.01)
        assert (await _samples(client)).value("fhir_audit_written_total") == 3


async def test_the_audit_trail_is_followed(sqlite_store: Store) -> None:
    metrics = Metrics([])
    log = AuditLog(sqlite_store)
    metrics.follow_audit(log)
    log.written, log.lost = 5, 1
    found = Samples(metrics.exposed("")[0].decode())
    assert found.value("fhir_audit_queued") == 0
    assert found.value("fhir_audit_lag_seconds") == 0
    assert found.value("fhir_audit_written_total") == 5
    assert found.value("fhir_audit_lost_total") == 1


@asynccontextmanager
async def _from(app: FastAPI, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


@pytest.mark.parametrize(
    ("who", "address", "status"),
    [
        ("off", "127.0.0.1", 404),
        ("local", "127.0.0.1", 200),
        ("local", "::1", 200),
        ("local", "192.0.2.7", 404),
        ("open", "192.0.2.7", 200),
    ],
)
async def test_who_may_read_them(store: Store, who: str, address: str, status: int) -> None:
    async with _from(create_app(settings(metrics=who), store), address) as client:
        response = await client.get(URL)
    assert response.status_code == status
    if status == 404:
        assert response.json()["resourceType"] == "OperationOutcome"
    else:
        assert response.headers["content-type"].startswith("text/plain; version=")
        assert response.headers["cache-control"] == "no-store"


async def test_a_page_s_own_host_name_leads_to_no_metrics(store: Store) -> None:
    """DNS rebinding."""
    async with serving(store) as client:
        assert (await client.get(URL, headers={"Host": "evil.com"})).status_code == 404


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_what_a_proxy_passes_on_is_not_from_here(store: Store, name: str) -> None:
    async with serving(store) as client:
        assert (await client.get(URL, headers={name: "127.0.0.1"})).status_code == 404


async def test_open_metrics_is_spoken_where_it_is_asked_for(store: Store) -> None:
    async with serving(store) as client:
        wanted = {"Accept": "application/openmetrics-text; version=1.0.0"}
        response = await client.get(URL, headers=wanted)
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


def _documented(text: str) -> Iterator[str]:
    yield from re.findall(r"^\| `(fhir_\w+)`", text, re.MULTILINE)


async def test_every_number_is_in_the_documentation(
    store: Store, pytestconfig: pytest.Config
) -> None:
    metrics = Metrics(["Task"])
    metrics.follow_audit(AuditLog(store))
    metrics.follow_cached(lambda: 0)
    metrics.follow_connections(lambda: {"open": 1})
    families = text_string_to_metric_families(metrics.exposed("")[0].decode())
    shown = {
        f"{each.name}_total" if each.type == "counter" else each.name
        for each in families
        if each.name.startswith("fhir_")
    }
    text = (pytestconfig.rootpath / "docs" / "operations.md").read_text("utf-8")
    assert set(_documented(text)) == shown
