"""check --resume: an interrupted check goes on and ends with the same report."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.commands import check
from fhir_facade.commands.check import Checker, Extent
from fhir_facade.commands.check_links import Links
from fhir_facade.commands.check_state import State, StateError
from fhir_facade.commands.load import load_documents
from fhir_facade.demo import generate
from fhir_facade.interactions.records import Records
from fhir_facade.main import build_registry
from fhir_facade.settings import Settings
from fhir_facade.store import open_store
from fhir_facade.store.base import Store
from tests.commands.conftest import Run

PROGRESS = "progress.json"
PATIENCE = 120
"""Seconds after which a process that does nothing is given up."""


@pytest.fixture
def larger_folder(folder: Path) -> Path:
    """The folder with enough documents for a process to be stopped among them."""

    async def fill() -> None:
        store = open_store("sqlite:///store.db")
        await load_documents(store, generate(250, 2, 0.2))
        await store.close()

    asyncio.run(fill())
    return folder


def _start() -> subprocess.Popen[bytes]:
    arguments = ["-m", "fhir_facade", "check", "--resume", PROGRESS, "--json", "resumed.json"]
    # whoever runs the tests in the background may have left SIGINT ignored
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _stop_at_progress(sent: signal.Signals) -> tuple[int, str]:
    """Start a check, send it a signal when it has saved its progress, and wait for its end."""
    before = _seen()
    with _start() as process:
        give_up = time.monotonic() + PATIENCE
        while _seen() == before:
            assert process.poll() is None, "it was done before it could be stopped"
            assert time.monotonic() < give_up
            time.sleep(0.002)
        process.send_signal(sent)
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output.decode()


def _seen() -> int:
    try:
        return os.stat(PROGRESS).st_mtime_ns
    except FileNotFoundError:
        return 0


def _without_times(path: str) -> str:
    report = json.loads(Path(path).read_bytes())
    del report["run"]
    return json.dumps(report, indent=2)


def test_a_process_that_is_killed_and_one_that_is_interrupted(
    run: Run, larger_folder: Path
) -> None:
    status, _ = _stop_at_progress(signal.SIGKILL)
    assert status == -signal.SIGKILL
    first = json.loads((larger_folder / PROGRESS).read_bytes())["place"]
    status, output = _stop_at_progress(signal.SIGINT)
    assert status == 130
    assert "interrupted; the same command goes on" in output
    assert "Traceback" not in output
    second = json.loads((larger_folder / PROGRESS).read_bytes())["place"]
    assert (second["done"], second["seen"]) > (first["done"], first["seen"])
    assert run("check", "--resume", PROGRESS, "--json", "resumed.json").exit_code == 0
    assert not (larger_folder / PROGRESS).exists()
    assert run("check", "--json", "whole.json").exit_code == 0
    assert _without_times("resumed.json") == _without_times("whole.json")


@pytest.mark.parametrize("extent", [Extent(), Extent(limit=100), Extent(frozenset({"CarePlan"}))])
async def test_cut_between_any_two_batches(
    tmp_path: Path, smaller_dirty_store: Store, extent: Extent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "BATCH", 60 if extent == Extent() else 20)
    whole = _checker(smaller_dirty_store, extent)
    batches = [count async for count in whole.run()]
    assert len(batches) > 1
    for cut in range(len(batches)):
        state = State(tmp_path / f"{cut}.json", "this check")
        first = _checker(smaller_dirty_store, extent)
        runs = first.run()
        for _ in range(cut):
            await anext(runs)
        state.save(first, float(cut))
        await runs.aclose()
        second = _checker(smaller_dirty_store, extent)
        assert state.restore(second) == cut
        assert [count async for count in second.run()] == batches[cut:]
        assert _ordered(second) == _ordered(whole)


def _checker(store: Store, extent: Extent) -> Checker:
    registry = build_registry(Settings(_env_file=None))  # type: ignore[call-arg]
    return Checker(Records(store, registry), extent)


def _ordered(checker: Checker) -> list[Any]:
    report = checker.report
    causes = [(cause, vars(tally)) for cause, tally in report.sorted_causes()]
    return [report.documents, report.records, causes]


async def test_within_a_batch_nothing_is_saved(
    dirty_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts without their place would be counted again."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    checker = _checker(dirty_store, Extent())
    runs = checker.run()
    await anext(runs)
    assert checker.settled
    monkeypatch.setattr(Links, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        await anext(runs)
    assert not checker.settled


def _interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Links, "end", interrupted)


@pytest.mark.parametrize(
    ("options", "said"),
    [([], "with --resume FILE it could go on"), (["--resume", PROGRESS], "the same command")],
)
def test_an_interruption(
    run: Run, dirty_folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    _interrupt(monkeypatch)
    result = run("check", *options)
    assert result.exit_code == 130
    assert said in result.output
    assert (dirty_folder / PROGRESS).exists() == bool(options)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"fingerprint": 1, "place": {}}'])
def test_a_file_that_holds_no_progress(run: Run, dirty_folder: Path, text: str) -> None:
    (dirty_folder / PROGRESS).write_text(text)
    result = run("check", "--resume", PROGRESS)
    assert result.exit_code == 2
    assert f"--resume: {PROGRESS} holds no progress of a check" in result.output
    assert (dirty_folder / PROGRESS).read_text() == text


@pytest.mark.parametrize("options", [["--type", "Task"], ["--limit", "9"], ["--models"]])
def test_the_progress_of_another_check(
    run: Run, dirty_folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    with monkeypatch.context() as patch:
        _interrupt(patch)
        run("check", "--resume", PROGRESS)
    before = (dirty_folder / PROGRESS).read_bytes()
    result = run("check", "--resume", PROGRESS, *options)
    assert result.exit_code == 2
    assert "progress of another check" in result.output
    assert (dirty_folder / PROGRESS).read_bytes() == before
    monkeypatch.setenv("FHIR_FACADE_CANONICAL", "https://other.example")
    assert run("check", "--resume", PROGRESS).exit_code == 2
    monkeypatch.delenv("FHIR_FACADE_CANONICAL")
    shutil.copy("store.db", "other.db")
    monkeypatch.setenv("FHIR_FACADE_STORE", "sqlite:///other.db")
    assert run("check", "--resume", PROGRESS).exit_code == 2


def test_progress_that_cannot_be_written(run: Run, dirty_folder: Path) -> None:
    result = run("check", "--resume", "nowhere/progress.json")
    assert result.exit_code == 2
    assert "nowhere/progress.json" in result.output
    assert "cannot be written" in result.output


def test_progress_holds_no_stored_value(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = {"_id": "t1", "type": "task", "status": "SECRET", "message": "SECRET"}
    (folder / "f.json").write_text(json.dumps(task))
    run("load", "work_queue", "f.json")
    _interrupt(monkeypatch)
    run("check", "--resume", PROGRESS)
    text = (folder / PROGRESS).read_text()
    assert "t1" in text
    assert "SECRET" not in text


async def test_another_state_is_an_error(tmp_path: Path, dirty_store: Store) -> None:
    checker = _checker(dirty_store, Extent())
    State(tmp_path / "s", "one").save(checker, 1.0)
    with pytest.raises(StateError, match="another check"):
        State(tmp_path / "s", "two").restore(checker)
    assert State(tmp_path / "none", "one").restore(checker) == 0.0
