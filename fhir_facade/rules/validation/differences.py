"""Where R4 4.0.1 differs from R4B, whose models give the structure.

https://hl7.org/fhir/R4B/diff.html
"""

from __future__ import annotations

LATER_DATATYPES = frozenset({"CodeableReference", "RatioRange"})
"""Datatypes that R4 does not have."""

LATER_ELEMENTS = frozenset(
    {
        ("ActivityDefinition", "subjectCanonical"),
        ("PlanDefinition", "subjectCanonical"),
        ("PlanDefinitionAction", "subjectCanonical"),
    }
)
"""Elements that R4 does not have: model, JSON name."""

META_CHOICES = frozenset(
    {
        ("ElementDefinition", "defaultValue"),
        ("ElementDefinition", "fixed"),
        ("ElementDefinition", "pattern"),
        ("ElementDefinitionExample", "value"),
        ("Extension", "value"),
    }
)
"""Choices that may be a Meta in R4, and not in the models."""

MANDATORY = frozenset({("MarketingStatus", "country"), ("MarketingStatus", "dateRange")})
"""Elements that are mandatory in R4 only."""

TARGETS: dict[tuple[str, str], frozenset[str]] = {
    ("ActivityDefinition", "productReference"): frozenset({"Medication", "Substance"}),
    ("DiagnosticReport", "subject"): frozenset({"Patient", "Group", "Device", "Location"}),
    ("GroupMember", "entity"): frozenset(
        {
            "Device",
            "Group",
            "Medication",
            "Patient",
            "Practitioner",
            "PractitionerRole",
            "Substance",
        }
    ),
    ("Observation", "subject"): frozenset({"Patient", "Group", "Device", "Location"}),
}
"""References that may point to fewer types in R4."""

UNCHECKED = frozenset(
    {
        "EffectEvidenceSynthesis",
        "Evidence",
        "EvidenceVariable",
        "MedicinalProduct",
        "MedicinalProductAuthorization",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductIngredient",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductPackaged",
        "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect",
        "RiskEvidenceSynthesis",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "SubstanceSpecification",
    }
)
"""Resources of R4 that R4B dropped or made anew: the models say nothing about them."""
