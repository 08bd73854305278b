"""The shapes of the rows in the content tables.

Texts may hold `{first}` (the member's first name), `{drug}`, `{clinic}`, `{amount}` and `{day}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Person(NamedTuple):
    """A care manager or a contact at another organization."""

    id: str
    name: str


class Organization(NamedTuple):
    """A party to cases; `prefix` begins its own case numbers."""

    id: str
    name: str
    prefix: str
    contact: Person | None = None


class Employer(NamedTuple):
    """A client, with the organizations that administer its health plan."""

    code: str
    name: str
    prefix: str
    plan_id: str
    plan_name: str
    tpa: Organization
    carrier: Organization
    broker: Organization


class TaskText(NamedTuple):
    """What one kind of task says."""

    category: str
    message: str


class FlagText(NamedTuple):
    """What one kind of flag says."""

    name: str
    category: str
    message: str


class Measure(NamedTuple):
    """A goal's target, as the platform stores it."""

    type: str
    value: Any
    system: str | None = None


class GoalText(NamedTuple):
    """What one kind of goal says, and what may come of it."""

    name: str
    category: tuple[str, ...]
    measure: Measure
    addresses: str
    message: str
    outcome: str


class TalkText(NamedTuple):
    """What one kind of interaction is about."""

    topic: str
    categories: tuple[str, ...]
    message: str
    description: str


class StepText(NamedTuple):
    """A step of a workflow template."""

    name: str
    category: str
    description: str


class PaperText(NamedTuple):
    """A document that is filed with a case or an interaction."""

    title: str
    type: str
    ending: str
    description: str


class Program(NamedTuple):
    """All that the cases of one program have in common."""

    key: str
    name: str
    description: str
    program_key: str | None
    weight: int
    case_type: tuple[str, str]
    subtypes: tuple[str, ...]
    sources: tuple[str, ...]
    lever: tuple[str, str]
    campaign: tuple[str, str]
    vendor: Organization
    conditions: Mapping[str, str]
    drugs: tuple[str, ...]
    savings: tuple[int, int]
    steps: tuple[StepText, ...]
    tasks: tuple[TaskText, ...]
    flags: tuple[FlagText, ...]
    goals: tuple[GoalText, ...]
    talks: tuple[TalkText, ...]
    papers: tuple[PaperText, ...]
    summaries: tuple[str, ...]
