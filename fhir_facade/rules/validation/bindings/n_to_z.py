"""Required bindings of other resources, N to Z: value set, elements, codes (R4 4.0.1).

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

TABLE: tuple[tuple[str, str, str], ...] = (
    (
        "action-cardinality-behavior",
        "PlanDefinition.action.cardinalityBehavior RequestGroup.action.cardinalityBehavior",
        "multiple single",
    ),
    (
        "action-condition-kind",
        "PlanDefinition.action.condition.kind RequestGroup.action.condition.kind",
        "applicability start stop",
    ),
    (
        "action-grouping-behavior",
        "PlanDefinition.action.groupingBehavior RequestGroup.action.groupingBehavior",
        "logical-group sentence-group visual-group",
    ),
    (
        "action-precheck-behavior",
        "PlanDefinition.action.precheckBehavior RequestGroup.action.precheckBehavior",
        "no yes",
    ),
    (
        "action-relationship-type",
        "PlanDefinition.action.relatedAction.relationship "
        "RequestGroup.action.relatedAction.relationship",
        "after after-end after-start before before-end before-start concurrent "
        "concurrent-with-end concurrent-with-start",
    ),
    (
        "action-required-behavior",
        "PlanDefinition.action.requiredBehavior RequestGroup.action.requiredBehavior",
        "could must must-unless-documented",
    ),
    (
        "action-selection-behavior",
        "PlanDefinition.action.selectionBehavior RequestGroup.action.selectionBehavior",
        "all all-or-none any at-most-one exactly-one one-or-more",
    ),
    (
        "administrative-gender",
        "ObservationDefinition.qualifiedInterval.gender Patient.contact.gender Patient.gender "
        "Person.gender Practitioner.gender RelatedPerson.gender",
        "female male other unknown",
    ),
    ("assert-direction-codes", "TestScript.setup.action.assert.direction", "request response"),
    (
        "assert-operator-codes",
        "TestScript.setup.action.assert.operator",
        "contains empty equals eval greaterThan in lessThan notContains notEmpty notEquals notIn",
    ),
    (
        "assert-response-code-types",
        "TestScript.setup.action.assert.response",
        "bad conflict created forbidden gone methodNotAllowed noContent notFound notModified "
        "okay preconditionFailed unprocessable",
    ),
    ("code-search-support", "TerminologyCapabilities.codeSearch", "all explicit"),
    (
        "defined-types",
        "TestScript.setup.action.assert.resource TestScript.setup.action.operation.resource",
        "Account ActivityDefinition Address AdverseEvent Age AllergyIntolerance Annotation "
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
        "TerminologyCapabilities TestReport TestScript Timing TriggerDefinition UsageContext "
        "ValueSet VerificationResult VisionPrescription base64Binary boolean canonical code date "
        "dateTime decimal id instant integer markdown oid positiveInt string time unsignedInt "
        "uri url uuid xhtml",
    ),
    ("extension-context-type", "StructureDefinition.context.type", "element extension fhirpath"),
    (
        "http-operations",
        "TestScript.setup.action.assert.requestMethod TestScript.setup.action.operation.method",
        "delete get head options patch post put",
    ),
    ("identity-assuranceLevel", "Person.link.assurance", "level1 level2 level3 level4"),
    ("issue-severity", "OperationOutcome.issue.severity", "error fatal information warning"),
    (
        "issue-type",
        "OperationOutcome.issue.code",
        "business-rule code-invalid conflict deleted duplicate exception expired extension "
        "forbidden incomplete informational invalid invariant lock-error login multiple-matches "
        "no-store not-found not-supported processing required security structure suppressed "
        "throttled timeout too-costly too-long transient unknown value",
    ),
    (
        "item-type",
        "Questionnaire.item.type",
        "attachment boolean choice date dateTime decimal display group integer open-choice "
        "quantity question reference string text time url",
    ),
    ("link-type", "Patient.link.type", "refer replaced-by replaces seealso"),
    ("map-context-type", "StructureMap.group.rule.target.contextType", "type variable"),
    ("map-group-type-mode", "StructureMap.group.typeMode", "none type-and-types types"),
    ("map-input-mode", "StructureMap.group.input.mode", "source target"),
    ("map-model-mode", "StructureMap.structure.mode", "produced queried source target"),
    (
        "map-source-list-mode",
        "StructureMap.group.rule.source.listMode",
        "first last not_first not_last only_one",
    ),
    ("map-target-list-mode", "StructureMap.group.rule.target.listMode", "collate first last share"),
    (
        "map-transform",
        "StructureMap.group.rule.target.transform",
        "append c cast cc copy cp create dateOp escape evaluate id pointer qty reference "
        "translate truncate uuid",
    ),
    ("namingsystem-identifier-type", "NamingSystem.uniqueId.type", "oid other uri uuid"),
    ("namingsystem-type", "NamingSystem.kind", "codesystem identifier root"),
    (
        "observation-range-category",
        "ObservationDefinition.qualifiedInterval.category",
        "absolute critical reference",
    ),
    ("operation-kind", "OperationDefinition.kind", "operation query"),
    (
        "permitted-data-type",
        "ObservationDefinition.permittedDataType",
        "CodeableConcept Period Quantity Range Ratio SampledData boolean dateTime integer string "
        "time",
    ),
    (
        "questionnaire-answers-status",
        "QuestionnaireResponse.status",
        "amended completed entered-in-error in-progress stopped",
    ),
    ("questionnaire-enable-behavior", "Questionnaire.item.enableBehavior", "all any"),
    (
        "questionnaire-enable-operator",
        "Questionnaire.item.enableWhen.operator",
        "!= < <= = > >= exists",
    ),
    (
        "report-action-result-codes",
        "TestReport.setup.action.assert.result TestReport.setup.action.operation.result",
        "error fail pass skip warning",
    ),
    ("report-participant-type", "TestReport.participant.type", "client server test-engine"),
    ("report-result-codes", "TestReport.result", "fail pass pending"),
    (
        "report-status-codes",
        "TestReport.status",
        "completed entered-in-error in-progress stopped waiting",
    ),
    ("research-element-type", "ResearchElementDefinition.type", "exposure outcome population"),
    (
        "research-study-status",
        "ResearchStudy.status",
        "active administratively-completed approved closed-to-accrual "
        "closed-to-accrual-and-intervention completed disapproved in-review "
        "temporarily-closed-to-accrual temporarily-closed-to-accrual-and-intervention withdrawn",
    ),
    (
        "research-subject-status",
        "ResearchSubject.status",
        "candidate eligible follow-up ineligible not-registered off-study on-study "
        "on-study-intervention on-study-observation pending-on-study potential-candidate "
        "screening withdrawn",
    ),
    ("search-comparator", "SearchParameter.comparator", "ap eb eq ge gt le lt ne sa"),
    (
        "search-modifier-code",
        "SearchParameter.modifier",
        "above below contains exact identifier in missing not not-in ofType text type",
    ),
    ("search-xpath-usage", "SearchParameter.xpathUsage", "distance nearby normal other phonetic"),
    ("slotstatus", "Slot.status", "busy busy-tentative busy-unavailable entered-in-error free"),
    (
        "specimen-contained-preference",
        "SpecimenDefinition.typeTested.preference",
        "alternate preferred",
    ),
    ("specimen-status", "Specimen.status", "available entered-in-error unavailable unsatisfactory"),
    (
        "structure-definition-kind",
        "StructureDefinition.kind",
        "complex-type logical primitive-type resource",
    ),
    (
        "subscription-channel-type",
        "Subscription.channel.type",
        "email message rest-hook sms websocket",
    ),
    ("subscription-status", "Subscription.status", "active error off requested"),
    ("substance-status", "Substance.status", "active entered-in-error inactive"),
    (
        "supplydelivery-status",
        "SupplyDelivery.status",
        "abandoned completed entered-in-error in-progress",
    ),
    (
        "supplyrequest-status",
        "SupplyRequest.status",
        "active cancelled completed draft entered-in-error suspended unknown",
    ),
    ("type-derivation-rule", "StructureDefinition.derivation", "constraint specialization"),
    (
        "verificationresult-status",
        "VerificationResult.status",
        "attested in-process req-revalid reval-fail val-fail validated",
    ),
    ("vision-base-codes", "VisionPrescription.lensSpecification.prism.base", "down in out up"),
    ("vision-eye-codes", "VisionPrescription.lensSpecification.eye", "left right"),
)
