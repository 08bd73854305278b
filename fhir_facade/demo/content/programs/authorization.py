"""Prior authorization support."""

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

AUTHORIZATION = Program(
    key="authorization",
    name="Prior Authorization Support",
    description="Get a timely decision on {drug} for {first}.",
    program_key=None,
    weight=11,
    case_type=("authorization", "Authorization"),
    subtypes=("specialty-drug", "imaging", "surgery"),
    sources=("referral", "patient"),
    lever=("PL-05", "Utilization Management"),
    campaign=("CMP-141", "Faster Decisions"),
    vendor=ADVOCACY_VENDOR,
    conditions={
        "M06.9": "Rheumatoid arthritis, unspecified",
        "L40.0": "Psoriasis vulgaris",
        "M17.11": "Unilateral primary osteoarthritis, right knee",
    },
    drugs=("etanercept", "secukinumab", "semaglutide", "a knee MRI"),
    savings=(400, 14000),
    steps=(
        StepText("Request Intake", "assessment", "Check that the request is complete."),
        StepText("Records Request", "outreach", "Ask the clinic for notes and labs."),
        StepText("Clinical Review", "review", "Compare the records with the criteria."),
        StepText("Decision", "authorization", "Send the decision to member and clinic."),
        StepText("Closure", "closure", "Close, or open the appeal."),
    ),
    tasks=(
        TaskText("Insurance", "Submit the prior authorization for {drug}; records came on {day}."),
        TaskText(
            "Insurance", "Ask {clinic} for the missing lab results and the step therapy note."
        ),
        TaskText("Insurance", "Request a peer-to-peer call with the reviewing physician."),
        TaskText("Insurance", "File the appeal for {drug} before the deadline."),
        TaskText("Member", "Tell {first} about the decision and the next steps."),
        TaskText("Claim", "Release the claim of {day} that waits for the authorization number."),
    ),
    flags=(
        FlagText("Authorization Pending", "Administrative", "Decision on {drug} due by {day}."),
        FlagText("Appeal Open", "Administrative", "First-level appeal filed on {day}."),
    ),
    goals=(
        GoalText(
            "Decision within 72 hours",
            ("care-coordination",),
            Measure(
                "quantity",
                {"value": 72, "comparator": "<=", "unit": "h", "code": "h"},
                "http://unitsofmeasure.org",
            ),
            "Delay in treatment",
            "We call as soon as the decision is there.",
            "Decision came after 41 hours",
        ),
        GoalText(
            "No dose missed while waiting",
            ("medication", "safety"),
            Measure("boolean", True),
            "Gap in therapy",
            "Ask {clinic} for a sample if the supply runs low.",
            "Bridge supply covered the gap",
        ),
        GoalText(
            "Pain at 3 or lower",
            ("clinical",),
            Measure(
                "range",
                {"low": {"value": 0, "unit": "{score}"}, "high": {"value": 3, "unit": "{score}"}},
            ),
            "Joint pain",
            "Note the pain once a day in the diary.",
            "Pain score of 2 for three weeks",
        ),
    ),
    talks=(
        TalkText(
            "Status of the authorization",
            ("Benefits", "Follow-up"),
            "{first} asked where the request for {drug} stands.",
            "Request is complete since {day}; promised a call by Thursday.",
        ),
        TalkText(
            "Missing records",
            ("Coordination",),
            "Asked {clinic} for the office notes of the last six months.",
            "Medical assistant will send them through the portal today.",
        ),
        TalkText(
            "Decision explained",
            ("Benefits", "Education"),
            "Explained the decision and the right to appeal to {first}.",
            "{first} will talk to the physician before deciding on an appeal.",
        ),
    ),
    papers=(
        PaperText("Authorization request", "prior-authorization", "pdf", "Form as submitted."),
        PaperText("Decision letter", "letter", "pdf", "Decision sent to member and clinic."),
        PaperText("Office notes", "clinical-note", "pdf", "Notes of the last six months."),
        PaperText("Scanned fax", "prior-authorization", "tiff", "Fax received from the clinic."),
    ),
    summaries=(
        "{drug} was approved for twelve months.",
        "Request was withdrawn; the clinic chose the preferred product.",
    ),
)
