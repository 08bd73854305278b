"""Pieces that several kinds of documents share: references, notes, embedded documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fhir_facade.demo.casefile import CaseFile
from fhir_facade.demo.content.general import NOTES
from fhir_facade.demo.content.people import CARE_MANAGERS
from fhir_facade.demo.content.shapes import PaperText, Person
from fhir_facade.demo.dice import Dice, Document

CASE_BUCKET = "wellnecity-demo-case-documents"
INTERACTION_BUCKET = "wellnecity-demo-interaction-documents"
NOTE_STYLES = (
    ("text", "created", "created_by"),
    ("text", "created", "created_by"),
    ("text", "created", "created_by"),
    ("text", "created", "created_by"),
    ("note", "date", "author"),
    ("message", "date", "by"),
)


def reference(person: Person) -> Document:
    """Return a person as `{id, name}`."""
    return {"id": person.id, "name": person.name}


def reference_or_id(person: Person, dice: Dice, bare: float) -> Any:
    """Return `{id, name}`, or the bare id with the given probability."""
    return person.id if dice.chance(bare) else reference(person)


def someone(case: CaseFile, dice: Dice) -> Person:
    """Return the case's owner or, now and then, a colleague."""
    return case.owner if dice.chance(0.75) else dice.choice(CARE_MANAGERS)


def notes(case: CaseFile, count: int, start: datetime, end: datetime, dice: Dice) -> list[Document]:
    """Return `count` notes in the order of time, all written in one style."""
    text, date, author = dice.choice(NOTE_STYLES)
    moments = sorted(dice.moment(start, end) for _ in range(count))
    return [
        {
            text: case.say(words),
            date: moment,
            author: reference_or_id(someone(case, dice), dice, bare=0.7),
        }
        for words, moment in zip(dice.some(NOTES, count), moments, strict=True)
    ]


def papers(
    case: CaseFile, texts: list[PaperText], bucket: str, parent: Any, filed: datetime, dice: Dice
) -> list[Document]:
    """Return embedded documents, filed under the parent's id at the given moment or later."""
    return [_paper(case, text, bucket, parent, filed, dice) for text in texts]


def _paper(
    case: CaseFile, text: PaperText, bucket: str, parent: Any, filed: datetime, dice: Dice
) -> Document:
    stem = text.title.lower().replace(" ", "-").replace("'", "")
    document_id = dice.uuid()
    return {
        "document_id": dice.object_id(filed) if dice.chance(0.15) else str(document_id),
        "document_title": text.title,
        "description": text.description,
        "document_type": text.type,
        "bucket": bucket,
        "path": f"{case.member.id}/{parent}/{stem}-{document_id.hex[:8]}.{text.ending}",
        "updated_on": dice.within(filed, 14, case.last),
        "updated_by": someone(case, dice).id,
        "is_deleted": not case.member.well_known and dice.chance(0.015),
    }
