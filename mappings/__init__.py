"""What every stored field means in FHIR: one table per resource type.

To map another field, add a line to a table: `rule(FHIR element, stored field, kind, "search names")`.
"""

from fhir_facade.rules.checks import checked
from fhir_facade.rules.mapping import (
    Mapping,
)
from mappings.audit_event import AUDIT_EVENT
from mappings.case import CARE_PLAN, CARE_TEAM, EPISODE_OF_CARE, ITEM_LIST
from mappings.case_log import PROVENANCE
from mappings.communication import COMMUNICATION
from mappings.document_reference import CASE_DOCUMENT, INTERACTION_DOCUMENT
from mappings.flag import FLAG
from mappings.goal import GOAL
from mappings.outcome import OUTCOME
from mappings.task import TASK
from mappings.written import WRITTEN

ALL: tuple[Mapping, ...] = checked(
    TASK,
    FLAG,
    GOAL,
    COMMUNICATION,
    CASE_DOCUMENT,
    INTERACTION_DOCUMENT,
    EPISODE_OF_CARE,
    CARE_TEAM,
    CARE_PLAN,
    ITEM_LIST,
    WRITTEN,
    PROVENANCE,
    OUTCOME,
    AUDIT_EVENT,
)
