"""Observation: the outcome of a case (`outcomes`).

https://hl7.org/fhir/R4/observation.html
"""

from __future__ import annotations

from fhir_facade.rules.getting import (
    WHOLE,
)
from fhir_facade.rules.kinds import CaseLinks, Concept, Date, Identifier, Text
from fhir_facade.rules.mapping import (
    Mapping,
    rule,
)
from mappings.common import ORGANIZATION, PATIENT, RECORD
from mappings.fixed import Fixed, FixedCode

# fmt: off
OUTCOME = Mapping(
    "Observation",
    collection="outcomes",
    rules=(
        *RECORD,
        # FHIR element            stored field       kind                                             search
        rule("status",             WHOLE,             FixedCode("http://hl7.org/fhir/observation-status", "final"), "status"),
        rule("identifier[]",       "_id",             Identifier("outcome", of_record=True),           "identifier"),
        rule("code",               "_id",             Fixed("case-outcome-code", "case-outcome", "Case outcome"), "code combo-code"),
        rule("subject",            "patientId",       PATIENT,                                         "patient subject"),
        rule("focus[]",            "linkedModules",   CaseLinks(),                                     "focus case"),
        rule("effectiveDateTime",  "outcomeDate",     Date(),                                          "date"),
        rule("valueCodeableConcept", "outcomeCategory", Concept("outcome-category", paired=True), "value-concept combo-value-concept"),
        rule("note[0].text",       "summary",         Text()),
        rule("extension:employer", "clientId",        ORGANIZATION,                                    "employer"),
    ),
    composites={
        "code-value-concept": ("code", "value-concept"),
        "combo-code-value-concept": ("combo-code", "combo-value-concept"),
    },
    main_date="date",
    patient="patientId",
    tenant="clientId",
)
# fmt: on
