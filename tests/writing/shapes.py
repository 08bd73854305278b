"""What R4 says of the types that are written: element, whether it is required, repeats, its type.

`!` is required, `*` repeats, `[x]` is a choice; `code:a|b` names the codes, `Reference:A|B` the
targets (none: any).

https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

_WHO = "Practitioner|PractitionerRole|Organization|Patient|RelatedPerson"
_TASK_STATUS = (
    "draft|requested|received|accepted|rejected|ready|cancelled|in-progress|on-hold|failed"
    "|completed|entered-in-error"
)
_TASK_INTENT = (
    "unknown|proposal|plan|order|original-order|reflex-order|filler-order|instance-order|option"
)
_FLAGGED = "Patient|Location|Group|Organization|Practitioner|PlanDefinition|Medication|Procedure"
_LIFE_CYCLE = (
    "proposed|planned|accepted|active|on-hold|completed|cancelled|entered-in-error|rejected"
)
_ADDRESSED = (
    "Condition|Observation|MedicationStatement|NutritionOrder|ServiceRequest|RiskAssessment"
)
_EVENT_STATUS = (
    "preparation|in-progress|not-done|on-hold|stopped|completed|entered-in-error|unknown"
)

SHAPES = {
    "Task": f"""
        identifier* Identifier
        instantiatesCanonical canonical
        instantiatesUri uri
        basedOn* Reference
        groupIdentifier Identifier
        partOf* Reference:Task
        status! code:{_TASK_STATUS}
        statusReason CodeableConcept
        businessStatus CodeableConcept
        intent! code:{_TASK_INTENT}
        priority code:routine|urgent|asap|stat
        code CodeableConcept
        description string
        focus Reference
        for Reference
        encounter Reference:Encounter
        executionPeriod Period
        authoredOn dateTime
        lastModified later
        requester Reference:{_WHO}|Device
        performerType* CodeableConcept
        owner Reference:{_WHO}|CareTeam|HealthcareService|Device
        location Reference:Location
        reasonCode CodeableConcept
        reasonReference Reference
        insurance* Reference:Coverage|ClaimResponse
        note* Annotation
        relevantHistory* Reference:Provenance
        restriction Task.restriction
        input* Task.input
        output* Task.input
    """,
    "Task.restriction": """
        repetitions positiveInt
        period Period
        recipient* Reference:Patient|Practitioner|Organization|Group
    """,
    "Task.input": """
        type! CodeableConcept
        value[x]! boolean|decimal|string|Quantity|Reference|Period|Identifier|dateTime|Attachment
    """,
    "Flag": f"""
        identifier* Identifier
        status! code:active|inactive|entered-in-error
        category* CodeableConcept
        code! CodeableConcept
        subject! Reference:{_FLAGGED}
        period Period
        encounter Reference:Encounter
        author Reference:Device|Organization|Patient|Practitioner|PractitionerRole
    """,
    "Goal": f"""
        identifier* Identifier
        lifecycleStatus! code:{_LIFE_CYCLE}
        achievementStatus CodeableConcept
        category* CodeableConcept
        priority CodeableConcept
        description! CodeableConcept
        subject! Reference:Patient|Group|Organization
        start[x] date|CodeableConcept
        target* Goal.target
        statusDate date
        statusReason string
        expressedBy Reference:Patient|Practitioner|PractitionerRole|RelatedPerson
        addresses* Reference:{_ADDRESSED}
        note* Annotation
        outcomeCode* CodeableConcept
        outcomeReference* Reference:Observation
    """,
    "Goal.target": """
        measure! CodeableConcept
        detail[x] Quantity|Range|CodeableConcept|string|boolean|integer|Ratio
        due[x] date|Duration
    """,
    "Communication": f"""
        identifier* Identifier
        instantiatesCanonical* canonical
        instantiatesUri* uri
        basedOn* Reference
        partOf* Reference
        inResponseTo* Reference:Communication
        status! code:{_EVENT_STATUS}
        statusReason CodeableConcept
        category* CodeableConcept
        priority code:routine|urgent|asap|stat
        medium* CodeableConcept
        subject Reference:Patient|Group
        topic CodeableConcept
        about* Reference
        encounter Reference:Encounter
        sent dateTime
        received dateTime
        recipient* Reference:{_WHO}|Device|Group|CareTeam|HealthcareService
        sender Reference:{_WHO}|Device|HealthcareService
        reasonCode* CodeableConcept
        reasonReference* Reference:Condition|Observation|DiagnosticReport|DocumentReference
        payload* Communication.payload
        note* Annotation
    """,
    "Communication.payload": "content[x]! string|Attachment|Reference",
    "DocumentReference": f"""
        identifier* Identifier
        status! code:current|superseded|entered-in-error
        docStatus code:preliminary|final|amended|entered-in-error
        type CodeableConcept
        category* CodeableConcept
        date instant
        author* Reference:{_WHO}|Device
        authenticator Reference:Practitioner|PractitionerRole|Organization
        custodian Reference:Organization
        relatesTo* DocumentReference.relatesTo
        description string
        securityLabel* CodeableConcept
        content*! DocumentReference.content
        context! DocumentReference.context
    """,
    "DocumentReference.relatesTo": """
        code! code:replaces|transforms|signs|appends
        target! Reference:DocumentReference
    """,
    "DocumentReference.content": """
        attachment! Attachment
        format Coding
    """,
    "DocumentReference.context": """
        event* CodeableConcept
        period Period
        facilityType CodeableConcept
        practiceSetting CodeableConcept
        sourcePatientInfo Reference:Patient
    """,
    "EpisodeOfCare": """
        identifier* Identifier
        status! code:planned|waitlist|active|onhold|finished|cancelled|entered-in-error
        type* CodeableConcept
        diagnosis* EpisodeOfCare.diagnosis
        patient! Reference:Patient
        managingOrganization Reference:Organization
        period Period
        referralRequest* Reference:ServiceRequest
        careManager Reference:Practitioner|PractitionerRole
        team* Reference:CareTeam
        account* Reference:Account
    """,
    "EpisodeOfCare.diagnosis": """
        condition! Reference:Condition
        role CodeableConcept
        rank positiveInt
    """,
    "Identifier": """
        use code:usual|official|temp|secondary|old
        type CodeableConcept
        system uri
        value! string
        period Period
        assigner Reference:Organization
    """,
    "Annotation": """
        author[x] string|Reference:Practitioner|Patient|RelatedPerson|Organization
        time dateTime
        text! markdown
    """,
    "Attachment": """
        contentType! mime
        language language
        data base64Binary
        url place
        size unsignedInt
        hash base64Binary
        title string
        creation dateTime
    """,
    "ContactPoint": """
        system! code:phone|email|fax|url
        value string
        use code:home|work
        rank positiveInt
    """,
    "HumanName": """
        use code:usual|official
        family! string
        given* string
        period Period
    """,
    "Ratio": """
        numerator! Quantity
        denominator! Quantity
    """,
}
"""Type → its elements."""
