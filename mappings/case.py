"""The case (`patient_case`): EpisodeOfCare, CareTeam, CarePlan and the List of its items.

https://hl7.org/fhir/R4/episodeofcare.html
"""

from __future__ import annotations

from fhir_facade.rules.getting import (
    WHOLE,
)
from fhir_facade.rules.invariants import each_once, period_in_order
from fhir_facade.rules.kinds import (
    Annotation,
    Code,
    Complex,
    Concept,
    Date,
    DateTime,
    Identifier,
    Key,
    Many,
    Money,
    Text,
    part,
)
from fhir_facade.rules.mapping import (
    Mapping,
    Rule,
    finds,
    rule,
)
from mappings.case_extensions import PassedThrough
from mappings.case_items import Conditions, ItemEntries
from mappings.case_kinds import (
    ManagingOrganization,
    Origins,
    PartyIdentifiers,
)
from mappings.case_plan import LinkedItems, LinkedTasks, WorkflowActivities
from mappings.case_rules import closed_now, logged, one_primary, program_key, step_completed
from mappings.case_status import CaseStatus, StatusHistory
from mappings.case_steps import StepDates, StepNames, StepPerformers
from mappings.case_team import OrganizationsOf, Participants, Roles
from mappings.codes import CARE_PLAN_STATUS, CARE_TEAM_STATUS, EPISODE_STATUS
from mappings.common import EMPLOYER, RECORD, REQUIRED_MEMBER, USER, record
from mappings.fixed import Fixed, FixedCode, FixedText
from mappings.own import OwnReference
from mappings.us_core import US_CORE_CARE_PLAN, US_CORE_CARE_TEAM

CREATED = ("created", "createdAt", "created_at")
STATE = ("status.state", "status")


def named_reference(kind_name: str) -> Complex:
    """The extension of a thing that is no FHIR resource: its id and its name."""
    return Complex((part("id", f"{kind_name}Id", Key()), part("name", f"{kind_name}Name", Text())))


SAVINGS = Complex(
    (
        part("identified", "identifiedSavingsTotal", Money()),
        part("realized", "realizedSavingsTotal", Money()),
        part("last-realized", "lastRealizedDate", Date()),
    )
)

# fmt: off
EPISODE_OF_CARE = Mapping(
    "EpisodeOfCare",
    collection="patient_case",
    rules=(
        *RECORD,
        # FHIR element                       stored field            kind                                          search
        rule("identifier[]",                   "_id",                  Identifier("case", of_record=True),           "identifier"),
        rule("identifier[]",                   "wellnecityId",         Identifier("wellnecity-case"),                "identifier"),
        rule("identifier[]",                   "caseId",               Identifier("external-case"),                  "identifier"),
        rule("identifier[]",                   "participants",         PartyIdentifiers(),                           "identifier"),
        rule("status",                         STATE,                  Code(EPISODE_STATUS, required=True),          "status"),
        rule("statusHistory[]",                "log",                  StatusHistory()),
        rule("type[]",                         "type",                 Concept("case-type"),                         "type"),
        rule("type[]",                         "caseSubtype",          Concept("case-subtype"),                      "type"),
        rule("type[]",                         "caseSubtypeList",      Many(Concept("case-subtype")),                "type"),
        rule("diagnosis[]",                    "items",                Conditions(),                                 "condition"),
        rule("patient",                        "subject",              REQUIRED_MEMBER,                              "patient"),
        rule("managingOrganization",           "participants",         ManagingOrganization(),                       "organization"),
        rule("period.start",                   "initiatedDate",        DateTime(),                                   "date.start"),
        rule("period.end",                     "closedDate",           DateTime(),                                   "date.end"),
        rule("careManager",                    "owner",                USER,                                         "care-manager"),
        rule("team[]",                         "_id",                  OwnReference("CareTeam", "case")),
        EMPLOYER,
        rule("extension:case-status",          "status",               CaseStatus()),
        rule("extension:case-origin",          WHOLE,                  Origins(),                                    "origin"),
        rule("extension:campaign",             WHOLE,                  named_reference("campaign")),
        finds("extension:campaign.extension:id", "campaignId",         Key(),                                        "campaign"),
        rule("extension:campaign-health-plan", WHOLE,                  named_reference("campaignHealthPlan")),
        rule("extension:performance-lever",    WHOLE,                  named_reference("performanceLever")),
        rule("extension:program-key",          "programKey",           Key(),                                        "program-key"),
        rule("extension:case-name",            "name",                 Text()),
        rule("extension:case-description",     "description",          Text()),
        rule("extension:due-date",             "dueDate",              Date(),                                       "due"),
        rule("extension:last-activity",        "lastActivityDate",     DateTime()),
        rule("extension:note",                 "notes",                Many(Annotation())),
        rule("extension:vendor-case-status",   "vendorCaseStatus",     Concept("vendor-case-status")),
        rule("extension:savings",              "savingStats",          SAVINGS),
        rule("extension:created",              CREATED,                DateTime()),
        rule("extension:created-by",           ("created_by", "createdBy"), USER),
        rule("extension:updated-by",           ("updated_by", "updatedBy"), USER),
        rule("extension[]",                    "extension",            PassedThrough()),
    ),
    finish=(period_in_order("period", field="closedDate"), each_once("type")),
    worklist=("status", "due"),
    main_date="date",
    writes=("update", "patch"),
    creates={"isDeleted": False, "isArchived": False, "isHidden": False},
    before=(closed_now, program_key),
    after=(logged,),
)

CASE_FACTS: tuple[Rule, ...] = (
    rule("identifier[]",  "_id",           Identifier("case", of_record=True),  "identifier"),
    rule("subject",       "subject",       REQUIRED_MEMBER,                     "patient subject"),
    rule("period.start",  "initiatedDate", DateTime(),                          "date.start"),
    rule("period.end",    "closedDate",    DateTime(),                          "date.end"),
    rule("extension:case", "_id",          OwnReference("EpisodeOfCare", "case"), "case"),
)

CARE_TEAM = Mapping(
    "CareTeam",
    collection="patient_case",
    rules=(
        *record(US_CORE_CARE_TEAM),
        *CASE_FACTS,
        rule("status",                 STATE,          Code(CARE_TEAM_STATUS),  "status"),
        rule("name",                   "name",         Text()),
        rule("participant[]",          "participants", Participants(),         "participant"),
        finds("participant.role",      "participants", Roles(),                "role"),
        rule("managingOrganization[]", "participants", OrganizationsOf()),
    ),
    finish=(period_in_order("period", field="closedDate"),),
    main_date="date",
    decodes=("participants",),
    after=(one_primary,),
)

CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"

CARE_PLAN = Mapping(
    "CarePlan",
    collection="patient_case",
    fixed={
        "intent": "plan",
        "category": [{"coding": [{"system": CATEGORY, "code": "assess-plan"}]}],
    },
    rules=(
        *record(US_CORE_CARE_PLAN),
        *CASE_FACTS,
        rule("status",         STATE,          Code(CARE_PLAN_STATUS, required=True, otherwise="unknown"), "status"),
        rule("title",          "name",         Text()),
        rule("description",    "description",  Text()),
        rule("careTeam[]",     "_id",          OwnReference("CareTeam", "case"),    "care-team"),
        rule("goal[]",         "linked.goal",  LinkedItems("Goal"),                 "goal"),
        rule("activity[]",     "workflow",     WorkflowActivities()),
        rule("activity[]",     "linked.task",  LinkedTasks("Task"),                 "activity-reference"),
        finds("activity.detail.code",      "workflow", StepNames(),                 "activity-code"),
        finds("activity.detail.scheduledPeriod", "workflow", StepDates(),           "activity-date"),
        finds("activity.detail.performer", "workflow", StepPerformers(),            "performer"),
        finds("category",      WHOLE,          Fixed(CATEGORY, "assess-plan"),      "category"),
        finds("intent",        WHOLE,          FixedCode("http://hl7.org/fhir/request-intent", "plan"), "intent"),
        rule("note[]",         "notes",        Many(Annotation())),
    ),
    finish=(period_in_order("period", field="closedDate"),),
    narrates=True,
    links=("goal", "task"),
    main_date="date",
    decodes=("workflow",),
    before=(step_completed,),
)

ITEM_LIST = Mapping(
    "List",
    collection="patient_case",
    fixed={"mode": "working"},
    rules=(
        *RECORD,
        rule("status",         WHOLE,      FixedCode("http://hl7.org/fhir/list-status", "current"), "status"),
        rule("identifier[]",   "_id",      Identifier("case", of_record=True),    "identifier"),
        rule("subject",        "subject",  REQUIRED_MEMBER,                       "patient subject"),
        rule("title",          WHOLE,      FixedText("Case items"),               "title"),
        rule("entry[]",        "items",    ItemEntries(),                         "item"),
        rule("extension:case", "_id",      OwnReference("EpisodeOfCare", "case"), "case"),
    ),
    decodes=("items",),
)
# fmt: on
