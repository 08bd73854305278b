"""Everything that looks at requests from the side: metrics, Server-Timing, traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from fhir_facade.derive.capability_types import PUBLISHED_TYPES
from fhir_facade.http.gate import Tokens
from fhir_facade.http.metrics import Metrics, TimedTokens
from fhir_facade.http.timing import add_server_timing, phased
from fhir_facade.http.tracing import Tracing, open_tracing
from fhir_facade.http.watch import Done
from fhir_facade.rules.registry import CASE_ALIASES, Registry
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store
from fhir_facade.store.measured import Measured


@dataclass(frozen=True)
class Observing:
    """What the settings and the environment want to be looked at."""

    metrics: Metrics | None
    tracing: Tracing | None
    timing: bool

    @property
    def observers(self) -> list[Callable[[Done], None]]:
        """What is told of each answer as it goes out."""
        found: list[Callable[[Done], None]] = []
        if self.metrics is not None:
            found.append(self.metrics.seen)
        if self.tracing is not None:
            found.append(self.tracing.seen)
        if self.timing:
            found.append(add_server_timing)
        return found

    def store(self, store: Store) -> Store:
        """Return a store whose calls are timed."""
        connections = getattr(store, "connections", None)
        if self.metrics is not None and connections is not None:
            self.metrics.follow_connections(connections)
        span = None if self.tracing is None else self.tracing.store_span
        return Measured(store, self.metrics, span)

    def tokens(self, tokens: Tokens | None) -> Tokens | None:
        """Return tokens whose verification is timed."""
        if tokens is None:
            return None
        cached = getattr(tokens, "cached", None)
        if self.metrics is not None and cached is not None:
            self.metrics.follow_cached(cached)
        return TimedTokens(tokens, self.metrics)

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return the FHIR base with each of its requests looked at from its beginning."""
        if self.tracing is not None:
            app = self.tracing.tracing(app)
        if self.metrics is not None:
            app = self.metrics.counting(app)
        return phased(app)

    def close(self) -> None:
        """Send what has not been sent."""
        if self.tracing is not None:
            self.tracing.close()


def observing(settings: Settings, registry: Registry, tracing: Tracing | None = None) -> Observing:
    """Return what is looked at; the environment says what is traced where nothing is given."""
    people = (each.type for each in registry.people)
    types = frozenset((*registry.types, *PUBLISHED_TYPES, *CASE_ALIASES, "Patient", *people))
    return Observing(
        None if settings.metrics == "off" else Metrics(types),
        tracing or open_tracing(types),
        settings.server_timing,
    )
