"""Where the time of one request goes: the store, the mapping, the token.

The numbers of a request lie in a context variable, so that whoever spends the time can add to them
without being handed anything. Outside of a request nothing is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from time import perf_counter
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Phases:
    """The seconds of one request by phase, and the id that its log lines carry."""

    __slots__ = ("auth", "mapping", "request", "started", "store")

    def __init__(self) -> None:
        self.request = ""
        self.started = perf_counter()
        self.store = 0.0
        self.mapping = 0.0
        self.auth = 0.0

    @property
    def total(self) -> float:
        """The seconds since the request came in."""
        return perf_counter() - self.started


_CURRENT: Final[ContextVar[Phases | None]] = ContextVar("fhir_facade_phases", default=None)


def begin() -> Phases:
    """Return the phases of a request that begins now; they are the current ones from here on."""
    phases = Phases()
    _CURRENT.set(phases)
    return phases


def end() -> None:
    """Say that what follows belongs to no request."""
    _CURRENT.set(None)


def current() -> Phases | None:
    """Return the phases of the request that is being answered, None outside of one."""
    return _CURRENT.get()


def identify(request: str) -> None:
    """Give the current request the id that its log lines carry."""
    phases = _CURRENT.get()
    if phases is not None:
        phases.request = request


def in_store(seconds: float) -> None:
    """Add seconds that the store took."""
    phases = _CURRENT.get()
    if phases is not None:
        phases.store += seconds


def in_auth(seconds: float) -> None:
    """Add seconds that checking a token took."""
    phases = _CURRENT.get()
    if phases is not None:
        phases.auth += seconds


def mapping(work: Callable[P, T]) -> Callable[P, T]:
    """Return a function whose time counts as mapping; it must not call itself."""

    @wraps(work)
    def timed(*args: P.args, **kwargs: P.kwargs) -> T:
        phases = _CURRENT.get()
        if phases is None:
            return work(*args, **kwargs)
        started = perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            phases.mapping += perf_counter() - started

    return timed
