"""Words that fit every program."""

from __future__ import annotations

from fhir_facade.demo.content.shapes import FlagText, TaskText

GENERAL_FLAGS = (
    FlagText("VIP", "Service", "Executive member: route all calls to the senior care manager."),
    FlagText("Age", "Demographic", "Turns 65 within twelve months: review Medicare options."),
    FlagText("Risk", "Risk", "Predicted cost in the top two percent of the plan."),
    FlagText("Language", "Contact", "{first} prefers an interpreter for clinical topics."),
    FlagText("Do Not Call Evenings", "Contact", "Works nights; call between 10 and 2 only."),
    FlagText("Caregiver Involved", "Contact", "Spouse may be spoken to; consent is on file."),
    FlagText("Transportation Need", "Social", "No car; visits depend on the shuttle schedule."),
    FlagText("Address Unverified", "Administrative", "Letter of {day} came back as undeliverable."),
)

GENERAL_TASKS = (
    TaskText("Member", "Call {first} back about the questions left on voicemail on {day}."),
    TaskText("Member", "Confirm {first}'s address, phone number and best time to call."),
    TaskText(
        "Insurance", "Verify that {first}'s coverage is active and no other payer is primary."
    ),
    TaskText("Claim", "Check why the claim of {day} from {clinic} is still pending."),
)

NOTES = (
    "Left a voicemail and asked {first} to call back before Friday.",
    "{first} asked for everything in writing; sent the summary by mail.",
    "Spoke with the front desk at {clinic}; records will be faxed within two days.",
    "No change since the last review. Will look again next month.",
    "{first} was glad about the call and has no open questions.",
    "Member reports feeling better and is sleeping through the night again.",
    "Waiting for the TPA to send the itemized bill.",
    "{first} picked up {drug} on {day}; copay was lower than expected.",
    "Discussed with the clinical lead in Tuesday's huddle: continue as planned.",
    "Daughter joined the call with {first}'s consent and took notes.",
    "Changed the follow-up to mornings because {first} works the late shift.",
    "Reviewed claims since {day}; nothing unexpected.",
)

NOT_DONE_REASONS = (
    "No answer, voicemail left",
    "Member asked to reschedule",
    "Number no longer in service",
    "Member was traveling",
)

STOPPED_REASONS = (
    "Call dropped, member did not pick up again",
    "Member asked to end the conversation",
)

ON_HOLD_REASONS = ("Waiting for a signed release", "Interpreter not available until next week")

LOG_ACTIVITIES = (
    "Claims refreshed from the nightly file",
    "Case reviewed in the weekly huddle",
    "Letter sent to the member",
    "Records received from {clinic}",
    "Savings estimate updated to {amount}",
)
