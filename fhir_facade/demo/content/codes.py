"""The coded values of the demo data in their canonical spelling, with how often each occurs."""

from __future__ import annotations

from collections.abc import Mapping

Weights = Mapping[str, int]

TASK_STATUS_OPEN: Weights = {
    "Completed": 38, "InProgress": 16, "Requested": 10, "Ready": 8, "Accepted": 8, "Received": 5,
    "OnHold": 5, "Draft": 4, "Cancelled": 2, "Rejected": 2, "Failed": 1, "EnteredInError": 1,
}  # fmt: skip
TASK_STATUS_DONE: Weights = {
    "Completed": 80, "Cancelled": 11, "Rejected": 4, "Failed": 3, "EnteredInError": 2,
}  # fmt: skip
TASK_STARTED = ("Completed", "InProgress", "OnHold", "Failed")
TASK_INTENT: Weights = {
    "Order": 46, "Plan": 20, "Proposal": 14, "OriginalOrder": 7, "FillerOrder": 4,
    "InstanceOrder": 4, "ReflexOrder": 3, "Option": 2,
}  # fmt: skip
PRIORITY: Weights = {"Routine": 68, "Urgent": 20, "ASAP": 8, "STAT": 4}

GOAL_STATUS_OPEN: Weights = {
    "Active": 52, "Accepted": 10, "Planned": 8, "Proposed": 8, "Completed": 10, "OnHold": 6,
    "Cancelled": 3, "Rejected": 2, "EnteredInError": 1,
}  # fmt: skip
GOAL_STATUS_DONE: Weights = {
    "Completed": 76, "Cancelled": 18, "Rejected": 4, "EnteredInError": 2,
}  # fmt: skip
GOAL_ACHIEVEMENT: Mapping[str, Weights] = {
    "Active": {
        "InProgress": 40, "Improving": 30, "NoChange": 10, "Worsening": 8, "NoProgress": 6,
        "Sustaining": 6,
    },
    "OnHold": {"NoProgress": 50, "NoChange": 50},
    "Completed": {"Achieved": 70, "Sustaining": 15, "NotAchieved": 15},
    "Cancelled": {"NotAchieved": 60, "NotAttainable": 40},
}  # fmt: skip
GOAL_PRIORITY: Weights = {"High": 30, "Medium": 50, "Low": 20}

TALK_STATUS_OPEN: Weights = {
    "Completed": 70, "NotDone": 11, "Scheduled": 9, "InProgress": 3, "OnHold": 2, "Stopped": 3,
    "EnteredInError": 1, "Unknown": 1,
}  # fmt: skip
TALK_STATUS_DONE: Weights = {
    "Completed": 84, "NotDone": 11, "Stopped": 3, "EnteredInError": 1, "Unknown": 1,
}  # fmt: skip
MEDIUM: Weights = {
    "phone": 58, "email": 14, "video": 9, "text": 8, "letter": 6, "in-person": 5,
}  # fmt: skip

FLAG_STATUS: Weights = {"active": 66, "inactive": 31, "entered-in-error": 3}

CASE_STATUS_ACTIVE: Mapping[str, str] = {
    "open": "Open",
    "inprogress": "In Progress",
    "under_review": "Under Review",
    "waiting": "Waiting for Information",
}
CASE_STATUS_RESOLVED: Mapping[str, str] = {
    "completed": "Completed",
    "closed": "Closed",
    "declined": "Declined by Member",
}
PARTY_STATUS_ACTIVE = ("open", "under_review", "pending_info")
PARTY_STATUS_RESOLVED = ("closed", "completed")

STEP_STATUS: Mapping[str, str] = {
    "pending": "Pending",
    "in_progress": "In Progress",
    "completed": "Completed",
    "skipped": "Skipped",
    "blocked": "Blocked",
}

OUTCOME_CATEGORY: Mapping[str, str] = {
    "goals_met": "Goals Met",
    "savings_realized": "Savings Realized",
    "partially_met": "Partially Met",
    "unable_to_reach": "Unable to Reach",
    "member_declined": "Member Declined",
    "referred_elsewhere": "Referred Elsewhere",
}
