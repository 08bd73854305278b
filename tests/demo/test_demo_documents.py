"""The clean demo data keeps every rule of the platform."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import bson
import pytest

from fhir_facade.demo import BSON_OPTIONS, REFERENCE_DAY, WELL_KNOWN_MEMBER, generate
from fhir_facade.demo.casefile import end_of_day

TASK_STATUS = {
    "Accepted", "Cancelled", "Completed", "Draft", "EnteredInError", "Failed", "InProgress",
    "OnHold", "Ready", "Received", "Rejected", "Requested",
}  # fmt: skip
TASK_INTENT = {
    "FillerOrder", "InstanceOrder", "Option", "Order", "OriginalOrder", "Plan", "Proposal",
    "ReflexOrder",
}  # fmt: skip
LIFE_CYCLE_STATUS = {
    "Proposed", "Planned", "Accepted", "Active", "OnHold", "Completed", "Cancelled",
    "EnteredInError", "Rejected",
}  # fmt: skip
ACHIEVEMENT_STATUS = {
    "InProgress", "Improving", "Worsening", "NoChange", "Achieved", "Sustaining", "NotAchieved",
    "NoProgress", "NotAttainable",
}  # fmt: skip
INTERACTION_STATUS = {
    "Scheduled", "InProgress", "NotDone", "OnHold", "Stopped", "Completed", "EnteredInError",
    "Unknown",
}  # fmt: skip
PRIORITY = {"Routine", "Urgent", "ASAP", "STAT"}
ROLES = {"originator", "tpa", "vendor", "employer", "clinical_partner", "carrier", "broker"}
STEP_STATUS = {"pending", "in_progress", "completed", "skipped", "blocked"}
ITEM_TYPES = {
    "member", "moi", "claim", "prescription", "case", "condition", "medication", "other",
}  # fmt: skip
ORIGINS = {"patient", "moi", "financial_control", "referral", "analytics"}
MEASURE_TYPES = {
    "quantity", "ratio", "range", "string", "boolean", "integer", "codeableconcept",
}  # fmt: skip
REQUIRED = {
    "task": {"status", "intent", "category", "deadline"},
    "flag": {"status", "name", "category", "date_start"},
    "goal": {"name", "life_cycle_status", "date_start", "target_measure"},
    "Interaction": {"status", "topic", "sent_on", "medium"},
}
COMMON = {"_id", "subject", "client", "linkedModules", "owner", "created", "updated", "created_by"}


def encoded(**arguments: Any) -> list[bytes]:
    return [
        bson.encode(document, codec_options=BSON_OPTIONS) for _, document in generate(**arguments)
    ]


def values(value: Any) -> Iterator[Any]:
    """Yield every value inside a document, containers included."""
    yield value
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for child in children:
            yield from values(child)


def linked_cases(document: dict[str, Any]) -> list[str]:
    links = document["linkedModules"]
    return [
        str(link.get("id") or link.get("moduleId"))
        for link in links
        if "case" in (link.get("type"), link.get("module"), link.get("moduleType"))
    ]


def member_of(document: dict[str, Any]) -> str:
    subject = document["subject"]
    return subject["id"] if isinstance(subject, dict) else subject


def as_date(value: str | datetime) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value.date()


@pytest.mark.parametrize("dirty", [0.0, 0.5])
def test_the_same_arguments_give_the_same_bytes(dirty):
    assert encoded(members=30, dirty=dirty) == encoded(members=30, dirty=dirty)


def test_another_seed_gives_other_documents():
    assert encoded(members=5, seed=1) != encoded(members=5, seed=2)


def test_fewer_members_are_a_prefix_of_more():
    few = encoded(members=10)
    assert encoded(members=20)[: len(few)] == few


def test_another_day_moves_the_data():
    _, first = next(generate(1, today=date(2025, 1, 31)))
    assert first["created"] < datetime(2025, 1, 31, tzinfo=UTC)


def test_no_members_give_nothing():
    assert list(generate(0)) == []


def test_counts(clean, work_items):
    collections = Counter(name for name, _ in clean)
    assert set(collections) == {"patient_case", "work_queue", "outcomes"}
    assert 650 <= collections["patient_case"] <= 750
    assert 7500 <= collections["work_queue"] <= 8500
    assert all(len(documents) > 700 for documents in work_items.values())


def test_ids_are_unique_and_carry_the_created_time(clean):
    ids = [document["_id"] for _, document in clean]
    assert len(set(map(str, ids))) == len(ids)
    for _, document in clean:
        if isinstance(document["_id"], bson.ObjectId):
            assert document["_id"].generation_time == document["created"].replace(microsecond=0)


def test_some_ids_are_uuids(clean):
    kinds = Counter(type(document["_id"]).__name__ for _, document in clean)
    assert set(kinds) == {"ObjectId", "UUID"}
    assert kinds["UUID"] < 0.02 * len(clean)


def test_datetimes_are_utc_at_millisecond_resolution(clean):
    for _, document in clean:
        for value in values(document):
            if isinstance(value, datetime):
                assert value.tzinfo is UTC
                assert value.microsecond % 1000 == 0


def test_no_part_is_shared_between_documents(clean):
    parts = [
        id(value)
        for _, document in clean[:1000]
        for value in values(document)
        if isinstance(value, dict | list)
    ]
    assert len(set(parts)) == len(parts)


def test_documents_are_bson(clean):
    for _, document in clean:
        data = bson.encode(document, codec_options=BSON_OPTIONS)
        assert bson.decode(data, codec_options=BSON_OPTIONS) == document


def test_texts_are_filled_in(clean):
    texts = (value for _, document in clean for value in values(document) if isinstance(value, str))
    assert not [text for text in texts if not text.strip() or ("{" in text and text != "{score}")]


def test_linked_cases_exist_and_are_of_the_same_member(cases, work_items):
    for documents in work_items.values():
        for document in documents:
            linked = linked_cases(document)
            assert linked
            assert {member_of(cases[number]) for number in linked} == {member_of(document)}
            assert {cases[number]["client"]["id"] for number in linked} == {document["client"]}


def test_links_come_in_all_their_shapes(work_items):
    tasks = work_items["task"]
    links = [link for task in tasks for link in task["linkedModules"]]
    assert {tuple(link) for link in links} == {
        ("type", "id"),
        ("module", "moduleId"),
        ("moduleType", "moduleId"),
    }
    assert {type(link["id"]) for link in links if link.get("type") == "case"} == {
        bson.ObjectId,
        str,
    }
    assert any(len(linked_cases(task)) == 2 for task in tasks)
    assert any(link.get("type") == "campaign" for link in links)


def test_every_resolved_case_has_one_outcome(clean, cases):
    outcomes = [document for name, document in clean if name == "outcomes"]
    resolved = [number for number, case in cases.items() if case["status"]["state"] == "resolved"]
    assert sorted(number for outcome in outcomes for number in linked_cases(outcome)) == sorted(
        resolved
    )
    for outcome in outcomes:
        (number,) = linked_cases(outcome)
        assert outcome["patientId"] == member_of(cases[number])
        assert outcome["clientId"] == cases[number]["client"]["id"]
        assert set(outcome["outcomeCategory"]) == {"value", "display"}


def test_names_are_consistent(clean):
    names: dict[str, set[str]] = {}
    for _, document in clean:
        for value in values(document):
            if isinstance(value, dict) and set(value) == {"id", "name"}:
                names.setdefault(value["id"], set()).add(value["name"])
    assert WELL_KNOWN_MEMBER in names
    assert "U17" in names
    assert all(len(spellings) == 1 for spellings in names.values())


@pytest.mark.parametrize("kind", REQUIRED)
def test_required_fields_are_there(work_items, kind):
    for document in work_items[kind]:
        assert not (COMMON | REQUIRED[kind]) - set(document)
        assert None not in document.values()


@pytest.mark.parametrize(
    ("kind", "field", "codes"),
    [
        ("task", "status", TASK_STATUS),
        ("task", "intent", TASK_INTENT),
        ("task", "priority", PRIORITY),
        ("task", "category", {"Claim", "Insurance", "Member"}),
        ("flag", "status", {"active", "inactive", "entered-in-error"}),
        ("goal", "life_cycle_status", LIFE_CYCLE_STATUS),
        ("goal", "achievement_status", ACHIEVEMENT_STATUS),
        ("goal", "priority", {"High", "Medium", "Low"}),
        ("Interaction", "status", INTERACTION_STATUS),
        ("Interaction", "priority", PRIORITY),
    ],
)
def test_exactly_the_canonical_codes_occur(work_items, kind, field, codes):
    assert {document[field] for document in work_items[kind] if field in document} == codes


def test_exactly_the_canonical_codes_occur_in_cases(cases):
    participants = [row for case in cases.values() for row in case["participants"]]
    steps = [row for case in cases.values() for row in case["workflow"]]
    items = [row for case in cases.values() for row in case["items"]]
    assert {case["status"]["state"] for case in cases.values()} == {"active", "resolved"}
    assert {row["case_participant_role"] for row in participants} == ROLES
    assert {row["case_workflow_step_status"] for row in steps} == STEP_STATUS
    assert {row.get("item_type") or row.get("type") for row in items} == ITEM_TYPES


def test_tasks_are_completed_in_the_order_of_time(work_items):
    for task in work_items["task"]:
        assert ("completed_on" in task) == (task["status"] == "Completed")
        moments = [task["created"], task.get("start_date"), task.get("completed_on")]
        known = [moment for moment in [*moments, task["updated"]] if moment]
        assert known == sorted(known)


def test_one_active_flag_per_name_and_member(work_items):
    active = Counter(
        (member_of(flag), flag["name"]) for flag in work_items["flag"] if flag["status"] == "active"
    )
    assert set(active.values()) == {1}


def test_flag_periods_fit_the_status(work_items):
    for flag in work_items["flag"]:
        start, end = as_date(flag["date_start"]), flag.get("date_end")
        assert flag["status"] != "inactive" or end
        if end:
            assert start <= as_date(end)
            assert (as_date(end) > REFERENCE_DAY) == (flag["status"] != "inactive")


def test_all_kinds_of_targets_occur(work_items):
    measures = [goal["target_measure"] for goal in work_items["goal"]]
    assert {measure["type"] for measure in measures} == MEASURE_TYPES
    assert {
        "type": "quantity",
        "value": {"value": 7.0, "comparator": "<", "unit": "%", "code": "%"},
        "system": "http://unitsofmeasure.org",
    } in measures


def test_goals_begin_before_they_are_due(work_items):
    for goal in work_items["goal"]:
        assert as_date(goal["date_start"]) < as_date(goal["target_due_date"])


def test_interactions_carry_their_details(work_items):
    interactions = work_items["Interaction"]
    optional = {
        "documents", "interactionHistory", "encounter_reference", "partner_id", "partner",
        "status_reason", "duration",
    }  # fmt: skip
    assert optional <= {field for document in interactions for field in document}
    for document in interactions:
        for entry in document.get("interactionHistory", []):
            assert entry["to"] == document["owner"]


def test_only_scheduled_interactions_are_in_the_future(work_items):
    now = end_of_day(REFERENCE_DAY)
    for document in work_items["Interaction"]:
        assert (document["sent_on"] > now) == (document["status"] == "Scheduled")


def test_each_case_has_one_primary_participant(cases):
    for case in cases.values():
        primary = [row["case_participant_is_primary"] for row in case["participants"]]
        assert primary.count(True) == 1
        assert len({row["case_participant_role"] for row in case["participants"]}) == len(primary)


def test_origins_and_program_keys(cases):
    origins = set()
    for case in cases.values():
        source = case["source"] if isinstance(case["source"], list) else [case["source"]]
        origins.update(source)
        if {"moi", "financial_control"} & set(source):
            assert case["programKey"]
    keys = {case.get("programKey") for case in cases.values()}
    assert origins == ORIGINS
    assert {"edison_model_1", "nadac_reprice"} <= keys


def test_resolved_cases_and_no_others_are_closed(cases):
    for case in cases.values():
        assert ("closedDate" in case) == (case["status"]["state"] == "resolved")
        if "closedDate" in case:
            assert as_date(case["initiatedDate"]) < as_date(case["closedDate"]) <= REFERENCE_DAY


def test_workflow_steps_are_in_sequence(cases):
    order = {"completed": 0, "skipped": 0, "in_progress": 1, "blocked": 1, "pending": 2}
    for case in cases.values():
        steps = case["workflow"]
        sequence = [step["case_workflow_step_sequence"] for step in steps]
        ranks = [order[step["case_workflow_step_status"]] for step in steps]
        assert sequence == list(range(1, len(steps) + 1))
        assert ranks == sorted(ranks)
        assert ranks.count(1) <= 1
        for step in steps:
            completed = step["case_workflow_step_status"] == "completed"
            assert ("case_workflow_completed_date" in step) == completed


def test_logs_are_in_the_order_of_time_and_in_one_style(cases):
    styles = set()
    for case in cases.values():
        names = {name for entry in case["log"] for name in entry}
        warehouse = "log_date" in names
        styles.add(warehouse)
        date_name, type_name = ("log_date", "log_item_type") if warehouse else ("date", "type")
        assert all(type_name in entry for entry in case["log"])
        assert all(("item_id" in item) == warehouse for item in case["items"])
        assert all(a[date_name] <= b[date_name] for a, b in pairwise(case["log"]))
    assert styles == {True, False}


def test_few_documents_are_deleted_or_hidden(clean):
    deleted = [d for _, d in clean if d.get("is_deleted") or d.get("isDeleted")]
    hidden = [d for _, d in clean if d.get("is_hidden") or d.get("isHidden")]
    assert 0 < len(deleted) < 0.02 * len(clean)
    assert 0 < len(hidden) < 0.02 * len(clean)


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_the_well_known_member(seed):
    documents = list(generate(members=1, seed=seed, dirty=1.0))
    items = [document for name, document in documents if name == "work_queue"]
    cases = [document for name, document in documents if name == "patient_case"]
    assert {member_of(document) for document in items + cases} == {WELL_KNOWN_MEMBER}
    assert len(cases) == 2
    assert Counter(item["type"] for item in items) == {
        "task": 6,
        "flag": 2,
        "goal": 4,
        "Interaction": 3,
    }
    assert all(item["documents"] for item in items if item["type"] == "Interaction")
    assert "HbA1c below 7 %" in {item["name"] for item in items if item["type"] == "goal"}
    assert not any(item["is_deleted"] or "is_hidden" in item for item in items)
    assert not any(case["isDeleted"] or case["isHidden"] for case in cases)
