"""The search parameters that R4 defines for the served types: code → (type, id of its definition).

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

DEFINITIONS = "http://hl7.org/fhir/SearchParameter/"

COMMON: dict[str, tuple[str, str]] = {
    "_id": ("token", "Resource-id"),
    "_lastUpdated": ("date", "Resource-lastUpdated"),
    "_profile": ("uri", "Resource-profile"),
    "_security": ("token", "Resource-security"),
    "_tag": ("token", "Resource-tag"),
}

# fmt: off
BY_TYPE: dict[str, dict[str, tuple[str, str]]] = {
    "Task": {
        "authored-on": ("date", "Task-authored-on"),
        "based-on": ("reference", "Task-based-on"),
        "business-status": ("token", "Task-business-status"),
        "code": ("token", "Task-code"),
        "encounter": ("reference", "Task-encounter"),
        "focus": ("reference", "Task-focus"),
        "group-identifier": ("token", "Task-group-identifier"),
        "identifier": ("token", "Task-identifier"),
        "intent": ("token", "Task-intent"),
        "modified": ("date", "Task-modified"),
        "owner": ("reference", "Task-owner"),
        "part-of": ("reference", "Task-part-of"),
        "patient": ("reference", "Task-patient"),
        "performer": ("token", "Task-performer"),
        "period": ("date", "Task-period"),
        "priority": ("token", "Task-priority"),
        "requester": ("reference", "Task-requester"),
        "status": ("token", "Task-status"),
        "subject": ("reference", "Task-subject"),
    },
    "Flag": {
        "author": ("reference", "Flag-author"),
        "date": ("date", "clinical-date"),
        "encounter": ("reference", "clinical-encounter"),
        "identifier": ("token", "Flag-identifier"),
        "patient": ("reference", "clinical-patient"),
        "subject": ("reference", "Flag-subject"),
    },
    "Goal": {
        "achievement-status": ("token", "Goal-achievement-status"),
        "category": ("token", "Goal-category"),
        "identifier": ("token", "clinical-identifier"),
        "lifecycle-status": ("token", "Goal-lifecycle-status"),
        "patient": ("reference", "clinical-patient"),
        "start-date": ("date", "Goal-start-date"),
        "subject": ("reference", "Goal-subject"),
        "target-date": ("date", "Goal-target-date"),
    },
    "Communication": {
        "based-on": ("reference", "Communication-based-on"),
        "category": ("token", "Communication-category"),
        "encounter": ("reference", "Communication-encounter"),
        "identifier": ("token", "Communication-identifier"),
        "instantiates-canonical": ("reference", "Communication-instantiates-canonical"),
        "instantiates-uri": ("uri", "Communication-instantiates-uri"),
        "medium": ("token", "Communication-medium"),
        "part-of": ("reference", "Communication-part-of"),
        "patient": ("reference", "Communication-patient"),
        "received": ("date", "Communication-received"),
        "recipient": ("reference", "Communication-recipient"),
        "sender": ("reference", "Communication-sender"),
        "sent": ("date", "Communication-sent"),
        "status": ("token", "Communication-status"),
        "subject": ("reference", "Communication-subject"),
    },
    "DocumentReference": {
        "authenticator": ("reference", "DocumentReference-authenticator"),
        "author": ("reference", "DocumentReference-author"),
        "category": ("token", "DocumentReference-category"),
        "contenttype": ("token", "DocumentReference-contenttype"),
        "custodian": ("reference", "DocumentReference-custodian"),
        "date": ("date", "DocumentReference-date"),
        "description": ("string", "DocumentReference-description"),
        "encounter": ("reference", "clinical-encounter"),
        "event": ("token", "DocumentReference-event"),
        "facility": ("token", "DocumentReference-facility"),
        "format": ("token", "DocumentReference-format"),
        "identifier": ("token", "clinical-identifier"),
        "language": ("token", "DocumentReference-language"),
        "location": ("uri", "DocumentReference-location"),
        "patient": ("reference", "clinical-patient"),
        "period": ("date", "DocumentReference-period"),
        "related": ("reference", "DocumentReference-related"),
        "relatesto": ("reference", "DocumentReference-relatesto"),
        "relation": ("token", "DocumentReference-relation"),
        "relationship": ("composite", "DocumentReference-relationship"),
        "security-label": ("token", "DocumentReference-security-label"),
        "setting": ("token", "DocumentReference-setting"),
        "status": ("token", "DocumentReference-status"),
        "subject": ("reference", "DocumentReference-subject"),
        "type": ("token", "clinical-type"),
    },
    "EpisodeOfCare": {
        "care-manager": ("reference", "EpisodeOfCare-care-manager"),
        "condition": ("reference", "EpisodeOfCare-condition"),
        "date": ("date", "clinical-date"),
        "identifier": ("token", "clinical-identifier"),
        "incoming-referral": ("reference", "EpisodeOfCare-incoming-referral"),
        "organization": ("reference", "EpisodeOfCare-organization"),
        "patient": ("reference", "clinical-patient"),
        "status": ("token", "EpisodeOfCare-status"),
        "type": ("token", "clinical-type"),
    },
    "CareTeam": {
        "category": ("token", "CareTeam-category"),
        "date": ("date", "clinical-date"),
        "encounter": ("reference", "CareTeam-encounter"),
        "identifier": ("token", "clinical-identifier"),
        "participant": ("reference", "CareTeam-participant"),
        "patient": ("reference", "clinical-patient"),
        "status": ("token", "CareTeam-status"),
        "subject": ("reference", "CareTeam-subject"),
    },
    "CarePlan": {
        "activity-code": ("token", "CarePlan-activity-code"),
        "activity-date": ("date", "CarePlan-activity-date"),
        "activity-reference": ("reference", "CarePlan-activity-reference"),
        "based-on": ("reference", "CarePlan-based-on"),
        "care-team": ("reference", "CarePlan-care-team"),
        "category": ("token", "CarePlan-category"),
        "condition": ("reference", "CarePlan-condition"),
        "date": ("date", "clinical-date"),
        "encounter": ("reference", "CarePlan-encounter"),
        "goal": ("reference", "CarePlan-goal"),
        "identifier": ("token", "clinical-identifier"),
        "instantiates-canonical": ("reference", "CarePlan-instantiates-canonical"),
        "instantiates-uri": ("uri", "CarePlan-instantiates-uri"),
        "intent": ("token", "CarePlan-intent"),
        "part-of": ("reference", "CarePlan-part-of"),
        "patient": ("reference", "clinical-patient"),
        "performer": ("reference", "CarePlan-performer"),
        "replaces": ("reference", "CarePlan-replaces"),
        "status": ("token", "CarePlan-status"),
        "subject": ("reference", "CarePlan-subject"),
    },
    "List": {
        "code": ("token", "clinical-code"),
        "date": ("date", "clinical-date"),
        "empty-reason": ("token", "List-empty-reason"),
        "encounter": ("reference", "clinical-encounter"),
        "identifier": ("token", "clinical-identifier"),
        "item": ("reference", "List-item"),
        "notes": ("string", "List-notes"),
        "patient": ("reference", "clinical-patient"),
        "source": ("reference", "List-source"),
        "status": ("token", "List-status"),
        "subject": ("reference", "List-subject"),
        "title": ("string", "List-title"),
    },
    "Provenance": {
        "agent": ("reference", "Provenance-agent"),
        "agent-role": ("token", "Provenance-agent-role"),
        "agent-type": ("token", "Provenance-agent-type"),
        "entity": ("reference", "Provenance-entity"),
        "location": ("reference", "Provenance-location"),
        "patient": ("reference", "Provenance-patient"),
        "recorded": ("date", "Provenance-recorded"),
        "signature-type": ("token", "Provenance-signature-type"),
        "target": ("reference", "Provenance-target"),
        "when": ("date", "Provenance-when"),
    },
    "Observation": {
        "amino-acid-change": ("string", "observation-genetic-Observation-amino-acid-change"),
        "based-on": ("reference", "Observation-based-on"),
        "category": ("token", "Observation-category"),
        "code": ("token", "clinical-code"),
        "code-value-concept": ("composite", "Observation-code-value-concept"),
        "code-value-date": ("composite", "Observation-code-value-date"),
        "code-value-quantity": ("composite", "Observation-code-value-quantity"),
        "code-value-string": ("composite", "Observation-code-value-string"),
        "combo-code": ("token", "Observation-combo-code"),
        "combo-code-value-concept": ("composite", "Observation-combo-code-value-concept"),
        "combo-code-value-quantity": ("composite", "Observation-combo-code-value-quantity"),
        "combo-data-absent-reason": ("token", "Observation-combo-data-absent-reason"),
        "combo-value-concept": ("token", "Observation-combo-value-concept"),
        "combo-value-quantity": ("quantity", "Observation-combo-value-quantity"),
        "component-code": ("token", "Observation-component-code"),
        "component-code-value-concept": ("composite", "Observation-component-code-value-concept"),
        "component-code-value-quantity": ("composite", "Observation-component-code-value-quantity"),
        "component-data-absent-reason": ("token", "Observation-component-data-absent-reason"),
        "component-value-concept": ("token", "Observation-component-value-concept"),
        "component-value-quantity": ("quantity", "Observation-component-value-quantity"),
        "data-absent-reason": ("token", "Observation-data-absent-reason"),
        "date": ("date", "clinical-date"),
        "derived-from": ("reference", "Observation-derived-from"),
        "device": ("reference", "Observation-device"),
        "dna-variant": ("string", "observation-genetic-Observation-dna-variant"),
        "encounter": ("reference", "clinical-encounter"),
        "focus": ("reference", "Observation-focus"),
        "gene-amino-acid-change": ("string", "observation-genetic-Observation-gene-amino-acid-change"),
        "gene-dnavariant": ("string", "observation-genetic-Observation-gene-dnavariant"),
        "gene-identifier": ("token", "observation-genetic-Observation-gene-identifier"),
        "has-member": ("reference", "Observation-has-member"),
        "identifier": ("token", "clinical-identifier"),
        "method": ("token", "Observation-method"),
        "part-of": ("reference", "Observation-part-of"),
        "patient": ("reference", "clinical-patient"),
        "performer": ("reference", "Observation-performer"),
        "specimen": ("reference", "Observation-specimen"),
        "status": ("token", "Observation-status"),
        "subject": ("reference", "Observation-subject"),
        "value-concept": ("token", "Observation-value-concept"),
        "value-date": ("date", "Observation-value-date"),
        "value-quantity": ("quantity", "Observation-value-quantity"),
        "value-string": ("string", "Observation-value-string"),
    },
}
# fmt: on


_OWN_MEANING = frozenset({("Provenance", "patient")})
"""R4's looks for a Patient among the targets; here it is the patient of the case."""


US_CORE = "http://hl7.org/fhir/us/core/SearchParameter/"

_US_CORE: dict[tuple[str, str], tuple[str, str]] = {
    ("Goal", "description"): ("token", f"{US_CORE}us-core-goal-description"),
}


def r4_search_param(resource: str, name: str) -> tuple[str, str] | None:
    """Return (type, canonical URL) of a parameter that R4, or US Core, defines for a type."""
    if (resource, name) in _OWN_MEANING:
        return None
    if (resource, name) in _US_CORE:
        return _US_CORE[resource, name]
    found = COMMON.get(name) or BY_TYPE.get(resource, {}).get(name)
    return None if found is None else (found[0], DEFINITIONS + found[1])
