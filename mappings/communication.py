"""Communication: a contact with a member (`work_queue`, type Interaction).

https://hl7.org/fhir/R4/communication.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhir_facade.rules.draft import Draft
from fhir_facade.rules.findings import Encode, Findings
from fhir_facade.rules.kinds import (
    CaseLinks,
    Code,
    Complex,
    Concept,
    DateTime,
    Kind,
    Many,
    Measure,
    Reference,
    Site,
    Text,
    part,
)
from fhir_facade.rules.kinds.base import wrong_type
from fhir_facade.rules.kinds.described import Given, given
from fhir_facade.rules.kinds.merging import as_list
from fhir_facade.rules.kinds.references import reference_builder
from fhir_facade.rules.mapping import (
    Mapping,
    rule,
    shows,
)
from fhir_facade.rules.text import clean, fhir_id, is_set, key_text
from mappings.codes import COMMUNICATION_STATUS, PARTICIPATION_MODE, REQUEST_PRIORITY
from mappings.common import (
    CREATED_BY,
    CREATED_ON,
    EMPLOYER,
    MEMBER,
    MODULES,
    NOT_MARKED,
    NOTES,
    ORGANIZATION,
    UPDATED_BY,
    USER,
    WORK_ITEM,
    WRITABLE,
    work_item,
)

INTERACTION = work_item("interaction", "contact")
_DOCUMENT = "DocumentReference"


@dataclass(frozen=True)
class Attachments(Kind):
    """The documents of an interaction, as payload references to their DocumentReferences."""

    @property
    def fhir_type(self) -> str:
        return "BackboneElement"

    @property
    def many(self) -> bool:
        return True

    def encoder(self, site: Site) -> Encode:
        build = reference_builder(_DOCUMENT, "document", site.context)

        def encode(value: Any, findings: Findings) -> Any:
            if not isinstance(value, list):
                findings.append(site.degraded(wrong_type(value, "a list")))
                return None
            found = []
            for document in value:
                if not isinstance(document, dict):
                    if document is not None:
                        findings.append(site.degraded(wrong_type(document, "a document")))
                    continue
                if is_set(document.get("is_deleted")) or is_set(document.get("isDeleted")):
                    continue
                key = fhir_id(document.get("document_id"))
                if key is None:
                    findings.append(site.degraded("a document without a usable document_id"))
                    continue
                title = document.get("document_title")
                found.append(
                    {
                        "contentReference": build(
                            key, clean(title) if isinstance(title, str) else None
                        )
                    }
                )
            return found or None

        return encode

    @property
    def shows_others(self) -> bool:
        return True

    @property
    def gives(self) -> tuple[Given, ...]:
        return (given("contentReference", "document_id", Reference(_DOCUMENT, "document")),)

    def describe(self) -> str:
        return "payload references to the interaction's DocumentReferences"


REASSIGNMENT = Complex(
    (
        part("date", "date", DateTime()),
        part("from", "from", USER),
        part("to", "to", USER),
        part("by", "by", USER),
    )
)


def _key(owner: Any) -> str | None:
    return key_text(owner.get("id") if isinstance(owner, dict) else owner)


def reassigned(draft: Draft) -> None:
    """A write that gives an interaction to another owner says so in its history."""
    before, after = ((each or {}).get("owner") for each in (draft.old, draft.document))
    if draft.old is None or _key(before) == _key(after):
        return
    history = as_list(draft.document.get("interactionHistory"))
    entry = {"date": draft.now, "from": before, "to": after}
    named = {name: value for name, value in entry.items() if value is not None}
    draft.document["interactionHistory"] = [*history, named]
    draft.ruled.add(f"extension|{draft.context.extension('reassignment')}")


# fmt: off
COMMUNICATION = Mapping(
    "Communication",
    collection="work_queue",
    where=INTERACTION,
    rules=(
        *WORK_ITEM,
        # FHIR element                 stored field           kind                                                                      search
        rule("status",                   "status",              Code(COMMUNICATION_STATUS, required=True, otherwise="unknown"),           "status"),
        rule("statusReason",             "status_reason",       Text(concept=True)),
        rule("category[]",               "categories",          Many(Concept("interaction-category")),                                    "category"),
        rule("priority",                 "priority",            Code(REQUEST_PRIORITY)),
        rule("medium[]",                 "medium",              Many(Concept("interaction-medium", codes=(PARTICIPATION_MODE,), both=True)), "medium"),
        rule("subject",                  "subject",             MEMBER,                                                                   "patient subject"),
        rule("topic",                    "topic",               Text(concept=True),                                                       "topic"),
        rule("about[]",                  "linkedModules",       CaseLinks(),                                                              "case"),
        rule("encounter",                "encounter_reference", Reference("Encounter", "encounter"),                                      "encounter"),
        rule("sent",                     "sent_on",             DateTime(),                                                               "sent"),
        shows("recipient[]",             "subject",             MEMBER,                                                                   "recipient"),
        rule("sender",                   "owner",               USER,                                                                     "sender"),
        rule("payload[0].contentString", "message",             Text()),
        rule("payload[]",                "documents",           Attachments()),
        NOTES,
        rule("extension:description",    "description",         Text()),
        rule("extension:duration",       "duration",            Measure("min", "min", "Duration")),
        rule("extension:recorded-by",    "recorded_by",         USER),
        rule("extension:conducted-by",   ("partner", "partner_id"), ORGANIZATION),
        rule("extension:reassignment",   "interactionHistory",  Many(REASSIGNMENT)),
        EMPLOYER,
        MODULES,
        CREATED_ON,
        CREATED_BY,
        UPDATED_BY,
    ),
    worklist=("status", "sent"),
    main_date="sent",
    writes=WRITABLE,
    creates={"type": "Interaction", **NOT_MARKED},
    after=(reassigned,),
)
# fmt: on
