"""Synthetic documents of the platform's three collections, the same for the same arguments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from fhir_facade.demo.case import case_document, outcome_document
from fhir_facade.demo.casefile import (
    WELL_KNOWN_MEMBER,
    draw_case,
    draw_member,
    draw_plans,
    end_of_day,
)
from fhir_facade.demo.dice import Dice, Document
from fhir_facade.demo.dirt import Spoiler
from fhir_facade.demo.items import items_of

REFERENCE_DAY = date(2026, 6, 30)
"""The day on which the demo data stands still: nothing depends on the clock."""


def generate(
    members: int = 500, seed: int = 1, dirty: float = 0.0, today: date | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (collection, document) pairs, case before work items before outcome of each member.

    A member's documents depend on the seed and the member's number alone: fewer members are a
    prefix of more, and a `dirty` share above 0 spoils that share of the very same documents.
    The well-known member `M100001` is never spoiled.
    """
    return documents(members, seed, Spoiler(seed, dirty), today or REFERENCE_DAY)


def documents(
    members: int, seed: int, spoiler: Spoiler, today: date
) -> Iterator[tuple[str, Document]]:
    """Yield what `generate` yields, spoiled by the given spoiler, which keeps count."""
    now = end_of_day(today)
    for number in range(members):
        pairs = _member_documents(number, Dice(f"{seed}/{number}"), now)
        if number > 0:
            spoiler.spoil(number, pairs)
        yield from pairs


def _member_documents(number: int, dice: Dice, now: datetime) -> list[tuple[str, Document]]:
    member = draw_member(number, dice)
    cases = [draw_case(member, plan, now, dice) for plan in draw_plans(member, dice)]
    cases.sort(key=lambda case: case.opened)
    pairs: list[tuple[str, Document]] = []
    for place, case in enumerate(cases):
        parent = cases[place - 1] if place else None
        others = [other for other in cases if other is not case]
        pairs.append(("patient_case", case_document(case, parent, dice)))
        pairs.extend(("work_queue", item) for item in items_of(case, others, dice))
        if case.closed:
            pairs.append(("outcomes", outcome_document(case, case.closed, dice)))
    return pairs


__all__ = ["REFERENCE_DAY", "WELL_KNOWN_MEMBER", "documents", "generate"]
