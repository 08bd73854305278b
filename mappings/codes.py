"""Code tables: FHIR code ↔ the platform's spelling."""

from __future__ import annotations

from fhir_facade.rules.codes import Codes

TASK_STATUS = Codes(
    "http://hl7.org/fhir/task-status",
    {
        "draft": "Draft",
        "requested": "Requested",
        "received": "Received",
        "accepted": "Accepted",
        "rejected": "Rejected",
        "ready": "Ready",
        "cancelled": "Cancelled",
        "in-progress": "InProgress",
        "on-hold": "OnHold",
        "failed": "Failed",
        "completed": "Completed",
        "entered-in-error": "EnteredInError",
    },
)

TASK_INTENT = Codes(
    "http://hl7.org/fhir/request-intent",
    {
        "proposal": "Proposal",
        "plan": "Plan",
        "order": "Order",
        "original-order": "OriginalOrder",
        "reflex-order": "ReflexOrder",
        "filler-order": "FillerOrder",
        "instance-order": "InstanceOrder",
        "option": "Option",
    },
)

REQUEST_PRIORITY = Codes(
    "http://hl7.org/fhir/request-priority",
    {"routine": "Routine", "urgent": "Urgent", "asap": "ASAP", "stat": "STAT"},
)

TASK_CATEGORY = Codes(
    "task-category", {"Claim": "Claim", "Insurance": "Insurance", "Member": "Member"}
)

FLAG_STATUS = Codes(
    "http://hl7.org/fhir/flag-status",
    {"active": "Active", "inactive": "Inactive", "entered-in-error": "EnteredInError"},
)

GOAL_STATUS = Codes(
    "http://hl7.org/fhir/goal-status",
    {
        "proposed": "Proposed",
        "planned": "Planned",
        "accepted": "Accepted",
        "active": "Active",
        "on-hold": "OnHold",
        "completed": "Completed",
        "cancelled": "Cancelled",
        "entered-in-error": "EnteredInError",
        "rejected": "Rejected",
    },
)

GOAL_ACHIEVEMENT = Codes(
    "http://terminology.hl7.org/CodeSystem/goal-achievement",
    {
        "in-progress": "InProgress",
        "improving": "Improving",
        "worsening": "Worsening",
        "no-change": "NoChange",
        "achieved": "Achieved",
        "sustaining": "Sustaining",
        "not-achieved": "NotAchieved",
        "no-progress": "NoProgress",
        "not-attainable": "NotAttainable",
    },
    displays={
        "in-progress": "In Progress",
        "no-change": "No Change",
        "not-achieved": "Not Achieved",
        "no-progress": "No Progress",
        "not-attainable": "Not Attainable",
    },
    whole=True,
)

GOAL_PRIORITY = Codes(
    "http://terminology.hl7.org/CodeSystem/goal-priority",
    {"high-priority": "High", "medium-priority": "Medium", "low-priority": "Low"},
    displays={
        "high-priority": "High Priority",
        "medium-priority": "Medium Priority",
        "low-priority": "Low Priority",
    },
    whole=True,
)

GOAL_CATEGORY = Codes(
    "http://terminology.hl7.org/CodeSystem/goal-category",
    {
        "dietary": "Dietary",
        "safety": "Safety",
        "behavioral": "Behavioral",
        "nursing": "Nursing",
        "physiotherapy": "Physiotherapy",
    },
    whole=True,
)

COMMUNICATION_STATUS = Codes(
    "http://hl7.org/fhir/event-status",
    {
        "preparation": "Scheduled",
        "in-progress": "InProgress",
        "not-done": "NotDone",
        "on-hold": "OnHold",
        "stopped": "Stopped",
        "completed": "Completed",
        "entered-in-error": "EnteredInError",
        "unknown": "Unknown",
    },
    aliases={
        "Planned": "preparation",
        "NoShow": "not-done",
        "Cancelled": "not-done",
        "Missed": "not-done",
    },
)

PARTICIPATION_MODE = Codes(
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode",
    {
        "PHONE": "phone",
        "EMAILWRIT": "email",
        "FACE": "in-person",
        "VIDEOCONF": "video",
        "MAILWRIT": "letter",
        "FAXWRIT": "fax",
    },
    aliases={
        "telephone": "PHONE",
        "FaceToFace": "FACE",
        "videoconference": "VIDEOCONF",
        "mail": "MAILWRIT",
    },
    displays={
        "PHONE": "telephone",
        "EMAILWRIT": "email",
        "FACE": "face-to-face",
        "VIDEOCONF": "videoconferencing",
        "MAILWRIT": "mail",
        "FAXWRIT": "telefax",
    },
)

EPISODE_STATUS = Codes(
    "http://hl7.org/fhir/episode-of-care-status",
    {
        "planned": "planned",
        "waitlist": "waitlist",
        "active": "active",
        "onhold": "onhold",
        "finished": "resolved",
        "cancelled": "cancelled",
        "entered-in-error": "entered-in-error",
    },
    nearest={
        "planned": "active",
        "waitlist": "active",
        "onhold": "active",
        "cancelled": "resolved",
        "entered-in-error": "resolved",
    },
)
"""`status.state` knows active and resolved; a state spelled as FHIR's own code is read as that code."""

CARE_TEAM_STATUS = Codes(
    "http://hl7.org/fhir/care-team-status",
    {
        "proposed": "planned",
        "active": "active",
        "suspended": "onhold",
        "inactive": "resolved",
        "entered-in-error": "entered-in-error",
    },
    aliases={"waitlist": "proposed", "cancelled": "inactive", "finished": "inactive"},
)

CARE_PLAN_STATUS = Codes(
    "http://hl7.org/fhir/request-status",
    {
        "draft": "planned",
        "active": "active",
        "on-hold": "onhold",
        "revoked": "cancelled",
        "completed": "resolved",
        "entered-in-error": "entered-in-error",
    },
    aliases={"waitlist": "draft", "finished": "completed"},
)

STEP_STATUS = Codes(
    "http://hl7.org/fhir/care-plan-activity-status",
    {
        "not-started": "pending",
        "in-progress": "in_progress",
        "completed": "completed",
        "cancelled": "skipped",
        "on-hold": "blocked",
    },
)

PARTICIPANT_ROLE = Codes(
    "participant-role",
    {
        "originator": "originator",
        "tpa": "tpa",
        "vendor": "vendor",
        "employer": "employer",
        "clinical_partner": "clinical_partner",
        "carrier": "carrier",
        "broker": "broker",
    },
)

LOG_TYPE = Codes(
    "log-type",
    {
        "status_change": "status_change",
        "owner_change": "owner_change",
        "activity": "activity",
        "note_added": "note_added",
    },
)
