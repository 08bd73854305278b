"""What the server counts of itself, for Prometheus.

Each application has numbers of its own. Labels hold names from this program alone: nothing that a
client sent and nothing that is stored gets into one.

https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import add
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_facade import __version__, phases
from fhir_facade.audit.log import AuditLog
from fhir_facade.errors import StoreUnavailable, Unauthorized
from fhir_facade.http.gate import Tokens
from fhir_facade.http.watch import Done
from fhir_facade.security.principal import Principal

_SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
_SHORT: Final = (0.0001, 0.00025, 0.0005, *_SECONDS[:-1])
_PHASES: Final = ("store", "mapping", "auth")
_UNKNOWN: Final = "unknown"
_TOO_MANY: Final = 429
_BY_STATUS: Final = ("interaction", "type", "status")

Kind = tuple[str, str, int]
"""Interaction, type and status."""


class Durations:
    """A histogram that one thread counts, for a third of what the library's takes."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def merge(self, other: Durations) -> None:
        """Count what another histogram of the same bounds has counted."""
        self._counts = list(map(add, self._counts, other._counts))
        self._sum += other._sum

    @property
    def count(self) -> int:
        """How many durations there were."""
        return sum(self._counts)

    def show(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        """Add the counts to a family of the library's."""
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        buckets = list(zip(names, accumulate(self._counts), strict=True))
        family.add_metric(labels, buckets, self._sum)


class Metrics(Collector):
    """The numbers of one application; they are counted by the thread of its event loop alone."""

    def __init__(self, types: Iterable[str]) -> None:
        self.registry = CollectorRegistry()
        self._types = frozenset((*types, ""))
        self._in_flight = 0
        self._requests: dict[Kind, Durations] = {}
        self._entries: Counter[Kind] = Counter()
        self._store, self._mapping, self._auth = (Durations(_SHORT) for _ in range(3))
        self._calls: dict[str, Durations] = {}
        self._failures: Counter[str] = Counter()
        self._tokens: Counter[str] = Counter()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def exposed(self, accept: str) -> tuple[bytes, str]:
        """Return all numbers as text, and its content type, as a scraper's `Accept` asks."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def counting(self, app: ASGIApp) -> ASGIApp:
        """Return an application whose requests are counted while they are being answered."""

        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            self._in_flight += 1
            try:
                await app(scope, receive, send)
            finally:
                self._in_flight -= 1

        return enter

    def seen(self, done: Done) -> None:
        """Count a request that has been answered; the entries of a Bundle on their own."""
        named = done.type
        kind = (
            done.interaction,
            named if named in self._types else _UNKNOWN,
            done.reply.status,
        )
        if done.request.is_inner:
            self._entries[kind] += 1
            return
        durations = self._requests.get(kind)
        if durations is None:
            durations = self._requests[kind] = Durations(_SECONDS)
        found = phases.current()
        if found is None:
            durations.add(done.seconds)
            return
        durations.add(found.total)
        self._store.add(found.store)
        self._mapping.add(found.mapping)
        self._auth.add(found.auth)

    def store_call(self, operation: str, seconds: float) -> None:
        """Count a call of the store."""
        durations = self._calls.get(operation)
        if durations is None:
            durations = self._calls[operation] = Durations(_SHORT)
        durations.add(seconds)

    def store_failed(self, operation: str) -> None:
        """Count a call that the store did not answer."""
        self._failures[operation] += 1

    def token(self, outcome: str) -> None:
        """Count a token: `accepted`, `refused`, or `unknown` where no issuer could be asked."""
        self._tokens[outcome] += 1

    def follow_audit(self, log: AuditLog) -> None:
        """Show the numbers of an audit trail from now on."""
        self.registry.register(_Audit(log))

    def follow_cached(self, cached: Callable[[], int]) -> None:
        """Show how many tokens needed no checking from now on."""
        self.registry.register(_Cached(cached))

    def follow_connections(self, connections: Callable[[], Mapping[str, int]]) -> None:
        """Show the store's connections by state from now on."""
        self.registry.register(_Connections(connections))

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers as the library wants them."""
        info = GaugeMetricFamily("fhir_facade_info", "This release.", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info
        yield GaugeMetricFamily(
            "fhir_requests_in_flight", "Requests being answered.", self._in_flight
        )
        yield from self._of_requests()
        yield from self._of_phases()
        tokens = CounterMetricFamily("fhir_tokens", "Tokens looked at.", labels=("outcome",))
        for outcome, count in self._tokens.items():
            tokens.add_metric((outcome,), count)
        yield tokens

    def _of_requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("fhir_requests", "Requests answered.", labels=_BY_STATUS)
        entries = CounterMetricFamily(
            "fhir_bundle_entries", "Entries of Bundles answered.", labels=_BY_STATUS
        )
        latency = HistogramMetricFamily(
            "fhir_request_seconds", "Time to an answer.", labels=_BY_STATUS
        )
        by_class: dict[tuple[str, str, str], Durations] = defaultdict(lambda: Durations(_SECONDS))
        limited = 0
        for (interaction, named, status), durations in self._requests.items():
            labels = (interaction, named, str(status))
            requests.add_metric(labels, durations.count)
            by_class[interaction, named, f"{status // 100}xx"].merge(durations)
            limited += durations.count if status == _TOO_MANY else 0
        for (interaction, named, status), count in self._entries.items():
            entries.add_metric((interaction, named, str(status)), count)
        for labels, merged in by_class.items():
            merged.show(latency, labels)
        yield requests
        yield latency
        yield entries
        yield CounterMetricFamily(
            "fhir_rate_limited", "Requests refused as one client's too many.", limited
        )

    def _of_phases(self) -> Iterator[Metric]:
        phase = HistogramMetricFamily(
            "fhir_phase_seconds", "Time of a request by phase.", labels=("phase",)
        )
        for name, durations in zip(_PHASES, (self._store, self._mapping, self._auth), strict=True):
            durations.show(phase, (name,))
        yield phase
        calls = HistogramMetricFamily(
            "fhir_store_call_seconds", "Time of one call of the store.", labels=("operation",)
        )
        for operation, durations in self._calls.items():
            durations.show(calls, (operation,))
        yield calls
        failures = CounterMetricFamily(
            "fhir_store_failures", "Calls that the store did not answer.", labels=("operation",)
        )
        for operation, count in self._failures.items():
            failures.add_metric((operation,), count)
        yield failures


class TimedTokens:
    """Tokens whose verification is timed and counted."""

    def __init__(self, tokens: Tokens, metrics: Metrics | None) -> None:
        self._tokens, self._metrics = tokens, metrics

    async def principal(self, token: str) -> Principal:
        """Return whose token it is; raise what the one below raises."""
        started = perf_counter()
        outcome = "accepted"
        try:
            return await self._tokens.principal(token)
        except Unauthorized:
            outcome = "refused"
            raise
        except StoreUnavailable:
            outcome = _UNKNOWN
            raise
        finally:
            phases.in_auth(perf_counter() - started)
            if self._metrics is not None:
                self._metrics.token(outcome)

    def known(self, token: str) -> Principal | None:
        """Return whose a token is if that is remembered; it counts as accepted then."""
        started = perf_counter()
        found = self._tokens.known(token)
        if found is not None:
            phases.in_auth(perf_counter() - started)
            if self._metrics is not None:
                self._metrics.token("accepted")
        return found


class _Audit(Collector):
    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        log = self._log
        lag = log.lag
        yield GaugeMetricFamily(
            "fhir_audit_queued", "Audit entries that are not stored yet.", lag.entries
        )
        yield GaugeMetricFamily(
            "fhir_audit_lag_seconds", "Age of the oldest entry not stored yet.", lag.seconds
        )
        yield CounterMetricFamily("fhir_audit_written", "Audit entries stored.", log.written)
        yield CounterMetricFamily("fhir_audit_lost", "Audit entries lost.", log.lost)


class _Cached(Collector):
    def __init__(self, cached: Callable[[], int]) -> None:
        self._cached = cached

    def collect(self) -> Iterator[Metric]:
        text = "Tokens known from before."
        yield CounterMetricFamily("fhir_tokens_cached", text, self._cached())


class _Connections(Collector):
    def __init__(self, connections: Callable[[], Mapping[str, int]]) -> None:
        self._connections = connections

    def collect(self) -> Iterator[Metric]:
        text = "Connections to the store."
        family = GaugeMetricFamily("fhir_store_connections", text, labels=("state",))
        for state, count in self._connections().items():
            family.add_metric((state,), count)
        yield family
