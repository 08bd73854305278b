"""Pharmacy re-price against NADAC, a financial control."""

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

REPRICE = Program(
    key="reprice",
    name="Pharmacy Re-price Review",
    description="Paid price of {drug} is {amount} above NADAC; ask the PBM to re-price.",
    program_key="nadac_reprice",
    weight=10,
    case_type=("financial-control", "Financial Control"),
    subtypes=("nadac-variance", "duplicate-fill", "brand-over-generic"),
    sources=("financial_control",),
    lever=("PL-03", "Pharmacy Optimization"),
    campaign=("CMP-122", "NADAC Re-price"),
    vendor=RX_VENDOR,
    conditions={
        "K21.9": "Gastro-esophageal reflux disease without esophagitis",
        "G40.909": "Epilepsy, unspecified, not intractable",
        "C92.10": "Chronic myeloid leukemia, BCR/ABL-positive",
    },
    drugs=("imatinib 400 mg", "esomeprazole 40 mg", "levetiracetam 500 mg", "dimethyl fumarate"),
    savings=(250, 21000),
    steps=(
        StepText("Variance Check", "assessment", "Compare paid price, NADAC and contract."),
        StepText("PBM Inquiry", "outreach", "Send the list of claims to the PBM."),
        StepText("Price Confirmation", "review", "Check the answer against the contract."),
        StepText("Recovery", "authorization", "Book the credit for the plan."),
        StepText("Closure", "closure", "Record the realized savings."),
    ),
    tasks=(
        TaskText("Claim", "Re-price the fills of {drug} since {day}: {amount} above NADAC."),
        TaskText("Claim", "Send the claim list for {drug} to the PBM's account team."),
        TaskText("Claim", "Match the PBM's credit of {amount} with the invoice."),
        TaskText("Insurance", "Check the contract's guarantee for generic drugs."),
        TaskText("Member", "Tell {first} that the copay of {day} will be corrected."),
    ),
    flags=(
        FlagText("Price Variance", "Financial", "{drug} paid at more than three times NADAC."),
        FlagText("Duplicate Fill", "Pharmacy", "Two fills of {drug} within ten days."),
    ),
    goals=(
        GoalText(
            "Paid price at NADAC or below",
            ("financial",),
            Measure(
                "ratio",
                {
                    "numerator": {"value": 1, "unit": "paid price"},
                    "denominator": {"value": 1, "unit": "NADAC price"},
                },
            ),
            "Price variance of {drug}",
            "Next fill should be billed at the corrected price.",
            "Last fill was billed at 0.97 of NADAC",
        ),
        GoalText(
            "Member overpayment returned",
            ("financial",),
            Measure("boolean", True),
            "Copay paid on a wrong price",
            "The refund comes by check within 30 days.",
            "Refund sent on {day}",
        ),
    ),
    talks=(
        TalkText(
            "Refund of the copay",
            ("Benefits",),
            "Explained to {first} why a refund is on its way.",
            "Check goes to the home address; {first} need not do anything.",
        ),
        TalkText(
            "Inquiry to the PBM",
            ("Coordination",),
            "Sent the PBM the fills of {drug} with the NADAC price of each day.",
            "Account team answers within ten working days.",
        ),
    ),
    papers=(
        PaperText("Price comparison", "price-comparison", "xlsx", "Paid price against NADAC."),
        PaperText("PBM answer", "letter", "pdf", "Answer with the credit note."),
        PaperText("Claim extract", "claim-extract", "json", "Fills under review."),
    ),
    summaries=(
        "PBM credited {amount} and corrected the price list.",
        "Variance explained by a shortage; no recovery.",
    ),
)
