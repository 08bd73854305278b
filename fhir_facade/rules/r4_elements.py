"""Which elements of the served types R4 marks as summary, and which are mandatory.

https://hl7.org/fhir/R4/search.html#summary
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Elements:
    """Paths below the resource, `diagnosis.condition`; `[x]` stands for any datatype."""

    summary: frozenset[str]
    mandatory: frozenset[str]


def _paths(names: str) -> frozenset[str]:
    return frozenset(names.split())


BY_TYPE: dict[str, Elements] = {
    "AuditEvent": Elements(
        summary=_paths(
            "type subtype action recorded outcome outcomeDesc purposeOfEvent agent.who "
            "agent.requestor source.observer"
        ),
        mandatory=_paths("type recorded agent agent.requestor source source.observer"),
    ),
    "CarePlan": Elements(
        summary=_paths(
            "identifier instantiatesCanonical instantiatesUri basedOn replaces partOf status "
            "intent category title description subject encounter period created author "
            "addresses"
        ),
        mandatory=_paths("status intent subject"),
    ),
    "CareTeam": Elements(
        summary=_paths(
            "identifier status category name subject encounter period managingOrganization"
        ),
        mandatory=_paths(""),
    ),
    "Communication": Elements(
        summary=_paths(
            "identifier instantiatesCanonical instantiatesUri basedOn partOf status "
            "statusReason priority subject encounter reasonCode reasonReference"
        ),
        mandatory=_paths("status"),
    ),
    "DocumentReference": Elements(
        summary=_paths(
            "masterIdentifier identifier status docStatus type category subject date author "
            "relatesTo relatesTo.code relatesTo.target description securityLabel content "
            "content.attachment content.format context context.period"
        ),
        mandatory=_paths("status relatesTo.code relatesTo.target content content.attachment"),
    ),
    "EpisodeOfCare": Elements(
        summary=_paths(
            "status type diagnosis diagnosis.condition diagnosis.role diagnosis.rank patient "
            "managingOrganization period"
        ),
        mandatory=_paths("status diagnosis.condition patient"),
    ),
    "Flag": Elements(
        summary=_paths("identifier status category code subject period encounter author"),
        mandatory=_paths("status code subject"),
    ),
    "Goal": Elements(
        summary=_paths(
            "lifecycleStatus achievementStatus category priority description subject start[x] "
            "statusDate expressedBy"
        ),
        mandatory=_paths("lifecycleStatus description subject"),
    ),
    "List": Elements(
        summary=_paths("status mode title code subject date source"),
        mandatory=_paths("status mode"),
    ),
    "Observation": Elements(
        summary=_paths(
            "identifier basedOn partOf status code subject focus encounter effective[x] "
            "issued performer value[x] hasMember derivedFrom component component.code "
            "component.value[x]"
        ),
        mandatory=_paths("status code component.code"),
    ),
    "Organization": Elements(
        summary=_paths("identifier active type name partOf"),
        mandatory=_paths(""),
    ),
    "Patient": Elements(
        summary=_paths(
            "identifier active name telecom gender birthDate deceased[x] address "
            "managingOrganization link link.other link.type"
        ),
        mandatory=_paths("link.other link.type"),
    ),
    "Practitioner": Elements(
        summary=_paths("identifier active name telecom address gender birthDate"),
        mandatory=_paths(""),
    ),
    "Provenance": Elements(
        summary=_paths("target recorded agent.type agent.who"),
        mandatory=_paths("target recorded agent agent.who"),
    ),
    "Task": Elements(
        summary=_paths(
            "instantiatesCanonical instantiatesUri basedOn groupIdentifier partOf status "
            "statusReason businessStatus intent code description focus for encounter "
            "executionPeriod lastModified requester owner location"
        ),
        mandatory=_paths("status intent"),
    ),
}
