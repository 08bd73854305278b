"""Medication adherence."""

from __future__ import annotations

from fhir_facade.demo.content.organizations import RX_VENDOR
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

ADHERENCE = Program(
    key="adherence",
    name="Medication Adherence",
    description="Find out what keeps {first} from refilling {drug} on time and remove it.",
    program_key="adherence_gap",
    weight=16,
    case_type=("medication", "Medication"),
    subtypes=("refill-gap", "side-effects", "cost-barrier"),
    sources=("analytics", "patient"),
    lever=("PL-03", "Pharmacy Optimization"),
    campaign=("CMP-121", "Refill on Time"),
    vendor=RX_VENDOR,
    conditions={
        "Z91.14": "Patient's other noncompliance with medication regimen",
        "E78.5": "Hyperlipidemia, unspecified",
        "J45.40": "Moderate persistent asthma, uncomplicated",
    },
    drugs=("rosuvastatin 20 mg", "sertraline 50 mg", "fluticasone-salmeterol 250/50", "apixaban"),
    savings=(300, 2600),
    steps=(
        StepText("Refill Gap Review", "assessment", "Look at the fill history of twelve months."),
        StepText("Member Outreach", "outreach", "Ask about cost, side effects and routine."),
        StepText("Pharmacist Consult", "referral", "Book a call with the vendor's pharmacist."),
        StepText("Refill Confirmation", "review", "See the next two fills in the claims."),
        StepText("Closure", "closure", "Close when two fills in a row came on time."),
    ),
    tasks=(
        TaskText("Member", "Call {first}: {drug} was due for refill on {day}."),
        TaskText("Member", "Move {first}'s refills to one day a month."),
        TaskText("Insurance", "Look for a copay card or a lower tier for {drug}."),
        TaskText("Claim", "Check the reversed pharmacy claim of {day} for {drug}."),
        TaskText("Member", "Set up a 90-day supply by mail for {first}."),
        TaskText("Member", "Ask the pharmacist to call {first} about side effects."),
    ),
    flags=(
        FlagText("Refill Overdue", "Pharmacy", "{drug} is more than 14 days late."),
        FlagText("Polypharmacy", "Pharmacy", "Eleven active prescriptions from four prescribers."),
        FlagText("Cost Barrier", "Financial", "{first} skips doses at the end of the month."),
    ),
    goals=(
        GoalText(
            "Proportion of days covered of 80 % or more",
            ("medication",),
            Measure("quantity", {"value": 80, "comparator": ">=", "unit": "%"}),
            "Late refills",
            "Pick up {drug} by the 25th and you are covered.",
            "Days covered rose to 86 %",
        ),
        GoalText(
            "Two refills in a row on time",
            ("medication", "behavioral"),
            Measure("integer", 2),
            "Missed refills",
            "One down, one to go, {first}.",
            "Both refills came on time",
        ),
        GoalText(
            "Uses a weekly pill box",
            ("behavioral",),
            Measure("boolean", True),
            "Forgetfulness in the morning",
            "Fill the box on Sunday evening.",
            "Pill box in use since {day}",
        ),
        GoalText(
            "Knows what each medicine is for",
            ("education", "medication"),
            Measure("string", "Names purpose and dose of every medicine without help"),
            "Uncertainty about the medicine list",
            "Bring the list to your next visit.",
            "Explained all seven medicines correctly",
        ),
    ),
    talks=(
        TalkText(
            "Missed refill",
            ("Outreach",),
            "{first} had been out of {drug} for nine days.",
            "Pharmacy hours did not fit the shift plan. Moved the prescription to mail order.",
        ),
        TalkText(
            "Side effects of a medicine",
            ("Follow-up", "Education"),
            "{first} feels dizzy an hour after taking {drug}.",
            "Told {clinic} the same day; they will change the time of the dose.",
        ),
        TalkText(
            "Help with the copay",
            ("Benefits",),
            "Explained the copay card and filled in the form together.",
            "Copay for {drug} goes from 85 to 15 dollars from next month.",
        ),
    ),
    papers=(
        PaperText("Medicine list", "clinical-note", "pdf", "List reviewed with the pharmacist."),
        PaperText("Refill history", "claim-extract", "csv", "Fills of the last twelve months."),
        PaperText("Copay card form", "letter", "pdf", "Signed form for the manufacturer."),
    ),
    summaries=(
        "Two refills of {drug} in a row came on time; no further help needed.",
        "{first} switched to mail order and has not missed a fill since.",
    ),
)
