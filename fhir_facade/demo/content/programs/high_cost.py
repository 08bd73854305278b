"""High-cost claimant review, found by the first Edison model."""

from __future__ import annotations

from fhir_facade.demo.content.organizations import REVIEW_VENDOR
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

HIGH_COST = Program(
    key="high-cost",
    name="High Cost Claimant Review",
    description="Review a forecast of {amount} for {first} and look for better sites of care.",
    program_key="edison_model_1",
    weight=15,
    case_type=("member-of-interest", "Member of Interest"),
    subtypes=("high-cost-claimant", "site-of-care", "oncology"),
    sources=("moi",),
    lever=("PL-01", "High Cost Claimant Management"),
    campaign=("CMP-101", "Edison High Cost 2026"),
    vendor=REVIEW_VENDOR,
    conditions={
        "C50.911": "Malignant neoplasm of unspecified site of right female breast",
        "K50.90": "Crohn's disease, unspecified, without complications",
        "N18.6": "End stage renal disease",
        "G35": "Multiple sclerosis",
    },
    drugs=("infliximab", "ocrelizumab", "pembrolizumab", "adalimumab"),
    savings=(12000, 180000),
    steps=(
        StepText(
            "Initial Assessment", "assessment", "Read the forecast and twelve months' claims."
        ),
        StepText("Member Outreach", "outreach", "Offer help and ask for consent."),
        StepText("Clinical Review", "review", "Second opinion on the course of treatment."),
        StepText("Site of Care Authorization", "authorization", "Move infusions if safe."),
        StepText("Stop Loss Notice", "review", "Tell the carrier before the threshold."),
        StepText("Closure", "closure", "Record savings and close."),
    ),
    tasks=(
        TaskText("Claim", "Ask the TPA for the itemized bill of the stay that began on {day}."),
        TaskText("Claim", "Check the {drug} units billed against the dose in the records."),
        TaskText("Insurance", "Send the stop loss notice: claims have passed {amount}."),
        TaskText("Insurance", "Verify the network status of {clinic}."),
        TaskText("Member", "Offer {first} a second opinion at no cost."),
        TaskText("Member", "Talk with {first} about home infusion instead of the hospital."),
        TaskText("Claim", "Compare the billed amount with the reference price: {amount} above."),
    ),
    flags=(
        FlagText("High Cost Claimant", "Financial", "Forecast of {amount} for the plan year."),
        FlagText("Stop Loss Watch", "Financial", "At 70 % of the specific deductible."),
        FlagText("Complex Care", "Clinical", "Five specialists and no coordinating physician."),
    ),
    goals=(
        GoalText(
            "Infusions moved out of the hospital",
            ("utilization", "financial"),
            Measure(
                "codeableconcept",
                {"text": "Infusion at home or at a freestanding center"},
            ),
            "Hospital outpatient infusions",
            "The infusion center is closer to home and has parking.",
            "Next infusion is booked at the new site",
        ),
        GoalText(
            "No unplanned admission for 90 days",
            ("utilization", "safety"),
            Measure("integer", 0),
            "Repeated unplanned admissions",
            "Call us when something feels wrong, {first}; we are here on weekends too.",
            "No admission since {day}",
        ),
        GoalText(
            "Infusion cost below 4,000 dollars a dose",
            ("financial",),
            Measure("quantity", {"value": 4000.0, "comparator": "<", "unit": "USD"}),
            "Price of {drug} at the current site",
            "Prices are checked before every infusion.",
            "Last dose was billed at 3,410 dollars",
        ),
        GoalText(
            "One physician leads the care",
            ("care-coordination",),
            Measure("string", "Primary care physician named and confirmed by all specialists"),
            "Fragmented care",
            "{clinic} has agreed to take the lead.",
            "Lead physician confirmed",
        ),
    ),
    talks=(
        TalkText(
            "Introduction of the care manager",
            ("Outreach",),
            "Introduced myself; {first} was relieved to have one number to call.",
            "Main worry is the drive to the hospital every four weeks. Consent given by phone.",
        ),
        TalkText(
            "Second opinion",
            ("Coordination", "Benefits"),
            "{first} accepts the second opinion and signed the release.",
            "Records go to the review vendor; answer expected in ten working days.",
        ),
        TalkText(
            "Change of infusion site",
            ("Coordination",),
            "Explained the infusion center to {first} and answered questions about safety.",
            "{first} will visit the center first. {clinic} agrees with the change.",
        ),
    ),
    papers=(
        PaperText("Itemized bill", "claim-extract", "xlsx", "Bill sent by the TPA."),
        PaperText("Second opinion", "clinical-note", "pdf", "Report of the review vendor."),
        PaperText("Stop loss notice", "letter", "pdf", "Notice sent to the carrier."),
        PaperText("Release of information", "consent", "pdf", "Signed by the member."),
    ),
    summaries=(
        "Infusions moved to a freestanding center; yearly savings of {amount}.",
        "Clinical review confirmed the treatment; billing errors of {amount} were corrected.",
    ),
)
