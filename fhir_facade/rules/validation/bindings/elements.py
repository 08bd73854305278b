"""What else R4 4.0.1 binds or limits, element by element; derived from its definitions.

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

CONCEPTS: tuple[tuple[str, str, str, str], ...] = (
    (
        "adverse-event-outcome",
        "AdverseEvent.outcome",
        "http://terminology.hl7.org/CodeSystem/adverse-event-outcome",
        "fatal ongoing recovering resolved resolvedWithSequelae unknown",
    ),
    (
        "adverse-event-severity",
        "AdverseEvent.severity",
        "http://terminology.hl7.org/CodeSystem/adverse-event-severity",
        "mild moderate severe",
    ),
    (
        "allergyintolerance-clinical",
        "AllergyIntolerance.clinicalStatus",
        "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
        "active inactive resolved",
    ),
    (
        "allergyintolerance-verification",
        "AllergyIntolerance.verificationStatus",
        "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
        "confirmed entered-in-error refuted unconfirmed",
    ),
    (
        "condition-clinical",
        "Condition.clinicalStatus",
        "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "active inactive recurrence relapse remission resolved",
    ),
    (
        "condition-ver-status",
        "Condition.verificationStatus",
        "http://terminology.hl7.org/CodeSystem/condition-ver-status",
        "confirmed differential entered-in-error provisional refuted unconfirmed",
    ),
    (
        "insuranceplan-applicability",
        "InsurancePlan.plan.specificCost.benefit.cost.applicability",
        "http://terminology.hl7.org/CodeSystem/applicability",
        "in-network other out-of-network",
    ),
    (
        "measure-improvement-notation",
        "Measure.improvementNotation MeasureReport.improvementNotation",
        "http://terminology.hl7.org/CodeSystem/measure-improvement-notation",
        "decrease increase",
    ),
    (
        "supplydelivery-type",
        "SupplyDelivery.type",
        "http://terminology.hl7.org/CodeSystem/supply-item-type",
        "device medication",
    ),
)
"""Required bindings of a CodeableConcept: value set, elements, system, codes."""

LANGUAGES = (
    "Attachment.language CodeSystem.concept.designation.language Resource.language "
    "ValueSet.compose.include.concept.designation.language"
)
"""Elements whose codes are languages (BCP 47)."""

MIME_TYPES = (
    "Attachment.contentType Binary.contentType CapabilityStatement.patchFormat "
    "ElementDefinition.mapping.language Endpoint.payloadMimeType Signature.sigFormat "
    "Signature.targetFormat Subscription.channel.payload "
    "TestScript.setup.action.assert.contentType TestScript.setup.action.operation.accept "
    "TestScript.setup.action.operation.contentType"
)
"""Elements whose codes are mime types (BCP 13); CapabilityStatement.format may be just `json`."""

CURRENCIES = "Money.currency"
"""Elements whose codes are currencies (ISO 4217)."""

SIMPLE_QUANTITIES = (
    "ActivityDefinition.quantity CarePlan.activity.detail.dailyAmount "
    "CarePlan.activity.detail.quantity Claim.item.detail.quantity "
    "Claim.item.detail.subDetail.quantity Claim.item.quantity "
    "ClaimResponse.addItem.detail.quantity ClaimResponse.addItem.detail.subDetail.quantity "
    "ClaimResponse.addItem.quantity Contract.term.asset.valuedItem.quantity "
    "Coverage.costToBeneficiary.valueQuantity CoverageEligibilityRequest.item.quantity "
    "Dosage.doseAndRate.doseQuantity Dosage.doseAndRate.rateQuantity "
    "Dosage.maxDosePerAdministration Dosage.maxDosePerLifetime "
    "ExplanationOfBenefit.addItem.detail.quantity "
    "ExplanationOfBenefit.addItem.detail.subDetail.quantity "
    "ExplanationOfBenefit.addItem.quantity ExplanationOfBenefit.item.detail.quantity "
    "ExplanationOfBenefit.item.detail.subDetail.quantity ExplanationOfBenefit.item.quantity "
    "Immunization.doseQuantity MedicationAdministration.dosage.dose "
    "MedicationAdministration.dosage.rateQuantity MedicationDispense.daysSupply "
    "MedicationDispense.quantity "
    "MedicationKnowledge.administrationGuidelines.patientCharacteristics.characteristicQuantity "
    "MedicationKnowledge.amount MedicationKnowledge.drugCharacteristic.valueQuantity "
    "MedicationKnowledge.kinetics.areaUnderCurve MedicationKnowledge.kinetics.lethalDose50 "
    "MedicationKnowledge.packaging.quantity MedicationKnowledge.regulatory.maxDispense.quantity "
    "MedicationRequest.dispenseRequest.initialFill.quantity "
    "MedicationRequest.dispenseRequest.quantity "
    "NutritionOrder.enteralFormula.administration.quantity "
    "NutritionOrder.enteralFormula.administration.rateQuantity "
    "NutritionOrder.enteralFormula.caloricDensity "
    "NutritionOrder.enteralFormula.maxVolumeToDeliver NutritionOrder.oralDiet.nutrient.amount "
    "NutritionOrder.supplement.quantity Observation.referenceRange.high "
    "Observation.referenceRange.low Range.high Range.low SampledData.origin "
    "Specimen.collection.quantity Specimen.container.capacity "
    "Specimen.container.specimenQuantity SpecimenDefinition.typeTested.container.capacity "
    "SpecimenDefinition.typeTested.container.minimumVolumeQuantity Substance.instance.quantity "
    "SupplyDelivery.suppliedItem.quantity VisionPrescription.lensSpecification.duration"
)
"""Elements that are a SimpleQuantity: no comparator."""

RESOURCE_TYPES = (
    "Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse "
    "AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement "
    "CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse "
    "ClinicalImpression CodeSystem Communication CommunicationRequest CompartmentDefinition "
    "Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest "
    "CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric "
    "DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference "
    "EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse "
    "EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario "
    "ExplanationOfBenefit FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse "
    "HealthcareService ImagingStudy Immunization ImmunizationEvaluation "
    "ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List "
    "Location Measure MeasureReport Media Medication MedicationAdministration MedicationDispense "
    "MedicationKnowledge MedicationRequest MedicationStatement MedicinalProduct "
    "MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication "
    "MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured "
    "MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect "
    "MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder Observation "
    "ObservationDefinition OperationDefinition OperationOutcome Organization "
    "OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation Person "
    "PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire "
    "QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition "
    "ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment "
    "RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen "
    "SpecimenDefinition StructureDefinition StructureMap Subscription Substance "
    "SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation "
    "SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task "
    "TerminologyCapabilities TestReport TestScript ValueSet VerificationResult "
    "VisionPrescription"
)
"""The resources of R4."""
