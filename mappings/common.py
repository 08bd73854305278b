"""Lines that several tables share."""

from __future__ import annotations

from typing import Any

from fhir_facade.rules.filters import Filter
from fhir_facade.rules.getting import (
    WHOLE,
)
from fhir_facade.rules.kinds import (
    Annotation,
    CaseLinks,
    DateTime,
    Identifier,
    Many,
    ModuleLinks,
    RecordId,
    RecordTime,
    Reference,
    Tags,
    Unstored,
)
from fhir_facade.rules.mapping import (
    Rule,
    finds,
    rule,
)
from fhir_facade.rules.profiles import Claim, Profiles

PATIENT = Reference("Patient", "member")
MEMBER = Reference("Patient", "member", boxed=True)
REQUIRED_MEMBER = Reference("Patient", "member", required=True, boxed=True)
USER = Reference("Practitioner", "user")
ORGANIZATION = Reference("Organization", "org")

UPDATED = ("updated", "updatedAt", "updated_at", "created", "createdAt", "created_at", "_id")
CREATED = ("created", "createdAt", "created_at")


WRITABLE = ("create", "update", "patch", "delete")


NOT_MARKED = {"is_deleted": False, "is_archived": False, "is_acknowledged": False}
"""What other software finds live documents by."""


def work_item(*types: str) -> Filter:
    """Which documents of `work_queue` are of a type, in the spellings that occur."""
    spellings = [form for name in types for form in (name.lower(), name.capitalize(), name.upper())]
    return {"type": {"$in": list(dict.fromkeys(spellings))}}


# fmt: off
def profiled(*claims: Claim) -> tuple[Rule, ...]:
    """The lines of what a document says in no field: its profiles, its security labels."""
    return (
        finds("meta.profile",    WHOLE,    Profiles(claims),              "_profile"),
        finds("meta.security",   WHOLE,    Unstored("Coding", "token"),   "_security"),
    )


def record(*claims: Claim) -> tuple[Rule, ...]:
    """The lines that every stored document has; `claims` are the profiles it may satisfy."""
    return (
        rule("id",               "_id",    RecordId(),               "_id"),
        rule("meta.lastUpdated", UPDATED,  RecordTime(),             "_lastUpdated"),
        rule("meta.tag[]",       WHOLE,    Tags(),                   "_tag"),
        *profiled(*claims),
    )


RECORD = record()

WORK_ITEM_ID = rule("identifier[]",  "_id",            Identifier("work-item", of_record=True), "identifier")
WORK_ITEM: tuple[Rule, ...] = (*RECORD, WORK_ITEM_ID)

EMPLOYER   = rule("extension:employer",      "client",         ORGANIZATION,         "employer")
ASSIGNED   = rule("extension:assigned-to",   "owner",          USER,                 "assigned-to")
CASES      = rule("extension:case",          "linkedModules",  CaseLinks(),          "case")
MODULES    = rule("extension:linked-module", "linkedModules",  ModuleLinks())
CREATED_ON = rule("extension:created",       CREATED,          DateTime())
CREATED_BY = rule("extension:created-by",    "created_by",     USER)
UPDATED_BY = rule("extension:updated-by",    "updated_by",     USER)
NOTES      = rule("note[]",                  "notes",          Many(Annotation()))
# fmt: on


def first_text(value: dict[str, Any], *names: str) -> Any:
    """Return the first of several fields that holds anything."""
    for name in names:
        if value.get(name) not in (None, ""):
            return value[name]
    return None
