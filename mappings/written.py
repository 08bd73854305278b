"""Provenance: who made which version, one of each write that this server makes; read-only.

https://hl7.org/fhir/R4/provenance.html
"""

from __future__ import annotations

from typing import Any

from fhir_facade.rules.filters import Filter, any_of, none_of, scalar
from fhir_facade.rules.getting import WHOLE
from fhir_facade.rules.kinds import Concept, DateTime, RecordId, RecordTime, Site, Tags
from fhir_facade.rules.mapping import Mapping, finds, rule
from fhir_facade.rules.profiles import us_core
from fhir_facade.rules.registry import PROVENANCE
from mappings.case_log import Recorded
from mappings.common import MEMBER, ORGANIZATION, profiled
from mappings.party_kinds import Parties
from mappings.written_kinds import DATA_OPERATION, ON_BEHALF, WrittenAgents, WrittenTarget


def _is_us_core(provenance: dict[str, Any]) -> bool:
    """US Core asks on whose behalf a Practitioner or a Device acts (provenance-1)."""
    return all(
        each["who"].get("type") not in ON_BEHALF or "onBehalfOf" in each
        for each in provenance["agent"]
    )


def _stored_us_core(site: Site) -> Filter:
    acting = scalar("agent.user", {"$regex": _ON_BEHALF})
    return any_of([ORGANIZATION.present(site.at("tenant")), none_of([acting])])


_ON_BEHALF = f"^({'|'.join(ON_BEHALF)})/[A-Za-z0-9\\-.]{{1,64}}$"
US_CORE_PROVENANCE = us_core("Provenance", _is_us_core, stored=_stored_us_core)

# fmt: off
WRITTEN = Mapping(
    "Provenance",
    collection=PROVENANCE,
    rules=(
        # FHIR element            stored field   kind                                search
        rule("id",                 "_id",         RecordId(),                         "_id"),
        rule("meta.lastUpdated",   "at",          RecordTime(),                       "_lastUpdated"),
        rule("meta.tag[]",         WHOLE,         Tags(),                             "_tag"),
        *profiled(US_CORE_PROVENANCE),
        rule("target[]",           "target",      WrittenTarget(),                    "target"),
        finds("target[]",          "target",      WrittenTarget(("EpisodeOfCare",)),  "case"),
        rule("occurredDateTime",   "at",          DateTime()),
        rule("recorded*",          "at",          Recorded(),                         "recorded"),
        rule("activity",           "method",      Concept(codes=(DATA_OPERATION,))),
        rule("agent[]",            WHOLE,         WrittenAgents()),
        finds("agent.who",         "agent",       Parties(),                          "agent"),
        rule("extension:patient",  "patient",     MEMBER,                             "patient"),
        rule("extension:employer", "tenant",      ORGANIZATION,                       "employer"),
    ),
    index_paths=("at", "patient", "target.id"),
    main_date="recorded",
    patient="patient",
    tenant="tenant",
)
# fmt: on
