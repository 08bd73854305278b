"""derive, indexes and demo-data: files and indexes made from the mappings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fhir_facade.demo import generate
from fhir_facade.main import build_registry
from tests.commands.conftest import Run
from tests.http.serving import settings

ROOT = Path(__file__).resolve().parents[2]


class TestDerive:
    def test_what_is_committed_is_up_to_date(self, run: Run) -> None:
        result = run("derive", "--check", "--root", str(ROOT))
        assert result.output == "derived files are up to date\n"
        assert result.exit_code == 0

    def test_files_are_written_once(self, run: Run, folder: Path) -> None:
        first = run("derive")
        assert first.exit_code == 0
        assert "wrote: capability/CapabilityStatement-fhir-facade.json" in first.output
        assert "wrote: docs/mappings/Task.md" in first.output
        assert run("derive").output == "derived files are up to date\n"
        assert run("derive", "--check").exit_code == 0
        for path in (folder / "capability").iterdir():
            json.loads(path.read_text("utf-8"))

    def test_drift_is_told_and_not_mended_by_a_check(self, run: Run, folder: Path) -> None:
        run("derive")
        stale = folder / "docs" / "mappings" / "Task.md"
        stale.write_text(stale.read_text("utf-8") + "\nby hand\n", "utf-8")
        (folder / "docs" / "mappings" / "Old.md").write_text("of old")
        (folder / "capability" / "indexes.json").unlink()
        (folder / "capability" / "hand-written.json").write_text("{}")
        expected = ["capability/indexes.json", "docs/mappings/Old.md", "docs/mappings/Task.md"]
        result = run("derive", "--check")
        assert result.exit_code == 1
        assert result.output.splitlines() == [f"stale: {path}" for path in expected]
        assert stale.read_text("utf-8").endswith("by hand\n")
        done = ["wrote", "removed", "wrote"]
        told = [f"{word}: {path}" for word, path in zip(done, expected, strict=True)]
        assert run("derive").output.splitlines() == told
        assert not (folder / "docs" / "mappings" / "Old.md").exists()
        assert (folder / "capability" / "hand-written.json").exists()
        assert run("derive", "--check").exit_code == 0

    def test_a_deployments_settings_change_nothing(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FHIR_FACADE_CANONICAL", "https://elsewhere.example")
        assert run("derive", "--check", "--root", str(ROOT)).exit_code == 0


class TestIndexes:
    def test_missing_then_made_then_there(self, run: Run) -> None:
        wanted = build_registry(settings()).indexes()
        missing = run("indexes")
        assert missing.exit_code == 1
        assert missing.output.count("missing") == len(wanted)
        made = run("indexes", "--apply")
        assert made.exit_code == 0
        assert made.output.count("created ") == len(wanted)
        there = run("indexes")
        assert there.exit_code == 0
        assert "missing" not in there.output
        for index in wanted:
            assert index.name in there.output

    def test_on_mongodb(
        self, run: Run, mongo_database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FHIR_FACADE_STORE", mongo_database)
        assert run("indexes").exit_code == 1
        assert run("indexes", "--apply").exit_code == 0
        assert run("indexes").exit_code == 0


class TestDemoData:
    def test_what_is_written_loads(self, run: Run, folder: Path) -> None:
        result = run("demo-data", "--out", "data", "--members", "3", "--dirty", "0.3")
        assert result.exit_code == 0
        expected = [name for name, _ in generate(3, 1, 0.3)]
        for name in ("patient_case", "work_queue", "outcomes"):
            path = folder / "data" / f"{name}.json"
            count = expected.count(name)
            assert f"{name}.json: {count} documents" in result.output
            assert len(path.read_text("utf-8").splitlines()) == count
            loaded = run("load", name, str(path))
            assert f"{count} loaded, 0 refused" in loaded.output
        assert run("check").exit_code == 0

    def test_the_same_seed_is_the_same_data(self, run: Run, folder: Path) -> None:
        for out, seed in (("a", "4"), ("b", "4"), ("c", "5")):
            run("demo-data", "--out", out, "--members", "2", "--seed", seed)
        texts = [(folder / out / "work_queue.json").read_text("utf-8") for out in "abc"]
        assert texts[0] == texts[1] != texts[2]

    @pytest.mark.parametrize("arguments", [("--members", "0"), ("--dirty", "2"), ("--dirty", "x")])
    def test_numbers_out_of_range(self, run: Run, arguments: tuple[str, str]) -> None:
        assert run("demo-data", *arguments).exit_code == 2


def test_no_arguments_show_the_commands(run: Run) -> None:
    output = run().output
    for name in ("serve", "load", "check", "explain", "derive", "indexes", "demo-data"):
        assert name in output
