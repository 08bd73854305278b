"""Embedded parts that break their own rules: targets, participants, workflow, log, documents."""

from __future__ import annotations

from typing import Any

from fhir_facade.demo.dice import Dice, Document

TARGET_TEXTS = ("7.0 %", "130/85 mmHg", ">= 80%", "at least 3 x per week", "7,0")
LOOSE_QUANTITIES = (
    {"value": "7", "unit": "%"},
    {"value": 7, "unit": "percent"},
    {"value": "<130", "unit": "mm Hg"},
    {"val": 88, "units": "kg"},
    {"value": None, "unit": "%"},
)
TARGET_RANGES = ("< 140/90", "80-130", "between 110 and 130", "120 to 80 mg/dL")
MISFITS = (
    {"type": "integer", "value": "three"},
    {"type": "boolean", "value": "yes"},
    {"type": "range", "value": {"low": 80, "high": 130}},
    {"type": "ratio", "value": "1:128"},
    {"type": "codeableconcept", "value": "ex-smoker"},
    {"value": 7.5},
)
PARTS_WITH_DATES = ("log_date", "date")
PARTS_WITH_OWNERS = ("log_item_owner", "owner")


def _rows(document: Document, field: str) -> list[Document]:
    """Return the objects of an embedded list, whatever else it holds."""
    rows = document.get(field)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _set_target(document: Document, target: Any) -> bool:
    if "target_measure" not in document or document["target_measure"] == target:
        return False
    document["target_measure"] = target
    return True


def target_as_text(document: Document, dice: Dice) -> bool:
    """A quantity that is a text such as `7.0 %`."""
    return _set_target(document, {"type": "quantity", "value": dice.choice(TARGET_TEXTS)})


def target_loose_quantity(document: Document, dice: Dice) -> bool:
    """A quantity such as `{value: '7', unit: '%'}`."""
    loose = {**dice.choice(LOOSE_QUANTITIES)}
    return _set_target(document, {"type": "quantity", "value": loose})


def target_text_range(document: Document, dice: Dice) -> bool:
    """A range that is a text such as `< 140/90`."""
    return _set_target(document, {"type": "range", "value": dice.choice(TARGET_RANGES)})


def target_misfit(document: Document, dice: Dice) -> bool:
    """A value that is not of the type it says."""
    return _set_target(document, {**dice.choice(MISFITS)})


def target_bare(document: Document, dice: Dice) -> bool:
    """A target that is not an object."""
    return _set_target(document, dice.choice(("7.0 %", 7, True, [])))


def target_null(document: Document, dice: Dice) -> bool:
    """No target, or a target without a value."""
    return _set_target(document, dice.choice((None, {"type": "quantity", "value": None})))


def participants_without_primary(document: Document, dice: Dice) -> bool:
    """No participant is primary."""
    primary = [
        row
        for row in _rows(document, "participants")
        if row.get("case_participant_is_primary") is True
    ]
    for row in primary:
        row["case_participant_is_primary"] = False
    return bool(primary)


def participants_all_primary(document: Document, dice: Dice) -> bool:
    """Every participant is primary."""
    rows = _rows(document, "participants")
    others = [row for row in rows if row.get("case_participant_is_primary") is not True]
    for row in others:
        row["case_participant_is_primary"] = True
    return bool(others)


def participant_without_organization(document: Document, dice: Dice) -> bool:
    """A participant that names no organization."""
    rows = [row for row in _rows(document, "participants") if "case_participant_org_id" in row]
    if rows:
        del dice.choice(rows)["case_participant_org_id"]
    return bool(rows)


def workflow_duplicate_sequence(document: Document, dice: Dice) -> bool:
    """Two steps in the same place."""
    rows = [row for row in _rows(document, "workflow") if "case_workflow_step_sequence" in row]
    if len(rows) < 2:
        return False
    first, second = rows[:2]
    if first["case_workflow_step_sequence"] == second["case_workflow_step_sequence"]:
        return False
    second["case_workflow_step_sequence"] = first["case_workflow_step_sequence"]
    return True


def workflow_missing_sequence(document: Document, dice: Dice) -> bool:
    """A step without a place."""
    rows = [row for row in _rows(document, "workflow") if "case_workflow_step_sequence" in row]
    if rows:
        del dice.choice(rows)["case_workflow_step_sequence"]
    return bool(rows)


def _drop_from_one(document: Document, field: str, names: tuple[str, ...], dice: Dice) -> bool:
    """Remove one of the names from one embedded row that has it."""
    found = [(row, name) for row in _rows(document, field) for name in names if name in row]
    if found:
        row, name = dice.choice(found)
        del row[name]
    return bool(found)


def log_without_owner(document: Document, dice: Dice) -> bool:
    """A log entry that does not say who."""
    return _drop_from_one(document, "log", PARTS_WITH_OWNERS, dice)


def log_without_date(document: Document, dice: Dice) -> bool:
    """A log entry that does not say when."""
    return _drop_from_one(document, "log", PARTS_WITH_DATES, dice)


def document_without_id(document: Document, dice: Dice) -> bool:
    """An embedded document without `document_id`."""
    return _drop_from_one(document, "documents", ("document_id",), dice)


def document_without_path(document: Document, dice: Dice) -> bool:
    """An embedded document that does not say where it is stored."""
    return _drop_from_one(document, "documents", ("path", "bucket"), dice)
