"""Required bindings of other resources, A to D: value set, elements, codes (R4 4.0.1).

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

TABLE: tuple[tuple[str, str, str], ...] = (
    (
        "FHIR-version",
        "CapabilityStatement.fhirVersion ImplementationGuide.definition.resource.fhirVersion "
        "ImplementationGuide.fhirVersion StructureDefinition.fhirVersion",
        "0.0.80 0.0.81 0.0.82 0.01 0.05 0.06 0.11 0.4.0 0.5.0 1.0.0 1.0.1 1.0.2 1.1.0 1.4.0 "
        "1.6.0 1.8.0 3.0.0 3.0.1 3.3.0 3.5.0 4.0.0 4.0.1",
    ),
    ("account-status", "Account.status", "active entered-in-error inactive on-hold unknown"),
    (
        "action-participant-type",
        "ActivityDefinition.participant.type PlanDefinition.action.participant.type",
        "device patient practitioner related-person",
    ),
    ("adverse-event-actuality", "AdverseEvent.actuality", "actual potential"),
    (
        "allergy-intolerance-category",
        "AllergyIntolerance.category",
        "biologic environment food medication",
    ),
    (
        "allergy-intolerance-criticality",
        "AllergyIntolerance.criticality",
        "high low unable-to-assess",
    ),
    ("allergy-intolerance-type", "AllergyIntolerance.type", "allergy intolerance"),
    (
        "appointmentstatus",
        "Appointment.status",
        "arrived booked cancelled checked-in entered-in-error fulfilled noshow pending proposed "
        "waitlist",
    ),
    ("audit-event-action", "AuditEvent.action", "C D E R U"),
    ("audit-event-outcome", "AuditEvent.outcome", "0 12 4 8"),
    (
        "capability-statement-kind",
        "CapabilityStatement.kind TerminologyCapabilities.kind",
        "capability instance requirements",
    ),
    (
        "chargeitem-status",
        "ChargeItem.status",
        "aborted billable billed entered-in-error not-billable planned unknown",
    ),
    (
        "claim-use",
        "Claim.use ClaimResponse.use ExplanationOfBenefit.use",
        "claim preauthorization predetermination",
    ),
    (
        "clinicalimpression-status",
        "ClinicalImpression.status",
        "completed entered-in-error in-progress",
    ),
    (
        "codesystem-content-mode",
        "CodeSystem.content",
        "complete example fragment not-present supplement",
    ),
    (
        "codesystem-hierarchy-meaning",
        "CodeSystem.hierarchyMeaning",
        "classified-with grouped-by is-a part-of",
    ),
    (
        "compartment-type",
        "CompartmentDefinition.code GraphDefinition.link.target.compartment.code",
        "Device Encounter Patient Practitioner RelatedPerson",
    ),
    (
        "composition-attestation-mode",
        "Composition.attester.mode",
        "legal official personal professional",
    ),
    (
        "concept-map-equivalence",
        "ConceptMap.group.element.target.equivalence",
        "disjoint equal equivalent inexact narrower relatedto specializes subsumes unmatched wider",
    ),
    (
        "concept-property-type",
        "CodeSystem.property.type",
        "Coding boolean code dateTime decimal integer string",
    ),
    ("conceptmap-unmapped-mode", "ConceptMap.group.unmapped.mode", "fixed other-map provided"),
    (
        "conditional-delete-status",
        "CapabilityStatement.rest.resource.conditionalDelete",
        "multiple not-supported single",
    ),
    (
        "conditional-read-status",
        "CapabilityStatement.rest.resource.conditionalRead",
        "full-support modified-since not-match not-supported",
    ),
    (
        "consent-data-meaning",
        "Consent.provision.data.meaning",
        "authoredby dependents instance related",
    ),
    ("consent-provision-type", "Consent.provision.type", "deny permit"),
    (
        "consent-state-codes",
        "Consent.status",
        "active draft entered-in-error inactive proposed rejected",
    ),
    (
        "contract-publicationstatus",
        "Contract.contentDefinition.publicationStatus",
        "amended appended cancelled disputed entered-in-error executable executed negotiable "
        "offered policy rejected renewed resolved revoked terminated",
    ),
    (
        "contract-status",
        "Contract.status",
        "amended appended cancelled disputed entered-in-error executable executed negotiable "
        "offered policy rejected renewed resolved revoked terminated",
    ),
    ("detectedissue-severity", "DetectedIssue.severity", "high low moderate"),
    (
        "device-nametype",
        "Device.deviceName.type DeviceDefinition.deviceName.type",
        "manufacturer-name model-name other patient-reported-name udi-label-name "
        "user-friendly-name",
    ),
    (
        "device-statement-status",
        "DeviceUseStatement.status",
        "active completed entered-in-error intended on-hold stopped",
    ),
    ("device-status", "Device.status", "active entered-in-error inactive unknown"),
    (
        "diagnostic-report-status",
        "DiagnosticReport.status",
        "amended appended cancelled corrected entered-in-error final partial preliminary "
        "registered unknown",
    ),
    ("document-mode", "CapabilityStatement.document.mode", "consumer producer"),
    (
        "eligibilityrequest-purpose",
        "CoverageEligibilityRequest.purpose",
        "auth-requirements benefits discovery validation",
    ),
    (
        "eligibilityresponse-purpose",
        "CoverageEligibilityResponse.purpose",
        "auth-requirements benefits discovery validation",
    ),
    (
        "event-capability-mode",
        "CapabilityStatement.messaging.supportedMessage.mode",
        "receiver sender",
    ),
    (
        "filter-operator",
        "CodeSystem.filter.operator ValueSet.compose.include.filter.op",
        "= descendent-of exists generalizes in is-a is-not-a not-in regex",
    ),
    (
        "fm-status",
        "Claim.status ClaimResponse.status Coverage.status CoverageEligibilityRequest.status "
        "CoverageEligibilityResponse.status EnrollmentRequest.status EnrollmentResponse.status "
        "PaymentNotice.status PaymentReconciliation.status VisionPrescription.status",
        "active cancelled draft entered-in-error",
    ),
    (
        "invoice-priceComponentType",
        "ChargeItemDefinition.propertyGroup.priceComponent.type "
        "Invoice.lineItem.priceComponent.type",
        "base deduction discount informational surcharge tax",
    ),
    (
        "metric-calibration-state",
        "DeviceMetric.calibration.state",
        "calibrated calibration-required not-calibrated unspecified",
    ),
    (
        "metric-calibration-type",
        "DeviceMetric.calibration.type",
        "gain offset two-point unspecified",
    ),
    ("metric-category", "DeviceMetric.category", "calculation measurement setting unspecified"),
    ("metric-color", "DeviceMetric.color", "black blue cyan green magenta red white yellow"),
    (
        "metric-operational-status",
        "DeviceMetric.operationalStatus",
        "entered-in-error off on standby",
    ),
    ("network-type", "AuditEvent.agent.network.type", "1 2 3 4 5"),
    (
        "note-type",
        "ClaimResponse.processNote.type ExplanationOfBenefit.processNote.type "
        "PaymentReconciliation.processNote.type",
        "display print printoper",
    ),
    (
        "participantrequired",
        "Appointment.participant.required",
        "information-only optional required",
    ),
    (
        "participationstatus",
        "Appointment.participant.status AppointmentResponse.participantStatus",
        "accepted declined needs-action tentative",
    ),
    (
        "product-category",
        "BiologicallyDerivedProduct.productCategory",
        "biologicalAgent cells fluid organ tissue",
    ),
    ("product-status", "BiologicallyDerivedProduct.status", "available unavailable"),
    (
        "product-storage-scale",
        "BiologicallyDerivedProduct.storage.scale",
        "celsius farenheit kelvin",
    ),
    (
        "publication-status",
        "ActivityDefinition.status CapabilityStatement.status CatalogEntry.status "
        "ChargeItemDefinition.status CodeSystem.status CompartmentDefinition.status "
        "ConceptMap.status EffectEvidenceSynthesis.status EventDefinition.status Evidence.status "
        "EvidenceVariable.status ExampleScenario.status GraphDefinition.status "
        "ImplementationGuide.status InsurancePlan.status Library.status Measure.status "
        "MessageDefinition.status NamingSystem.status OperationDefinition.status "
        "PlanDefinition.status Questionnaire.status ResearchDefinition.status "
        "ResearchElementDefinition.status RiskEvidenceSynthesis.status SearchParameter.status "
        "StructureDefinition.status StructureMap.status TerminologyCapabilities.status "
        "TestScript.status ValueSet.status",
        "active draft retired unknown",
    ),
    ("reaction-event-severity", "AllergyIntolerance.reaction.severity", "mild moderate severe"),
    (
        "reference-handling-policy",
        "CapabilityStatement.rest.resource.referencePolicy",
        "enforced literal local logical resolves",
    ),
    ("relation-type", "CatalogEntry.relatedEntry.relationtype", "is-replaced-by triggers"),
    (
        "remittance-outcome",
        "ClaimResponse.outcome CoverageEligibilityResponse.outcome EnrollmentResponse.outcome "
        "ExplanationOfBenefit.outcome PaymentReconciliation.outcome",
        "complete error partial queued",
    ),
    (
        "request-intent",
        "ActivityDefinition.intent DeviceRequest.intent NutritionOrder.intent "
        "RequestGroup.intent ServiceRequest.intent",
        "directive filler-order instance-order option order original-order plan proposal "
        "reflex-order",
    ),
    (
        "request-resource-types",
        "ActivityDefinition.kind",
        "Appointment AppointmentResponse CarePlan Claim CommunicationRequest Contract "
        "DeviceRequest EnrollmentRequest ImmunizationRecommendation MedicationRequest "
        "NutritionOrder ServiceRequest SupplyRequest Task VisionPrescription",
    ),
    (
        "resource-types",
        "CapabilityStatement.rest.resource.type CompartmentDefinition.resource.code "
        "ExampleScenario.instance.resourceType GraphDefinition.link.target.type "
        "GraphDefinition.start ImplementationGuide.global.type MessageDefinition.focus.code "
        "OperationDefinition.resource Questionnaire.subjectType SearchParameter.base "
        "SearchParameter.target",
        "Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment "
        "AppointmentResponse AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure "
        "Bundle CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem "
        "ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication "
        "CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent "
        "Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue "
        "Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport "
        "DocumentManifest DocumentReference DomainResource EffectEvidenceSynthesis Encounter "
        "Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence "
        "EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal "
        "GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization "
        "ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan "
        "Invoice Library Linkage List Location Measure MeasureReport Media Medication "
        "MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest "
        "MedicationStatement MedicinalProduct MedicinalProductAuthorization "
        "MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient "
        "MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged "
        "MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition "
        "MessageHeader MolecularSequence NamingSystem NutritionOrder Observation "
        "ObservationDefinition OperationDefinition OperationOutcome Organization "
        "OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation Person "
        "PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire "
        "QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition "
        "ResearchElementDefinition ResearchStudy ResearchSubject Resource RiskAssessment "
        "RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen "
        "SpecimenDefinition StructureDefinition StructureMap Subscription Substance "
        "SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation "
        "SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task "
        "TerminologyCapabilities TestReport TestScript ValueSet VerificationResult "
        "VisionPrescription",
    ),
    ("restful-capability-mode", "CapabilityStatement.rest.mode", "client server"),
    (
        "search-param-type",
        "CapabilityStatement.rest.resource.searchParam.type "
        "OperationDefinition.parameter.searchType SearchParameter.type",
        "composite date number quantity reference special string token uri",
    ),
    (
        "system-restful-interaction",
        "CapabilityStatement.rest.interaction.code",
        "batch history-system search-system transaction",
    ),
    (
        "type-restful-interaction",
        "CapabilityStatement.rest.resource.interaction.code",
        "create delete history-instance history-type patch read search-type update vread",
    ),
    (
        "udi-entry-type",
        "Device.udiCarrier.entryType",
        "barcode card manual rfid self-reported unknown",
    ),
    ("v3-ConfidentialityClassification", "Composition.confidentiality", "L M N R U V"),
    (
        "versioning-policy",
        "CapabilityStatement.rest.resource.versioning",
        "no-version versioned versioned-update",
    ),
)
