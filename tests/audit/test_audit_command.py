"""What `fhir-facade audit` prints, and how it exits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fhir_facade.audit.entry import Place
from fhir_facade.commands.audit import audit_app
from fhir_facade.store import open_store
from tests.audit.trails import LENGTH, Trail, changed, trail

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder whose `store.db` is the configured store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_FACADE_STORE", "sqlite:///store.db")

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(audit_app, [*arguments], catch_exceptions=False)

    return command


@pytest.fixture
def written(run: Run) -> Trail:
    """A trail that was tampered with, in the store."""
    del run
    found = trail()
    changed(12)(found)

    async def fill() -> None:
        store = open_store("sqlite:///store.db")
        await found.store(store)
        await store.close()

    asyncio.run(fill())
    return found


def test_verify_names_what_is_wrong_and_exits_with_1(run: Run, written: Trail) -> None:
    result = run("verify")
    assert result.exit_code == 1
    first, *_, last = result.output.splitlines()
    assert first == f"changed: entry 12 of chain {written.chain}: changed."
    assert last == f"{LENGTH + 7} entries and 4 anchors of 3 chains: 1 findings"
    assert "no file of anchors was compared" in result.output


def test_verify_of_a_sound_chain_exits_with_0(run: Run, written: Trail) -> None:
    (other, *_) = sorted({each["chain"] for each in written.lines} - {written.chain})
    result = run("verify", "--chain", other)
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "3 entries and 1 anchors of 1 chains: as written"


def test_verify_prints_json(run: Run, written: Trail) -> None:
    result = run("verify", "--json")
    report = json.loads(result.stdout)
    assert (report["sound"], report["entries"], report["chains"]) == (False, LENGTH + 7, 3)
    assert report["findings"] == [
        {
            "kind": "changed",
            "what": "entry",
            "chain": written.chain,
            "id": Place(written.chain, 12).id,
            "text": f"entry 12 of chain {written.chain}: changed.",
            "first": 12,
            "last": 12,
        }
    ]


def test_verify_compares_the_configured_file_of_anchors(
    run: Run, written: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_FACADE_AUDIT_ANCHORS", "anchors.jsonl")
    assert "no file of anchors was compared" in run("verify").output
    written.file(Path("anchors.jsonl"))
    assert "no file of anchors was compared" not in run("verify").output
    Path("copy.jsonl").write_text("nothing\n")
    result = run("verify", "--anchors", "copy.jsonl")
    assert "file: Line 1 of the file of anchors holds no anchor." in result.output


def test_a_file_of_anchors_that_is_not_there_is_an_error(run: Run, written: Trail) -> None:
    del written
    result = run("verify", "--anchors", "nowhere.jsonl")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nowhere.jsonl cannot be read: No such file or directory" in result.output


def test_a_store_that_cannot_be_opened_is_an_error(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_FACADE_STORE", "nothing")
    assert run("verify").exit_code == 2


def test_where_there_is_no_trail_nothing_is_as_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A job that looks at the wrong store, or at one whose trail is gone, must not be green."""
    nowhere = tmp_path / "mistyped.db"
    monkeypatch.setenv("FHIR_FACADE_STORE", f"sqlite:///{nowhere}")
    result = run("verify")
    assert result.exit_code == 2
    assert "there is no file" in result.output
    assert not nowhere.exists()
    nowhere.touch()
    result = run("verify", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no chain was found" in result.output


def test_chains_lists_who_wrote_how_much(run: Run, written: Trail) -> None:
    lines = run("chains").output.splitlines()
    assert len(lines) == 3
    (line,) = [each for each in lines if each.startswith(written.chain)]
    assert line.startswith(f"{written.chain}  2026-03-04T00:00:00.000Z  ")
    assert line.endswith(f"{LENGTH} entries, anchored up to {LENGTH}, closed")
    listed = json.loads(run("chains", "--json").stdout)
    assert sorted((each["entries"], each["anchored"], each["closed"]) for each in listed) == [
        (3, 3, True),
        (4, 0, False),
        (25, 25, True),
    ]
