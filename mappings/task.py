"""Task: an action item of a care manager (`work_queue`, type task).

https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

from fhir_facade.rules.draft import Draft
from fhir_facade.rules.invariants import not_before, period_in_order
from fhir_facade.rules.kinds import CaseLinks, Code, Concept, DateTime, Text
from fhir_facade.rules.mapping import (
    Mapping,
    rule,
    shows,
)
from mappings.codes import REQUEST_PRIORITY, TASK_CATEGORY, TASK_INTENT, TASK_STATUS
from mappings.common import (
    CREATED,
    CREATED_BY,
    EMPLOYER,
    MEMBER,
    MODULES,
    NOT_MARKED,
    NOTES,
    UPDATED_BY,
    USER,
    WORK_ITEM,
    WRITABLE,
    work_item,
)

INTENT = Code(
    TASK_INTENT,
    required=True,
    otherwise="unknown",
    otherwise_system="http://hl7.org/fhir/task-intent",
)


def completed_now(draft: Draft) -> None:
    """A task that becomes completed ended now, unless the client says when."""
    draft.end_now("executionPeriod", became=draft.becomes("status", "completed"))


# fmt: off
TASK = Mapping(
    "Task",
    collection="work_queue",
    where=work_item("task"),
    rules=(
        *WORK_ITEM,
        # FHIR element              stored field      kind                                                   search
        rule("status",                 "status",        Code(TASK_STATUS, required=True),                      "status"),
        rule("intent",                 "intent",        INTENT,                                                "intent"),
        rule("priority",               "priority",      Code(REQUEST_PRIORITY),                                "priority"),
        rule("code",                   "category",      Concept(codes=(TASK_CATEGORY,)),                       "code"),
        rule("description",            "message",       Text(),                                                "description"),
        rule("focus",                  "linkedModules", CaseLinks("first"),                                    "focus case"),
        rule("for",                    "subject",       MEMBER,                                                "patient subject"),
        rule("executionPeriod.start",  "start_date",    DateTime(),                                            "period.start"),
        rule("executionPeriod.end",    "completed_on",  DateTime(),                                            "period.end"),
        rule("authoredOn",             CREATED,         DateTime(),                                            "authored-on"),
        shows("lastModified",          ("updated", "updatedAt", "updated_at"), DateTime(),                     "modified"),
        rule("owner",                  "owner",         USER,                                                  "owner"),
        NOTES,
        rule("restriction.period.end", "deadline",      DateTime(),                                            "due"),
        EMPLOYER,
        rule("extension:case",         "linkedModules", CaseLinks("others"),                                   "focus case"),
        MODULES,
        CREATED_BY,
        UPDATED_BY,
    ),
    finish=(period_in_order("executionPeriod", field="completed_on"),),
    mends=(not_before("lastModified", "authoredOn", field="updated"),),
    worklist=("status", "due"),
    main_date="authored-on",
    writes=WRITABLE,
    follows=("lastModified",),
    creates={"type": "task", **NOT_MARKED},
    before=(completed_now,),
)
# fmt: on
