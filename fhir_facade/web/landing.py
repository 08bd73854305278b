"""The landing page: what this server is, how it is, and what one can try."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fhir_facade.http.gate import is_asked_here
from fhir_facade.web import offers
from fhir_facade.web.front import Counts, Front, Health
from fhir_facade.web.layout import answer, base_of, page
from fhir_facade.web.negotiation import wants_page

_FRESH: Final = 15.0
"""Seconds for which counts are good enough: counting is the dearest thing a stranger could ask."""

_FIRST: Final = "Patient.name"
"""What the form asks for, unless another search is chosen."""
_HEALTH: Final = {"ready": ("Ready", "good"), "degraded": ("Degraded", "warn")}


class _Counted:
    """Counts that are taken once for all who ask within a while."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._lock = asyncio.Lock()
        self._taken: tuple[float, Mapping[str, int]] | None = None

    async def get(self) -> Mapping[str, int]:
        async with self._lock:
            if self._taken is None or time.monotonic() - self._taken[0] > _FRESH:
                self._taken = (time.monotonic(), await self._counts())
            return self._taken[1]


class Landing:
    """GET /."""

    def __init__(self, front: Front, counts: Counts, health: Health) -> None:
        self._front, self._health = front, health
        self._counted = _Counted(counts)
        self._examples, self._apps = offers.examples(front), offers.apps(front)

    async def __call__(self, request: Request) -> Response:
        """Answer a person with the page, and a program with where things are."""
        if not wants_page(request.scope):
            return JSONResponse(self._places(), headers={"Vary": "Accept"})
        front = self._front
        body = page(
            "landing.html",
            front,
            base=base_of(request, front),
            health=shown_health(await self._health()),
            # without a token, none would be answered
            form=front.searches.form_of_all(front.types, _FIRST) if front.open else None,
            counts=await self._counted.get() if self._may_count(request) else {},
            examples=self._examples,
            apps=self._apps,
        )
        return answer(request, body, Vary="Accept")

    def _may_count(self, request: Request) -> bool:
        """Say whether numbers may be shown: of synthetic data, or to this machine itself."""
        if self._front.demo:
            return True
        return self._front.open and is_asked_here(request.scope)

    def _places(self) -> dict[str, str]:
        front = self._front
        found = {
            "name": front.title,
            "version": front.version,
            "fhir": front.fhir,
            "metadata": f"{front.fhir}/metadata",
            "openapi": "/openapi.json",
            "docs": "/docs",
            "health": "/health/ready",
        }
        if not front.open:
            found["smart"] = f"{front.fhir}/.well-known/smart-configuration"
        return found


def shown_health(word: str) -> tuple[str, str]:
    """Return how the server is as a page says it, and the badge for that."""
    return _HEALTH.get(word, (word.capitalize(), "bad"))
