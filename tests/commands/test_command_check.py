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
from fhir_facade.commands import check, check_links
from fhir_facade.commands.check import Checker
from fhir_facade.commands.check_links import Links, ids_in
from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.interactions.records import Records
from fhir_facade.main import build_registry
from fhir_facade.settings import Settings
from fhir_facade.store.base import Store
from fhir_facade.store.codec import decode
from tests.commands.conftest import Run
from tests.recorded import recorded


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


FINDING = {
    "type", "severity", "collection", "field", "element", "reason",
    "count", "records", "share", "examples", "fix",
}  # fmt: skip


def _check(run: Run, folder: Path, *arguments: str) -> dict[str, Any]:
    run("check", *arguments, "--json", "found.json")
    found: dict[str, Any] = json.loads((folder / "found.json").read_text("utf-8"))
    return found


def test_the_report_as_json(run: Run, dirty_folder: Path) -> None:
    result = run("check", "--json", "found.json")
    assert result.exit_code == 0
    found = json.loads((dirty_folder / "found.json").read_text("utf-8"))
    assert set(found) == {
        "schema", "release", "extent", "summary", "documents", "records", "findings", "run"
    }  # fmt: skip
    assert found["schema"] == 1
    assert found["extent"] == {"types": None, "since": None, "limit": None}
    severities = Counter(each["severity"] for each in found["findings"])
    assert set(severities) <= {"noted", "degraded", "unservable", "unread"}
    assert severities["degraded"] > 5
    for each in found["findings"]:
        assert set(each) == FINDING
        assert 1 <= len(each["examples"]) <= min(3, each["records"])
        assert each["count"] >= each["records"]
        assert 0 < each["share"] <= 1
        assert each["fix"].endswith((".", "maintains it."))
    worst = ("unservable", "unread", "degraded", "noted")
    order = [(worst.index(each["severity"]), -each["records"]) for each in found["findings"]]
    assert order == sorted(order)
    for each in found["findings"][:20]:
        assert each["element"] in result.output


def test_the_counts_add_up(run: Run, dirty_folder: Path) -> None:
    found = _check(run, dirty_folder)
    outcomes = ("clean", "noted", "degraded", "unservable", "invalid", "deleted")
    for each in found["documents"]:
        assert each["documents"] == sum(each[name] for name in (*outcomes, "unread", "other"))
    documents = list(generate(20, 1, 0.3))
    stored = Counter(name for name, _ in [*documents, *recorded(documents, 200)])
    assert {each["collection"]: each["documents"] for each in found["documents"]} == stored
    for each in found["records"]:
        assert each["records"] == sum(each[name] for name in outcomes)
        assert each["records"] > 0
    types = {(each["collection"], each["type"]) for each in found["records"]}
    assert ("work_queue", "DocumentReference") in types
    assert ("patient_case", "DocumentReference") in types
    assert sum(each["hidden"] for each in found["records"]) > 0
    summary = found["summary"]
    whole = sum(each["clean"] + each["noted"] for each in found["documents"])
    deleted = sum(each["deleted"] for each in found["documents"])
    assert summary["without_loss"] == whole
    assert summary["documents"] == sum(n["documents"] for n in found["documents"]) - deleted
    assert summary["share"] == pytest.approx(whole / summary["documents"], abs=1e-6)
    assert summary["verdict"] == "incomplete"


@pytest.mark.parametrize(
    ("documents", "verdict", "sentence"),
    [
        ([], "empty", "There are no documents to serve."),
        ([{}], "ready", "100 % of 1 documents are served without loss."),
        ([{"is_deleted": True}], "empty", "There are no documents to serve."),
        (
            [{}, {"priority": "x"}, {}],
            "ready-with-losses",
            "66.6 % of 3 documents are served without loss; 1 with a value left out.",
        ),
        (
            [{}, {"status": "x", "priority": "x"}],
            "incomplete",
            "50 % of 2 documents are served without loss; 1 not at all or in part only.",
        ),
        (
            [{}, {"type": "other"}],
            "incomplete",
            "50 % of 2 documents are served without loss; 1 of no served type.",
        ),
    ],
    ids=["nothing", "clean", "deleted", "degraded", "unservable", "unread"],
)
def test_the_verdict(
    run: Run, folder: Path, documents: list[dict[str, Any]], verdict: str, sentence: str
) -> None:
    _load(run, folder, *({**TASK, "_id": f"t{at}", **each} for at, each in enumerate(documents)))
    summary = _check(run, folder)["summary"]
    assert summary["verdict"] == verdict
    assert summary["sentence"].startswith(sentence)


def test_a_record_with_one_cause_twice_is_one_record(run: Run, folder: Path) -> None:
    notes = [{"by": "U1"}, {"by": "U2"}]
    _load(run, folder, {**TASK, "notes": notes}, {**TASK, "_id": "t2"})
    (finding,) = _check(run, folder)["findings"]
    assert (finding["count"], finding["records"], finding["share"]) == (2, 1, 0.5)
    assert finding["examples"] == ["t1"]


def test_an_embedded_record_is_named_by_its_place(run: Run, folder: Path) -> None:
    documents = [{"document_id": "d1", "bucket": "b", "path": "p"}, {"document_id": "d2"}]
    interaction = {**TASK, "type": "interaction", "status": "Completed", "documents": documents}
    _load(run, folder, interaction)
    found = _check(run, folder, "--type", "DocumentReference")
    finding = next(each for each in found["findings"] if "url" in each["element"])
    assert finding["examples"] == ["t1[2]"]
    assert finding["field"] == "documents[].path"
    assert "patient_case" not in {each["collection"] for each in found["records"]}


def test_hidden_documents_are_counted_beside_their_outcome(run: Run, folder: Path) -> None:
    _load(run, folder, {**TASK, "is_hidden": True}, {**TASK, "_id": "t2", "isHidden": 0})
    (row,) = _check(run, folder)["records"]
    assert (row["clean"], row["hidden"]) == (2, 1)


def test_one_type_alone(run: Run, dirty_folder: Path) -> None:
    found = _check(run, dirty_folder, "--type", "Goal", "--type", "Flag")
    assert found["extent"]["types"] == ["Flag", "Goal"]
    assert {each["type"] for each in found["records"]} == {"Goal", "Flag"}
    everything = _check(run, dirty_folder)
    assert found["records"] == [
        each for each in everything["records"] if each["type"] in ("Flag", "Goal")
    ]
    assert found["findings"] == [
        each for each in everything["findings"] if each["type"] in ("Flag", "Goal")
    ]
    assert [each["other"] > 0 for each in found["documents"]] == [True]


def test_the_first_documents_of_each_collection(run: Run, dirty_folder: Path) -> None:
    found = _check(run, dirty_folder, "--limit", "7")
    assert {each["documents"] for each in found["documents"]} == {7}
    assert len(found["documents"]) == 5


@pytest.mark.parametrize("limit", ["399", "400", "401", "100000"])
def test_a_limit_beside_the_end_of_a_batch(run: Run, folder: Path, limit: str) -> None:
    _load(run, folder, *({**TASK, "_id": f"t{number}"} for number in range(450)))
    (row,) = _check(run, folder, "--limit", limit)["documents"]
    assert row["clean"] == min(int(limit), 450)


async def test_links_are_the_same_remembered_and_asked_for(smaller_dirty_store: Store) -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    records = Records(smaller_dirty_store, build_registry(settings))
    checker = Checker(records)
    async for _ in checker.run():
        pass
    batches = [batch async for batch in smaller_dirty_store.scan("patient_case")]
    asked = Links(records)
    some = 0
    for batch in batches:
        remembered, found = await checker._links.of(batch), await asked.of(batch)
        for raw in batch:
            ids = ids_in(remembered, decode(raw))
            assert ids == ids_in(found, decode(raw))
            some += bool(ids["goal"] and ids["task"])
    assert some > 10


async def test_each_store_gives_the_same_report(
    empty_store: Store,
    clean_store: Store,
    clean_documents: list[tuple[str, dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "BATCH", 15)
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    await load_documents(empty_store, iter(clean_documents))
    reports = []
    for store in (clean_store, empty_store):
        checker = Checker(Records(store, build_registry(settings)))
        assert sum([count async for count in checker.run()]) == len(clean_documents)
        reports.append(checker.report.dump())
    assert reports[0] == reports[1]


async def test_too_many_links_are_asked_for(
    smaller_dirty_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    reports = []
    for most in (check_links.MOST, 10):
        monkeypatch.setattr(check_links, "MOST", most)
        checker = Checker(Records(smaller_dirty_store, build_registry(settings)))
        async for _ in checker.run():
            pass
        reports.append(checker.report.dump())
    assert reports[0] == reports[1]


def test_a_type_that_is_not_served(run: Run) -> None:
    result = run("check", "--type", "Patient", "--type", "Task")
    assert result.exit_code == 2
    assert "not served: Patient" in result.output


@pytest.mark.parametrize("options", [[], ["--models"]], ids=["rules", "and models"])
def test_an_invalid_resource_is_our_fault(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    broken = replace(mappings.TASK, fixed={"description": {"not": "a string"}})
    monkeypatch.setattr(main, "ALL", (broken,))
    _load(run, folder, TASK)
    result = run("check", *options, "--json", "found.json")
    assert result.exit_code == 1
    assert "not a string" not in result.output
    found = json.loads((folder / "found.json").read_text("utf-8"))
    assert found["summary"]["verdict"] == "not-ready"
    reasons = {(each["element"], each["reason"]) for each in found["findings"]}
    assert ("Task.description", "must be a string") in reasons
    assert (len(reasons) > 1) == bool(options)
    assert all(each["severity"] == "invalid" for each in found["findings"])
    assert all("server made the fault" in each["fix"] for each in found["findings"])


def test_the_models_find_nothing_else(run: Run, dirty_folder: Path) -> None:
    by_both = _check(run, dirty_folder, "--models", "--limit", "60")
    by_rules = _check(run, dirty_folder, "--limit", "60")
    assert by_both | {"run": {}} == by_rules | {"run": {}}


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


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_file_that_cannot_be_written(run: Run, folder: Path, option: str) -> None:
    _load(run, folder, TASK)
    result = run("check", option, "nowhere/found")
    assert result.exit_code == 2
    assert "nowhere/found cannot be written" in result.output
    assert "records" not in result.output  # said before the work


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
