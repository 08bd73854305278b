"""Support after a hospital stay."""

from __future__ import annotations

from fhir_facade.demo.content.organizations import ADVOCACY_VENDOR
from fhir_facade.demo.content.shapes import (
    FlagText,
    GoalText,
    Measure,
    PaperText,
    Program,
    StepText,
    TalkText,
    TaskText,
)

DISCHARGE = Program(
    key="discharge",
    name="After Discharge Support",
    description="See {first} safely through the first 30 days at home.",
    program_key="transition_30",
    weight=5,
    case_type=("transition-of-care", "Transition of Care"),
    subtypes=("surgery", "pneumonia", "observation-stay"),
    sources=("referral", "moi"),
    lever=("PL-05", "Utilization Management"),
    campaign=("CMP-142", "Safe at Home"),
    vendor=ADVOCACY_VENDOR,
    conditions={
        "J18.9": "Pneumonia, unspecified organism",
        "Z96.651": "Presence of right artificial knee joint",
    },
    drugs=("apixaban 5 mg", "amoxicillin-clavulanate", "prednisone taper"),
    savings=(1500, 16000),
    steps=(
        StepText("Discharge Notice", "assessment", "Read the discharge summary."),
        StepText("48-hour Call", "outreach", "Call within two days of discharge."),
        StepText("Medicine Reconciliation", "review", "Compare the lists before and after."),
        StepText("Follow-up Visit", "referral", "Visit within seven days."),
        StepText("Closure", "closure", "Close after 30 days without readmission."),
    ),
    tasks=(
        TaskText("Member", "Call {first} within 48 hours of the discharge on {day}."),
        TaskText("Member", "Book the follow-up visit at {clinic}."),
        TaskText("Insurance", "Arrange home health visits and the walker."),
        TaskText("Member", "Compare the discharge list with what {first} really takes."),
        TaskText("Claim", "Check that the stay was billed as observation, not inpatient."),
    ),
    flags=(
        FlagText("Readmission Risk", "Risk", "Second admission within 60 days."),
        FlagText("Fall Risk", "Clinical", "Uses a walker; stairs at home."),
    ),
    goals=(
        GoalText(
            "No readmission within 30 days",
            ("utilization", "safety"),
            Measure("integer", 0),
            "Risk of readmission",
            "Call before you drive to the emergency room, {first}.",
            "30 days without readmission",
        ),
        GoalText(
            "Walk to the mailbox and back without help",
            ("physiotherapy",),
            Measure("string", "Walks 60 meters without the walker"),
            "Reduced mobility after surgery",
            "A few steps more each day.",
            "Walks around the block",
        ),
        GoalText(
            "Oxygen saturation at 94 % or more",
            ("clinical", "nursing"),
            Measure(
                "quantity",
                {"value": 94, "comparator": ">=", "unit": "%", "code": "%"},
                "http://unitsofmeasure.org",
            ),
            "Recovery from pneumonia",
            "Measure at rest in the evening.",
            "96 % at the last visit",
        ),
    ),
    talks=(
        TalkText(
            "48-hour call",
            ("Follow-up",),
            "{first} is home and has all medicines but {drug}.",
            "Called the pharmacy; ready for pick-up at 4 pm. Visit at {clinic} is booked.",
        ),
        TalkText(
            "Home health schedule",
            ("Coordination",),
            "Agreed on the days of the nurse's visits with {first}.",
            "Monday and Thursday mornings for three weeks.",
        ),
    ),
    papers=(
        PaperText("Discharge summary", "discharge-summary", "xml", "Sent by the hospital."),
        PaperText("Medicine reconciliation", "clinical-note", "pdf", "Lists before and after."),
    ),
    summaries=(
        "30 days at home without readmission.",
        "Readmitted on {day}; a new case follows.",
    ),
)
