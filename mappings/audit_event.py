"""AuditEvent: an entry of the audit trail (`fhir_audit`), in the patterns of IHE BALP; read-only.

https://hl7.org/fhir/R4/auditevent.html
https://profiles.ihe.net/ITI/BALP/content.html
"""

from __future__ import annotations

from fhir_facade.rules.getting import WHOLE
from fhir_facade.rules.kinds import Code, Many, RecordId, RecordTime, Tags, Text
from fhir_facade.rules.mapping import Mapping, finds, rule
from fhir_facade.rules.registry import AUDIT
from mappings.audit_agent_kinds import AuditAgents
from mappings.audit_entity_kinds import AuditEntities, Named, RequestId
from mappings.audit_kinds import ACTION, OUTCOME, EventType, FixedCoding, Observer, Subtype
from mappings.case_log import Recorded
from mappings.common import ORGANIZATION, PATIENT, profiled
from mappings.party_kinds import Parties

_SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"

# fmt: off
AUDIT_EVENT = Mapping(
    "AuditEvent",
    collection=AUDIT,
    rules=(
        # FHIR element               stored field    kind                                                    search
        rule("id",                    "_id",          RecordId(),                                             "_id"),
        rule("meta.lastUpdated",      "at",           RecordTime(),                                           "_lastUpdated"),
        rule("meta.tag[]",            WHOLE,          Tags(),                                                 "_tag"),
        *profiled(),
        rule("type",                  WHOLE,          EventType(),                                            "type"),
        rule("subtype[]",             WHOLE,          Subtype(),                                              "subtype"),
        rule("action",                "action",       Code(ACTION),                                           "action"),
        rule("recorded*",             "at",           Recorded(),                                             "date"),
        rule("outcome",               "outcome",      Code(OUTCOME),                                          "outcome"),
        rule("outcomeDesc",           "reason",       Text()),
        rule("agent[]",               WHOLE,          AuditAgents()),
        finds("agent.who",            "agent",        Parties(always=True),                                   "agent"),
        finds("agent.who",            "agent",        Parties(("Patient",), users_only=True),                 "patient"),
        finds("agent.name",           "agent.client", Text(),                                                 "agent-name"),
        finds("agent.network.address", "address",     Text(),                                                 "address"),
        rule("source.observer",       WHOLE,          Observer(),                                             "source"),
        rule("source.type[]",         WHOLE,          FixedCoding(_SOURCE_TYPE, "4", "Application Server")),
        rule("entity[]",              WHOLE,          AuditEntities()),
        finds("entity.what",          "patient",      Many(PATIENT),                                          "patient entity"),
        finds("entity.what",          "ids",          Named(),                                                "entity"),
        finds("entity.what",          "request",      RequestId(),                                            "entity"),
        rule("extension:of-employer", "tenant",       Many(ORGANIZATION),                                     "employer"),
    ),
    index_paths=("at", "patient"),
    main_date="date",
    patient="patient",
    tenant="tenant",
)
# fmt: on
