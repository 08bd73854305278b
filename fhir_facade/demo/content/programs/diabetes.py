"""Diabetes management: HbA1c, eyes, feet, food and movement."""

from __future__ import annotations

from fhir_facade.demo.content.organizations import COACHING_VENDOR
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

UCUM = "http://unitsofmeasure.org"

DIABETES = Program(
    key="diabetes",
    name="Diabetes Management",
    description="Support {first} in bringing blood sugar into range with the care team.",
    program_key="diabetes_care",
    weight=16,
    case_type=("condition-management", "Condition Management"),
    subtypes=("type-2-diabetes", "insulin-start", "diabetes-education"),
    sources=("patient", "referral", "analytics"),
    lever=("PL-02", "Chronic Condition Management"),
    campaign=("CMP-112", "Steady Sugar 2026"),
    vendor=COACHING_VENDOR,
    conditions={
        "E11.9": "Type 2 diabetes mellitus without complications",
        "E11.65": "Type 2 diabetes mellitus with hyperglycemia",
        "E11.42": "Type 2 diabetes mellitus with diabetic polyneuropathy",
    },
    drugs=("metformin 1000 mg", "empagliflozin 10 mg", "insulin glargine"),
    savings=(600, 5200),
    steps=(
        StepText("Initial Assessment", "assessment", "Go through history, labs and medicines."),
        StepText("Welcome Call", "outreach", "Introduce the program and agree on goals."),
        StepText("Lab Review", "review", "Compare the last two HbA1c results."),
        StepText("Educator Referral", "referral", "Offer a seat in the diabetes class."),
        StepText("Quarterly Check", "review", "Review goals with the member."),
        StepText("Program Closure", "closure", "Summarize the results and say goodbye."),
    ),
    tasks=(
        TaskText("Member", "Order an HbA1c kit for {first}; the last result is from {day}."),
        TaskText("Member", "Schedule the yearly eye exam with {first}."),
        TaskText("Member", "Ask {first} how the new dose of {drug} is tolerated."),
        TaskText("Insurance", "Check whether the glucose sensor is covered for {first}."),
        TaskText("Claim", "Find out why the test strips were denied on {day}."),
        TaskText("Member", "Send the meal planner and the low-salt recipes."),
        TaskText("Member", "Ask {clinic} for the kidney function results."),
    ),
    flags=(
        FlagText("HbA1c Above 9", "Clinical", "Last HbA1c was 9.4 %; repeat within 90 days."),
        FlagText("Eye Exam Overdue", "Clinical", "No retinal exam since {day}."),
        FlagText("Hypoglycemia Risk", "Risk", "Two low readings at night in the last month."),
    ),
    goals=(
        GoalText(
            "HbA1c below 7 %",
            ("clinical",),
            Measure("quantity", {"value": 7.0, "comparator": "<", "unit": "%", "code": "%"}, UCUM),
            "Type 2 diabetes mellitus",
            "Keep going, {first}: every tenth of a percent counts.",
            "HbA1c 6.8 % at the last lab",
        ),
        GoalText(
            "Fasting glucose between 80 and 130 mg/dL",
            ("clinical", "nursing"),
            Measure(
                "range",
                {
                    "low": {"value": 80, "unit": "mg/dL", "code": "mg/dL"},
                    "high": {"value": 130, "unit": "mg/dL", "code": "mg/dL"},
                },
                UCUM,
            ),
            "Fasting hyperglycemia",
            "Measure before breakfast and write it down.",
            "Morning readings in range on six of seven days",
        ),
        GoalText(
            "Walk 150 minutes a week",
            ("physiotherapy", "behavioral"),
            Measure(
                "ratio",
                {
                    "numerator": {"value": 150, "unit": "min", "code": "min"},
                    "denominator": {"value": 1, "unit": "wk", "code": "wk"},
                },
                UCUM,
            ),
            "Low physical activity",
            "Three brisk walks of fifty minutes will do.",
            "Average of 160 minutes a week since April",
        ),
        GoalText(
            "Yearly eye exam done",
            ("safety",),
            Measure("boolean", True),
            "Risk of diabetic retinopathy",
            "The eye exam is free under the plan.",
            "Exam done, no retinopathy found",
        ),
        GoalText(
            "Eat vegetables with every dinner",
            ("dietary",),
            Measure("string", "Half the plate is vegetables on at least five evenings a week"),
            "Diet high in refined carbohydrates",
            "Frozen vegetables count too.",
            "Five evenings a week kept for two months",
        ),
    ),
    talks=(
        TalkText(
            "Welcome to the diabetes program",
            ("Outreach", "Education"),
            "Welcomed {first} and explained how the coaching calls work.",
            "{first} wants to avoid insulin and likes to cook. Agreed on one call every two weeks.",
        ),
        TalkText(
            "Review of the latest labs",
            ("Follow-up",),
            "Went through the results of {day} together.",
            "HbA1c is coming down. {first} will keep {drug} and add an evening walk.",
        ),
        TalkText(
            "Glucose sensor questions",
            ("Education", "Benefits"),
            "{first} asked how to get a sensor paid for.",
            "Explained the coverage rule and sent the form to {clinic}.",
        ),
        TalkText(
            "Coordination with the endocrinologist",
            ("Coordination",),
            "Talked with {clinic} about the next dose step.",
            "The clinic will see {first} within three weeks and send the note.",
        ),
    ),
    papers=(
        PaperText("Diabetes care plan", "care-plan", "pdf", "Goals agreed with the member."),
        PaperText("HbA1c result", "lab-report", "pdf", "Result sent by the laboratory."),
        PaperText("Educator's note", "clinical-note", "docx", "Note of the diabetes educator."),
    ),
    summaries=(
        "HbA1c fell from 9.4 % to 6.9 %; {first} keeps the new routine.",
        "{first} met two of three goals and goes on with the primary care team.",
    ),
)
