"""Cardiac care and hypertension."""

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
SNOMED = "http://snomed.info/sct"

HEART = Program(
    key="heart",
    name="Heart and Blood Pressure",
    description="Bring {first}'s blood pressure down and lower the risk of a cardiac event.",
    program_key="heart_health",
    weight=14,
    case_type=("condition-management", "Condition Management"),
    subtypes=("hypertension", "heart-failure", "cardiac-rehab"),
    sources=("analytics", "referral", "patient"),
    lever=("PL-02", "Chronic Condition Management"),
    campaign=("CMP-113", "Know Your Numbers"),
    vendor=COACHING_VENDOR,
    conditions={
        "I10": "Essential (primary) hypertension",
        "I50.9": "Heart failure, unspecified",
        "I25.10": "Atherosclerotic heart disease of native coronary artery",
    },
    drugs=("lisinopril 20 mg", "amlodipine 5 mg", "carvedilol 12.5 mg", "atorvastatin 40 mg"),
    savings=(900, 9400),
    steps=(
        StepText("Initial Assessment", "assessment", "Collect readings, medicines and habits."),
        StepText("Home Cuff Delivery", "outreach", "Send a cuff and teach its use by phone."),
        StepText("Cardiology Referral", "referral", "Arrange the visit if readings stay high."),
        StepText("Reading Review", "review", "Review four weeks of home readings."),
        StepText("Program Closure", "closure", "Summarize the results and say goodbye."),
    ),
    tasks=(
        TaskText("Member", "Ship a blood pressure cuff in the right size to {first}."),
        TaskText("Member", "Review {first}'s home readings since {day}."),
        TaskText("Member", "Ask {clinic} whether {drug} should be increased."),
        TaskText("Insurance", "Confirm the number of covered cardiac rehab sessions."),
        TaskText("Claim", "Compare both echocardiogram claims of {day}: possible duplicate."),
        TaskText("Member", "Mail the salt checklist and the scale to {first}."),
    ),
    flags=(
        FlagText("Blood Pressure Crisis", "Clinical", "Home reading above 180/110 on {day}."),
        FlagText("Heart Failure Weight Gain", "Clinical", "Up two kilograms within three days."),
        FlagText("Current Smoker", "Behavioral", "Smokes half a pack a day; wants to quit."),
    ),
    goals=(
        GoalText(
            "Systolic pressure between 110 and 130",
            ("clinical",),
            Measure(
                "range",
                {
                    "low": {"value": 110, "unit": "mmHg", "code": "mm[Hg]"},
                    "high": {"value": 130, "unit": "mmHg", "code": "mm[Hg]"},
                },
                UCUM,
            ),
            "Essential hypertension",
            "Measure twice in the morning, sitting, after five quiet minutes.",
            "Four-week average 127/79",
        ),
        GoalText(
            "Total to HDL cholesterol ratio of 4 to 1",
            ("clinical", "dietary"),
            Measure(
                "ratio",
                {"numerator": {"value": 4.0}, "denominator": {"value": 1.0}},
            ),
            "Mixed hyperlipidemia",
            "{drug} and olive oil are a good team.",
            "Ratio 3.8 at the last lab",
        ),
        GoalText(
            "No emergency visit for chest pain this year",
            ("utilization",),
            Measure("integer", 0),
            "Recurrent emergency department use",
            "Call the nurse line first when in doubt; it is open day and night.",
            "No emergency visit since {day}",
        ),
        GoalText(
            "Become an ex-smoker",
            ("behavioral",),
            Measure(
                "codeableconcept",
                {
                    "coding": [{"system": SNOMED, "code": "8517006", "display": "Ex-smoker"}],
                    "text": "Ex-smoker",
                },
                SNOMED,
            ),
            "Nicotine dependence",
            "The quit line has a free slot on Thursdays.",
            "Smoke-free for eight weeks",
        ),
        GoalText(
            "Weight at or below 88 kg",
            ("dietary", "nursing"),
            Measure(
                "quantity", {"value": 88.0, "comparator": "<=", "unit": "kg", "code": "kg"}, UCUM
            ),
            "Fluid retention in heart failure",
            "Weigh every morning before breakfast.",
            "Weight steady at 86.5 kg",
        ),
    ),
    talks=(
        TalkText(
            "How to measure blood pressure at home",
            ("Education",),
            "Practiced measuring with {first}; both readings were plausible.",
            "Left arm, sitting, cuff size M. {first} will text the readings on Sundays.",
        ),
        TalkText(
            "High readings this week",
            ("Follow-up", "Coordination"),
            "Three readings above 160; {first} had run out of {drug}.",
            "Called {clinic}; refill was sent the same day. Check again in five days.",
        ),
        TalkText(
            "Cardiac rehab start",
            ("Coordination", "Benefits"),
            "{first} begins rehab next Monday and needs a ride for two sessions.",
            "Booked the shuttle and mailed the schedule.",
        ),
    ),
    papers=(
        PaperText("Home reading log", "clinical-note", "csv", "Readings the member sent in."),
        PaperText("Echocardiogram report", "lab-report", "pdf", "Report from cardiology."),
        PaperText("Heart care plan", "care-plan", "pdf", "Goals agreed with the member."),
    ),
    summaries=(
        "Average pressure fell from 158/94 to 127/79; {first} keeps measuring weekly.",
        "{first} finished cardiac rehab and returned to work.",
    ),
)
