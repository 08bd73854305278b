"""The embedded arrays of a case: participants, workflow, items and log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fhir_facade.demo.casefile import CaseFile
from fhir_facade.demo.content.codes import (
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_RESOLVED,
    STEP_STATUS,
)
from fhir_facade.demo.content.general import LOG_ACTIVITIES, NOTES
from fhir_facade.demo.content.organizations import CLINICAL_PARTNERS, WELLNECITY
from fhir_facade.demo.content.shapes import Organization, Person, StepText
from fhir_facade.demo.dice import Dice, Document, day

ITEM_NAMES = {
    "id": "item_id",
    "type": "item_type",
    "referenceType": "item_reference_type",
    "description": "description",
    "isDeleted": "is_deleted",
    "isArchived": "is_archived",
    "createdAt": "created_at",
}
LOG_NAMES = {
    "type": "log_item_type",
    "date": "log_date",
    "description": "description",
    "owner": "log_item_owner",
    "previousValue": "previous_value",
    "newValue": "new_value",
}


def participants(case: CaseFile, status: Document, dice: Dice) -> list[Document]:
    """Return the organizations in the case; exactly one of them is primary."""
    employer = case.member.employer
    client = Organization(employer.code, employer.name, employer.prefix)
    parties = [("originator", WELLNECITY), ("employer", client), ("tpa", employer.tpa)]
    optional = (
        ("vendor", case.program.vendor, 0.75),
        ("clinical_partner", dice.choice(CLINICAL_PARTNERS), 0.30),
        ("carrier", employer.carrier, 0.20),
        ("broker", employer.broker, 0.12),
    )
    parties += [(role, party) for role, party, share in optional if dice.chance(share)]
    has_vendor = any(role == "vendor" for role, _ in parties)
    primary = "vendor" if has_vendor and dice.chance(0.15) else "originator"
    return [
        _participant(case, role, party, role == primary, status, dice) for role, party in parties
    ]


def _participant(
    case: CaseFile, role: str, party: Organization, primary: bool, status: Document, dice: Dice
) -> Document:
    row: Document = {
        "case_participant_id": str(dice.uuid()),
        "case_participant_org_id": party.id,
        "case_participant_role": role,
        "case_participant_is_primary": primary,
        "case_participant_case_id": f"{party.prefix}-{case.number}",
    }
    if role == "originator":
        row |= _own_view(case, status)
    else:
        row |= _other_view(case, party, role, dice)
    return row | {
        "is_deleted": False,
        "created_at": case.opened,
        "updated_at": dice.moment(case.opened, case.last),
    }


def _own_view(case: CaseFile, status: Document) -> Document:
    value, display = case.program.case_type
    return {
        "case_participant_owner_person_id": case.owner.id,
        "case_participant_case_name": case.program.name,
        "case_participant_case_description": case.say(case.program.description),
        "case_participant_case_type": value,
        "case_participant_case_type_display": display,
        "case_participant_case_subtype": case.program.subtypes[0],
        "case_participant_case_subtype_list": list(case.program.subtypes[:2]),
        "case_participant_case_status": status["value"],
        "case_participant_case_status_display": status["display"],
    }


def _other_view(case: CaseFile, party: Organization, role: str, dice: Dice) -> Document:
    status = dice.choice(PARTY_STATUS_RESOLVED if case.closed else PARTY_STATUS_ACTIVE)
    view: Document = {"case_participant_case_status": status}
    if role == "employer":
        view["case_participant_case_name"] = "Employee health case"
    else:
        view["case_participant_case_name"] = f"{case.program.name} ({party.name})"
        view["case_participant_case_type"] = case.program.case_type[0]
        view["case_participant_case_status_display"] = status.replace("_", " ").title()
    if party.contact:
        view["case_participant_owner_person_id"] = party.contact.id
    return view


def workflow(case: CaseFile, dice: Dice) -> list[Document]:
    """Return the steps: done ones first, then at most one at work or blocked, then pending ones."""
    steps = case.program.steps
    done = len(steps) if case.closed else dice.randrange(len(steps))
    span = (case.last - case.opened) / (len(steps) + 1)
    rows = [
        _step(case, text, number, _step_status(number, done, dice), span, dice)
        for number, text in enumerate(steps, start=1)
    ]
    if dice.chance(0.15):
        rows.append(_extra_step(case, len(rows) + 1))
    return rows


def _step_status(number: int, done: int, dice: Dice) -> str:
    if number <= done:
        return "skipped" if dice.chance(0.08) else "completed"
    if number == done + 1:
        return "blocked" if dice.chance(0.12) else "in_progress"
    return "pending"


def _step(
    case: CaseFile, text: StepText, number: int, status: str, span: timedelta, dice: Dice
) -> Document:
    template = f"TPL-{case.program.key.upper()}"
    finished = case.opened + span * number
    row: Document = {
        "case_workflow_id": str(dice.uuid()),
        "case_workflow_template_id": f"{template}-{number:03d}",
        "case_workflow_template_name": f"{case.program.name} Workflow",
        "case_workflow_case_type": case.program.case_type[0],
        "case_workflow_is_template": True,
        "case_workflow_step_name": text.name,
        "case_workflow_step_description": text.description,
        "case_workflow_step_sequence": number,
        "case_workflow_step_category": text.category,
        "case_workflow_step_status": status,
        "case_workflow_step_status_display": STEP_STATUS[status],
        "case_workflow_due_date": case.date(case.opened + timedelta(days=14 * number)),
    }
    if status == "completed":
        row["case_workflow_completed_date"] = case.date(finished)
    if status != "pending":
        row["case_workflow_assigned_person_id"] = case.owner.id
    return row


def _extra_step(case: CaseFile, number: int) -> Document:
    status = "completed" if case.closed else "pending"
    row: Document = {
        "case_workflow_is_template": False,
        "case_workflow_step_name": "Specialist Follow-up",
        "case_workflow_step_sequence": number,
        "case_workflow_step_category": "referral",
        "case_workflow_step_status": status,
        "case_workflow_step_status_display": STEP_STATUS[status],
    }
    if case.closed:
        row["case_workflow_completed_date"] = case.date(case.closed)
    return row


def items(case: CaseFile, parent: CaseFile | None, dice: Dice) -> list[Document]:
    """Return what the case points at: the member, the condition, and what brought it up."""
    condition = case.program.conditions[case.condition]
    rows = [
        ("member", case.member.id, "Patient", case.member.name),
        ("condition", case.condition, "ICD-10-CM", condition),
    ]
    if "moi" in case.program.sources:
        rows.append(("moi", f"MOI-{case.number}", "MemberOfInterest", "Forecast of the model"))
    for _ in range(dice.choice((0, 1, 1, 2))):
        rows.append(("claim", f"CLM-{dice.randrange(10**8):08d}", "Claim", case.words["clinic"]))
    if dice.chance(0.6):
        number = f"RX-{dice.randrange(10**7):07d}"
        rows.append(("prescription", number, "MedicationRequest", case.words["drug"]))
    if dice.chance(0.25):
        number = f"MED-{dice.randrange(10**5):05d}"
        rows.append(("medication", number, "MedicationStatement", case.words["drug"]))
    if dice.chance(0.10):
        rows.append(("other", f"CALL-{dice.randrange(10**5):05d}", "Recording", "Recorded call"))
    if parent and dice.chance(0.5):
        rows.append(("case", str(parent.id), "ParentCase", parent.program.name))
    return [_named(_item(case, row), ITEM_NAMES, case.camel_case_parts) for row in rows]


def _item(case: CaseFile, row: tuple[str, str, str, str]) -> Document:
    kind, number, reference_type, description = row
    return {
        "id": number,
        "type": kind,
        "referenceType": reference_type,
        "description": description,
        "isDeleted": False,
        "isArchived": False,
        "createdAt": case.opened,
    }


def log(case: CaseFile, status: Document, dice: Dice) -> list[Document]:
    """Return the case's history in the order of time."""
    moved = dice.moment(case.opened, case.last) if case.former_owner else case.opened
    entries = [
        _entry(case.opened, "status_change", None, "active", "Case opened"),
        *_events(case, dice),
        *(_closing(case.closed, status) if case.closed else _pause(case, dice)),
    ]
    for entry in entries:
        owner = case.former_owner if case.former_owner and entry["date"] < moved else case.owner
        entry["owner"] = owner.id
    if case.former_owner:
        entries.append(_transfer(moved, case.former_owner, case.owner))
    entries.sort(key=lambda entry: entry["date"])
    return [_named(entry, LOG_NAMES, case.camel_case_parts) for entry in entries]


def _events(case: CaseFile, dice: Dice) -> list[Document]:
    first, *rest = sorted(dice.moment(case.opened, case.last) for _ in range(dice.randint(1, 5)))
    entries = [_entry(first, "status_change", "open", "inprogress", f"Work began on {day(first)}")]
    for moment in rest:
        if dice.chance(0.6):
            done = case.say(dice.choice(LOG_ACTIVITIES))
            entries.append(_entry(moment, "activity", None, None, done))
        else:
            note = case.say(dice.choice(NOTES))
            entries.append(_entry(moment, "note_added", None, note, "Note added"))
    return entries


def _pause(case: CaseFile, dice: Dice) -> list[Document]:
    if not dice.chance(0.3):
        return []
    paused = dice.moment(case.opened, case.now)
    resumed = dice.moment(paused, case.now)
    return [
        _entry(paused, "status_change", "active", "onhold", "Waiting for the member"),
        _entry(resumed, "status_change", "onhold", "active", "Member is back; resumed"),
    ]


def _closing(closed: datetime, status: Document) -> list[Document]:
    said = f"Case closed: {status['display']}"
    return [_entry(closed, "status_change", "active", "resolved", said)]


def _transfer(moved: datetime, before: Person, after: Person) -> Document:
    said = f"Handed over from {before.name} to {after.name}"
    return {**_entry(moved, "owner_change", before.id, after.id, said), "owner": after.id}


def _entry(
    moment: datetime, kind: str, before: str | None, after: str | None, text: str
) -> Document:
    entry: Document = {"type": kind, "date": moment, "description": text, "owner": None}
    values = {"previousValue": before, "newValue": after}
    return entry | {name: value for name, value in values.items() if value is not None}


def _named(part: Document, names: dict[str, str], camel_case: bool) -> dict[str, Any]:
    """Return the part under the warehouse's names, unless its case uses the short ones."""
    return part if camel_case else {names[name]: value for name, value in part.items()}
