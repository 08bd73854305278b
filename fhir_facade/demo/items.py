"""The documents of `work_queue`: tasks, flags, goals and interactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeVar

from fhir_facade.demo.casefile import CaseFile
from fhir_facade.demo.content.codes import (
    FLAG_STATUS,
    GOAL_ACHIEVEMENT,
    GOAL_PRIORITY,
    GOAL_STATUS_DONE,
    GOAL_STATUS_OPEN,
    MEDIUM,
    PRIORITY,
    TALK_STATUS_DONE,
    TALK_STATUS_OPEN,
    TASK_INTENT,
    TASK_STARTED,
    TASK_STATUS_DONE,
    TASK_STATUS_OPEN,
)
from fhir_facade.demo.content.general import (
    GENERAL_FLAGS,
    GENERAL_TASKS,
    NOT_DONE_REASONS,
    ON_HOLD_REASONS,
    STOPPED_REASONS,
)
from fhir_facade.demo.content.people import CARE_MANAGERS
from fhir_facade.demo.content.shapes import FlagText, GoalText, TalkText, TaskText
from fhir_facade.demo.dice import Dice, Document
from fhir_facade.demo.parts import (
    INTERACTION_BUCKET,
    papers,
    reference,
    reference_or_id,
    someone,
)
from fhir_facade.demo.work_item import span, work_item

T = TypeVar("T")

REASONS = {
    "NotDone": NOT_DONE_REASONS,
    "Stopped": STOPPED_REASONS,
    "OnHold": ON_HOLD_REASONS,
}
NOT_HELD = ("Scheduled", "OnHold", "NotDone")
MINUTES = (3, 5, 8, 10, 12.5, 15, 20, 25, 30, 45, 7.25)


def items_of(case: CaseFile, others: list[CaseFile], dice: Dice) -> Iterator[Document]:
    """Yield the work items of a case; `others` are the member's other cases."""
    program, plan = case.program, case.plan
    task_texts = program.tasks + GENERAL_TASKS
    flag_texts = program.flags + GENERAL_FLAGS
    return chain(
        [_task(case, others, text, dice) for text in _pick(case, task_texts, plan.tasks, dice)],
        [_flag(case, others, text, dice) for text in _pick(case, flag_texts, plan.flags, dice)],
        [_goal(case, others, text, dice) for text in _pick(case, program.goals, plan.goals, dice)],
        [
            _talk(case, others, text, dice)
            for text in _pick(case, program.talks, plan.interactions, dice)
        ],
    )


def _pick(case: CaseFile, texts: tuple[T, ...], count: int, dice: Dice) -> Sequence[T]:
    """Choose what happens in a case: the first texts for the well-known member, else any."""
    return texts[:count] if case.member.well_known else dice.some(texts, count)


def _task(case: CaseFile, others: list[CaseFile], text: TaskText, dice: Dice) -> Document:
    created, updated = span(case, dice)
    status = dice.weigh(TASK_STATUS_DONE if case.closed else TASK_STATUS_OPEN)
    own: Document = {
        "status": status,
        "intent": dice.weigh(TASK_INTENT),
        "priority": dice.weigh(PRIORITY),
        "category": text.category,
        "message": case.say(text.message),
        "deadline": dice.moment(created, created + timedelta(days=dice.randint(3, 45))),
    }
    if status in TASK_STARTED:
        own["start_date"] = dice.within(created, 10, updated)
    if status == "Completed":
        own["completed_on"] = dice.moment(own["start_date"], updated)
    return work_item("task", case, others, created, updated, own, dice)


def _flag(case: CaseFile, others: list[CaseFile], text: FlagText, dice: Dice) -> Document:
    created, updated = span(case, dice)
    status = _flag_status(case, text, dice)
    own: Document = {
        "name": text.name,
        "category": text.category,
        "status": status,
        "message": case.say(text.message),
        "date_start": case.date(created),
    }
    if status == "inactive":
        own["date_end"] = case.date(updated)
    elif dice.chance(0.1):
        own["date_end"] = case.date(case.now + timedelta(days=dice.randint(30, 300)))
    return work_item("flag", case, others, created, updated, own, dice)


def _flag_status(case: CaseFile, text: FlagText, dice: Dice) -> str:
    """Draw a status, but never make a second active flag of one name for a member."""
    status = dice.weigh(FLAG_STATUS)
    if status != "active":
        return status
    if text.name in case.member.active_flags:
        return "inactive"
    case.member.active_flags.add(text.name)
    return status


def _goal(case: CaseFile, others: list[CaseFile], text: GoalText, dice: Dice) -> Document:
    created, updated = span(case, dice)
    status = dice.weigh(GOAL_STATUS_DONE if case.closed else GOAL_STATUS_OPEN)
    own: Document = {
        "name": text.name,
        "category": list(text.category),
        "life_cycle_status": status,
        "priority": dice.weigh(GOAL_PRIORITY),
        "date_start": case.date(created),
        "target_due_date": case.date(created + timedelta(days=dice.randint(45, 300))),
        "target_measure": _measure(text),
        "addresses": case.say(text.addresses),
        "message": case.say(text.message),
    }
    if status in GOAL_ACHIEVEMENT:
        own["achievement_status"] = achievement = dice.weigh(GOAL_ACHIEVEMENT[status])
        if achievement in ("Achieved", "Sustaining"):
            own["outcome"] = _goal_outcome(case, text, dice)
    return work_item("goal", case, others, created, updated, own, dice)


def _measure(text: GoalText) -> Document:
    measure: Document = {"type": text.measure.type, "value": deepcopy(text.measure.value)}
    if text.measure.system:
        measure["system"] = text.measure.system
    return measure


def _goal_outcome(case: CaseFile, text: GoalText, dice: Dice) -> list[object]:
    said = case.say(text.outcome)
    return [said] if dice.chance(0.7) else [{"code": "target-met", "display": said}]


def _talk(case: CaseFile, others: list[CaseFile], text: TalkText, dice: Dice) -> Document:
    created, updated = span(case, dice)
    status = dice.weigh(TALK_STATUS_DONE if case.closed else TALK_STATUS_OPEN)
    medium = [dice.weigh(MEDIUM)]
    if dice.chance(0.08):
        medium += ["email"] if medium != ["email"] else ["phone"]
    own: Document = {
        "status": status,
        "medium": medium,
        "topic": text.topic,
        "categories": list(text.categories),
        "priority": dice.weigh(PRIORITY),
        "sent_on": _sent(case, status, created, dice),
        **_said(case, status, text),
        "recorded_by": reference_or_id(someone(case, dice), dice, bare=0.3),
    }
    if status in REASONS:
        own["status_reason"] = dice.choice(REASONS[status])
    if status in ("Completed", "Stopped"):
        own["duration"] = dice.choice(MINUTES)
    _add_details(case, own, created, updated, dice)
    return work_item("Interaction", case, others, created, updated, own, dice)


def _said(case: CaseFile, status: str, text: TalkText) -> Document:
    """Return what was said; of a talk that was not held, what it is to be about."""
    if status in NOT_HELD:
        return {"message": f"Planned: {text.topic}.", "description": "Nothing was said yet."}
    return {"message": case.say(text.message), "description": case.say(text.description)}


def _sent(case: CaseFile, status: str, created: datetime, dice: Dice) -> datetime:
    if status == "Scheduled":
        return dice.moment(case.now + timedelta(days=1), case.now + timedelta(days=20))
    return dice.moment(created - timedelta(hours=8), created)


def _add_details(
    case: CaseFile, own: Document, created: datetime, updated: datetime, dice: Dice
) -> None:
    """Add what only some interactions have."""
    vendor = case.program.vendor
    if dice.chance(0.2):
        own["partner_id"] = vendor.id
    elif dice.chance(0.12):
        own["partner"] = {"id": vendor.id, "name": vendor.name}
    if dice.chance(0.12):
        own["encounter_reference"] = f"ENC-{dice.randrange(10**6):06d}"
    if case.member.well_known or dice.chance(0.22):
        folder = f"interaction-{dice.randrange(10**6):06d}"
        texts = dice.some(case.program.papers, dice.choice((1, 1, 1, 2)))
        own["documents"] = papers(case, texts, INTERACTION_BUCKET, folder, created, dice)
    if dice.chance(0.1):
        before, after = dice.sample(CARE_MANAGERS, 2)
        own["owner"] = reference(after)
        own["interactionHistory"] = [
            {
                "date": dice.moment(created, updated),
                "from": reference(before),
                "to": reference(after),
                "by": case.owner.id,
            }
        ]
