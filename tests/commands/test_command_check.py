"""check: what could not be expressed, by cause, and an exit status that says whose fault it is."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mappings
from fhir_facade import main
from tests.commands.conftest import Run


def _load(run: Run, folder: Path, *documents: dict[str, Any]) -> None:
    (folder / "f.json").write_text("\n".join(map(json.dumps, documents)))
    assert run("load", "work_queue", "f.json").exit_code == 0


TASK = {"_id": "t1", "type": "task", "status": "Ready", "intent": "Order", "subject": {"id": "M1"}}


def test_clean_documents(run: Run, folder: Path) -> None:
    _load(run, folder, TASK)
    result = run("check", "--strict")
    assert result.exit_code == 0
    assert "no findings" in result.output


def test_an_empty_store(run: Run) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "no findings" in result.output


def test_degraded_documents_fail_nothing(run: Run, folder: Path) -> None:
    _load(run, folder, {**TASK, "priority": "SECRET"})
    result = run("check", "--strict")
    assert result.exit_code == 0
    assert "degraded" in result.output
    assert "work_queue.priority" in result.output
    assert "Task.priority" in result.output
    assert "t1" in result.output
    assert "SECRET" not in result.output


def test_unservable_documents_fail_only_the_strict(run: Run, folder: Path) -> None:
    _load(run, folder, {**TASK, "status": "SECRET"})
    assert run("check").exit_code == 0
    result = run("check", "--strict")
    assert result.exit_code == 1
    assert "unservable" in result.output
    assert "SECRET" not in result.output


def test_the_findings_as_json(run: Run, dirty_folder: Path) -> None:
    result = run("check", "--json", "found.json")
    assert result.exit_code == 0
    found = json.loads((dirty_folder / "found.json").read_text("utf-8"))
    assert set(found) == {"counts", "findings"}
    severities = Counter(each["severity"] for each in found["findings"])
    assert set(severities) <= {"noted", "degraded", "unservable"}
    assert severities["degraded"] > 5
    for each in found["findings"]:
        assert set(each) == {
            "type", "severity", "collection", "field", "element", "reason", "count", "examples"
        }  # fmt: skip
        assert 1 <= len(each["examples"]) <= min(3, each["count"])
    counts = [each["count"] for each in found["findings"]]
    assert counts == sorted(counts, reverse=True)
    assert sum(found["counts"]["Task"].values()) > 50
    for each in found["findings"]:
        assert each["reason"] in result.output


def test_one_type_alone(run: Run, dirty_folder: Path) -> None:
    run("check", "--type", "Goal", "--type", "Flag", "--json", "found.json")
    found = json.loads((dirty_folder / "found.json").read_text("utf-8"))
    assert set(found["counts"]) == {"Goal", "Flag"}
    run("check", "--json", "all.json")
    everything = json.loads((dirty_folder / "all.json").read_text("utf-8"))
    assert found["counts"]["Goal"] == everything["counts"]["Goal"]


def test_a_type_that_is_not_served(run: Run) -> None:
    result = run("check", "--type", "Patient", "--type", "Task")
    assert result.exit_code == 2
    assert "not served: Patient" in result.output


def test_a_resource_that_the_model_refuses_is_our_fault(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(mappings.TASK, fixed={"description": {"not": "a string"}})
    monkeypatch.setattr(main, "ALL", (broken,))
    _load(run, folder, TASK)
    result = run("check")
    assert result.exit_code == 1
    assert "invalid" in result.output
    assert "Task.description" in result.output or "description" in result.output
    assert "not a string" not in result.output


def test_a_code_outside_its_value_set_is_our_fault(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stray value that the deployer gives a code FHIR does not know is never served quietly."""
    (folder / "codes.json").write_text('{"Task.status": {"Parked": "parked"}}')
    monkeypatch.setenv("FHIR_FACADE_CODES_FILE", "codes.json")
    (folder / "f.json").write_text(json.dumps({**TASK, "status": "Parked"}))
    loaded = run("load", "work_queue", "f.json")
    assert loaded.exit_code == 2 or run("check").exit_code in (1, 2)


def test_a_stray_value_with_a_code_is_served(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "codes.json").write_text('{"Task.status": {"Parked": "on-hold"}}')
    _load(run, folder, {**TASK, "status": "Parked"})
    assert run("check", "--strict").exit_code == 1
    monkeypatch.setenv("FHIR_FACADE_CODES_FILE", "codes.json")
    assert run("check", "--strict").exit_code == 0


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"Task.status": 5}'])
def test_a_codes_file_that_cannot_be_used(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (folder / "codes.json").write_text(text)
    monkeypatch.setenv("FHIR_FACADE_CODES_FILE", "codes.json")
    result = run("check")
    assert result.exit_code == 2
    assert "FHIR_FACADE_CODES_FILE" in result.output


def test_a_codes_file_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIR_FACADE_CODES_FILE", "nothing.json")
    assert run("check").exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FHIR_FACADE_STORE", "postgres://x"),
        ("FHIR_FACADE_STORE", "sqlite:///nowhere/x.db"),
        ("FHIR_FACADE_STORE", "mongodb://"),
        ("FHIR_FACADE_TIMEZONE", "Mars/Base"),
        ("FHIR_FACADE_DEFAULT_COUNT", "0"),
        ("FHIR_FACADE_REFERENCE_BASE", "nonsense"),
        ("FHIR_FACADE_MONGO_DRIVER", "other"),
    ],
)
@pytest.mark.parametrize("command", [["check"], ["indexes"], ["explain", "Task?status=ready"]])
def test_a_setting_that_cannot_be_used(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str], name: str, value: str
) -> None:
    if command[0] == "explain" and name == "FHIR_FACADE_STORE":
        command = ["load", "work_queue", __file__]  # explain does without a store
    monkeypatch.setenv(name, value)
    result = run(*command)
    assert result.exit_code == 2
    assert result.output.strip()
    assert "Traceback" not in result.output
