"""The landing page: what this server is, how it is, and what one can try."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fhir_facade.http.gate import is_asked_here
from fhir_facade.web.front import Counts, Front, Health
from fhir_facade.web.layout import answer, base_of, page
from fhir_facade.web.negotiation import wants_page

_FRESH: Final = 15.0
"""Seconds for which counts are good enough: counting is the dearest thing a stranger could ask."""

_MEMBER: Final = "M100001"
_EXAMPLES: Final = (
    ("Goal", f"Goal?patient={_MEMBER}", "The goals of one member.", True),
    ("EpisodeOfCare", f"EpisodeOfCare?patient={_MEMBER}", "The cases of one member.", True),
    ("Patient", f"Patient/{_MEMBER}", "Who that member is, as far as it is known here.", True),
    (
        "Task",
        "Task?status=in-progress&_sort=-due&_count=5",
        "Work under way, the latest due date first, five to a page.",
        False,
    ),
    (
        "Communication",
        "Communication?_sort=-sent&_count=10",
        "The last contacts with members.",
        False,
    ),
    ("Flag", "Flag?status=active&_count=10", "Active flags.", False),
    ("Task", "Task?status=ready&_summary=count", "How many tasks are ready.", False),
    (
        "Task",
        "Task?stauts=ready",
        "A misspelt filter: it is refused, with the valid ones, and never dropped.",
        False,
    ),
)
_APPS: Final = {
    "goals": ("My goals", "A member sees her goals, open tasks and last contacts."),
    "case": ("Case page", "A care manager finds a case and sees all that belongs to it."),
}
_HEALTH: Final = {"ready": ("Ready", "good"), "degraded": ("Degraded", "warn")}


class Example(NamedTuple):
    """A query that can be clicked."""

    query: str
    says: str


class Shown(NamedTuple):
    """An app as the landing page offers it."""

    name: str
    title: str
    says: str


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
        self._examples = _examples(front)
        self._apps = [Shown(name, *_APPS.get(name, (name, ""))) for name in front.apps]

    async def __call__(self, request: Request) -> Response:
        """Answer a person with the page, and a program with where things are."""
        if not wants_page(request.scope):
            return JSONResponse(self._places(), headers={"Vary": "Accept"})
        word = await self._health()
        body = page(
            "landing.html",
            self._front,
            base=base_of(request, self._front),
            health=_HEALTH.get(word, (word.capitalize(), "bad")),
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


def _examples(front: Front) -> list[Example]:
    return [
        Example(query, says)
        for kind, query, says, of_demo in _EXAMPLES
        if kind in front.types and (front.demo or not of_demo)
    ]
