"""Required bindings of datatypes and the types known best: value set, elements, codes (R4 4.0.1).

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

TABLE: tuple[tuple[str, str, str], ...] = (
    ("address-type", "Address.type", "both physical postal"),
    ("address-use", "Address.use", "billing home old temp work"),
    (
        "all-types",
        "DataRequirement.type OperationDefinition.parameter.type ParameterDefinition.type",
        "Account ActivityDefinition Address AdverseEvent Age AllergyIntolerance Annotation Any "
        "Appointment AppointmentResponse Attachment AuditEvent BackboneElement Basic Binary "
        "BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam "
        "CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression "
        "CodeSystem CodeableConcept Coding Communication CommunicationRequest "
        "CompartmentDefinition Composition ConceptMap Condition Consent ContactDetail "
        "ContactPoint Contract Contributor Count Coverage CoverageEligibilityRequest "
        "CoverageEligibilityResponse DataRequirement DetectedIssue Device DeviceDefinition "
        "DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport Distance "
        "DocumentManifest DocumentReference DomainResource Dosage Duration "
        "EffectEvidenceSynthesis Element ElementDefinition Encounter Endpoint EnrollmentRequest "
        "EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable "
        "ExampleScenario ExplanationOfBenefit Expression Extension FamilyMemberHistory Flag Goal "
        "GraphDefinition Group GuidanceResponse HealthcareService HumanName Identifier "
        "ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation "
        "ImplementationGuide InsurancePlan Invoice Library Linkage List Location MarketingStatus "
        "Measure MeasureReport Media Medication MedicationAdministration MedicationDispense "
        "MedicationKnowledge MedicationRequest MedicationStatement MedicinalProduct "
        "MedicinalProductAuthorization MedicinalProductContraindication "
        "MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction "
        "MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical "
        "MedicinalProductUndesirableEffect MessageDefinition MessageHeader Meta "
        "MolecularSequence Money MoneyQuantity NamingSystem Narrative NutritionOrder Observation "
        "ObservationDefinition OperationDefinition OperationOutcome Organization "
        "OrganizationAffiliation ParameterDefinition Parameters Patient PaymentNotice "
        "PaymentReconciliation Period Person PlanDefinition Population Practitioner "
        "PractitionerRole Procedure ProdCharacteristic ProductShelfLife Provenance Quantity "
        "Questionnaire QuestionnaireResponse Range Ratio Reference RelatedArtifact RelatedPerson "
        "RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject "
        "Resource RiskAssessment RiskEvidenceSynthesis SampledData Schedule SearchParameter "
        "ServiceRequest Signature SimpleQuantity Slot Specimen SpecimenDefinition "
        "StructureDefinition StructureMap Subscription Substance SubstanceAmount "
        "SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation "
        "SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task "
        "TerminologyCapabilities TestReport TestScript Timing TriggerDefinition Type "
        "UsageContext ValueSet VerificationResult VisionPrescription base64Binary boolean "
        "canonical code date dateTime decimal id instant integer markdown oid positiveInt string "
        "time unsignedInt uri url uuid xhtml",
    ),
    (
        "binding-strength",
        "ElementDefinition.binding.strength OperationDefinition.parameter.binding.strength",
        "example extensible preferred required",
    ),
    (
        "bundle-type",
        "Bundle.type",
        "batch batch-response collection document history message searchset transaction "
        "transaction-response",
    ),
    (
        "care-plan-activity-kind",
        "CarePlan.activity.detail.kind",
        "Appointment CommunicationRequest DeviceRequest MedicationRequest NutritionOrder "
        "ServiceRequest Task VisionPrescription",
    ),
    (
        "care-plan-activity-status",
        "CarePlan.activity.detail.status",
        "cancelled completed entered-in-error in-progress not-started on-hold scheduled stopped "
        "unknown",
    ),
    ("care-plan-intent", "CarePlan.intent", "option order plan proposal"),
    ("care-team-status", "CareTeam.status", "active entered-in-error inactive proposed suspended"),
    (
        "composition-status",
        "Composition.status DocumentReference.docStatus",
        "amended entered-in-error final preliminary",
    ),
    ("constraint-severity", "ElementDefinition.constraint.severity", "error warning"),
    ("contact-point-system", "ContactPoint.system", "email fax other pager phone sms url"),
    ("contact-point-use", "ContactPoint.use", "home mobile old temp work"),
    ("contributor-type", "Contributor.type", "author editor endorser reviewer"),
    (
        "days-of-week",
        "HealthcareService.availableTime.daysOfWeek Location.hoursOfOperation.daysOfWeek "
        "PractitionerRole.availableTime.daysOfWeek Timing.repeat.dayOfWeek",
        "fri mon sat sun thu tue wed",
    ),
    (
        "discriminator-type",
        "ElementDefinition.slicing.discriminator.type",
        "exists pattern profile type value",
    ),
    (
        "document-reference-status",
        "DocumentManifest.status DocumentReference.status",
        "current entered-in-error superseded",
    ),
    (
        "document-relationship-type",
        "Composition.relatesTo.code DocumentReference.relatesTo.code",
        "appends replaces signs transforms",
    ),
    (
        "episode-of-care-status",
        "EpisodeOfCare.status EpisodeOfCare.statusHistory.status",
        "active cancelled entered-in-error finished onhold planned waitlist",
    ),
    (
        "event-status",
        "Communication.status Media.status Procedure.status",
        "completed entered-in-error in-progress not-done on-hold preparation stopped unknown",
    ),
    (
        "event-timing",
        "Timing.repeat.when",
        "AC ACD ACM ACV AFT AFT.early AFT.late C CD CM CV EVE EVE.early EVE.late HS MORN "
        "MORN.early MORN.late NIGHT NOON PC PCD PCM PCV PHS WAKE",
    ),
    ("flag-status", "Flag.status", "active entered-in-error inactive"),
    (
        "goal-status",
        "Goal.lifecycleStatus",
        "accepted active cancelled completed entered-in-error on-hold planned proposed rejected",
    ),
    ("http-verb", "Bundle.entry.request.method", "DELETE GET HEAD PATCH POST PUT"),
    ("identifier-use", "Identifier.use", "official old secondary temp usual"),
    ("list-mode", "Composition.section.mode List.mode", "changes snapshot working"),
    ("list-status", "List.status", "current entered-in-error retired"),
    ("name-use", "HumanName.use", "anonymous maiden nickname official old temp usual"),
    ("narrative-status", "Narrative.status", "additional empty extensions generated"),
    (
        "observation-status",
        "DetectedIssue.status Observation.status RiskAssessment.status",
        "amended cancelled corrected entered-in-error final preliminary registered unknown",
    ),
    (
        "operation-parameter-use",
        "OperationDefinition.parameter.use ParameterDefinition.use",
        "in out",
    ),
    (
        "property-representation",
        "ElementDefinition.representation",
        "cdaText typeAttr xhtml xmlAttr xmlText",
    ),
    (
        "provenance-entity-role",
        "Provenance.entity.role",
        "derivation quotation removal revision source",
    ),
    (
        "quantity-comparator",
        "Age.comparator Count.comparator Distance.comparator Duration.comparator "
        "Quantity.comparator",
        "< <= > >=",
    ),
    ("reference-version-rules", "ElementDefinition.type.versioning", "either independent specific"),
    (
        "related-artifact-type",
        "RelatedArtifact.type",
        "citation composed-of depends-on derived-from documentation justification predecessor "
        "successor",
    ),
    (
        "request-priority",
        "ActivityDefinition.priority Communication.priority CommunicationRequest.priority "
        "DeviceRequest.priority MedicationRequest.priority PlanDefinition.action.priority "
        "RequestGroup.action.priority RequestGroup.priority ServiceRequest.priority "
        "SupplyRequest.priority Task.priority",
        "asap routine stat urgent",
    ),
    (
        "request-status",
        "CarePlan.status CommunicationRequest.status DeviceRequest.status NutritionOrder.status "
        "RequestGroup.status ServiceRequest.status",
        "active completed draft entered-in-error on-hold revoked unknown",
    ),
    (
        "resource-aggregation-mode",
        "ElementDefinition.type.aggregation",
        "bundled contained referenced",
    ),
    ("resource-slicing-rules", "ElementDefinition.slicing.rules", "closed open openAtEnd"),
    ("search-entry-mode", "Bundle.entry.search.mode", "include match outcome"),
    ("sort-direction", "DataRequirement.sort.direction", "ascending descending"),
    (
        "task-intent",
        "Task.intent",
        "filler-order instance-order option order original-order plan proposal reflex-order "
        "unknown",
    ),
    (
        "task-status",
        "Task.status",
        "accepted cancelled completed draft entered-in-error failed in-progress on-hold ready "
        "received rejected requested",
    ),
    (
        "trigger-type",
        "TriggerDefinition.type",
        "data-access-ended data-accessed data-added data-changed data-modified data-removed "
        "named-event periodic",
    ),
    ("units-of-time", "Timing.repeat.durationUnit Timing.repeat.periodUnit", "a d h min mo s wk"),
)
