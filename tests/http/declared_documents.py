"""The demo's documents, and handmade ones for what the demo has no example of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from fhir_facade.demo import generate
from fhir_facade.rules.registry import AUDIT, PROVENANCE
from mappings.audit_entity_kinds import DEFINITIONS
from mappings.party_kinds import PARTIES
from tests.recorded import ISSUER, audited, recorded, written

Documents = list[tuple[str, dict[str, Any]]]

MEMBER = {"subject": {"id": "M1"}}
SPARSE: Documents = [
    ("work_queue", {"_id": "t0", "type": "task", "status": "Ready", "intent": "Order"}),
    (
        "work_queue",
        {"_id": "g0", "type": "goal", "name": "W", "life_cycle_status": "Active"} | MEMBER,
    ),
    ("work_queue", {"_id": "f0", "type": "flag", "status": "active", "name": "X"} | MEMBER),
    ("work_queue", {"_id": "i0", "type": "interaction", "status": "completed"}),
    (
        "work_queue",
        {
            "_id": "i1",
            "type": "interaction",
            "status": "completed",
            "is_archived": True,
            "documents": [{"document_id": "d0"}, {"document_id": "d1", "is_archived": True}],
        },
    ),
    ("patient_case", {"_id": ObjectId("0" * 22 + "c0"), "status": "active"} | MEMBER),
    ("outcomes", {"_id": "o0", "is_archived": True}),
    ("outcomes", {"_id": "o1"}),
]
"""Of each kind a document with next to nothing in it."""


def documents() -> Documents:
    demo: Documents = list(generate(8))
    case = next(each for name, each in demo if name == "patient_case" and each.get("log"))
    log = [{**each, "isArchived": True} for each in case["log"]]
    archived = {
        **case,
        "_id": ObjectId("0" * 22 + "c1"),
        "isArchived": True,
        "log": log,
        "documents": [],
    }
    found = [*demo, *SPARSE, ("patient_case", archived)]
    return [*found, *recorded(found), *_of_every_type(case)]


def _of_every_type(case: dict[str, Any]) -> Documents:
    """Entries of the audit trail about a resource of each type and by each sort of agent, and
    writes of a case's parts."""
    id, parts = str(case["_id"]), ("CarePlan", "CareTeam", "List")
    named = [f"{type_}/{id}" for type_ in parts]
    named += ["Observation/o0", f"Provenance/{id}.log.1", "AuditEvent/c0ffee.0000000001"]
    named += [f"{type_}/x" for type_ in DEFINITIONS]
    entry = {**audited(90, "EpisodeOfCare", case), "ids": named, "is_archived": True}
    found: Documents = [(AUDIT, entry)]
    for number, (type_, party) in enumerate(zip((*parts, *parts), PARTIES, strict=True), 91):
        agent = {"user": f"{party}/x", "subject": party, "issuer": ISSUER, "client": "x"}
        found.append((AUDIT, {**audited(number, "EpisodeOfCare", case), "agent": agent}))
        found.append((PROVENANCE, {**written(number, type_, case), "agent": agent}))
    return found


_REFERENCES = {
    "client",
    "encounter_reference",
    "clientId",
    "owner",
    "created_by",
    "patientId",
    "updated_by",
}
_DAYS = {"closedDate", "date_start", "dueDate", "initiatedDate", "outcomeDate", "target_due_date"}


def tidied(value: Any) -> Any:
    """The same documents, each value as most are spelled: a sort compares what is stored."""
    if isinstance(value, dict):
        return {name: _tidied(name, each) for name, each in value.items()}
    return [tidied(each) for each in value] if isinstance(value, list) else value


def _tidied(name: str, value: Any) -> Any:
    if name in _REFERENCES and isinstance(value, str):
        return {"id": value}
    if name in _DAYS and isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return tidied(value)
