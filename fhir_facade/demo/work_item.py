"""What tasks, flags, goals and interactions have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fhir_facade.demo.casefile import CaseFile
from fhir_facade.demo.dice import Dice, Document
from fhir_facade.demo.parts import notes, reference, reference_or_id, someone

LINK_STYLES = {("type", "id"): 88, ("module", "moduleId"): 8, ("moduleType", "moduleId"): 4}
OTHER_MODULES = ("campaign", "moi", "claim")
NOTE_COUNTS = (0, 0, 0, 1, 1, 2)


def work_item(
    kind: str,
    case: CaseFile,
    others: list[CaseFile],
    created: datetime,
    updated: datetime,
    own: Document,
    dice: Dice,
) -> Document:
    """Return a `work_queue` document: the common fields around the fields of its own kind."""
    tidy = case.member.well_known
    document: Document = {
        "_id": dice.uuid() if not tidy and dice.chance(0.01) else dice.object_id(created),
        "type": kind,
        "subject": _subject(case, dice),
        "client": case.member.employer.code,
        "linkedModules": _links(case, others, dice),
        "owner": reference_or_id(someone(case, dice), dice, bare=0.10),
        **own,
        "notes": notes(case, dice.choice(NOTE_COUNTS), created, updated, dice),
        "created": created,
        "updated": updated,
        "created_by": reference_or_id(someone(case, dice), dice, bare=0.9),
        "updated_by": case.owner.id,
        "is_deleted": not tidy and dice.chance(0.012),
        "is_archived": not tidy and dice.chance(0.05),
        "is_acknowledged": dice.chance(0.25),
    }
    if not tidy and dice.chance(0.012):
        document["is_hidden"] = True
    return document


def span(case: CaseFile, dice: Dice) -> tuple[datetime, datetime]:
    """Return when a work item was created and when it was last changed."""
    seconds = (case.last - case.opened).total_seconds()
    created = dice.moment(case.opened, case.opened + timedelta(seconds=int(seconds * 0.8)))
    return created, dice.within(created, 60, case.last)


def _subject(case: CaseFile, dice: Dice) -> Any:
    throw = dice.random()
    if throw < 0.85:
        return reference(case.subject)
    return {"id": case.member.id} if throw < 0.97 else case.member.id


def _links(case: CaseFile, others: list[CaseFile], dice: Dice) -> list[Document]:
    kind, number = dice.weigh(LINK_STYLES)
    cases = [case]
    if others and dice.chance(0.08):
        cases.append(dice.choice(others))
    as_text = dice.chance(0.3)
    links = [{kind: "case", number: str(each.id) if as_text else each.id} for each in cases]
    if dice.chance(0.08):
        links.append({kind: (module := dice.choice(OTHER_MODULES)), number: _other(case, module)})
    return links


def _other(case: CaseFile, module: str) -> str:
    if module == "campaign":
        return case.program.campaign[0]
    return f"{'MOI' if module == 'moi' else 'CLM'}-{case.number}"
