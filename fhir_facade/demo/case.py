"""The document of a case, and of its outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fhir_facade.demo.case_parts import items, log, participants, workflow
from fhir_facade.demo.casefile import CaseFile
from fhir_facade.demo.content.codes import (
    CASE_STATUS_ACTIVE,
    CASE_STATUS_RESOLVED,
    OUTCOME_CATEGORY,
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_RESOLVED,
)
from fhir_facade.demo.dice import Dice, Document, day
from fhir_facade.demo.parts import CASE_BUCKET, notes, papers, reference, reference_or_id

LAST_REVIEW = "https://platform.example.org/fhir/StructureDefinition/last-review-date"


def case_document(case: CaseFile, parent: CaseFile | None, dice: Dice) -> Document:
    """Return the `patient_case` document; `parent` is an older case of the same member."""
    status = _status(case, dice)
    employer = case.member.employer
    document: Document = {
        "_id": case.id,
        "wellnecityId": f"CAS-{case.number}",
        "name": case.program.name,
        "description": case.say(case.program.description),
        **_kind(case, dice),
        "status": status,
        "subjectType": "Patient",
        "subject": reference(case.subject) if dice.chance(0.85) else {"id": case.member.id},
        "client": {"id": employer.code, "name": employer.name},
        "owner": reference_or_id(case.owner, dice, bare=0.08),
        **_origin(case, dice),
        **_campaign(case),
        **_dates(case, dice),
        "participants": participants(case, status, dice),
        "items": items(case, parent, dice),
        "workflow": workflow(case, dice),
        "log": log(case, status, dice),
        "documents": _documents(case, dice),
        "notes": notes(case, dice.randrange(4), case.opened, case.last, dice),
        "savingStats": _savings(case),
        **_record(case, dice),
    }
    document["updated"] = case.closed or document["lastActivityDate"]
    _vendor(case, document, dice)
    if dice.chance(0.06):
        reviewed = day(dice.moment(case.opened, case.last))
        document["extension"] = [{"url": LAST_REVIEW, "valueDate": reviewed}]
    return document


def _status(case: CaseFile, dice: Dice) -> Document:
    table = CASE_STATUS_RESOLVED if case.closed else CASE_STATUS_ACTIVE
    value = dice.choice(tuple(table))
    state = "resolved" if case.closed else "active"
    return {"value": value, "display": table[value], "state": state}


def _kind(case: CaseFile, dice: Dice) -> Document:
    value, display = case.program.case_type
    subtypes = dice.some(case.program.subtypes, dice.randint(1, 2))
    kind: Document = {"type": {"value": value, "display": display}, "caseSubtype": subtypes[0]}
    if len(subtypes) > 1:
        kind["caseSubtypeList"] = subtypes
    return kind


def _origin(case: CaseFile, dice: Dice) -> Document:
    source: Any = dice.choice(case.program.sources)
    origin: Document = {"source": [source] if dice.chance(0.3) else source}
    if dice.chance(0.15):
        origin["referralSource"] = dice.choice(("referral", ["referral", "patient"]))
    if case.program.program_key:
        origin["programKey"] = case.program.program_key
    return origin


def _campaign(case: CaseFile) -> Document:
    employer = case.member.employer
    return {
        "campaignId": case.program.campaign[0],
        "campaignName": case.program.campaign[1],
        "campaignHealthPlanId": employer.plan_id,
        "campaignHealthPlanName": employer.plan_name,
        "performanceLeverId": case.program.lever[0],
        "performanceLeverName": case.program.lever[1],
    }


def _dates(case: CaseFile, dice: Dice) -> Document:
    due = case.opened + timedelta(days=dice.choice((60, 90, 120, 180)))
    dates: Document = {"initiatedDate": case.date(case.opened), "dueDate": case.date(due)}
    if case.closed:
        dates["closedDate"] = case.date(case.closed)
    recently = max(case.opened, case.last - timedelta(days=20))
    return dates | {"lastActivityDate": dice.moment(recently, case.last)}


def _documents(case: CaseFile, dice: Dice) -> list[Document]:
    count = 1 if case.member.well_known else dice.choice((0, 0, 1, 1, 2))
    texts = dice.some(case.program.papers, count)
    return papers(case, texts, CASE_BUCKET, case.id, case.opened, dice)


def _savings(case: CaseFile) -> Document:
    if not case.closed:
        return {"identifiedSavingsTotal": case.amount, "realizedSavingsTotal": 0.0}
    return {
        "identifiedSavingsTotal": case.amount,
        "realizedSavingsTotal": round(case.amount * 0.62, 2),
        "lastRealizedDate": case.date(case.closed),
    }


def _vendor(case: CaseFile, document: Document, dice: Dice) -> None:
    """Copy the vendor's view of the case, as the platform does."""
    for party in document["participants"]:
        if party["case_participant_role"] == "vendor":
            document["caseId"] = party["case_participant_case_id"]
            document["vendorCaseStatus"] = party["case_participant_case_status"]
            return
    if dice.chance(0.1):
        states = PARTY_STATUS_RESOLVED if case.closed else PARTY_STATUS_ACTIVE
        document["vendorCaseStatus"] = dice.choice(states)


def _record(case: CaseFile, dice: Dice) -> Document:
    tidy = case.member.well_known
    return {
        "isHidden": not tidy and dice.chance(0.015),
        "isDeleted": not tidy and dice.chance(0.01),
        "isArchived": case.closed is not None and dice.chance(0.1),
        "created": case.opened,
        "updated": case.last,
        "createdBy": (case.former_owner or case.owner).id,
        "updatedBy": case.owner.id,
    }


def outcome_document(case: CaseFile, closed: Any, dice: Dice) -> Document:
    """Return the `outcomes` document of a case that was resolved at `closed`."""
    category = dice.choice(tuple(OUTCOME_CATEGORY))
    return {
        "_id": dice.object_id(closed),
        "patientId": case.member.id,
        "clientId": case.member.employer.code,
        "outcomeCategory": {"value": category, "display": OUTCOME_CATEGORY[category]},
        "outcomeDate": case.date(closed),
        "summary": case.say(dice.choice(case.program.summaries)),
        "savings": [
            {
                "type": kind,
                "amount": round(case.amount * share, 2),
                "currency": "USD",
                "date": case.date(closed),
                "status": "realized",
            }
            for kind, share in (("claims", 0.42), ("pharmacy", 0.2))[: dice.randrange(3)]
        ],
        "linkedModules": [{"type": "case", "id": case.id}],
        "isDeleted": not case.member.well_known and dice.chance(0.01),
        "isArchived": dice.chance(0.08),
        "created": closed,
        "updated": dice.moment(closed, case.now),
    }
