"""Care gap outreach: screenings and yearly visits."""

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

OUTREACH = Program(
    key="outreach",
    name="Care Gap Outreach",
    description="Help {first} to book the screenings that are due.",
    program_key=None,
    weight=13,
    case_type=("outreach", "Outreach"),
    subtypes=("screening", "annual-visit", "immunization"),
    sources=("patient", "analytics"),
    lever=("PL-04", "Prevention and Screening"),
    campaign=("CMP-131", "Spring Screening Calls"),
    vendor=ADVOCACY_VENDOR,
    conditions={
        "Z12.11": "Encounter for screening for malignant neoplasm of colon",
        "Z12.31": "Encounter for screening mammogram for malignant neoplasm of breast",
        "Z00.00": "General adult medical examination without abnormal findings",
    },
    drugs=("influenza vaccine", "zoster vaccine"),
    savings=(0, 900),
    steps=(
        StepText("Gap List Review", "assessment", "Check the gaps against recent claims."),
        StepText("First Call", "outreach", "Explain what is due and why."),
        StepText("Second Call", "outreach", "Try again at another time of day."),
        StepText("Visit Confirmation", "review", "See the visit in the claims."),
        StepText("Closure", "closure", "Close the gap or record the refusal."),
    ),
    tasks=(
        TaskText("Member", "Call {first} about the screening that was due on {day}."),
        TaskText("Member", "Second call attempt, after 5 pm this time."),
        TaskText("Member", "Mail the colon screening kit to {first}."),
        TaskText("Insurance", "Confirm that the visit at {clinic} is covered in full."),
        TaskText("Claim", "Look for the screening claim from {clinic} after {day}."),
    ),
    flags=(
        FlagText("Screening Overdue", "Clinical", "Colon screening due since {day}."),
        FlagText("Hard To Reach", "Contact", "Three calls without an answer."),
    ),
    goals=(
        GoalText(
            "Colon screening completed",
            ("nursing",),
            Measure("boolean", True),
            "Colorectal cancer screening due",
            "The kit takes ten minutes and no travel.",
            "Kit returned, result negative",
        ),
        GoalText(
            "Annual visit before the end of the year",
            ("nursing", "education"),
            Measure("string", "Visit with a primary care physician on record"),
            "No primary care visit in 24 months",
            "{clinic} has early appointments on Wednesdays.",
            "Visit took place at {clinic}",
        ),
        GoalText(
            "Two doses of the vaccine",
            ("safety",),
            Measure("integer", 2),
            "Immunization not complete",
            "The second dose is due two to six months after the first.",
            "Both doses recorded",
        ),
    ),
    talks=(
        TalkText(
            "Screening reminder",
            ("Outreach",),
            "Reminded {first} of the screening and offered to book it.",
            "{first} prefers the kit at home. Sent it the same day.",
        ),
        TalkText(
            "Booking the annual visit",
            ("Coordination",),
            "Booked a visit at {clinic} together with {first} on the line.",
            "Fasting labs in the morning, visit right after.",
        ),
        TalkText(
            "Call attempt",
            ("Outreach",),
            "Tried the mobile and the home number of {first}.",
            "Left a short message without health details.",
        ),
    ),
    papers=(
        PaperText("Screening reminder", "letter", "pdf", "Letter in plain language."),
        PaperText("Kit result", "lab-report", "pdf", "Result of the home kit."),
        PaperText("Call summary", "call-summary", "txt", "Summary typed after the call."),
    ),
    summaries=(
        "{first} had the screening; the gap is closed.",
        "Three calls and a letter without an answer; try again next spring.",
    ),
)
